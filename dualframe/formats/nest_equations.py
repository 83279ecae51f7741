r"""Point neurons of NEST as populations: the same equations, with NEST's defaults.

==================  ================================================================================
``iaf_psc_delta``   leaky neuron; a weight (mV) is a jump of the potential
``iaf_psc_exp``     leaky neuron; a weight (pA) is a current that decays exponentially
``iaf_psc_alpha``   leaky neuron; a weight (pA) is the peak of an alpha function
``iaf_cond_exp``    leaky neuron; a weight (nS) is a conductance that decays exponentially
``glif_psc``        GLIF without thresholds that move (levels 1 and 3): alpha functions (pA) at each
                    port, and after-spike currents
==================  ================================================================================

Equations and defaults are those of NEST 3.10 (https://nest-simulator.readthedocs.io, models of
these names). NEST integrates them exactly, ``iaf_cond_exp`` with adaptive Runge-Kutta steps; here
they take Euler steps, which keep the charge of every synaptic current. During refractoriness NEST's
``glif_psc`` holds the potential at its last value, here it is at the reset: spikes are the same.
After-spike currents of a GLIF neuron decay by r exp(-k t_ref) during it; the new ones begin at its
end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import ms, mV, nS, pA, pF

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.network import CurrentInput, Population

Values = Mapping[str, Any]

_UNITS: Mapping[str, Any] = MappingProxyType(
    dict.fromkeys(("C_m",), pF)
    | dict.fromkeys(("E_L", "V_m", "V_th", "V_reset", "E_ex", "E_in"), mV)
    | dict.fromkeys(("tau_m", "t_ref", "tau_syn_ex", "tau_syn_in"), ms)
    | dict.fromkeys(("g", "g_L"), nS)
    | dict.fromkeys(("I_e",), pA)
)
_MEMBRANE: Values = {
    "C_m": 250.0,
    "E_L": -70.0,
    "V_m": -70.0,
    "V_th": -55.0,
    "V_reset": -70.0,
    "t_ref": 2.0,
    "tau_m": 10.0,
    "I_e": 0.0,
}
_DECAYS: Values = {"tau_syn_ex": 2.0, "tau_syn_in": 2.0}
_LEAK = "dV/dt = (E_L - V)/tau_m + ({currents}I)/C : volt (unless refractory)\nI : amp"
_DECAY = "d{x}/dt = -{x}/tau_{side} : {unit}\n"
_NAMES = {"C_m": "C", "tau_syn_ex": "tau_ex", "tau_syn_in": "tau_in"}


@dataclass(frozen=True, kw_only=True)
class NestPopulation:
    """Neurons of a NEST model.

    Attributes
    ----------
    population, currents
        The neurons and, where NEST has a constant current, that.
    statements
        What a spike does, by port and sign of the weight; port 0 is that of models without ports.
    weight_unit
        Of a weight.
    """

    population: Population
    currents: tuple[CurrentInput, ...]
    statements: Mapping[tuple[int, int], str]
    weight_unit: Any


@dataclass(frozen=True, kw_only=True)
class _Leaky:
    """A leaky model with two sorts of input: equations, defaults in NEST's units, and weights."""

    equations: str
    defaults: Values
    writes: tuple[str, str]
    weight_unit: Any
    fixed: Values = field(default_factory=dict)

    def make(self, name: str, n: int, values: Values, **fields: Any) -> NestPopulation:
        _check_names(name, values, {**self.defaults, **self.fixed})
        _check_fixed(name, values, self.fixed)
        numbers = {key: values.get(key, self.defaults[key]) for key in self.defaults}
        current, start = numbers.pop("I_e"), numbers.pop("V_m")
        population = Population(
            name,
            n,
            self.equations,
            threshold="V >= V_th",
            reset="V = V_reset",
            refractory="t_ref" if np.ndim(numbers["t_ref"]) else numbers.pop("t_ref") * ms,
            parameters={_NAMES.get(k, k): v * _UNITS[k] for k, v in numbers.items()},
            initial={"V": start * mV},
            **fields,
        )
        return NestPopulation(
            population=population,
            currents=_constant_current(name, current),
            statements=dict(zip(((0, 1), (0, -1)), self.writes, strict=True)),
            weight_unit=self.weight_unit,
        )


def _exponential(unit: str) -> str:
    return "".join(_DECAY.format(x=f"g_{side}", side=side, unit=unit) for side in ("ex", "in"))


def _alpha(side: str) -> str:
    rise = f"dI_{side}/dt = (exp(1)*y_{side} - I_{side})/tau_{side} : amp\n"
    return rise + _DECAY.format(x=f"y_{side}", side=side, unit="amp")


