r"""Reward-modulated STDP with an eligibility trace (Izhikevich 2007).

.. math::

   \text{pre:}  &\quad e \to e - A_- y, \; x \to x + 1 \\
   \text{post:} &\quad e \to e + A_+ x, \; y \to y + 1 \\
   \dot e &= -e/\tau_e, \qquad \dot w = g\, (b + D)\, e

Traces x and y decay with tau_plus and tau_minus; D is the level of dopamine at the postsynaptic
neuron (signal ``level_DA``), b its baseline. A pair of spikes alone leaves an eligibility whose
window is that of pair STDP.

The source's spikes set a trace instead of adding to it (``pairing="nearest"``, the default of its
set). It updates e and w every 10 ms, here they change in continuous time; the gain g is that of
its updates, 1 per 10 ms. Without dopamine (``level_DA`` zero) the baseline alone drives the
weight. ``ltp_factor`` and ``ltd_factor`` act on the two sides of the window,
``eligibility_factor`` on both, ``rate_factor`` on the drive.
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
from dualframe.plasticity.rule import PAIRING, UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import factor_product

PARAMETERS = ParameterTable(
    required={
        "A_plus": "dimensionless",
        "A_minus": "dimensionless",
        "tau_plus": "time",
        "tau_minus": "time",
        "tau_eligibility": "time",
        "gain": "rate",
        "baseline": "dimensionless",
    },
    optional={"tau_modulator": "time", "pulse": "dimensionless"},
    equations="pre: c <- c - A_minus y; post: c <- c + A_plus x; dc/dt = -c/tau_eligibility; "
    "dw/dt = gain (baseline + D) c; dD/dt = -D/tau_modulator, D <- D + pulse at a reward",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    pairing = plasticity.options["pairing"]
    x = PresynapticTrace("x", "tau_plus", plasticity)
    y_equations, y_reset = postsynaptic_trace("y", "tau_minus", pairing)
    depression = f"-A_minus*y_post{factor_product(neuron_variables, 'ltd', 'eligibility')}"
    potentiation = f"A_plus*{x.value}{factor_product(neuron_variables, 'ltp', 'eligibility')}"
    return eligibility_equations(
        plasticity,
        neuron_variables,
        traces=[x],
        on_pre=[add_to_eligibility(depression, plasticity), x.spike_statement(pairing)],
        on_post=[add_to_eligibility(potentiation, plasticity)],
        eligibilities=[Eligibility("tau_eligibility", "gain*(baseline + level_DA)")],
        signals=("level_DA",),
        neuron_equations=y_equations,
        neuron_reset=y_reset,
    )


R_STDP = PlasticityRule(
    name="r_stdp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"pairing": PAIRING, "update": UPDATE},
    factors=("ltp", "ltd", "rate", "eligibility"),
    postsynaptic_signals={"level_DA": "level of dopamine"},
    source="Izhikevich 2007, Cerebral Cortex",
)
