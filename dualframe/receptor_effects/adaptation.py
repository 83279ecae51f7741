"""A factor on the adaptation of a cell's firing."""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import EffectKind, SignTest
from dualframe.receptor_effects.membrane_parameters import negative_factors, scale_parameters

ADAPTATION = EffectKind(
    name="adaptation",
    required={"scale": "dimensionless"},
    equation="adaptation times 1 + (scale - 1) f",
    add_equations=scale_parameters,
    lacks="which does not adapt",
    find_problems=negative_factors,
    neutral={"scale": 1.0},
    sign_test=SignTest(size="scale", measure="late rate"),
)
