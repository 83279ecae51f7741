"""Synapses onto what a reset sets: Brian2 resets after them, GeNN before.

In a step Brian2 updates the neurons, finds spikes, delivers synaptic events and resets. GeNN resets
together with the update, and delivers the events of a step at the start of the next one. What
arrives while a neuron spikes is overwritten by Brian2's reset and would survive GeNN's. The
statement of the synapse therefore leaves out neurons that spiked in the step before (which
Brian2GeNN does itself for variables that are held "(unless refractory)").
"""

from __future__ import annotations

import re
from dataclasses import replace

from dualframe.network import variables
from dualframe.targets.lowering.event_free_equations import parse_equations
from dualframe.targets.lowering.lowered_network import (
    LoweredGroup,
    LoweredNetwork,
    LoweredSynapses,
)

_ADDITION = re.compile(r"\b(?P<name>\w+)\s*\+=\s*(?P<what>[^;\n]+)")
_SETTING = re.compile(r"^\s*(?P<name>\w+)\s*=(?!=)")
# GeNN's synapses run at the time of the neurons' next step
_NOT_JUST_SPIKED = "int(lastspike_post < t - 1.5*dt)"


def deliver_before_resets(lowered: LoweredNetwork) -> LoweredNetwork:
    """Return a network whose events on GeNN have the effect that they have in Brian2.

    Parameters
    ----------
    lowered
        The lowered network; synapses add to neurons by ``x += ...`` only.
    """
    set_by = {group.name: _set_by_reset(group) for group in lowered.groups}
    synapses = tuple(_only_without_spike(s, set_by[s.target]) for s in lowered.synapses)
    pairs = zip(synapses, lowered.synapses, strict=True)
    changed = {new.target for new, old in pairs if new.on_pre != old.on_pre}
    groups = tuple(
        replace(g, refractory=g.refractory or "0*second") if g.name in changed else g
        for g in lowered.groups
    )
    return replace(lowered, groups=groups, synapses=synapses)


def _set_by_reset(group: LoweredGroup) -> frozenset[str]:
    """Variables that the reset sets to a value, and that no refractory period protects."""
    if not group.reset:
        return frozenset()
    found = [m["name"] for text in re.split(r"[;\n]", group.reset) if (m := _SETTING.match(text))]
    lines = parse_equations(group.equations, f"population {group.name!r}")
    held = {line.name for line in lines if "unless refractory" in line.flags}
    return frozenset(found) - held


def _only_without_spike(synapses: LoweredSynapses, set_by_reset: frozenset[str]) -> LoweredSynapses:
    targets = set_by_reset - variables(synapses.equations)
    if not synapses.on_pre or not targets:
        return synapses

    def addition(match: re.Match[str]) -> str:
        if match["name"].removesuffix("_post") not in targets:
            return match[0]
        return f"{match['name']} += {_NOT_JUST_SPIKED}*({match['what']})"

    return replace(synapses, on_pre=_ADDITION.sub(addition, synapses.on_pre))
