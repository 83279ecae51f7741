r"""Opponent dopamine and serotonin, competing online (CWC, Wert-Carvajal et al. 2022).

.. math::

   \dot w = g\, \eta \bigl( R_D\, D\, E_{DA} - (1 - D)\, S\, E_{5HT} \bigr), \qquad
   \dot E_k = -E_k/\tau_k + A_k W

Every pair of spikes leaves both eligibilities with a symmetric window :math:`W =
e^{-|\Delta t|/\tau}`. Dopamine (signal ``level_DA``, one while the reward is there, else zero)
potentiates what it finds, and without it serotonin (``level_5HT``, one in the source, 1.5 where it
is activated, zero where it is inhibited) depresses. The source changes weights once per step, so
the gain g is 1 per ms.

``window_5HT="pre_post"`` leaves serotonin pairs with the presynaptic spike first, as in the
source's rate-based file. In the source activation scales the pairs, here it weighs the change: the
same for an activation that lasts longer than the eligibility. The bounds are those of every rule;
where dopamine comes or goes between two spikes of a synapse at a bound, see `eligibility_traces`.
``ltp_factor`` acts on the eligibility of dopamine, ``ltd_factor`` on that of serotonin,
``eligibility_factor`` on both, ``rate_factor`` on the drives.

The *sequential* rule of the source changes weights at the ends of trials: see `sn_plast`.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.eligibility_traces import (
    Eligibility,
    PresynapticTrace,
    add_to_eligibility,
    eligibility_equations,
    postsynaptic_trace,
)
from dualframe.plasticity.rule import ALL_TO_ALL, UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import factor_product

PARAMETERS = ParameterTable(
    required={
        "gain": "rate",
        "eta": "dimensionless",
        "A_DA": "dimensionless",
        "A_5HT": "dimensionless",
        "tau": "time",
        "tau_eligibility_DA": "time",
        "tau_eligibility_5HT": "time",
    },
    optional={
        "eta_DA": "dimensionless",
        "eta_5HT": "dimensionless",
        "R_D": "dimensionless",
        "activation_factor": "dimensionless",
        "T_R": "time",
        "w_init": "dimensionless",
        "w_min": "dimensionless",
        "w_max": "dimensionless",
    },
    equations="dw/dt = gain eta (R_D level_DA E_DA - (1 - level_DA) level_5HT E_5HT)",
)
BOTH, PRE_POST = "both", "pre_post"


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    dopamine = f"A_DA*{{}}{factor_product(neuron_variables, 'ltp', 'eligibility')}"
    serotonin = f"A_5HT*{{}}{factor_product(neuron_variables, 'ltd', 'eligibility')}"
    x = PresynapticTrace("x", "tau", plasticity)
    y_equations, y_reset = postsynaptic_trace("y", "tau", ALL_TO_ALL)
    on_pre = [add_to_eligibility(dopamine.format("y_post"), plasticity, "DA")]
    if plasticity.options["window_5HT"] == BOTH:
        on_pre.append(add_to_eligibility(serotonin.format("y_post"), plasticity, "5HT"))
    reward = "*R_D" if "R_D" in plasticity.numbers else ""
    return eligibility_equations(
        plasticity,
        neuron_variables,
        traces=[x],
        on_pre=[*on_pre, x.spike_statement(ALL_TO_ALL)],
        on_post=[
            add_to_eligibility(dopamine.format(x.value), plasticity, "DA"),
            add_to_eligibility(serotonin.format(x.value), plasticity, "5HT"),
        ],
        eligibilities=[
            Eligibility("tau_eligibility_DA", f"gain*eta{reward}*level_DA", "DA"),
            Eligibility("tau_eligibility_5HT", "-gain*eta*(1 - level_DA)*level_5HT", "5HT"),
        ],
        signals=("level_DA", "level_5HT"),
        neuron_equations=y_equations,
        neuron_reset=y_reset,
    )


DA_5HT = PlasticityRule(
    name="da_5ht",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"window_5HT": (BOTH, PRE_POST), "update": UPDATE},
    factors=("ltp", "ltd", "rate", "eligibility"),
    postsynaptic_signals={
        "level_DA": "whether there is a reward, 0 to 1",
        "level_5HT": "level of serotonin",
    },
    source="Wert-Carvajal et al. 2022",
)
