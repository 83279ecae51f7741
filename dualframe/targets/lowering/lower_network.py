"""From a network, a seed and a time step to portable equations and arrays.

Everything random is drawn here, on the host, from the run's seed: connectivity, weights, delays,
heterogeneous parameters and input spikes. The same seed therefore gives the same network on every
target, and a changed weight, parameter or stimulus changes arrays, never equations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import DualframeError
from dualframe.core.random_streams import named_stream
from dualframe.network import Network, Recording
from dualframe.plasticity import insert_plasticity_rules
from dualframe.targets.lowering.lower_populations import lower_population
from dualframe.targets.lowering.lower_spike_inputs import lower_source
from dualframe.targets.lowering.lower_synapses import check_projection, lower_projection
from dualframe.targets.lowering.lowered_network import (
    LoweredNetwork,
    LoweredPoisson,
    LoweredSpikes,
    LoweredSynapses,
)
from dualframe.targets.lowering.merged_channels import merge_channels
from dualframe.targets.lowering.network_size import check_size
from dualframe.targets.lowering.unit_checks import check_units
from dualframe.targets.lowering.waveforms import insert_waveforms

_SOME_STEP = 1e-4  # s: a structure does not depend on it


@one_thread_at_a_time
def lower_network(
    network: Network,
    *,
    dt: Any,
    duration: Any,
    seed: int,
    record: Mapping[str, Recording] | None = None,
    spikes_of: Collection[str] | None = None,
    network_seed: int | None = None,
    merged: bool = False,
) -> LoweredNetwork:
    """Lower a network to the portable subset.

    Parameters
    ----------
    network
        The description.
    dt, duration
        Time step and simulated time.
    seed
        Seed of everything that is drawn.
    record
        What to record, by population.
    spikes_of
        Populations whose spikes are kept; ``None`` keeps all.
    network_seed
        Seed of connectivity, weights, delays and parameters, where it is another one.
    merged
        Whether channels that act only by their sum become one variable (`merge_channels`).

    Raises
    ------
    NetworkError
        If an equation refers to a name that nothing defines, or a construct has no portable form.
    """
    step, length = float(np.asarray(dt)), float(np.asarray(duration))
    network = insert_waveforms(insert_plasticity_rules(network), step)
    check_units(network)
    structure_seed = seed if network_seed is None else network_seed
    recordings = dict(record or {})
    check_size(network, step, length, recordings)
    inputs = [
        lower_source(source, step, length, named_stream(seed, source.name))
        for source in network.sources
    ]
    silent = () if spikes_of is None else {p.name for p in network.populations} - set(spikes_of)
    lowered = LoweredNetwork(
        groups=tuple(
            lower_population(network, p, step, named_stream(structure_seed, p.name), recordings)
            for p in network.populations
        ),
        spikes=tuple(source for source in inputs if isinstance(source, LoweredSpikes)),
        poissons=tuple(source for source in inputs if isinstance(source, LoweredPoisson)),
        synapses=_with_unique_names(
            part
            for p in network.projections
            for part in lower_projection(network, p, step, named_stream(structure_seed, p.name))
        ),
        recordings=recordings,
        dt=step,
        duration=length,
        seed=seed,
        silent=frozenset(silent),
        replicas=_count_copies(network),
    )
    return merge_channels(lowered) if merged else lowered


def _count_copies(network: Network) -> int:
    """Return how many copies a network says that it has; its ``meta`` may be anything."""
    copies = network.meta.get("replicas")
    return copies if isinstance(copies, int) and copies > 0 else 1


def _with_unique_names(parts: Iterable[LoweredSynapses]) -> tuple[LoweredSynapses, ...]:
    """Tell parts of projections, ``exc_delay0``, from projections of these names."""
    synapses = tuple(parts)
    taken = {part.projection for part in synapses}
    found = []
    for part in synapses:
        name = part.name
        while name != part.projection and name in taken:
            name += "_"
        taken.add(name)
        found.append(part if name == part.name else replace(part, name=name))
    return tuple(found)


@one_thread_at_a_time
def check_structure(network: Network) -> list[str]:
    """Return what has no portable form, as messages; nothing is drawn or generated.

    Parameters
    ----------
    network
        The description.
    """
    problems: list[str] = []
    try:
        network = insert_waveforms(insert_plasticity_rules(network), _SOME_STEP)
    except DualframeError as error:
        return [str(error)]
    _note_problem(problems, check_units, network)
    for population in network.populations:
        same = replace(population, heterogeneity={}) if population.heterogeneity else population
        _note_problem(problems, lower_population, network, same, 1e-4, np.random.default_rng(0), {})
    for projection in network.projections:
        _note_problem(problems, check_projection, network, projection)
    return list(dict.fromkeys(problems))


def _note_problem(problems: list[str], check: Callable[..., Any], *arguments: Any) -> None:
    try:
        check(*arguments)
    except DualframeError as error:
        problems.append(str(error))
