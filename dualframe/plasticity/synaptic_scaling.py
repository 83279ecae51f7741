r"""Homeostatic synaptic scaling towards a target rate (van Rossum, Bi and Turrigiano 2000).

.. math::

   \dot w = w \Bigl( \beta\,(a_{goal} - a) + \gamma \int_0^t (a_{goal} - a)\, dt' \Bigr),
   \qquad \tau_a \dot a = -a + \sum_{post} \delta(t - t_{post})

All synapses of a neuron are multiplied by the same number, so their ratios stay. The activity a is
a running rate of the postsynaptic neuron, which keeps the growth rate's integral; a synapse is
multiplied when its next presynaptic spike needs it. The weight of a synapse that is not at a bound
is exact: the multiplications of all steps are one exponential. All synapses of a neuron are brought
up to date when its growth changes sign, so that it is exact at the bounds as well (on GeNN while
the growth keeps its sign between two presynaptic spikes, or the run warns).

A homeostatic rule alone learns nothing: a projection may have it beside one that does. The target
must lie within what the neuron can reach. ``rate_factor`` scales the growth.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.reversals import REVERSAL, reversal_equations
from dualframe.plasticity.rule import UPDATE, PlasticityRule, RuleEquations, is_clock_driven
from dualframe.plasticity.statements import bounded_weight, factor_product

PARAMETERS = ParameterTable(
    required={
        "beta": "dimensionless",
        "gamma": "rate",
        "tau_activity": "time",
        "target_rate": "rate",
    },
    equations="dw/dt = w (beta (target_rate - a) + gamma int (target_rate - a) dt); "
    "da/dt = -a/tau_activity, post: a <- a + 1/tau_activity",
)
_NEURON = """
dmean_rate/dt = mean_rate*(exp(-dt/tau_activity) - 1)/dt : Hz
dmissed/dt = target_rate - mean_rate : 1
""".strip()
_COUNT_SPIKE = "mean_rate += 1/tau_activity"
_FINITE = "clip({}, -700, 700)"  # a weight of zero must not meet an infinite factor
_GROWTH = "(beta*(target_rate - {0}) + gamma*{1})"


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    rate = factor_product(neuron_variables, "rate")
    if is_clock_driven(plasticity):
        growth = _GROWTH.format("mean_rate_post", "missed_post") + rate
        power = _FINITE.format(f"learning_rate*{growth}*dt")
        return RuleEquations(
            step_change=f"w*(exp({power}) - 1)",
            neuron_equations=_NEURON,
            neuron_reset=_COUNT_SPIKE,
        )
    growth = _GROWTH.format("mean_rate", "missed") + rate.replace("_post", "")
    grown = f"w*(exp({_FINITE.format('learning_rate*(growth_post - seen)')}) - 1)"
    seen = "seen = growth_post"
    reversals = reversal_equations([f"{growth}*second"])
    return RuleEquations(
        equations="seen : 1",
        due_change=grown,
        bring_up_to_date=seen,
        conditional_updates=((f"{bounded_weight(grown)}\n{seen}", f"{REVERSAL}_post"),),
        neuron_equations=f"{_NEURON}\ndgrowth/dt = {growth} : 1\n{reversals}",
        neuron_reset=_COUNT_SPIKE,
    )


SYNAPTIC_SCALING = PlasticityRule(
    name="synaptic_scaling",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    factors=("rate",),
    only_magnitudes="it multiplies weights, so that growth would make one below zero inhibit more",
    source="van Rossum, Bi and Turrigiano 2000, Journal of Neuroscience 20:8812",
)
