r"""What of a point neuron is measured on the compartments, and what is searched for.

A search moves in a box: every free parameter is a number between 0 and 1, from its lowest to its
highest value. What a passive membrane shows (rest, input resistance, time constant) is not free:

* GLIF: ``E_L`` is the rest, ``R`` the input resistance, ``C`` is tau/R.
* Izhikevich: ``vr`` is the rest, and :math:`k = (1/R - b)/(v_t - v_r)` gives the membrane its input
  resistance.

A parabola through rest with the input resistance R has the rheobase :math:`(v_t - v_r)/(4R)`. With
the published :math:`v_t - v_r` of 10 to 40 mV this is 3 to 10 mV/R, while cells need 20 to 40 mV/R
(rheobase times input resistance): so ``vt`` cannot have its published range here, and ``vpeak`` may
come down to where the compartments' soma starts its spike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Hz, ms, pF, siemens
from numpy.typing import NDArray

from dualframe.experiments.rheobase_search import Survey
from dualframe.network import Population
from dualframe.neurons import glif, izhikevich
from dualframe.neurons.point_neuron import Membrane

Floats = NDArray[np.float64]
Values = dict[str, Any]
_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True)
class Free:
    """A free parameter: its range, where the search starts, and whether the range is logarithmic.

    ``scale`` is what its values are multiplied with: a unit, or a measured quantity of the cell
    ("rheobase", or "depth": rheobase times input resistance, the depolarisation at rheobase).
    """

    low: float
    high: float
    start: float
    scale: Any
    log: bool = False
    why: str = ""

    def value(self, x: Floats, found: Survey) -> Any:
        """Return the values at places between 0 and 1."""
        if self.log:
            number = self.low * (self.high / self.low) ** x
        else:
            number = self.low + (self.high - self.low) * x
        return number * self._unit(found)

    def place(self, value: float | None = None) -> float:
        """Return where a value lies between 0 and 1; the default is where the search starts."""
        value = self.start if value is None else value
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)

    def _unit(self, found: Survey) -> Any:
        if self.scale == "rheobase":
            return found.rheobase
        return found.rheobase * found.r_in if self.scale == "depth" else self.scale


@dataclass(frozen=True)
class PointForm:
    """A form of point neuron that can be fitted.

    Attributes
    ----------
    form
        Its name in the catalogue.
    free
        What is searched for.
    complete
        All parameters of the form, from the free ones and a survey.
    membrane
        The neuron of a set of parameters.
    rest
        The parameter that the membrane potential starts at.
    tau
        The time constant (s) of its charging near rest, None where it is that of the survey.
    again
        Starting values of a second search, which is made where the first one does not agree.
    """

    form: str
    free: Mapping[str, Free]
    complete: Callable[[Values, Survey], Values]
    membrane: Callable[[Values], Membrane]
    rest: str
    tau: Callable[[Values], Floats] | None = None
    again: Mapping[str, float] = field(default_factory=dict)

    def parameters(self, x: Floats, found: Survey) -> Values:
        """Return parameter arrays of candidates ``x``, shape ``(n_candidates, n_free)``."""
        columns = np.atleast_2d(x).T
        free = {
            name: own.value(column, found)
            for (name, own), column in zip(self.free.items(), columns, strict=True)
        }
        values = self.complete(free, found)
        n = len(np.atleast_2d(x))
        return {name: value * np.ones(n) for name, value in values.items()}

    def start(self, moved: Mapping[str, float] = _NOTHING) -> Floats:
        """Return where the search starts, with some of the starting values moved."""
        return np.array([own.place(moved.get(name)) for name, own in self.free.items()])

    def population(self, values: Values) -> Population:
        """Return one neuron with a set of parameters, for `current_clamp`."""
        made = self.membrane({name: np.ravel(value)[0] for name, value in values.items()})
        return Population(
            name="cell",
            n=1,
            equations=f"{made.equations}\n{made.current} = I_ext : amp\nI_ext : amp",
            threshold=made.threshold,
            reset=made.reset,
            refractory=made.refractory,
            parameters=made.parameters,
            initial=made.initial,
            voltage=made.voltage,
        )


_MIDDLE_RATE = 20 * Hz
_ALLEN_TAU = "the time constants of after-spike currents in the Allen fits, 3.33 to 333 ms"

_GLIF3: Mapping[str, Free] = MappingProxyType(
    {
        "th_inf": Free(0.8, 1.1, 0.999, "depth", why="the depolarisation at rheobase"),
        "t_ref": Free(0.5, 30.0, 2.0, ms, log=True, why="0.5 to 30 ms"),
        "asc_amp1": Free(-2.0, 2.0, 0.0, "rheobase"),
        "asc_tau1": Free(3.333, 33.33, 10.0, ms, log=True, why=_ALLEN_TAU),
        "asc_amp2": Free(-0.5, 0.5, 0.0, "rheobase"),
        "asc_tau2": Free(33.33, 333.3, 100.0, ms, log=True, why=_ALLEN_TAU),
    }
)
_GLIF4: Mapping[str, Free] = MappingProxyType(
    {
        **_GLIF3,
        "deltaV": Free(-1.0, 0.95, 0.0, "depth", why="the reset, from below rest to threshold"),
        "a_spike": Free(-0.3, 1.0, 0.0, "depth"),
        "b_spike": Free(3.0, 300.0, 50.0, Hz, log=True),
    }
)
_GLIF5: Mapping[str, Free] = MappingProxyType(
    {
        **_GLIF4,
        "th_inf": Free(0.4, 1.2, 0.999, "depth", why="the depolarisation at rheobase, or less"),
        "a_voltage": Free(-0.5, 0.6, 0.0, 1.0, why="times b_voltage"),
        "b_voltage": Free(3.0, 300.0, 30.0, Hz, log=True),
    }
)
_IZHIKEVICH: Mapping[str, Free] = MappingProxyType(
    {
        "vt": Free(1.0, 40.0, 10.0, "depth", log=True, why="above vr; see the module"),
        "vpeak": Free(0.85, 1.15, 1.0, 1.0, why="by the rheobase that it gives, times the cell's"),
        "c": Free(-0.5, 0.95, 0.0, 1.0, why="above vr, times vpeak - vr: from below rest"),
        "C": Free(0.85, 1.15, 1.0, pF, log=True, why="times tau/R"),
        "a": Free(0.002, 0.3, 0.01, 1 / ms, log=True, why="published sets: 0.003 to 0.2 /ms"),
        "b": Free(-0.5, 0.5, 0.0, siemens, why="times 1/R"),
        "d": Free(-0.2, 3.0, 0.1, "rheobase", why="by the mean of u at 20 Hz that it gives"),
    }
)


#: A soma that a dendrite charges again after each reset, and slow adaptation.
_REBOUND: Mapping[str, float] = MappingProxyType({"asc_amp1": 1.0, "asc_amp2": -0.05})


def _glif(free: Values, found: Survey) -> Values:
    return {"C": found.tau / found.r_in, "R": found.r_in, "E_L": found.rest, **free}


def _glif4(free: Values, found: Survey) -> Values:
    # f_v and deltaV are one number where every spike starts at one potential
    return {**_glif(free, found), "f_v": 0.0}


def _glif5(free: Values, found: Survey) -> Values:
    return {**_glif4(free, found), "a_voltage": free["a_voltage"] * free["b_voltage"]}


def _izhikevich(free: Values, found: Survey) -> Values:
    conductance = 1 / found.r_in
    b = free["b"] / siemens * conductance
    # V is held below vpeak by the current x (1/R - (1/R - b) x/(vt - vr)), x = vpeak - vr
    curvature = (conductance - b) / free["vt"]
    root = conductance**2 - 4 * curvature * free["vpeak"] * found.rheobase
    top = (conductance - np.sqrt(np.maximum(np.asarray(root), 0)) * siemens) / (2 * curvature)
    return {
        "C": free["C"] / pF * found.tau * conductance,
        "k": (conductance - b) / free["vt"],
        "vr": found.rest,
        "vt": found.rest + free["vt"],
        "vpeak": found.rest + top,
        "a": free["a"],
        "b": b,
        "c": found.rest + free["c"] * top,
        "d": free["d"] * free["a"] / _MIDDLE_RATE,
    }


def charging_time(values: Values) -> Floats:
    r"""Mean time (s) that the charging of an Izhikevich neuron takes, linearised at rest.

    With :math:`K = k (v_t - v_r)` the deflection relative to the steady one leaves the area
    :math:`\int (1 - V/V_\infty)\,dt = (C - b/a)/(K + b)`: the time constant, if b is zero.
    """
    k, b, a = (np.asarray(values[name], dtype=float) for name in ("k", "b", "a"))
    slope = k * np.asarray(values["vt"] - values["vr"], dtype=float)
    area: Floats = (np.asarray(values["C"], dtype=float) - b / a) / (slope + b)
    return area


FORMS: Mapping[str, tuple[PointForm, ...]] = MappingProxyType(
    {
        "glif": (
            PointForm("GLIF3", _GLIF3, _glif, lambda v: glif.membrane(3, v), "E_L", again=_REBOUND),
            PointForm(
                "GLIF4", _GLIF4, _glif4, lambda v: glif.membrane(4, v), "E_L", again=_REBOUND
            ),
            PointForm(
                "GLIF5", _GLIF5, _glif5, lambda v: glif.membrane(5, v), "E_L", again=_REBOUND
            ),
        ),
        "izhikevich": (
            PointForm(
                "izhikevich2007",
                _IZHIKEVICH,
                _izhikevich,
                lambda v: izhikevich.membrane("izhikevich2007", v),
                "vr",
                tau=charging_time,
                again={"c": 0.7, "a": 0.006, "d": 0.2},
            ),
        ),
    }
)
