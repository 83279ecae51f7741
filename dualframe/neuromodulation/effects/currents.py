r"""Currents: an extra conductance in every compartment, a fraction of its leak.

.. math:: I = size\, f\, g_L (E - V), \qquad
          I_{h} = (scale - 1)\, f\, share\, g_L\, h\, (E - V),
          \quad \tau \dot h = \frac{m_\infty(V)}{m_\infty(E_L)} - h,
          \quad m_\infty(V) = \frac{1}{1 + e^{(V - V_{1/2})/slope}}

The leak of a model holds the HCN conductance that is open at rest, so of an effect on HCN only
the change against control enters; h is the activation relative to rest. A model cannot lose more
HCN conductance than its leak holds: where the effect closes HCN, h counts up to 1.
"""

from __future__ import annotations

from dualframe.neuromodulation.effect_records import (
    ActiveEffect,
    Compartment,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.neuromodulation.effects.response import response


def conductance(
    terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters
) -> None:
    """An extra conductance, a fraction of the leak; a negative one closes a resting conductance."""
    size, reversal = terms.put(entry, size="size", E="reversal")
    f = response(terms, entry)
    for place in places.compartments:
        drive = f"{size}*{f}*({place.leak})*({reversal} - {place.voltage})"
        _current(terms, entry, places, place, drive)


def hcn(terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters) -> None:
    """The change of the HCN conductance against control."""
    names = terms.put(
        entry, scale="scale", share="share", v_half="v_half", slope="slope", tau="tau", E="reversal"
    )
    scale, share, v_half, slope, tau, reversal = names
    f = response(terms, entry)
    for place in places.compartments:
        h = f"h_{entry.tag}" + _where(places, place)
        rest, now = (
            f"(1 + exp(({voltage} - {v_half})/{slope}))" for voltage in (place.rest, place.voltage)
        )
        terms.equations.append(f"d{h}/dt = ({rest}/{now} - {h})/{tau} : 1")
        terms.initial[h] = 1.0
        open_ = f"({h} - int({scale} < 1)*int({h} > 1)*({h} - 1))"
        drive = f"({scale} - 1)*{share}*{f}*{open_}*({place.leak})*({reversal} - {place.voltage})"
        _current(terms, entry, places, place, drive)


def _where(places: ModulatableParameters, place: Compartment) -> str:
    return f"_{place.name}" if len(places.compartments) > 1 else ""


def _current(
    terms: ModulationEquations,
    entry: ActiveEffect,
    places: ModulatableParameters,
    place: Compartment,
    drive: str,
) -> None:
    name = f"I_{entry.tag}" + _where(places, place)
    terms.equations.append(f"{name} = {drive} : amp")
    terms.currents.setdefault(place.name, []).append(name)
