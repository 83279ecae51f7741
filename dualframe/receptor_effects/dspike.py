"""A factor on the conductances of dendritic spikes."""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import EffectKind, SignTest
from dualframe.receptor_effects.membrane_parameters import negative_factors, scale_parameters

DSPIKE = EffectKind(
    name="dspike",
    required={"scale": "dimensionless"},
    equation="conductances of dendritic spikes times 1 + (scale - 1) f",
    add_equations=scale_parameters,
    lacks="which has no dendritic spikes",
    find_problems=negative_factors,
    neutral={"scale": 1.0},
    sign_test=SignTest(size="scale", measure="rate", in_dendrite=True),
)
