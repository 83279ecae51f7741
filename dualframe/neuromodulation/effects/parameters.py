r"""Parameters of the membrane: a factor :math:`1 + (scale - 1) f`, or a shift :math:`shift\, f`.

Which parameters a kind of effect changes in a model, and how, is the model's table of
`ModulatableParameters`.
"""

from __future__ import annotations

from dualframe.neuromodulation.effect_records import (
    ActiveEffect,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.neuromodulation.effects.response import factor, response


def scaled(terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters) -> None:
    """Scale parameters: by 1 without the modulator, by ``scale`` at full response."""
    _change(terms, entry, places, factor(terms, entry))


def shifted(terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters) -> None:
    """Shift parameters by ``shift`` at full response."""
    [shift] = terms.put(entry, shift="shift")
    _change(terms, entry, places, f"{shift}*{response(terms, entry)}")


def _change(
    terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters, amount: str
) -> None:
    for name, how in places.parameters[entry.effect.kind].items():
        space = " " if how in "+-" else ""
        terms.changes[name] = f"{terms.changes.get(name, name)}{space}{how}{space}{amount}"
