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

Neurons with ``t_cut`` (from files of the Allen Institute) are integrated as the AllenSDK does it:
currents and threshold decay exactly from step to step, and by ``t_cut`` at a spike, a step less
than the t_ref for which the neuron is held.

Levels 1 and 2 have no specimens of their own in the catalogue: they are a level 3 and a level 4
specimen without its after-spike currents (`reduce_to_level`; status: derived).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Hz, ms, mV, pA

from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.search_space import FreeParameter, MeasuredCell, SearchSpace, Values


@dataclass(frozen=True, kw_only=True)
class GlifMechanisms:
    """Which mechanisms a level has, and which level's specimen it is taken from."""

    source: int
    reset_rule: bool = False
    after_spike: bool = False
    voltage_threshold: bool = False


LEVELS: Mapping[int, GlifMechanisms] = MappingProxyType(
    {
        1: GlifMechanisms(source=3),
        2: GlifMechanisms(source=4, reset_rule=True),
        3: GlifMechanisms(source=3, after_spike=True),
        4: GlifMechanisms(source=4, reset_rule=True, after_spike=True),
        5: GlifMechanisms(source=5, reset_rule=True, after_spike=True, voltage_threshold=True),
    }
)

_BASIC: Dimensions = {
    "C": "capacitance",
    "R": "resistance",
    "E_L": "voltage",
    "th_inf": "voltage",
    "t_ref": "time",
}
_RESET_RULE: Dimensions = {
    "f_v": "dimensionless",
    "deltaV": "voltage",
    "a_spike": "voltage",
    "b_spike": "rate",
}
_VOLTAGE_THRESHOLD: Dimensions = {"a_voltage": "rate", "b_voltage": "rate"}
_AFTER_SPIKE = re.compile(r"asc_(amp|tau)(\d+)")


def glif_level(name: int | str) -> int:
    """Return the level's number from 3, ``"3"``, ``"glif3"`` or ``"GLIF3"``."""
    digits = str(name).casefold().removeprefix("glif")
    if digits not in map(str, LEVELS):
        raise UnknownName("GLIF level", name, [f"glif{number}" for number in LEVELS])
    return int(digits)


