r"""The response f of an effect to the occupancy o of its receptor, from 0 to 1.

.. math:: f = o \quad\text{(saturating)}, \qquad
          f = 1 - x^2,\; x = \frac{o - p}{p \text{ if } o \le p \text{ else } 1 - p}
          \quad\text{(inverted U with its optimum at } p)
"""

from __future__ import annotations

from dualframe.neuromodulation.effect_records import ActiveEffect, ModulationEquations


def response(terms: ModulationEquations, entry: ActiveEffect) -> str:
    """Return the expression of an effect's response; an inverted U adds a line."""
    occupancy = f"o_{entry.site}"
    if entry.effect.response == "saturating":
        return occupancy
    [optimum] = terms.put(entry, optimum="optimum")
    name, far = f"f_{entry.tag}", f"x_{entry.tag}"
    side = f"({optimum} + int({occupancy} > {optimum})*(1 - 2*{optimum}))"
    terms.define(f"{far} = ({occupancy} - {optimum})/{side} : 1", f"{name} = 1 - {far}*{far} : 1")
    return name


def factor(terms: ModulationEquations, entry: ActiveEffect, number: str = "scale") -> str:
    """Return the factor that is 1 at f = 0 and the number at f = 1."""
    [scale] = terms.put(entry, **{number: number})
    return f"(1 + ({scale} - 1)*{response(terms, entry)})"
