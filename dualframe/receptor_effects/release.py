"""A factor on what each presynaptic spike releases, at the time it arrives.

A change of release does not touch transmitter that is bound already. The receptor is presynaptic,
but its occupancy is a variable of the *post*synaptic neuron, because a portable synapse reads no
other. The concentration at the terminal is taken to be that at the neuron on which it ends.
"""

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


def _scale_release(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    factor = factor_expression(equations, effect)
    for name in effect.synaptic_inputs:
        equations.releases[name] = multiplied_factor(equations.releases, name, factor)


RELEASE = EffectKind(
    name="release",
    required={"scale": "dimensionless"},
    # binding at terminals, where it is known to differ from that elsewhere
    optional={"EC50": "concentration", "tau_on": "time", "tau_off": "time"},
    equation="what a spike of these cells releases times 1 + (scale - 1) f",
    add_equations=_scale_release,
    acts_on=ActsOn.TERMINALS,
    keys=("onto", "synapse"),
    find_problems=negative_factors,
    neutral={"scale": 1.0},
    sign_test=SignTest(size="scale"),
)
