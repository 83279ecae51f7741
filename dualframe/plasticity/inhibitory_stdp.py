r"""Plasticity of inhibition towards a target rate (Vogels et al. 2011).

.. math::

   \text{pre:}  &\quad w \to w + A (y - 2 \rho_0 \tau), \; x \to x + 1 \\
   \text{post:} &\quad w \to w + A x, \; y \to y + 1

with both traces decaying with tau: near-coincident spikes in either order strengthen the synapse,
and each presynaptic spike alone weakens it, so that the postsynaptic rate settles at
:math:`\rho_0`. The weight is a magnitude. Here ``ltp_factor`` acts on what pairing adds and
``ltd_factor`` on what a presynaptic spike alone takes away.
"""

from __future__ import annotations

from collections.abc import Collection

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.rule import ALL_TO_ALL, UPDATE, PlasticityRule, RuleEquations
from dualframe.plasticity.statements import (
    factor_product,
    potentiate_weight,
    spike_statement,
    trace_equation,
)

PARAMETERS = ParameterTable(
    required={"A": "dimensionless", "tau": "time", "target_rate": "rate"},
    equations="pre: w <- w + A (y - 2 target_rate tau), x <- x + 1; post: w <- w + A x, "
    "y <- y + 1; x and y decay with tau",
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    ltp, ltd, rate = (factor_product(neuron_variables, kind) for kind in ("ltp", "ltd", "rate"))
    change = f"learning_rate*scale*A*(y{ltp} - 2*target_rate*tau{ltd}){rate}"
    potentiation = potentiate_weight("A*x", plasticity, neuron_variables)
    return RuleEquations(
        equations="\n".join(trace_equation(name, "tau", plasticity) for name in "xy"),
        on_pre=f"w = clip(w + {change}, w_min, w_max)\n{spike_statement('x', ALL_TO_ALL)}",
        on_post=f"{potentiation}\n{spike_statement('y', ALL_TO_ALL)}",
    )


INHIBITORY_STDP = PlasticityRule(
    name="inhibitory_stdp",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    source="Vogels et al. 2011",
)
