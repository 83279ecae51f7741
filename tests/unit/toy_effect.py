"""A kind of receptor effect as a user writes one: a steady current, in one file."""

from __future__ import annotations

from brian2.units import pA

from dualframe.receptor_effects import (
    EffectInModel,
    EffectKind,
    ModulatableParameters,
    ModulationEquations,
    SignTest,
    add_current,
    response_expression,
)


def _add_steady_current(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    [current] = equations.add_parameters(effect, current="current")
    f = response_expression(equations, effect)
    for compartment in model.compartments[:1]:
        add_current(equations, effect, model, compartment, f"{current}*{f}")


STEADY_CURRENT = EffectKind(
    name="steady_current",
    required={"current": "current"},
    equation="I = current f in the first compartment",
    add_equations=_add_steady_current,
    neutral={"current": 0 * pA},
    sign_test=SignTest(size="current"),
)
