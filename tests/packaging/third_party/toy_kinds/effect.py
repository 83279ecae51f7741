"""A receptor moves the threshold of neurons that say where theirs is."""

from brian2 import mV

from dualframe.receptor_effects.effect_kind import EffectKind, SignTest
from dualframe.receptor_effects.membrane_parameters import shift_parameters

TOY_THRESHOLD_SHIFT = EffectKind(
    name="toy_threshold_shift",
    required={"shift": "voltage"},
    equation="threshold plus shift f",
    add_equations=shift_parameters,
    lacks="whose threshold is no parameter",
    neutral={"shift": 0 * mV},
    sign_test=SignTest(size="shift"),
)
