r"""An extra conductance in every compartment, a fraction of its leak.

.. math:: I = size\, f\, g_L (E - V)

A negative one closes a conductance that is open at rest.
"""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import EffectKind, Problems, SignTest, Values
from dualframe.receptor_effects.membrane_currents import add_current
from dualframe.receptor_effects.modulation_equations import (
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.receptor_effects.response import response_expression


def _add_conductance(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    size, reversal = equations.add_parameters(effect, size="size", E="reversal")
    f = response_expression(equations, effect)
    for place in model.compartments:
        current = f"{size}*{f}*({place.leak})*({reversal} - {place.voltage})"
        add_current(equations, effect, model, place, current)


def _problems(values: Values) -> Problems:
    if values["size"] <= -1:
        yield "size", "must be greater than -1: a cell cannot lose more than its leak."


CONDUCTANCE = EffectKind(
    name="conductance",
    required={"size": "dimensionless", "reversal": "voltage"},
    equation="I = size f gL (reversal - V) in every compartment",
    add_equations=_add_conductance,
    keys=("mechanism",),
    find_problems=_problems,
    close_leak=lambda values: max(-values["size"], 0.0),
    neutral={"size": 0.0},
    sign_test=SignTest(size="size", moves="conductance"),
)
