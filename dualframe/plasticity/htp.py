r"""Hypothesis testing plasticity: short- and long-term weights (HTP, Soltoggio 2015).

The eligibility of `rchp` moves a short-term weight, a hypothesis that fades. What it has confirmed
becomes long-term:

.. math::

   \dot w_s = -w_s/\tau_s + g\, m(t)\, e, \quad w_s \in [s_{min}, s_{max}], \qquad
   \dot w_l = r\, [w_s > \theta_l], \quad w_l \in [0, l_{max}], \qquad w = w_s + w_l

A baseline modulation below zero (signal ``modulation``) makes hypotheses without reward fade below
zero. w_s and w_l are parts of ``scale``.

What is transmitted is ``w_s + w_l`` within the bounds of the rule. The source transmits down to -1
(``w_min`` below zero, where no sign of the units forbids it); with a bound of zero the short-term
weight does go there, and its share below the bound is kept (``held``), not forgotten. At the start
a weight is short-term. The weight is the sum of its two parts, so the rule shares it with no other
that moves it at every step.
Signals, targets and factors are those of `rchp`.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import unit_of
from dualframe.network import Plasticity
from dualframe.plasticity.rchp import (
    CORRELATION_EQUATIONS,
    CORRELATION_PARAMETERS,
    POSTSYNAPTIC_SIGNALS,
    PRESYNAPTIC_SIGNALS,
    THRESHOLD_PARAMETERS,
    modulated_change,
    rare_eligibility,
)
from dualframe.plasticity.rule import CLOCK, PlasticityRule, RuleEquations

PARAMETERS = ParameterTable(
    required={
        **CORRELATION_PARAMETERS,
        "tau_short": "time",
        "short_min": "dimensionless",
        "short_max": "dimensionless",
        "long_max": "dimensionless",
        "threshold_long": "dimensionless",
        "conversion": "rate",
    },
    optional=THRESHOLD_PARAMETERS,
    equations=CORRELATION_EQUATIONS + "dw_s/dt = -w_s/tau_short + gain m e, between short_min and "
    "short_max; dw_l/dt = conversion [w_s > threshold_long], up to long_max; "
    "w = w_s + w_l",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    short = "(w/scale + held - long_term)"
    moved = f"{short}*exp(-dt/tau_short) + {modulated_change(neuron_variables)}"
    new_short = f"clip({moved}, short_min, short_max)"
    new_long = f"clip(long_term + conversion*dt*int({new_short} > threshold_long), 0, long_max)"
    both = f"({new_short} + {new_long})"
    new = f"clip(scale*{both}, w_min, w_max)"
    learns = "int(learning_rate > 0)"
    equations = [
        rare_eligibility(neuron_variables),
        f"dlong_term/dt = {learns}*({new_long} - long_term)/dt : 1 (clock-driven)",
        f"dheld/dt = {learns}*({both} - {new}/scale - held)/dt : 1 (clock-driven)",
        f"dw/dt = {learns}*({new} - w)/dt : {unit_of(plasticity.w_max)} (clock-driven)",
    ]
    return RuleEquations(equations="\n".join(equations))


HTP = PlasticityRule(
    name="htp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": (CLOCK,)},
    factors=("ltp", "ltd", "rate", "eligibility"),
    postsynaptic_signals=POSTSYNAPTIC_SIGNALS,
    presynaptic_signals=PRESYNAPTIC_SIGNALS,
    source="Soltoggio 2015, Biological Cybernetics 109:75",
)
