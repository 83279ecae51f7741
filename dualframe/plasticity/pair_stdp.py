r"""Pair-based STDP: every presynaptic spike pairs with postsynaptic ones, and the reverse.

.. math::

   \text{pre:}  &\quad w \to w - A_- y, \; x \to x + 1 \\
   \text{post:} &\quad w \to w + A_+ x, \; y \to y + 1 \\
   \dot x &= -x/\tau_+, \quad \dot y = -y/\tau_-

so that a single pair changes the weight by :math:`A_+ e^{-\Delta t/\tau_+}` for
:math:`\Delta t = t_{post} - t_{pre} \ge 0` and by :math:`-A_- e^{\Delta t/\tau_-}` for
:math:`\Delta t < 0`. With ``pairing="nearest"`` a trace is set to one, so that only the last spike
of the other side counts. With ``bounds="multiplicative"`` potentiation is proportional to
:math:`w_{max} - w` and depression to :math:`w - w_{min}`.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.rule import BOUNDS, PAIRING, UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import (
    depress_weight,
    potentiate_weight,
    spike_statement,
    trace_equation,
)

PARAMETERS = ParameterTable(
    required={
        "A_plus": "dimensionless",
        "A_minus": "dimensionless",
        "tau_plus": "time",
        "tau_minus": "time",
    },
    equations="pre: w <- w - A_minus y, x <- x + 1; post: w <- w + A_plus x, y <- y + 1; "
    "dx/dt = -x/tau_plus, dy/dt = -y/tau_minus",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    pairing = plasticity.options["pairing"]
    x = trace_equation("x", "tau_plus", plasticity)
    y = trace_equation("y", "tau_minus", plasticity)
    depression = depress_weight("A_minus*y", plasticity, neuron_variables)
    potentiation = potentiate_weight("A_plus*x", plasticity, neuron_variables)
    return RuleEquations(
        equations=f"{x}\n{y}",
        on_pre=f"{depression}\n{spike_statement('x', pairing)}",
        on_post=f"{potentiation}\n{spike_statement('y', pairing)}",
    )


PAIR_STDP = PlasticityRule(
    name="pair_stdp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"pairing": PAIRING, "bounds": BOUNDS, "update": UPDATE},
    source="in the style of Song, Miller and Abbott 2000",
)
