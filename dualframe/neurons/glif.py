"""Generalised leaky integrate-and-fire neurons, levels 1 to 5 (Teeter et al. 2018).

    C dV/dt = I + sum_j I_j - (V - E_L)/R          spike if V > E_L + th_inf + th_s + th_v
    dI_j/dt = -I_j/tau_j                           dth_s/dt = -b_spike th_s
    dth_v/dt = a_voltage (V - E_L) - b_voltage th_v

=====  ===================================================================
level  has
=====  ===================================================================
1      leak and threshold; V <- E_L at a spike
2      1 + reset rule V <- E_L + f_v (V - E_L) + deltaV and threshold jump th_s
3      1 + after-spike currents I_j (``asc1``, ``asc2``, ... in the equations)
4      2 + 3
5      4 + voltage-dependent threshold th_v
=====  ===================================================================

The refractory period t_ref is cut out of the time course, as in the fit: at a spike

    I_j <- I_j exp(-t_ref/tau_j) + asc_amp_j          th_s <- th_s exp(-b_spike t_ref) + a_spike

and every variable of the membrane is held for t_ref (Teeter et al. 2018, Nat Commun 9:709, eqs
1 to 5; the same order as NEST's ``glif_psc``, which keeps the voltage of the step before the
crossing where this keeps the voltage that crossed). A neuron that spikes in step n is integrated
again in step n + t_ref/dt.

Levels 1 and 2 have no specimens of their own in the catalogue: they are a level 3 and a level 4
specimen without its after-spike currents (`derive`; status: derived).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Hz, Mohm, ms, mV, pA, pF
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from dualframe.core.errors import UnknownName
from dualframe.neurons.point_neuron import Membrane, checked


@dataclass(frozen=True)
class Level:
    """Which mechanisms a level has, and which level's specimen it is taken from."""

    source: int
    reset_rule: bool = False
    after_spike: bool = False
    voltage_threshold: bool = False


LEVELS: Mapping[int, Level] = MappingProxyType(
    {
        1: Level(source=3),
        2: Level(source=4, reset_rule=True),
        3: Level(source=3, after_spike=True),
        4: Level(source=4, reset_rule=True, after_spike=True),
        5: Level(source=5, reset_rule=True, after_spike=True, voltage_threshold=True),
    }
)

_DIMENSIONS: Mapping[str, Dimension] = MappingProxyType(
    {
        name: get_dimensions(unit)
        for name, unit in {
            "C": pF,
            "R": Mohm,
            "E_L": mV,
            "th_inf": mV,
            "t_ref": ms,
            "deltaV": mV,
            "a_spike": mV,
            "b_spike": Hz,
            "a_voltage": Hz,
            "b_voltage": Hz,
        }.items()
    }
    | {"f_v": DIMENSIONLESS}
)
_BASIC = ("C", "R", "E_L", "th_inf", "t_ref")
_RESET_RULE = ("f_v", "deltaV", "a_spike", "b_spike")
_VOLTAGE_THRESHOLD = ("a_voltage", "b_voltage")
_AFTER_SPIKE = re.compile(r"asc_(amp|tau)(\d+)")


def level(name: int | str) -> int:
    """Return the level's number from 3, ``"3"``, ``"glif3"`` or ``"GLIF3"``."""
    digits = str(name).casefold().removeprefix("glif")
    if digits not in map(str, LEVELS):
        raise UnknownName("GLIF level", name, [f"glif{number}" for number in LEVELS])
    return int(digits)