_LEAKY: Mapping[str, _Leaky] = MappingProxyType(
    {
        "iaf_psc_delta": _Leaky(
            equations=_LEAK.format(currents=""),
            defaults=_MEMBRANE,
            writes=("V += w", "V -= w"),
            weight_unit=mV,
            fixed={"refractory_input": False},
        ),
        "iaf_psc_exp": _Leaky(
            equations=_exponential("amp") + _LEAK.format(currents="g_ex - g_in + "),
            defaults={**_MEMBRANE, **_DECAYS},
            writes=("g_ex += w", "g_in += w"),
            weight_unit=pA,
            fixed={"delta": 0.0},
        ),
        "iaf_psc_alpha": _Leaky(
            equations=_alpha("ex") + _alpha("in") + _LEAK.format(currents="I_ex - I_in + "),
            defaults={**_MEMBRANE, **_DECAYS},
            writes=("y_ex += w", "y_in += w"),
            weight_unit=pA,
        ),
        "iaf_cond_exp": _Leaky(
            equations=_exponential("siemens")
            + "dV/dt = (g_L*(E_L - V) + g_ex*(E_ex - V) + g_in*(E_in - V) + I)/C : volt"
            " (unless refractory)\nI : amp",
            defaults={
                **{k: v for k, v in _MEMBRANE.items() if k != "tau_m"},
                "V_reset": -60.0,
                "g_L": 16.6667,
                "E_ex": 0.0,
                "E_in": -85.0,
                "tau_syn_ex": 0.2,
                "tau_syn_in": 2.0,
            },
            writes=("g_ex += w", "g_in += w"),
            weight_unit=nS,
        ),
    }
)

_GLIF_DEFAULTS: Values = {
    "C_m": 58.72,
    "E_L": -78.85,
    "V_th": -51.68,
    "V_reset": -78.85,
    "t_ref": 3.75,
    "g": 9.43,
}
_GLIF_LISTS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "tau_syn": (2.0,),
        "asc_init": (0.0, 0.0),
        "asc_decay": (0.003, 0.1),
        "asc_amps": (-9.18, -198.94),
        "asc_r": (1.0, 1.0),
    }
)


def _make_glif(name: str, n: int, values: Values, **fields: Any) -> NestPopulation:
    moving = {"spike_dependent_threshold": False, "adapting_threshold": False}
    rest = {"V_m": None, "after_spike_currents": False}
    _check_names(name, values, {**_GLIF_DEFAULTS, **_GLIF_LISTS, **moving, **rest})
    _check_fixed(name, values, moving)
    numbers = {key: values.get(key, default) for key, default in _GLIF_DEFAULTS.items()}
    start, refractory = values.get("V_m", numbers["E_L"]), numbers.pop("t_ref")
    lists = {k: np.asarray(values.get(k, v), dtype=float) for k, v in _GLIF_LISTS.items()}
    parameters = {_NAMES.get(key, key): v * _UNITS[key] for key, v in numbers.items()}
    initial = {"V": start * mV}
    equations, currents, reset = "", [], ["V = V_reset"]
    ports = range(1, len(lists["tau_syn"]) + 1)
    for k, tau in zip(ports, lists["tau_syn"], strict=True):
        equations += _alpha(str(k))
        currents.append(f"I_{k}")
        parameters[f"tau_{k}"] = tau * ms
    if values.get("after_spike_currents", False):
        columns = (lists[key] for key in ("asc_init", "asc_decay", "asc_amps", "asc_r"))
        for k, (first, decay, size, kept) in enumerate(zip(*columns, strict=True), 1):
            equations += f"dA_{k}/dt = -A_{k}/tau_A_{k} : amp\n"
            currents.append(f"A_{k}")
            # the new current begins when refractoriness ends
            reset.append(f"A_{k} = r_{k}*A_{k} + size_{k}")
            parameters[f"tau_A_{k}"] = 1 / decay * ms
            parameters[f"r_{k}"] = float(kept)
            parameters[f"size_{k}"] = size * np.exp(decay * refractory) * pA
            initial[f"A_{k}"] = first * pA
    equations += f"dV/dt = (g*(E_L - V) + {' + '.join(currents)} + I)/C : volt (unless refractory)"
    population = Population(
        name,
        n,
        equations + "\nI : amp",
        threshold="V > V_th",
        reset="\n".join(reset),
        refractory=refractory * ms,
        parameters=parameters,
        initial=initial,
        **fields,
    )
    return NestPopulation(
        population=population,
        currents=(),
        statements={
            (port, sign): f"y_{port} {'+' if sign > 0 else '-'}= w"
            for port in ports
            for sign in (1, -1)
        },
        weight_unit=pA,
    )


#: What makes a population of a NEST model, by the model's name.
NEST_MODELS: Mapping[str, Callable[..., NestPopulation]] = MappingProxyType(
    {**{name: model.make for name, model in _LEAKY.items()}, "glif_psc": _make_glif}
)


def _constant_current(name: str, current: Any) -> tuple[CurrentInput, ...]:
    if not np.any(np.asarray(current)):
        return ()
    return (CurrentInput(name, current * pA, variable="I", name=f"{name}_current"),)


def _check_names(name: str, values: Values, parameters: Values) -> None:
    for key in values:
        if key not in parameters:
            raise UnknownName(f"parameter of the NEST model of {name!r}:", key, parameters)


def _check_fixed(name: str, values: Values, fixed: Values) -> None:
    for key, value in fixed.items():
        if values.get(key, value) != value:
            raise NetworkError(
                f"{key} of {name!r} is {values[key]!r}: only {value!r} is supported."
            )
