r"""Exploratory Hebbian learning of spiking neurons (Legenstein et al. 2010).

The source's rule for rates, :math:`\Delta w = \eta\, x\, (a - \bar a)(R - \bar R)`, correlates what
the presynaptic neuron did with the postsynaptic neuron's deviation from what it usually does, and
with the reward's from what it usually is. Here x is the presynaptic spike train and a trace bridges
the time until the reward:

.. math::

   \text{pre:} \quad e \to e + (a - \bar a), \qquad \dot e = -e/\tau_e, \qquad
   \dot w = g\, e\, (R - \bar R)

The postsynaptic activity a (signal ``activity``, for example ``V/mV`` or a filtered spike train)
and the reward R (``reward``) are read of the postsynaptic neuron, which keeps their running means
with tau_activity and tau_reward. Only what deviates is learned, so the exploration may come from
any noise of the neuron. Exact at events, in the sense of `eligibility_traces`. Rate units: see
`supralinear_hebbian`. ``eligibility_factor`` acts on the deviation, ``rate_factor`` on the drive.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.eligibility_traces import (
    Eligibility,
    add_to_eligibility,
    eligibility_equations,
)
from dualframe.plasticity.rule import UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import factor_product, running_mean_equation

PARAMETERS = ParameterTable(
    required={
        "gain": "rate",
        "tau_eligibility": "time",
        "tau_activity": "time",
        "tau_reward": "time",
    },
    equations="pre: e <- e + (a - mean a); de/dt = -e/tau_eligibility; "
    "dw/dt = gain e (R - mean R); running means with tau_activity and tau_reward",
)
_NEURON = "\n".join(
    [
        running_mean_equation("mean_activity", "activity", "tau_activity"),
        running_mean_equation("mean_reward", "reward", "tau_reward"),
    ]
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    modulation = factor_product(neuron_variables, "eligibility")
    deviation = f"(activity_post - mean_activity_post){modulation}"
    return eligibility_equations(
        plasticity,
        neuron_variables,
        on_pre=[add_to_eligibility(deviation, plasticity)],
        eligibilities=[Eligibility("tau_eligibility", "gain*(reward - mean_reward)")],
        signals=("activity", "reward"),
        neuron_equations=_NEURON,
    )


EXPLORATORY_HEBBIAN = PlasticityRule(
    name="exploratory_hebbian",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    factors=("rate", "eligibility"),
    postsynaptic_signals={
        "activity": "activity of the neuron, a plain number",
        "reward": "reward",
    },
    source="Legenstein et al. 2010, Journal of Neuroscience 30:8400",
)
