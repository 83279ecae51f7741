"""From a network, a seed and a time step to portable equations and arrays.

Everything random is drawn here, on the host, from the run's seed: connectivity, weights, delays,
heterogeneous parameters and input spikes. The same seed therefore gives the same network on every
target, and a changed weight, parameter or stimulus changes arrays, never equations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dualframe.core.errors import DualframeError
from dualframe.core.random_streams import named_stream
from dualframe.network import Network, Recording
from dualframe.plasticity import insert_plasticity_rules
from dualframe.targets.lowering.lower_populations import lower_population
from dualframe.targets.lowering.lower_spike_inputs import lower_source
from dualframe.targets.lowering.lower_synapses import check_projection, lower_projection
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredPoisson, LoweredSpikes


def lower_network(
    network: Network,
    *,
    dt: Any,
    duration: Any,
    seed: int,
    record: Mapping[str, Recording] | None = None,
    spikes_of: Collection[str] | None = None,
    network_seed: int | None = None,
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

    Raises
    ------
    NetworkError
        If an equation refers to a name that nothing defines, or a construct has no portable form.
    """
    network = insert_plasticity_rules(network)
    step = float(np.asarray(dt))
    length = float(np.asarray(duration))
    own = seed if network_seed is None else network_seed
    groups = tuple(
        lower_population(network, p, step, named_stream(own, p.name), record or {})
        for p in network.populations
    )
    spikes: list[LoweredSpikes] = []
    poissons: list[LoweredPoisson] = []
    for source in network.sources:
        lowered = lower_source(source, step, length, named_stream(seed, source.name))
        if isinstance(lowered, LoweredSpikes):
            spikes.append(lowered)
        else:
            poissons.append(lowered)
    synapses = tuple(
        part
        for projection in network.projections
        for part in lower_projection(network, projection, step, named_stream(own, projection.name))
    )
    silent = {p.name for p in network.populations} - set(spikes_of or ())
    return LoweredNetwork(
        groups,
        tuple(spikes),
        tuple(poissons),
        synapses,
        dict(record or {}),
        step,
        length,
        seed,
        frozenset() if spikes_of is None else frozenset(silent),
    )


def check_structure(network: Network) -> list[str]:
    """Return what has no portable form, as messages; nothing is drawn or generated."""
    problems: list[str] = []
    try:
        network = insert_plasticity_rules(network)
    except DualframeError as error:
        return [str(error)]
    for population in network.populations:
        same = replace(population, heterogeneity={})
        _note_problem(problems, lower_population, network, same, 1e-4, np.random.default_rng(0), {})
    for projection in network.projections:
        _note_problem(problems, check_projection, network, projection)
    return list(dict.fromkeys(problems))


def _note_problem(problems: list[str], check: Callable[..., Any], *arguments: Any) -> None:
    try:
        check(*arguments)
    except DualframeError as error:
        problems.append(str(error))
