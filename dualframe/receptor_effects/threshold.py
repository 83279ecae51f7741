"""A shift of the spike threshold."""

from __future__ import annotations

from brian2.units import mV

from dualframe.receptor_effects.effect_kind import EffectKind, SignTest
from dualframe.receptor_effects.membrane_parameters import shift_parameters

THRESHOLD = EffectKind(
    name="threshold",
    required={"shift": "voltage"},
    equation="spike threshold plus shift f",
    add_equations=shift_parameters,
    lacks="whose threshold is no parameter",
    neutral={"shift": 0 * mV},
    sign_test=SignTest(size="shift"),
)