def reduce_to_level(level: int | str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specimen's parameters without the mechanisms that a level does not have.

    This is how levels 1 and 2 come from a level 3 and a level 4 specimen
    (`GlifMechanisms.source`): what is left keeps its fitted value, so the cell is `derived`, not a
    fit of its own.

    Parameters
    ----------
    level
        The level, as of `glif_level`.
    parameters
        Name -> value, of that level or of a higher one.
    """
    has = LEVELS[glif_level(level)]
    drop = {name for name in parameters if _AFTER_SPIKE.fullmatch(name) and not has.after_spike}
    drop |= set() if has.reset_rule else set(_RESET_RULE)
    drop |= set() if has.voltage_threshold else set(_VOLTAGE_THRESHOLD)
    return {name: value for name, value in parameters.items() if name not in drop}


def glif_neuron(level: int | str, parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a GLIF neuron.

    Parameters
    ----------
    level
        The level, 1 to 5 (see `glif_level`).
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
    number = glif_level(level)
    has = LEVELS[number]
    own = reduce_to_level(number, parameters)
    currents = _current_numbers(own) or ((1,) if has.after_spike else ())
    from_file = set(own) & set(_OF_FILES)
    dimensions = _parameter_dimensions(has, currents) | {
        name: _OF_FILES[name] for name in from_file
    }
    values = check_parameters(f"GLIF level {number}", own, dimensions)
    slowest = max(currents, key=lambda j: float(np.max(values[f"asc_tau{j}"])), default=None)
    places = {
        "leak": {"R": "/"},
        "rest": {"E_L": "+", "th_inf": "-"},  # the threshold, above E_L, stays where it is
        "threshold": {"th_inf": "+"},
    }
    if slowest is not None and np.all(np.asarray(values[f"asc_amp{slowest}"]) < 0):
        places["adaptation"] = {f"asc_amp{slowest}": "*"}
    return PointNeuron(
        equations="\n".join(
            (_write_exact_equations if from_file else _write_equations)(has, currents)
        ),
        threshold="V > E_L + th_inf" + _threshold_terms(has),
        reset="\n".join(_write_reset(has, currents, "t_cut" if from_file else "t_ref")),
        refractory="t_ref",
        parameters=values,
        initial=_initial_values(has, currents, values),
        leak="1/R",
        rest="E_L",
        places=places,
    )


def _parameter_dimensions(has: GlifMechanisms, currents: tuple[int, ...]) -> dict[str, Any]:
    known: dict[str, Any] = {**_BASIC}
    known |= _RESET_RULE if has.reset_rule else {}
    known |= _VOLTAGE_THRESHOLD if has.voltage_threshold else {}
    for j in currents:
        known |= {f"asc_amp{j}": "current", f"asc_tau{j}": "time"}
    return known


#: What files of the Allen Institute say beyond the parameters: see the module's text.
_OF_FILES: Dimensions = {"t_cut": "time", "dt_of_fit": "time"}


def _current_numbers(names: Mapping[str, Any]) -> tuple[int, ...]:
    matches = (_AFTER_SPIKE.fullmatch(name) for name in names)
    return tuple(sorted({int(match[2]) for match in matches if match}))


def _write_equations(has: GlifMechanisms, currents: tuple[int, ...]) -> list[str]:
    total = "".join(f" + asc{j}" for j in currents)
    lines = [f"dV/dt = (I{total} - (V - E_L)/R)/C : volt (unless refractory)"]
    lines += [f"dasc{j}/dt = -asc{j}/asc_tau{j} : amp (unless refractory)" for j in currents]
    if has.reset_rule:
        lines.append("dth_s/dt = -b_spike*th_s : volt (unless refractory)")
    if has.voltage_threshold:
        lines.append("dth_v/dt = a_voltage*(V - E_L) - b_voltage*th_v : volt (unless refractory)")
    return lines


def _write_exact_equations(has: GlifMechanisms, currents: tuple[int, ...]) -> list[str]:
    """Return the equations whose Euler steps are the steps of the AllenSDK."""
    total = "".join(f" + asc{j}" for j in currents)
    lines = [
        f"dV/dt = (I{total} - (V - E_L)/R)/C : volt (unless refractory)",
        *(
            f"dasc{j}/dt = asc{j}*(exp(-dt/asc_tau{j}) - 1)/dt : amp (unless refractory)"
            for j in currents
        ),
    ]
    if has.reset_rule:
        lines.append("dth_s/dt = th_s*(exp(-b_spike*dt) - 1)/dt : volt (unless refractory)")
    if has.voltage_threshold:
        lines += [
            f"V_inf = (I{total})*R : volt",
            "th_v_of_V = a_voltage/(b_voltage - 1/(R*C))*(V - E_L - V_inf) : volt",
            "th_v_inf = a_voltage/b_voltage*V_inf : volt",
            "th_v_rest = th_v - th_v_of_V - th_v_inf : volt",
            "dth_v/dt = (th_v_of_V*exp(-dt/(R*C)) + th_v_rest*exp(-b_voltage*dt) + th_v_inf - th_v)"
            "/dt : volt (unless refractory)",
        ]
    return lines


def _threshold_terms(has: GlifMechanisms) -> str:
    return (" + th_s" if has.reset_rule else "") + (" + th_v" if has.voltage_threshold else "")


def _write_reset(has: GlifMechanisms, currents: tuple[int, ...], cut: str) -> list[str]:
    lines = ["V = E_L + f_v*(V - E_L) + deltaV" if has.reset_rule else "V = E_L"]
    if has.reset_rule:
        lines.append(f"th_s = th_s*exp(-b_spike*{cut}) + a_spike")
    lines += [f"asc{j} = asc{j}*exp(-{cut}/asc_tau{j}) + asc_amp{j}" for j in currents]
    return lines


def _initial_values(
    has: GlifMechanisms, currents: tuple[int, ...], values: Mapping[str, Any]
) -> dict[str, Any]:
    start: dict[str, Any] = {"V": values["E_L"]} | {f"asc{j}": 0 * pA for j in currents}
    start |= {"th_s": 0 * mV} if has.reset_rule else {}
    start |= {"th_v": 0 * mV} if has.voltage_threshold else {}
    return start


# --- what a fit varies ---------------------------------------------------------------------------

_ALLEN_TAU = "the time constants of after-spike currents in the Allen fits, 3.33 to 333 ms"
_GLIF3: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "th_inf": FreeParameter(
            low=0.8, high=1.1, start=0.999, scale="depth", reason="the depolarisation at rheobase"
        ),
        "t_ref": FreeParameter(
            low=0.5, high=30.0, start=2.0, scale=ms, log=True, reason="0.5 to 30 ms"
        ),
        "asc_amp1": FreeParameter(low=-2.0, high=2.0, start=0.0, scale="rheobase"),
        "asc_tau1": FreeParameter(
            low=3.333, high=33.33, start=10.0, scale=ms, log=True, reason=_ALLEN_TAU
        ),
        "asc_amp2": FreeParameter(low=-0.5, high=0.5, start=0.0, scale="rheobase"),
        "asc_tau2": FreeParameter(
            low=33.33, high=333.3, start=100.0, scale=ms, log=True, reason=_ALLEN_TAU
        ),
    }
)
_GLIF4: Mapping[str, FreeParameter] = MappingProxyType(
    {
        **_GLIF3,
        "deltaV": FreeParameter(
            low=-1.0,
            high=0.95,
            start=0.0,
            scale="depth",
            reason="the reset, from below rest to threshold",
        ),
        "a_spike": FreeParameter(low=-0.3, high=1.0, start=0.0, scale="depth"),
        "b_spike": FreeParameter(low=3.0, high=300.0, start=50.0, scale=Hz, log=True),
    }
)
_GLIF5: Mapping[str, FreeParameter] = MappingProxyType(
    {
        **_GLIF4,
        "th_inf": FreeParameter(
            low=0.4,
            high=1.2,
            start=0.999,
            scale="depth",
            reason="the depolarisation at rheobase, or less",
        ),
        "a_voltage": FreeParameter(
            low=-0.5, high=0.6, start=0.0, scale=1.0, reason="times b_voltage"
        ),
        "b_voltage": FreeParameter(low=3.0, high=300.0, start=30.0, scale=Hz, log=True),
    }
)
#: A soma that a dendrite charges again after each reset, and slow adaptation.
_REBOUND: Mapping[str, float] = MappingProxyType({"asc_amp1": 1.0, "asc_amp2": -0.05})


def _complete_level3(free: Values, cell: MeasuredCell) -> Values:
    return {"C": cell.tau / cell.r_in, "R": cell.r_in, "E_L": cell.rest, **free}


def _complete_level4(free: Values, cell: MeasuredCell) -> Values:
    # f_v and deltaV are one number where every spike starts at one potential
    return {**_complete_level3(free, cell), "f_v": 0.0}


def _complete_level5(free: Values, cell: MeasuredCell) -> Values:
    return {**_complete_level4(free, cell), "a_voltage": free["a_voltage"] * free["b_voltage"]}


_SEARCHES: Mapping[int, SearchSpace] = MappingProxyType(
    {
        level: SearchSpace(
            free=free,
            complete=complete,
            rest="E_L",
            second_start=_REBOUND,
            adaptation=adaptation,
        )
        for level, free, complete, adaptation in (
            (3, _GLIF3, _complete_level3, ("asc_amp2",)),
            (4, _GLIF4, _complete_level4, ("asc_amp2", "a_spike")),
            (5, _GLIF5, _complete_level5, ("asc_amp1", "asc_amp2", "a_spike", "a_voltage")),
        )
    }
)

# --- the models ----------------------------------------------------------------------------------

_LIF = "C dV/dt = I - (V-E_L)/R; spike at V >= E_L + th_inf; then V <- E_L, hold t_ref"
_JUMPS = "threshold + th_s, dth_s/dt = -b_spike th_s, jump a_spike; V <- E_L + f_v (V-E_L) + deltaV"
_EQUATIONS: Mapping[int, str] = MappingProxyType(
    {
        1: _LIF,
        2: f"GLIF1 with {_JUMPS}",
        3: "GLIF1 with I + I_1 + I_2, dI_j/dt = -I_j/asc_tau_j, jump asc_amp_j",
        4: f"GLIF3 with {_JUMPS}",
        5: "GLIF4 with threshold + th_v, dth_v/dt = a_voltage (V-E_L) - b_voltage th_v",
    }
)
_STORED_CURRENTS = (1, 2)  # of the Allen fits; a neuron may have any number of them


def _make_model(level: int, has: GlifMechanisms) -> NeuronModel:
    dimensions = _parameter_dimensions(has, _STORED_CURRENTS if has.after_spike else ())
    positive = {"C", "R", "asc_tau1", "asc_tau2"} & set(dimensions)
    return NeuronModel(
        name=f"GLIF{level}",
        title=f"generalised leaky integrate-and-fire, level {level}",
        source="Teeter et al. 2018, Nat Commun 9:709",
        parameters=ParameterTable(
            dimensions, equations=_EQUATIONS[level], positive=frozenset(positive)
        ),
        make_neuron=partial(glif_neuron, level),
        family="glif",
        stored_as=() if has.source == level else (f"GLIF{has.source}",),
        varies=("C", "R"),
        search=_SEARCHES.get(level),
    )


GLIF_MODELS = tuple(_make_model(level, has) for level, has in LEVELS.items())
