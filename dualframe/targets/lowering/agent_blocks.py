"""Agents side by side in blocks that fit a processor's cache: a lowered network cut by agent.

Copies of a network (`dualframe.network.replicate`) do not touch each other, so that each block is a
network of its own. All blocks have as many agents: one program runs them all. Where the number
cannot be divided, the last block repeats agents of the one before, which do not count there. An
agent draws the same in any block: its streams of random numbers have its number in the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualframe.network import Recording, variables
from dualframe.targets.lowering.event_free_equations import parse_equations
from dualframe.targets.lowering.identifiers import DRAWS, identifiers_in
from dualframe.targets.lowering.lowered_network import (
    Array,
    Constant,
    LoweredGroup,
    LoweredNetwork,
    LoweredPoisson,
    LoweredSpikes,
    LoweredSynapses,
)
from dualframe.targets.lowering.postsynaptic_references import INDEX, SIZE

# Of state, by what was fastest of navigation (100 agents) and distal reward (40) with 2 MB of L2
CACHE_BYTES = 10e6  # of agents whose synapses are read over and over
STEP_BYTES = 1e6  # of the neurons of larger agents, which each step reads
_MOST_BLOCKS = 64  # each is a process with its files
#: What in an equation counts neurons or synapses of the whole network.
_COUNTS = {"i", "j", "N", "N_pre", "N_post", "N_incoming", "N_outgoing", INDEX, SIZE}


@dataclass(frozen=True, kw_only=True)
class AgentBlock:
    """Some agents of a network.

    Attributes
    ----------
    lowered
        Their network.
    first
        Its first agent.
    repeated
        How many of its first agents belong to the block before.
    synapses
        Where its synapses stand in the whole network, by name.
    """

    lowered: LoweredNetwork
    first: int
    repeated: int
    synapses: Mapping[str, slice]


def split_agents(lowered: LoweredNetwork, cores: int = 1) -> tuple[AgentBlock, ...]:
    """Return the blocks of a network of several agents; none if it is to be run as a whole.

    Parameters
    ----------
    lowered
        The lowered network.
    cores
        For how many cores there are to be blocks.
    """
    agents = lowered.replicas
    if agents < 2 or not _is_separable(lowered):
        return ()
    size = _agents_of_block(agents, min(_agents_in_cache(lowered), math.ceil(agents / cores)))
    if size == agents:
        return ()
    return tuple(
        _make_block(lowered, k, size, min(k * size, agents - size))
        for k in range(math.ceil(agents / size))
    )


def sizes_of_agent(lowered: LoweredNetwork) -> dict[str, int]:
    """Return how many neurons, or sources, of each population an agent has.

    Parameters
    ----------
    lowered
        The lowered network.
    """
    return {name: n // lowered.replicas for name, n in _sizes(lowered).items()}


def _sizes(lowered: LoweredNetwork) -> dict[str, int]:
    sizes = {group.name: group.n for group in lowered.groups}
    sizes |= {spikes.name: spikes.n for spikes in lowered.spikes}
    return sizes | {poisson.name: poisson.n for poisson in lowered.poissons}


def _agents_of_block(agents: int, most: int) -> int:
    """Return a size of equal blocks that repeats few agents: the largest of the best."""
    most = min(max(most, math.ceil(agents / _MOST_BLOCKS)), agents)
    sizes = range(most // 2 + 1, most + 1)
    return min(sizes, key=lambda size: (size * math.ceil(agents / size), -size))


def _agents_in_cache(lowered: LoweredNetwork) -> int:
    """Return how many agents fit; where not even two do, how many whose neurons do."""
    neurons = sum(g.n * (len(g.state_variables) + _count_own(g)) for g in lowered.groups)
    synapses = sum(
        len(s.i) * (1 + len(variables(s.equations)) + _count_own(s)) for s in lowered.synapses
    )
    fitting = _count_fitting(CACHE_BYTES, (neurons + synapses) / lowered.replicas)
    return fitting if fitting > 1 else _count_fitting(STEP_BYTES, neurons / lowered.replicas)


def _count_fitting(room: float, numbers: float) -> int:
    """A power of two, so that it does not depend on how many synapses were drawn."""
    return int(2 ** max(0, round(math.log2(room / max(8 * numbers, 1)))))


def _count_own(owner: LoweredGroup | LoweredSynapses) -> int:
    return sum(not constant.is_shared for constant in owner.constants.values())


def _is_separable(lowered: LoweredNetwork) -> bool:
    """Whether no synapse joins two agents, no equation counts neurons, and each draws its own."""
    if any(n % lowered.replicas for n in _sizes(lowered).values()):
        return False
    of_synapses = identifiers_in(t for s in lowered.synapses for t in _texts_of_synapses(s))
    of_groups = identifiers_in(
        text
        for g in lowered.groups
        for text in (g.equations, g.late, g.threshold, g.reset, g.refractory)
    )
    if (of_groups | of_synapses) & _COUNTS or of_synapses & DRAWS or _draws_for_all(lowered):
        return False
    n = sizes_of_agent(lowered)
    return all(_are_within_agents(s, n[s.source], n[s.target]) for s in lowered.synapses)


def _are_within_agents(synapses: LoweredSynapses, n_source: int, n_target: int) -> bool:
    agents = synapses.i // n_source
    is_sorted = (agents[1:] >= agents[:-1]).all()
    return bool(is_sorted and (agents == synapses.j // n_target).all())


def _texts_of_synapses(synapses: LoweredSynapses) -> Iterator[str | None]:
    yield from (synapses.equations, synapses.on_pre, synapses.on_post, synapses.due, synapses.late)
    yield from (text for text, _ in (*synapses.visits, *synapses.visits_when))


def _draws_for_all(lowered: LoweredNetwork) -> bool:
    """Whether a population draws a number that all its neurons share."""
    return any(
        "shared" in line.flags and identifiers_in([line.expression]) & DRAWS
        for group in lowered.groups
        for line in parse_equations(f"{group.equations}\n{group.late}", group.name)
    )


def _make_block(lowered: LoweredNetwork, k: int, size: int, first: int) -> AgentBlock:
    n = sizes_of_agent(lowered)
    parts = {name: slice(first * each, (first + size) * each) for name, each in n.items()}
    chosen = {
        s.name: slice(*np.searchsorted(s.i, [parts[s.source].start, parts[s.source].stop]).tolist())
        for s in lowered.synapses
    }
    return AgentBlock(
        lowered=replace(
            lowered,
            groups=tuple(_cut_group(g, parts[g.name]) for g in lowered.groups),
            spikes=tuple(_cut_spikes(s, parts[s.name]) for s in lowered.spikes),
            poissons=tuple(_cut_poisson(p, parts[p.name]) for p in lowered.poissons),
            synapses=tuple(_cut_synapses(s, chosen[s.name], parts) for s in lowered.synapses),
            recordings=_cut_recordings(lowered, parts, chosen),
            replicas=size,
            first_replica=lowered.first_replica + first,
        ),
        first=first,
        repeated=k * size - first,
        synapses=chosen,
    )


def _cut_group(group: LoweredGroup, part: slice) -> LoweredGroup:
    return replace(
        group,
        n=part.stop - part.start,
        constants=_cut_constants(group.constants, part),
        initial=_cut_arrays(group.initial, part),
    )


def _cut_spikes(spikes: LoweredSpikes, part: slice) -> LoweredSpikes:
    chosen = (spikes.indices >= part.start) & (spikes.indices < part.stop)
    return replace(
        spikes,
        n=part.stop - part.start,
        indices=spikes.indices[chosen] - spikes.indices.dtype.type(part.start),
        times=spikes.times[chosen],
    )


def _cut_poisson(poisson: LoweredPoisson, part: slice) -> LoweredPoisson:
    rates = np.broadcast_to(poisson.rates, (poisson.n,))[part]
    return replace(poisson, n=part.stop - part.start, rates=rates)


def _cut_synapses(
    synapses: LoweredSynapses, chosen: slice, parts: Mapping[str, slice]
) -> LoweredSynapses:
    delay = synapses.delay if np.ndim(synapses.delay) == 0 else np.asarray(synapses.delay)[chosen]
    return replace(
        synapses,
        i=synapses.i[chosen] - np.int32(parts[synapses.source].start),
        j=synapses.j[chosen] - np.int32(parts[synapses.target].start),
        delay=delay,
        constants=_cut_constants(synapses.constants, chosen),
        initial=_cut_arrays(synapses.initial, chosen),
        drawn_as=None,  # `join_blocks` orders them as they were drawn
    )


def _cut_constants(constants: Mapping[str, Constant], part: Any) -> dict[str, Constant]:
    return {
        name: constant if constant.is_shared else replace(constant, value=constant.value[part])
        for name, constant in constants.items()
    }


def _cut_arrays(values: Mapping[str, Array], part: Any) -> dict[str, Array]:
    return {name: value if np.ndim(value) == 0 else value[part] for name, value in values.items()}


def _cut_recordings(
    lowered: LoweredNetwork, parts: Mapping[str, slice], chosen: Mapping[str, slice]
) -> dict[str, Recording]:
    """Return what is recorded of the block, in its own indices."""
    recordings = {}
    for name, recording in lowered.recordings.items():
        members, part = recording.neurons, parts.get(name)
        if members is not None and part is None:
            synapses = next(s for s in lowered.synapses if s.projection == name)
            members, part = synapses.find_drawn(members), chosen[synapses.name]
        if members is None or part is None:
            recordings[name] = recording
        elif (inside := (members >= part.start) & (members < part.stop)).any():
            recordings[name] = replace(recording, neurons=members[inside] - part.start)
    return recordings
