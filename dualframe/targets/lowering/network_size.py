"""What a run needs at least, before an array is made: memory, and pairs to draw.

The estimates are lower bounds of what all targets hold: what is refused cannot run here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
from brian2.equations.equations import SUBEXPRESSION, Equations

from dualframe.core.errors import NetworkError
from dualframe.core.machine_memory import MemoryNeed, require_memory
from dualframe.network import Network, PoissonInput, Population, Projection, Recording
from dualframe.network.connection_rules import ConnectionEnds
from dualframe.network.distributions import DISTRIBUTIONS
from dualframe.network.draw_connections import connection_ends

VALUE = 8  # bytes
SYNAPSE = 32  # bytes: both indices, for Python and for the target, and the order by source
SPIKE = 12  # bytes: index and time
QUEUE_STEP = 24  # bytes of a step of the queue of spikes on their way
MOST_DELAY_STEPS = 1e8
MOST_PAIRS = 1e12  # that a rule decides on one by one: more than an hour


def check_size(
    network: Network, dt: float, duration: float, recordings: Mapping[str, Recording]
) -> None:
    """Refuse a run that this machine's memory or a lifetime does not hold.

    Parameters
    ----------
    network
        The description.
    dt, duration
        Time step and simulated time (s).
    recordings
        What is recorded, by population or projection.

    Raises
    ------
    NetworkError
        It says what needs how much.
    """
    for projection in network.projections:
        _check_delay(projection, dt)
        _check_pairs(network, projection)
    needs = [
        *(_need_of_population(population) for population in network.populations),
        *_needs_of_inputs(network, duration),
        *(need for projection in network.projections for need in _needs_of(network, projection)),
        *recordings_memory(network, dt, duration, recordings),
    ]
    remedy = "make the network or its scale smaller, the run shorter, or record less"
    require_memory(f"network {network.name!r}", needs, remedy)


def _need_of_population(population: Population) -> MemoryNeed:
    values = _stored_variables(population.equations) + len(population.heterogeneity)
    return MemoryNeed(
        float(population.n) * values * VALUE, f"{population.n:.3g} neurons of {population.name!r}"
    )


@lru_cache(maxsize=1024)
def _stored_variables(equations: str) -> int:
    lines = Equations(equations).values()
    return sum(line.type != SUBEXPRESSION and "shared" not in line.flags for line in lines)


def _needs_of_inputs(network: Network, duration: float) -> Iterator[MemoryNeed]:
    for source in network.sources:
        if isinstance(source, PoissonInput):
            yield MemoryNeed(float(source.n) * VALUE, f"{source.n:.3g} sources of {source.name!r}")
            if source.drawn == "host" and np.isfinite(duration):
                rate = float(np.mean(np.asarray(source.rate))) * source.n
                start = float(np.asarray(source.start))
                stop = duration if source.stop is None else float(np.asarray(source.stop))
                spikes = rate * max(min(stop, duration) - start, 0.0)
                yield MemoryNeed(
                    spikes * SPIKE, f"{spikes:.3g} spikes at the rate of {source.name!r}"
                )


def _needs_of(network: Network, projection: Projection) -> Iterator[MemoryNeed]:
    number = expected_synapses(network, projection)
    yield MemoryNeed(number * SYNAPSE, f"{number:.3g} synapses of {projection.name!r}")


def _check_delay(projection: Projection, dt: float) -> None:
    delay = projection.delay
    if isinstance(delay, DISTRIBUTIONS):
        delay = delay.draw(np.random.default_rng(0), 1)
    elif np.ndim(delay) == 0 and 0 < float(np.asarray(delay)) < 0.5 * dt:
        raise NetworkError(
            f"delay of projection {projection.name!r} is {delay}, less than half a time step of "
            f"{dt:g} s: give 0 ms, or a smaller dt."
        )
    steps = float(np.max(np.asarray(delay), initial=0.0)) / dt
    if steps > MOST_DELAY_STEPS:
        raise NetworkError(
            f"delay of projection {projection.name!r} has {steps:.3g} time steps of {dt:g} s: "
            f"expected at most {MOST_DELAY_STEPS:g}."
        )


def _check_pairs(network: Network, projection: Projection) -> None:
    if not projection.connection.rule.draws_every_pair:
        return
    ends = _ends_of(network, projection)
    pairs = float(ends.n_source) * ends.n_target * projection.replicas
    if pairs > MOST_PAIRS:
        raise NetworkError(
            f"projection {projection.name!r} decides on {pairs:.3g} pairs one by one: expected at "
            f"most {MOST_PAIRS:g}; use in_degree or number, or a smaller scale."
        )


def expected_synapses(network: Network, projection: Projection) -> float:
    """Return the mean number of synapses that a projection draws; of its pairs, the number.

    Parameters
    ----------
    network, projection
        The network, and one of its projections.
    """
    if isinstance(projection.pairs, tuple):
        return float(projection.pairs[0].size)
    rule, values = projection.connection.rule, projection.connection.values
    if rule.mean_in_degree is None or rule.needs_positions:
        return 0.0
    ends = _ends_of(network, projection)
    return rule.mean_in_degree(values, ends) * ends.n_target * projection.replicas


def _ends_of(network: Network, projection: Projection) -> ConnectionEnds:
    return connection_ends(
        projection, network.source(projection.source), network.population(projection.target)
    )


def recordings_memory(
    network: Network, dt: float, duration: float, recordings: Mapping[str, Recording]
) -> Iterator[MemoryNeed]:
    """Yield the memory of the recorded variables of each population.

    Dendritic spikes are found in a variable of each event that is followed at every step.

    Parameters
    ----------
    network
        The description.
    dt, duration
        Time step and simulated time (s).
    recordings
        What is recorded, by population or projection.
    """
    if not np.isfinite(duration):
        return
    for population in network.populations:
        recording = recordings.get(population.name)
        if recording is None:
            continue
        neurons = population.n if recording.neurons is None else len(recording.neurons)
        every = dt if recording.every is None else float(np.asarray(recording.every))
        sampled = len(set(recording.variables) - {"dspikes"})
        events = len(population.events) if "dspikes" in recording.variables else 0
        samples = neurons * (np.ceil(duration / every) * sampled + np.ceil(duration / dt) * events)
        yield MemoryNeed(
            samples * VALUE,
            f"{samples:.3g} samples recorded of {population.name!r} ({neurons:g} neurons)",
        )
