r"""Leaky integrate-and-fire neurons, recognised by their equations.

Other formats know neurons by the name of a model and a few numbers. Whatever a population is
called here, it is such a neuron if its equations, with their constants, are

.. math:: C \dot V = -C (V - E_L)/\tau_m + I_e + \sum_k s_k g_k \quad\text{or}\quad
    \dots + \sum_k g_k (E_k - V), \qquad \dot g_k = -g_k/\tau_k

with a fixed threshold, reset and refractory period. Then every coefficient is a derivative of the
right-hand side, and nothing is approximated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from brian2 import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.parsing.sympytools import str_to_sympy
from brian2.units import volt

from dualframe.core.errors import DualframeError
from dualframe.core.quantity import UNITS
from dualframe.targets.lowering.lowered_network import LoweredGroup

_COMPARISON = re.compile(r"^\s*(?P<v>\w+)\s*>=?\s*(?P<threshold>.+)$")
_ASSIGNMENT = re.compile(r"^\s*(?P<v>\w+)\s*=\s*(?P<value>[^=].*)$")


class NotLeaky(DualframeError):
    """A population is no leaky integrate-and-fire neuron with linear synapses; it says why."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """A synaptic variable: SI units.

    Attributes
    ----------
    tau
        Decay, s.
    sign
        Of the current (A) that it is; None where it is a conductance (S).
    reversal
        Of a conductance, V.
    background
        Rate (Hz) and weight of Poisson events that arrive at it.
    """

    tau: float
    sign: float | None
    reversal: float | None
    background: tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class LeakyNeuron:
    """A leaky integrate-and-fire neuron: SI units.

    Attributes
    ----------
    capacitance, tau, rest, threshold, reset, refractory, start
        F, s, V, V, V, s, and the initial voltage, V.
    drive
        How the input variables of currents enter: A of current for each unit of theirs.
    channels
        Synaptic variables by name.
    """

    capacitance: float
    tau: float
    rest: float
    threshold: float
    reset: float
    refractory: float
    start: float
    drive: Mapping[str, float]
    channels: Mapping[str, Channel]


def leaky_neuron(group: LoweredGroup, voltage: str) -> LeakyNeuron:
    """Return a population as a leaky integrate-and-fire neuron.

    Parameters
    ----------
    group
        The population, lowered without its current inputs.
    voltage
        Name of the membrane potential.

    Raises
    ------
    NotLeaky
        If its equations say something else.
    """
    return _Reader(group, voltage).read()


class _Reader:
    def __init__(self, group: LoweredGroup, voltage: str) -> None:
        self._group, self._voltage = group, sympy.Symbol(voltage, real=True)
        self._values = {name: _one(name, c.value) for name, c in group.constants.items()}
        self._equations = Equations(group.equations)
        inner = self._equations.get_substituted_expressions(include_subexpressions=False)
        self._rates = {name: self._expression(str(text.code)) for name, text in inner}

    def read(self) -> LeakyNeuron:
        group, v = self._group, str(self._voltage)
        if v not in self._rates:
            raise NotLeaky(f"it has no variable {v!r}")
        if compartments := self._compartments():
            raise NotLeaky(
                f"it has {len(compartments)} compartments, with the potentials "
                f"{', '.join(compartments)}: expected one"
            )
        if group.events:
            raise NotLeaky(f"it has dendritic spikes, {', '.join(sorted(group.events))}")
        rate = sympy.expand(self._rates[v])
        leak = self._number(rate.subs(dict.fromkeys(self._others(rate), 0)).diff(self._voltage))
        if not leak < 0:
            raise NotLeaky("its membrane has no leak")
        capacitance = self._values.get("C")
        if capacitance is None:
            raise NotLeaky("it has no capacitance C, so that currents have no scale")
        names = sorted(set(self._rates) - {v})
        channels = {name: self._channel(name, rate, capacitance) for name in names}
        inputs = sorted(str(s) for s in self._others(rate) if str(s) not in self._rates)
        drive = {
            name: capacitance * self._number(rate.diff(sympy.Symbol(name, real=True)))
            for name in inputs
        }
        constant = self._number(rate.subs(dict.fromkeys([*self._others(rate), self._voltage], 0)))
        return LeakyNeuron(
            capacitance=capacitance,
            tau=-1 / leak,
            rest=-constant / leak,
            threshold=self._matched(_COMPARISON, group.threshold, "threshold"),
            reset=self._matched(_ASSIGNMENT, group.reset, "value"),
            refractory=self._text_value(group.refractory or "0"),
            start=_one("its initial voltage", group.initial[v]) if v in group.initial else 0.0,
            drive=drive,
            channels=channels,
        )

    def _compartments(self) -> list[str]:
        """Potentials, where there is more than one."""
        volts = [
            line.varname
            for line in self._equations.values()
            if line.type == DIFFERENTIAL_EQUATION and line.dim is volt.dim
        ]
        named = sorted(name for name in volts if name.lower().startswith("v_"))
        return named if len(named) > 1 else []

    def _channel(self, name: str, rate: Any, capacitance: float) -> Channel:
        g = sympy.Symbol(name, real=True)
        entering, own = sympy.expand(rate.diff(g)), sympy.expand(self._rates[name])
        slope, offset = entering.diff(self._voltage), entering.subs(self._voltage, 0)
        decay = self._number(own.diff(g))
        if not decay < 0:
            raise NotLeaky(f"its variable {name!r} does not decay exponentially")
        sign = reversal = None
        if slope == 0:
            sign = capacitance * self._number(offset)
            if not np.isclose(abs(sign), 1):
                raise NotLeaky(f"its variable {name!r} is no current")
        else:
            if not np.isclose(capacitance * self._number(slope), -1):
                raise NotLeaky(f"its variable {name!r} is no conductance")
            reversal = capacitance * self._number(offset)
        rest = own - g * own.diff(g)
        return Channel(
            tau=-1 / decay,
            sign=None if sign is None else round(sign),
            reversal=reversal,
            background=tuple(self._background(name, sympy.expand(rest))),
        )

    def _background(self, name: str, rest: Any) -> Iterator[tuple[float, float]]:
        dt = next((s for s in rest.free_symbols if str(s) == "dt"), 1)
        for count in sorted(rest.atoms(sympy.Function), key=str):
            if str(count.func) == "poisson":
                weight = rest.coeff(count)
                rest = sympy.expand(rest - count * weight)
                yield self._number(count.args[0] / dt), self._number(weight * dt)
        if rest != 0:
            raise NotLeaky(f"its variable {name!r} has another source: {rest}")

    def _others(self, expression: Any) -> list[Any]:
        return [s for s in expression.free_symbols if s != self._voltage]

    def _matched(self, pattern: re.Pattern[str], text: str | None, part: str) -> float:
        match = pattern.match(text or "")
        if match is None or match["v"] != str(self._voltage) or "\n" in (text or "").strip():
            raise NotLeaky(f"threshold and reset are {text!r}: expected one comparison or value")
        return self._text_value(match[part])

    def _text_value(self, text: str) -> float:
        return self._number(self._expression(text))

    def _expression(self, text: str) -> Any:
        expression = str_to_sympy(text)
        values = {symbol: self._value_of(str(symbol)) for symbol in expression.free_symbols}
        return expression.subs({s: value for s, value in values.items() if value is not None})

    def _value_of(self, name: str) -> float | None:
        """Return a constant, or a unit in base units; None for what changes."""
        if name in self._values or name in self._equations:
            return self._values.get(name)
        return float(np.asarray(UNITS[name])) if name in UNITS else None

    def _number(self, expression: Any) -> float:
        if sympy.sympify(expression).free_symbols:
            raise NotLeaky(f"its equations are not linear: {expression} is no number")
        return float(expression)


def _one(name: str, values: Any) -> float:
    distinct = np.unique(np.asarray(values, dtype=float))
    if distinct.size != 1:
        raise NotLeaky(f"{name} differs between its neurons")
    return float(distinct[0])
