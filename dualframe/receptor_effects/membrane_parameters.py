r"""Parameters of the membrane: a factor :math:`1 + (scale - 1) f`, or a shift :math:`shift\, f`.

Which parameters a kind of effect changes in a model, and how, is the model's table of
`ModulatableParameters`.
"""

from __future__ import annotations

from dualframe.receptor_effects.effect_kind import Problems, Values
from dualframe.receptor_effects.modulation_equations import (
    EffectInModel,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.receptor_effects.response import factor_expression, response_expression


def scale_parameters(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    """Scale parameters: by 1 without the modulator, by ``scale`` at full response."""
    _change_parameters(equations, effect, model, factor_expression(equations, effect))


def shift_parameters(
    equations: ModulationEquations, effect: EffectInModel, model: ModulatableParameters
) -> None:
    """Shift parameters by ``shift`` at full response."""
    [shift] = equations.add_parameters(effect, shift="shift")
    amount = f"{shift}*{response_expression(equations, effect)}"
    _change_parameters(equations, effect, model, amount)


def _change_parameters(
    equations: ModulationEquations,
    effect: EffectInModel,
    model: ModulatableParameters,
    amount: str,
) -> None:
    changes = equations.changes
    for name, operation in model.parameters[effect.kind].items():
        space = " " if operation in "+-" else ""
        changes[name] = f"{changes.get(name, name)}{space}{operation}{space}{amount}"


def negative_factors(values: Values) -> Problems:
    """Find factors below zero."""
    for name in ("scale", "ltp", "ltd", "rate", "eligibility"):
        if values.get(name, 0) < 0:
            yield name, "must not be negative: 0 abolishes what it scales."