def derive(to: int | str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specimen's parameters without the mechanisms that a level does not have.

    This is how levels 1 and 2 come from a level 3 and a level 4 specimen (`Level.source`): what
    is left keeps its fitted value, so the cell is `derived`, not a fit of its own.
    """
    wanted = LEVELS[level(to)]
    drop = {name for name in parameters if _AFTER_SPIKE.fullmatch(name) and not wanted.after_spike}
    drop |= set() if wanted.reset_rule else set(_RESET_RULE)
    drop |= set() if wanted.voltage_threshold else set(_VOLTAGE_THRESHOLD)
    return {name: value for name, value in parameters.items() if name not in drop}


def membrane(to: int | str, parameters: Mapping[str, Any]) -> Membrane:
    """Return a GLIF neuron.

    Parameters
    ----------
    to
        The level, 1 to 5 (see `level`).
    parameters
        C, R, E_L, th_inf (above E_L), t_ref; levels 2, 4, 5: f_v (dimensionless), deltaV,
        a_spike, b_spike (rate); levels 3 to 5: asc_amp1 (current), asc_tau1 (time), asc_amp2, ...;
        level 5: a_voltage, b_voltage (rates). Those of mechanisms that the level lacks are dropped.

    Raises
    ------
    UnknownName
        For an unknown level or parameter.
    CatalogueError, QuantityError
        For a missing parameter, or one of another dimension.
    """
    number = level(to)
    has = LEVELS[number]
    values = _values(number, has, parameters)
    currents = _numbers(values)
    slowest = max(currents, key=lambda j: float(np.max(values[f"asc_tau{j}"])), default=None)
    places = {
        "leak": {"R": "/"},
        "rest": {"E_L": "+", "th_inf": "-"},  # the threshold, above E_L, stays where it is
        "threshold": {"th_inf": "+"},
    }
    if slowest is not None:
        places["adaptation"] = {f"asc_amp{slowest}": "*"}
    return Membrane(
        equations="\n".join(_equations(has, currents)),
        threshold="V > E_L + th_inf" + _threshold_terms(has),
        reset="\n".join(_reset(has, currents)),
        refractory="t_ref",
        parameters=values,
        initial=_initial(has, currents, values),
        leak="1/R",
        rest="E_L",
        places=places,
    )


def _values(number: int, has: Level, parameters: Mapping[str, Any]) -> dict[str, Any]:
    owner = f"GLIF level {number}"
    given = derive(number, parameters)
    names = _BASIC + (_RESET_RULE if has.reset_rule else ())
    names += _VOLTAGE_THRESHOLD if has.voltage_threshold else ()
    dimensions = {name: _DIMENSIONS[name] for name in names}
    for j in _numbers(given) or ((1,) if has.after_spike else ()):
        dimensions[f"asc_amp{j}"] = get_dimensions(pA)
        dimensions[f"asc_tau{j}"] = get_dimensions(ms)
    return checked(owner, given, dimensions)


def _numbers(names: Mapping[str, Any]) -> tuple[int, ...]:
    found = (_AFTER_SPIKE.fullmatch(name) for name in names)
    return tuple(sorted({int(match[2]) for match in found if match}))


def _equations(has: Level, currents: tuple[int, ...]) -> list[str]:
    total = "".join(f" + asc{j}" for j in currents)
    lines = [f"dV/dt = (I{total} - (V - E_L)/R)/C : volt (unless refractory)"]
    lines += [f"dasc{j}/dt = -asc{j}/asc_tau{j} : amp (unless refractory)" for j in currents]
    if has.reset_rule:
        lines.append("dth_s/dt = -b_spike*th_s : volt (unless refractory)")
    if has.voltage_threshold:
        lines.append("dth_v/dt = a_voltage*(V - E_L) - b_voltage*th_v : volt (unless refractory)")
    return lines


def _threshold_terms(has: Level) -> str:
    return (" + th_s" if has.reset_rule else "") + (" + th_v" if has.voltage_threshold else "")


def _reset(has: Level, currents: tuple[int, ...]) -> list[str]:
    lines = ["V = E_L + f_v*(V - E_L) + deltaV" if has.reset_rule else "V = E_L"]
    if has.reset_rule:
        lines.append("th_s = th_s*exp(-b_spike*t_ref) + a_spike")
    lines += [f"asc{j} = asc{j}*exp(-t_ref/asc_tau{j}) + asc_amp{j}" for j in currents]
    return lines


def _initial(has: Level, currents: tuple[int, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    start: dict[str, Any] = {"V": values["E_L"]} | {f"asc{j}": 0 * pA for j in currents}
    start |= {"th_s": 0 * mV} if has.reset_rule else {}
    start |= {"th_v": 0 * mV} if has.voltage_threshold else {}
    return start
