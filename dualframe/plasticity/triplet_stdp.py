r"""Triplet STDP of Pfister and Gerstner (2006): pairs, and triplets through slower traces.

.. math::

   \text{pre:}  &\quad w \to w - o_1 (A_2^- + A_3^- r_2), \text{ then } r_1, r_2 \to +1 \\
   \text{post:} &\quad w \to w + r_1 (A_2^+ + A_3^+ o_2), \text{ then } o_1, o_2 \to +1

with decay constants tau_plus (r1), tau_x (r2), tau_minus (o1) and tau_y (o2). ``r2`` and ``o2``
are read before the spike is added. With ``pairing="nearest"`` a spike sets its traces to one. The
minimal sets have no tau_x, and no ``r2``.
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
        "A2_plus": "dimensionless",
        "A3_plus": "dimensionless",
        "A2_minus": "dimensionless",
        "A3_minus": "dimensionless",
        "tau_plus": "time",
        "tau_minus": "time",
        "tau_y": "time",
    },
    optional={"tau_x": "time"},
    equations="pre: w <- w - o1 (A2_minus + A3_minus r2); post: w <- w + r1 (A2_plus + "
    "A3_plus o2); then r1, r2 (o1, o2) <- + 1; r2 and o2 are read before their own update; "
    "r1, r2, o1, o2 decay with tau_plus, tau_x, tau_minus, tau_y",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    pairing, slow = plasticity.options["pairing"], "tau_x" in plasticity.numbers
    traces = {"r1": "tau_plus", "o1": "tau_minus", "o2": "tau_y"} | (
        {"r2": "tau_x"} if slow else {}
    )
    depression = f"o1*{'(A2_minus + A3_minus*r2)' if slow else 'A2_minus'}"
    on_pre = [
        depress_weight(depression, plasticity, neuron_variables),
        *(spike_statement(name, pairing) for name in ("r1", "r2") if name in traces),
    ]
    on_post = [
        potentiate_weight("r1*(A2_plus + A3_plus*o2)", plasticity, neuron_variables),
        *(spike_statement(name, pairing) for name in ("o1", "o2")),
    ]
    return RuleEquations(
        equations="\n".join(trace_equation(name, tau, plasticity) for name, tau in traces.items()),
        on_pre="\n".join(on_pre),
        on_post="\n".join(on_post),
    )


TRIPLET_STDP = PlasticityRule(
    name="triplet_stdp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"pairing": PAIRING, "bounds": BOUNDS, "update": UPDATE},
    source="Pfister and Gerstner 2006, Journal of Neuroscience",
)
