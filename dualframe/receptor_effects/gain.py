"""A factor on the current of one kind of synapse onto a cell."""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import ActsOn, EffectKind, SignTest
from dualframe.receptor_effects.membrane_parameters import negative_factors
from dualframe.receptor_effects.modulation_equations import (
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
    multiplied_factor,
)
from dualframe.receptor_effects.response import factor_expression


def _scale_currents(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    factor = factor_expression(equations, effect)
    for name in effect.synaptic_inputs:
        gains = equations.gains.setdefault(name, {})
        gains[effect.synapse] = multiplied_factor(gains, effect.synapse, factor)


GAIN = EffectKind(
    name="gain",
    required={"scale": "dimensionless"},
    equation="synaptic current onto these cells times 1 + (scale - 1) f",
    add_equations=_scale_currents,
    acts_on=ActsOn.SYNAPSES,
    keys=("from", "synapse"),
    synapses=("AMPA", "NMDA", "GABA_A", "GABA_B"),
    find_problems=negative_factors,
    neutral={"scale": 1.0},
    sign_test=SignTest(size="scale"),
)
