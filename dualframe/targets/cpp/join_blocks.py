"""Results of blocks of agents, joined to those of the network that was cut."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.targets.brian.raw_results import RawResults, RawTrace
from dualframe.targets.lowering.agent_blocks import AgentBlock, sizes_of_agent
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredSynapses

Block = tuple[AgentBlock, RawResults]
Indices = NDArray[Any]


def join_results(lowered: LoweredNetwork, blocks: Sequence[Block]) -> RawResults:
    """Return the results of all agents, up to the time that every block has reached.

    Parameters
    ----------
    lowered
        The network that was cut.
    blocks
        Its blocks, and what came back of each.
    """
    reached = min(raw.simulated_s for _, raw in blocks)
    joined = RawResults(simulated_s=reached)
    names = dict.fromkeys(name for _, raw in blocks for name in raw.spikes)
    joined.spikes = {name: _join_spikes(lowered, name, blocks, reached) for name in names}
    for table in ("traces", "events"):
        names = dict.fromkeys(name for _, raw in blocks for name in getattr(raw, table))
        for name in names:
            getattr(joined, table)[name] = _join_traces(lowered, table, name, blocks)
    joined.weights = _join_weights(lowered, blocks)
    joined.states = _join_states(lowered, blocks)
    return joined


def _join_spikes(
    lowered: LoweredNetwork, name: str, blocks: Sequence[Block], reached: float
) -> tuple[Indices, Indices]:
    n = sizes_of_agent(lowered)[name]
    parts = []
    for block, raw in blocks:
        i, t = raw.spikes[name]
        counts = (i >= block.repeated * n) & (t < reached)
        parts.append((i[counts] + block.first * n, t[counts]))
    i, t = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((i, t))
    return i[order], t[order]


def _join_traces(
    lowered: LoweredNetwork, table: str, name: str, blocks: Sequence[Block]
) -> RawTrace:
    """Return a trace of the recorded members in the order in which they were asked for."""
    parts = [
        (block, getattr(raw, table)[name]) for block, raw in blocks if name in getattr(raw, table)
    ]
    length = min(len(trace.times) for _, trace in parts)
    members, rows = [], []
    for block, trace in parts:
        whole, counts = _members_of_whole(lowered, name, block, trace.neurons)
        members.append(whole[counts])
        rows.append({key: v[counts, :length] for key, v in trace.values.items()})
    neurons = np.concatenate(members)
    chosen = lowered.recordings[name].neurons
    order = np.argsort(neurons)
    if chosen is not None:
        order = order[np.searchsorted(neurons, chosen, sorter=order)]
    values = {key: np.concatenate([row[key] for row in rows])[order] for key in rows[0]}
    return RawTrace(parts[0][1].times[:length], neurons[order], values)


def _members_of_whole(
    lowered: LoweredNetwork, name: str, block: AgentBlock, members: Indices
) -> tuple[Indices, Indices]:
    """Return which neurons, or synapses, of the whole those of a block are, and which count."""
    sizes = sizes_of_agent(lowered)
    if name in {group.name for group in lowered.groups}:
        n = sizes[name]
        return members + block.first * n, members >= block.repeated * n
    synapses = next(s for s in lowered.synapses if s.projection == name)
    whole = members + block.synapses[synapses.name].start
    counts = synapses.j[whole] >= (block.first + block.repeated) * sizes[synapses.target]
    return whole if synapses.drawn_as is None else synapses.drawn_as[whole], counts


def _join_weights(
    lowered: LoweredNetwork, blocks: Sequence[Block]
) -> dict[str, tuple[Indices, Indices, Indices]]:
    parts: dict[str, list[LoweredSynapses]] = {}
    for synapses in lowered.synapses:
        if lowered.recording_of_weights(synapses) is not None and len(synapses.i):
            parts.setdefault(synapses.projection, []).append(synapses)
    return {name: _join_projection(found, blocks) for name, found in parts.items()}


def _join_projection(
    parts: Sequence[LoweredSynapses], blocks: Sequence[Block]
) -> tuple[Indices, Indices, Indices]:
    """Return sources, targets and weights of a projection, part by part as they were drawn."""
    joined = {part.name: np.empty(len(part.i)) for part in parts}
    for block, raw in reversed(blocks):  # an agent that is in two counts in the first
        start = 0
        for part in parts:
            where = block.synapses[part.name]
            stop = start + where.stop - where.start
            if stop > start:
                joined[part.name][where] = raw.weights[part.projection][2][start:stop]
            start = stop
    columns = zip(*(part.list_as_drawn(joined[part.name]) for part in parts), strict=True)
    i, j, w = (np.concatenate(column) for column in columns)
    return i, j, w


def _join_states(lowered: LoweredNetwork, blocks: Sequence[Block]) -> dict[str, dict[str, Indices]]:
    sizes, states = sizes_of_agent(lowered), {}
    for group in lowered.groups:
        states[group.name] = {name: np.empty(group.n) for name in group.state_variables}
        for block, raw in reversed(blocks):
            start = block.first * sizes[group.name]
            for name, values in raw.states[group.name].items():
                states[group.name][name][start : start + len(values)] = values
    return states
