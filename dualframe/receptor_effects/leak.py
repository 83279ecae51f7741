"""A factor on the leak conductance of the membrane."""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import EffectKind, Problems, SignTest, Values
from dualframe.receptor_effects.membrane_parameters import scale_parameters


def _problems(values: Values) -> Problems:
    if values["scale"] <= 0:
        yield "scale", "must be greater than 0: a cell without a leak has no rest."


LEAK = EffectKind(
    name="leak",
    required={"scale": "dimensionless"},
    equation="leak conductance times 1 + (scale - 1) f",
    add_equations=scale_parameters,
    lacks="whose leak is no parameter",
    find_problems=_problems,
    scale_leak=lambda values: min(values["scale"], 1.0),
    neutral={"scale": 1.0},
    sign_test=SignTest(size="scale", moves="conductance"),
)
