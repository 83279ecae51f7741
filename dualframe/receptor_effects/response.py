r"""The response f of an effect to the occupancy o of its receptor, from 0 to 1.

.. math:: f = o \quad\text{(saturating)}, \qquad
          f = 1 - x^2,\; x = \frac{o - p}{p \text{ if } o \le p \text{ else } 1 - p}
          \quad\text{(inverted U with its optimum at } p)
"""

from __future__ import annotations

from dualframe.receptor_effects.modulation_equations import EffectInModel, ModulationEquations

RESPONSES = ("saturating", "inverted_u")


def response_expression(equations: ModulationEquations, effect: EffectInModel) -> str:
    """Return the expression of an effect's response f; an inverted U adds a line.

    Parameters
    ----------
    equations
        Of the population; the optimum becomes one of its parameters.
    effect
        Its occupancy and response.
    """
    if effect.response == "saturating":
        return effect.occupancy
    [optimum] = equations.add_parameters(effect, optimum="optimum")
    name, distance = f"f_{effect.tag}", f"x_{effect.tag}"
    side = f"({optimum} + int({effect.occupancy} > {optimum})*(1 - 2*{optimum}))"
    equations.add_lines(
        f"{distance} = ({effect.occupancy} - {optimum})/{side} : 1",
        f"{name} = 1 - {distance}*{distance} : 1",
    )
    return name


def factor_expression(
    equations: ModulationEquations, effect: EffectInModel, number: str = "scale"
) -> str:
    """Return the factor that is 1 at f = 0 and the number at f = 1.

    Parameters
    ----------
    equations
        Of the population; the number becomes one of its parameters.
    effect
        Its numbers and response.
    number
        Name of the number.
    """
    [scale] = equations.add_parameters(effect, **{number: number})
    return f"(1 + ({scale} - 1)*{response_expression(equations, effect)})"
