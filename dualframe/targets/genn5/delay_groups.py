"""Delays of synapses on GeNN: of a spike, of what it brings, or of an event that it becomes.

GeNN can hold back the spikes of a presynaptic neuron, by one delay for a population of synapses,
which then reads that neuron as it was a delay ago; or what a synapse brings, by a delay of its own,
which is then computed at the spike. Brian2 does what a spike does when it arrives, with what
neurons and synapses are at that time. Synapses whose statements read something that changes, or
that change themselves, are therefore divided by their delays; and where they read the presynaptic
neuron, it remembers its spikes and makes an event of each when it arrives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from dualframe.core.errors import TargetError
from dualframe.network import variables
from dualframe.targets.genn5.genn_text import parse_statements, words_of
from dualframe.targets.genn5.network_needs import NetworkNeeds
from dualframe.targets.lowering.lowered_network import Array, LoweredSynapses

MOST_DELAYS = 64
_TIME = frozenset({"t", "lastspike", "not_refractory"})


class DelayedThing(Enum):
    """What is held back on the way from a spike to what it does."""

    SPIKE = "spike"
    OUTPUT = "output"
    EVENT = "event"


@dataclass(frozen=True, kw_only=True)
class DelayGroup:
    """Synapses that are one population of GeNN.

    Attributes
    ----------
    members
        Which of the synapses: indices, or a slice of all.
    steps
        GeNN's steps between a spike and its arrival: the longest, where outputs are held back.
    """

    members: Any
    steps: int


def delayed_thing(synapses: LoweredSynapses, needs: NetworkNeeds) -> DelayedThing:
    """Return what is held back.

    Parameters
    ----------
    synapses
        The synapses.
    needs
        What the synapses of the network need.
    """
    if not synapses.on_pre or not delay_steps(synapses, needs).any():
        return DelayedThing.SPIKE
    if any(word.endswith("_pre") for word in _changing_words(synapses, needs)):
        return DelayedThing.EVENT
    has_one_delay = np.ndim(synapses.delay) == 0
    if has_one_delay or synapses.on_post or variables(synapses.equations) - set(synapses.constants):
        return DelayedThing.SPIKE
    brought = "\n".join(s.expression for s in parse_statements(synapses.on_pre))
    reads_changes = bool(_changing_words(synapses, needs, brought))
    return DelayedThing.SPIKE if reads_changes else DelayedThing.OUTPUT


def delay_groups(synapses: LoweredSynapses, needs: NetworkNeeds) -> tuple[DelayGroup, ...]:
    """Return the synapses divided as GeNN needs it.

    Parameters
    ----------
    synapses
        The synapses.
    needs
        What the synapses of the network need.

    Raises
    ------
    TargetError
        If there would be too many groups.
    """
    steps = delay_steps(synapses, needs)
    whole = DelayGroup(members=slice(None), steps=int(steps.max(initial=0)))
    if steps.ndim == 0 or delayed_thing(synapses, needs) is DelayedThing.OUTPUT:
        return (whole,)
    different = np.unique(steps)
    if len(different) == 1:
        return (whole,)
    if len(different) > MOST_DELAYS:
        raise TargetError(
            f"projection {synapses.projection!r} has {len(different)} different delays, of which "
            f"target 'genn5' takes at most {MOST_DELAYS} where synapses learn or read what "
            f"changes: give delay_groups=8, or round the delays."
        )
    return tuple(
        DelayGroup(members=np.flatnonzero(steps == delay), steps=int(delay)) for delay in different
    )


def delay_steps(synapses: LoweredSynapses, needs: NetworkNeeds) -> Array:
    """Return the delays of synapses in GeNN's steps: one each, or shape ``()``.

    Parameters
    ----------
    synapses
        The synapses.
    needs
        What the synapses of the network need.
    """
    if not synapses.on_pre:
        return np.zeros(())
    return np.asarray(np.rint(np.asarray(synapses.delay) / needs.network.dt) * needs.phases)


def arrival_steps(population: str, needs: NetworkNeeds) -> tuple[int, ...]:
    """Return after how many steps the spikes of a population become events.

    Parameters
    ----------
    population
        Its name.
    needs
        What the synapses of the network need.
    """
    return tuple(sorted(set(_arrivals(population, needs))))


def _arrivals(population: str, needs: NetworkNeeds) -> Iterator[int]:
    for synapses in needs.synapses:
        if synapses.source == population and delayed_thing(synapses, needs) is DelayedThing.EVENT:
            yield from (group.steps for group in delay_groups(synapses, needs) if group.steps)


def arrival_name(steps: int) -> str:
    """Return the name of the variable that is one when a spike of a while ago arrives.

    Parameters
    ----------
    steps
        GeNN's steps since the spike.
    """
    return f"arrives_after_{steps}"


def _changing_words(
    synapses: LoweredSynapses, needs: NetworkNeeds, text: str | None = None
) -> set[str]:
    """Return the words of a text, or of all that synapses do, that are variables of neurons."""
    equations = needs.equations["synapses", synapses.name]
    texts = [synapses.on_pre, synapses.on_post] if text is None else [text]
    texts += [line.expression for line in equations.lines.values()]
    read = set()
    for word in words_of(*texts) - set(equations.lines) - set(synapses.constants):
        bare = word.removesuffix("_pre").removesuffix("_post")
        end = synapses.source if word.endswith("_pre") else synapses.target
        if end not in needs.groups or bare in needs.groups[end].constants:
            continue
        if bare in needs.equations["group", end].lines or bare in _TIME:
            read.add(word)
    return read
