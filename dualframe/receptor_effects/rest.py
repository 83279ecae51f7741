"""A shift of the resting potential."""

from __future__ import annotations

from brian2.units import mV

from dualframe.receptor_effects.effect_kind import EffectKind, SignTest
from dualframe.receptor_effects.membrane_parameters import shift_parameters

REST = EffectKind(
    name="rest",
    required={"shift": "voltage"},
    equation="resting potential plus shift f",
    add_equations=shift_parameters,
    lacks="whose resting potential is no parameter",
    neutral={"shift": 0 * mV},
    sign_test=SignTest(size="shift", moves="rest"),
)
