"""A user's rule in one file: every presynaptic spike takes from the weight what post left behind.

::

    pre: w <- w - A y;    post: y <- y + 1;    dy/dt = -y/tau
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.rule import UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import depress_weight, trace_equation

PARAMETERS = ParameterTable(
    required={"A": "dimensionless", "tau": "time"},
    equations="pre: w <- w - A y; post: y <- y + 1; dy/dt = -y/tau",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    return RuleEquations(
        equations=trace_equation("y", "tau", plasticity),
        on_pre=depress_weight("A*y", plasticity, neuron_variables),
        on_post="y += 1",
    )


ANTI_HEBBIAN = PlasticityRule(
    name="toy_anti_hebbian",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    relative_to="absolute",
    source="an example of the tests",
)
