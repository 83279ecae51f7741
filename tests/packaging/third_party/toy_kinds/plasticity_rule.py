"""A postsynaptic spike strengthens what was active before it, as much as there is dopamine."""

from dualframe.core.parameter_table import ParameterTable
from dualframe.plasticity.rule import UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import potentiate_weight, trace_equation


def rule_equations(plasticity, neuron_variables):
    """Return the rule's equations and statements."""
    return RuleEquations(
        equations=trace_equation("x", "tau", plasticity),
        on_pre="x += 1",
        on_post=potentiate_weight("A*x*(1 + level_DA_post)", plasticity, neuron_variables),
    )


TOY_REWARDED_HEBB = PlasticityRule(
    name="toy_rewarded_hebb",
    parameters=ParameterTable(
        {"A": "dimensionless", "tau": "time"},
        {"w_min": "dimensionless", "w_max": "dimensionless"},
        "post: w <- w + A x (1 + D)",
    ),
    rule_equations=rule_equations,
    options={"update": UPDATE},
    postsynaptic_signals={"level_DA": "level of dopamine"},
    source="a test of dualframe",
)
