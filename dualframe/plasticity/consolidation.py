r"""Consolidation: weights are drawn to a slow reference with two stable states (Zenke et al. 2015).

.. math::

   \text{post:} &\quad w \to w - \beta\, y^3 (w - \tilde w), \text{ then } y \to y + 1,
   \qquad \dot y = -y/\tau_- \\
   \text{pre:}  &\quad w \to w + \delta \\
   \tau_{cons} \dot{\tilde w} &= w - \tilde w
       + P\, (w_a - \tilde w)\Bigl(\frac{w_a + w_c}{2} - \tilde w\Bigr)(w_c - \tilde w)

Bursts of the postsynaptic neuron draw all its synapses to their references (heterosynaptic
plasticity), which follow the weights within :math:`\tau_{cons}` and settle near ``w_weak``
(:math:`w_a`) or ``w_strong`` (:math:`w_c`). The rule learns nothing by itself: it stands beside one
that does, in the source the triplet rule, and makes what was learned last. The weights of
:math:`\tilde w`, ``w_weak`` and ``w_strong`` are in units of the rule's scale.

A reference moves every ``interval``, from its weight at that moment, as in the source's code; with
``update="clock"`` it moves at every step. GeNN visits no synapses between spikes, so it takes the
clock-driven form. References start at ``w_weak``, as in the source, also where a run goes on with
the weights of another. ``rate_factor`` acts on all of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.network import Plasticity
from dualframe.plasticity.rule import (
    ALL_TO_ALL,
    UPDATE,
    PlasticityRule,
    RuleEquations,
    is_clock_driven,
)
from dualframe.plasticity.statements import (
    bounded_weight,
    factor_product,
    spike_statement,
    trace_equation,
)

PARAMETERS = ParameterTable(
    required={
        "beta": "dimensionless",
        "growth": "dimensionless",
        "tau_minus": "time",
        "tau_consolidation": "time",
        "interval": "time",
        "strength": "dimensionless",
        "w_weak": "dimensionless",
        "w_strong": "dimensionless",
    },
    equations="post: w <- w - beta y^3 (w - r), then y <- y + 1; pre: w <- w + growth; "
    "dy/dt = -y/tau_minus; every interval: tau_consolidation dr/dt = w - r + strength (w_weak - r) "
    "((w_weak + w_strong)/2 - r) (w_strong - r)",
)
# the reference above w_weak, so that it starts there
_REFERENCE = "scale*(w_weak + consolidated)"
_DRIFT = (
    "(w/scale - w_weak - consolidated - strength*consolidated"
    "*((w_strong - w_weak)/2 - consolidated)*(w_strong - w_weak - consolidated))"
)


def _rule_equations(plasticity: Plasticity, neuron_variables: Collection[str]) -> RuleEquations:
    """Return the rule's equations and statements."""
    rate = factor_product(neuron_variables, "rate")
    drawn = bounded_weight(f"learning_rate*beta*y*y*y*({_REFERENCE} - w){rate}")
    grown = bounded_weight(f"learning_rate*scale*growth{rate}")
    drift = f"int(learning_rate > 0)*{_DRIFT}/tau_consolidation{rate}"
    trace = trace_equation("y", "tau_minus", plasticity)
    visits: tuple[tuple[str, Any], ...] = ()
    if is_clock_driven(plasticity):
        moving = f"dconsolidated/dt = {drift} : 1 (clock-driven)"
    else:
        moving = "consolidated : 1"
        step = f"consolidated = consolidated + interval*{drift}"
        visits = ((step, plasticity.numbers["interval"]),)
    return RuleEquations(
        equations=f"{moving}\n{trace}",
        on_pre=grown,
        on_post=f"{drawn}\n{spike_statement('y', ALL_TO_ALL)}",
        periodic_updates=visits,
    )


CONSOLIDATION = PlasticityRule(
    name="consolidation",
    parameters=PARAMETERS,
    rule_equations=_rule_equations,
    options={"update": UPDATE},
    factors=("rate",),
    relative_to="absolute",
    only_magnitudes="the two states of its references are those of a strong and a weak synapse",
    source="Zenke, Agnes and Gerstner 2015, Nature Communications 6 (ncomms7922)",
)
