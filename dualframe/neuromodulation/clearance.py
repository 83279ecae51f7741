r"""How a modulator is removed: by a time constant, or by an uptake that saturates.

Both say how fast a level L and the removal of the present concentration c change it, in

.. math:: \frac{dc}{dt} = J(L) - J(c), \qquad J(c) = \frac{c}{\tau}
          \quad \text{or} \quad J(c) = \frac{V_{max} c}{K_m + c} + k c .

A level is therefore what tonic release alone holds, whatever removes it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from brian2.units import mmolar, second

from dualframe.catalogue import Modulator, Numbers
from dualframe.circuit import Modulation

#: A table of the catalogue, and the names of its numbers that act.
ActingNumbers: TypeAlias = tuple[Numbers, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Clearance:
    """What removes a modulator.

    Attributes
    ----------
    flow
        From names of the level and of the concentration to the text of J(L) - J(c), which uses
        the parameters with the concentration's name as their ending.
    parameters
        Its constants, without that ending.
    rate, slope
        J and its derivative, from a concentration in mmolar to mmolar per second, or per second.
    acting
        The catalogue's numbers that it uses, and their names.
    """

    flow: Callable[[str, str], str]
    parameters: dict[str, Any]
    rate: Callable[[float], float]
    slope: Callable[[float], float]
    acting: tuple[ActingNumbers, ...]


def select_clearance(modulation: Modulation | None, modulator: Modulator) -> Clearance:
    """Return what clears a modulator in a region.

    Parameters
    ----------
    modulation
        May state a time constant or an uptake; None takes the catalogue's time constant.
    modulator
        As the catalogue has it.

    Raises
    ------
    UnknownName
        If the modulator has no such uptake.
    """
    if modulation is not None and modulation.uptake:
        return _saturating_clearance(modulator.uptake(modulation.uptake).numbers)
    if modulation is not None and modulation.clearance is not None:
        return _first_order_clearance(modulation.clearance, ())
    numbers = modulator.numbers
    acting = ((numbers, ("clearance_tau",)),)
    return _first_order_clearance(numbers.value("clearance_tau"), acting)


def _first_order_clearance(tau: Any, acting: tuple[ActingNumbers, ...]) -> Clearance:
    seconds = float(tau / second)
    return Clearance(
        flow=lambda level, name: f"({level} - {name})/tau_{name}",
        parameters={"tau": tau},
        rate=lambda c: c / seconds,
        slope=lambda c: 1 / seconds,
        acting=acting,
    )


def _saturating_clearance(numbers: Numbers) -> Clearance:
    names = ("Vmax", "Km", "k_other")
    vmax, km, k = (numbers.value(name) for name in names)
    fastest, half, other = float(vmax / (mmolar / second)), float(km / mmolar), float(k * second)

    def flow_text(level: str, name: str) -> str:
        removed = "Vmax_{1}*{0}/(Km_{1} + {0})"
        by_uptake = f"{removed.format(level, name)} - {removed.format(name, name)}"
        return f"{by_uptake} + k_other_{name}*({level} - {name})"

    return Clearance(
        flow=flow_text,
        parameters={name: numbers.value(name) for name in names},
        rate=lambda c: fastest * c / (half + c) + other * c,
        slope=lambda c: fastest * half / (half + c) ** 2 + other,
        acting=((numbers, names),),
    )
