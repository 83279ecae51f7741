r"""Supralinear exploratory Hebbian learning of rate units (Miconi 2017).

.. math::

   H \to H + \bigl( r_{pre}\, (x - \bar x) \bigr)^3 \ \text{at every step}, \qquad
   \Delta w = \mathrm{clip}(\eta\, M\, H, \pm \Delta_{max}) \ \text{and}\ H \to 0
   \ \text{at the end of a trial}

The cube lets the short, large deviations that a perturbation makes outweigh the slow ones that
follow, so the rule need not know the perturbation. H is what the source calls the Hebbian trace,
:math:`\bar x` the running mean of the postsynaptic activation x (signal ``activity``) with
tau_activity, M the modulation (``modulation``; in the source minus the trial's error relative to
the mean of its type, times that mean), ``over`` is one in the step at which a trial ends.
``rate`` is the presynaptic unit's rate; the source takes that of the step before.

The rule reads the presynaptic unit at every step, so it is clock-driven in every form, and runs on
the runtime and in C++. It is for units without a threshold, whose projection has a summed variable,
``"input_post = w*r_pre : 1 (summed)"``. Units of the source have both signs of weight: let
``w_min`` be below zero, which Dale's law forbids for neurons of one sign; a projection that
inhibits has ``signals={"rate": "-r"}`` and a summed ``-w*r_pre``. The source counts steps of 1 ms;
H is a sum over steps, not over time.
``eligibility_factor`` acts on what is added to H, ``rate_factor`` on the change.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.rule import CLOCK, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import factor_product, running_mean_equation

PARAMETERS = ParameterTable(
    required={"eta": "dimensionless", "max_change": "dimensionless", "tau_activity": "time"},
    equations="every step: H <- H + (r_pre (x - mean x))^3; at the end of a trial: "
    "w <- w + clip(eta M H, -max_change, max_change), H <- 0; running mean with "
    "tau_activity",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    eligibility, rate = (factor_product(neuron_variables, kind) for kind in ("eligibility", "rate"))
    step = f"(rate_pre*(activity_post - mean_activity_post))**3{eligibility}"
    limited = "clip(eta*modulation_post*hebb, -max_change, max_change)"
    return RuleEquations(
        equations=f"dhebb/dt = ({step} - over_post*hebb)/dt : 1 (clock-driven)",
        step_change=f"learning_rate*scale*over_post*{limited}{rate}",
        neuron_equations=running_mean_equation("mean_activity", "activity", "tau_activity"),
    )


SUPRALINEAR_HEBBIAN = PlasticityRule(
    name="supralinear_hebbian",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": (CLOCK,)},
    factors=("rate", "eligibility"),
    postsynaptic_signals={
        "activity": "activation of the unit",
        "modulation": "what the change at the end of a trial is weighed with",
        "over": "one in the step at which a trial ends, else zero",
    },
    presynaptic_signals={"rate": "rate of the presynaptic unit"},
    source="Miconi 2017, eLife 6:e20899",
)
