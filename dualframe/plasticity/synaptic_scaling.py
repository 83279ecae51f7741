r"""Homeostatic synaptic scaling towards a target rate (van Rossum, Bi and Turrigiano 2000).

.. math::

   \dot w = w \Bigl( \beta\,(a_{goal} - a) + \gamma \int_0^t (a_{goal} - a)\, dt' \Bigr),
   \qquad \tau_a \dot a = -a + \sum_{post} \delta(t - t_{post})

All synapses of a neuron are multiplied by the same number, so their ratios stay. The activity a is
a running rate of the postsynaptic neuron, which keeps the growth rate's integral; a synapse is
multiplied when its next presynaptic spike needs it. The weight of a synapse that is not at a bound
is exact: the multiplications of all steps are one exponential. At a bound it is exact while the
growth keeps its sign between two presynaptic spikes.

A homeostatic rule alone learns nothing: the target must lie within what the neuron can reach. A
projection has one rule, so scaling acts on projections that have no other. ``rate_factor`` scales
the growth.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity
from dualframe.plasticity.rule import CLOCK, UPDATE, Body, Rule, factors

_NEURON = """
dmean_rate/dt = mean_rate*(exp(-dt/tau_activity) - 1)/dt : Hz
dmissed/dt = target_rate - mean_rate : 1
""".strip()
_FINITE = "clip({}, -700, 700)"  # a weight of zero must not meet an infinite factor
_GROWTH = "(beta*(target_rate - {0}) + gamma*{1})"


def write(rule: Plasticity, known: Collection[str]) -> Body:
    """Return the rule's equations and statements."""
    factor = factors(known, "rate")
    counted = "mean_rate += 1/tau_activity"
    if rule.options["update"] == CLOCK:
        growth = _GROWTH.format("mean_rate_post", "missed_post") + factor
        power = _FINITE.format(f"learning_rate*{growth}*dt")
        new = f"clip(w*exp({power}), w_min, w_max)"
        change = f"dw/dt = ({new} - w)/dt : {unit_of(rule.w_max)} (clock-driven)"
        return Body(change, "", "", neuron=_NEURON, reset=counted)
    growth = _GROWTH.format("mean_rate", "missed") + factor.replace("_post", "")
    grown = f"clip(w*exp({_FINITE.format('learning_rate*(growth_post - seen)')}), w_min, w_max)"
    return Body(
        "seen : 1",
        "",
        "",
        due=f"w = {grown}\nseen = growth_post",
        neuron=f"{_NEURON}\ndgrowth/dt = {growth} : 1",
        reset=counted,
    )


SYNAPTIC_SCALING = Rule("synaptic_scaling", write, {"update": UPDATE}, ("rate",))
