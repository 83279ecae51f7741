"""Kinds of receptor effects, one file each: numbers, equations, and what a model must have.

Used by the catalogue, which reads numbers by these tables, and by `dualframe.neuromodulation`,
which compiles effects into the equations of populations.
"""

from dualframe.receptor_effects.effect_kind import ActsOn, EffectKind, SignTest
from dualframe.receptor_effects.membrane_currents import add_current
from dualframe.receptor_effects.modulation_equations import (
    PLASTICITY_FACTORS,
    Compartment,
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.receptor_effects.registry import EFFECT_KINDS
from dualframe.receptor_effects.response import RESPONSES, factor_expression, response_expression

__all__ = [
    "EFFECT_KINDS",
    "PLASTICITY_FACTORS",
    "RESPONSES",
    "ActsOn",
    "Compartment",
    "EffectInModel",
    "EffectKind",
    "ModulatableParameters",
    "ModulationEquations",
    "SignTest",
    "add_current",
    "factor_expression",
    "response_expression",
]
