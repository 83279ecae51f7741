"""Plasticity: factors on a rule of the synapses onto a cell, 1 without the modulator.

The factors are variables of the postsynaptic neuron, ``ltp_factor``, ``ltd_factor``,
``rate_factor`` and ``eligibility_factor``, so that a rule can read them on every target. A cell
has those that a rule on its synapses asks for and some receptor changes. ``ltp`` and ``ltd`` below
zero turn a side of the window around: depression becomes potentiation (Brzosko et al. 2015). The
bounds of the weight stay, and so does its sign.
"""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import ActsOn, EffectKind, Problems, Values
from dualframe.receptor_effects.membrane_parameters import negative_factors
from dualframe.receptor_effects.modulation_equations import (
    PLASTICITY_FACTORS,
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
    multiplied_factor,
)
from dualframe.receptor_effects.response import factor_expression


def _scale_rule(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    for name in effect.factors:
        factor = factor_expression(equations, effect, name)
        equations.factors[name] = multiplied_factor(equations.factors, name, factor)


def _problems(values: Values) -> Problems:
    yield from negative_factors({k: v for k, v in values.items() if k not in ("ltp", "ltd")})
    if not set(values) - {"optimum"}:
        yield "ltp", f"missing. Give at least one of {', '.join(PLASTICITY_FACTORS)}."


PLASTICITY = EffectKind(
    name="plasticity",
    optional=dict.fromkeys(PLASTICITY_FACTORS, "dimensionless"),
    equation="parts of a rule of the synapses onto these cells times 1 + (number - 1) f",
    add_equations=_scale_rule,
    acts_on=ActsOn.PLASTICITY,
    find_problems=_problems,
    neutral=dict.fromkeys(PLASTICITY_FACTORS, 1.0),
)
