r"""Izhikevich's simple models in the published forms.

The physical forms (2007) are

    C dV/dt = k (V - vr)(V - vt) - u + I        du/dt = a (b (V - vr) - u)

with V <- c and u <- u + d when V reaches vpeak (Izhikevich 2007, Dynamical Systems in
Neuroscience, MIT Press, chapter 8). The variants change one thing each; see `VARIANTS`.

The 2003 form is dimensionless (V in mV, t in ms; Izhikevich 2003, IEEE Trans Neural Netw
14:1569). Here V stays a voltage, u is a rate of voltage (mV/ms), and the input current is made
dimensionless by ``I_unit``: the current that counts as 1. Its default, 1 pA, is a convention
(status: assumed), not a measurement.

Both equations take one Euler step from the same old state. Izhikevich's own 2003 script steps V
twice by half and uses the new V for u, so it differs from this by terms of order dt.

The jump of V at the end of an upstroke is cut by the time step, and what u gains there depends on
where. In the fast-spiking cells this makes the intervals vary by some percent (2007_FS at 0.1 ms:
up to 9 %, and a rate 10 % low at 150 Hz; both fall in proportion to dt) and multiplies a rounding
error some tenfold per spike: two programs agree spike for spike there only if they do the same
arithmetic in the same order.

In a fit of the 2007 form ``vr`` is the rest of the cell, and :math:`k = (1/R - b)/(v_t - v_r)`
gives the membrane its input resistance. A parabola through rest with the input resistance R has the
rheobase :math:`(v_t - v_r)/(4R)`. With the published :math:`v_t - v_r` of 10 to 40 mV this is 3 to
10 mV/R, while cells need 20 to 40 mV/R (rheobase times input resistance): so ``vt`` cannot have
its published range there, and ``vpeak`` may come down to where the compartments' soma starts its
spike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Hz, ms, mV, nS, pA, pF, siemens

from dualframe.core.errors import UnknownName
from dualframe.core.parameter_table import Dimensions, ParameterTable, dimension_of_unit
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters, with_units
from dualframe.neurons.search_space import (
    Floats,
    FreeParameter,
    MeasuredCell,
    SearchSpace,
    Values,
)

_GAIN = dimension_of_unit("nS/mV")
_SLOPE = dimension_of_unit("mV/pA")
_DIMENSIONS: Dimensions = MappingProxyType(
    {
        "C": "capacitance",
        "k": _GAIN,
        "klow": _GAIN,
        "khigh": _GAIN,
        "vr": "voltage",
        "vt": "voltage",
        "vpeak": "voltage",
        "vb": "voltage",
        "v_switch": "voltage",
        "c": "voltage",
        "a": "rate",
        "b": "conductance",
        "b_above": "conductance",
        "d": "current",
        "u_max": "current",
        "Ishift": "current",
        "U_coef": dimension_of_unit("pA/mV^3"),
        "vpeak_u": _SLOPE,
        "c_u": _SLOPE,
    }
)


@dataclass(frozen=True, kw_only=True)
class IzhikevichVariant:
    """What a variant has in place of the parts of the plain 2007 form.

    Attributes
    ----------
    names
        Its parameters; `defaults` are the numbers that the publication fixes in the form itself.
    k, target
        Expressions of the quadratic's coefficient and of what u relaxes to.
    extra
        A further current in ``C dV/dt``.
    threshold, reset
        The spike rule.
    leak
        The resting conductance at V = vr, -d(C dV/dt)/dV with u on its nullcline: the reciprocal
        of the input resistance.
    described
        Its equations as text.
    """

    names: tuple[str, ...] = ("C", "k", "vr", "vt", "vpeak", "a", "b", "c", "d")
    defaults: Mapping[str, Any] = field(default_factory=dict)
    k: str = "k"
    target: str = "b*(V - vr)"
    extra: str = ""
    threshold: str = "V >= vpeak"
    reset: str = "V = c\nu += d"
    leak: str = "k*(vt - vr) + b"
    described: str = (
        "C dv/dt = k(v-vr)(v-vt) - u + I; du/dt = a(b(v-vr) - u); v >= vpeak: v <- c, u <- u+d"
    )


_PLAIN = IzhikevichVariant()
_WITHOUT_D = tuple(name for name in _PLAIN.names if name not in ("b", "d"))
_SWITCHING_B = "(b + (b_above - b)*int(V > v_switch))*(V - vr)"
_SWITCHING_LEAK = "k*(vt - vr) + b + (b_above - b)*int(vr > v_switch)"

#: The physical forms by the names of the catalogue.
VARIANTS: Mapping[str, IzhikevichVariant] = MappingProxyType(
    {
        "izhikevich2007": _PLAIN,
        # Fast spiking (fig 8.27): a cubic recovery with a dead zone; a spike leaves u alone.
        "izhikevich2007_FS": IzhikevichVariant(
            described="as izhikevich2007, but du/dt = a(U(v) - u), U = 0 for v < vb, "
            "else U_coef (v-vb)^3; v >= vpeak: v <- c, u unchanged",
            names=(*_WITHOUT_D, "vb", "U_coef"),
            # (V - vb)^3, written so that no third power is left after symbolic simplification:
            # libraries round pow(x, 3) differently, and this form amplifies it
            target="U_coef*int(V >= vb)*(vb - V)*(vb - V)*(V - vb)",
            reset="V = c",
            leak="k*(vt - vr)",  # rest lies in the dead zone of u
            defaults={"U_coef": 0.025 * pA / mV**3},
        ),
        # Low-threshold spiking (fig 8.25): peak and reset follow u, which saturates.
        "izhikevich2007_LTS": IzhikevichVariant(
            described="as izhikevich2007; v > vpeak - vpeak_u u: v <- c + c_u u, "
            "u <- min(u+d, u_max)",
            names=(*_PLAIN.names, "vpeak_u", "c_u", "u_max"),
            threshold="V > vpeak - vpeak_u*u",
            reset="V = c + c_u*u\nu += d\nu -= int(u > u_max)*(u - u_max)",
            defaults={"vpeak_u": 0.1 * mV / pA, "c_u": 0.04 * mV / pA, "u_max": 670 * pA},
        ),
        # Thalamocortical relay (fig 8.31): b falls to b_above over v_switch.
        "izhikevich2007_TC": IzhikevichVariant(
            described="as izhikevich2007 with b_above instead of b where v > v_switch; "
            "v > vpeak + vpeak_u u: v <- c - c_u u, u <- u+d",
            names=(*_PLAIN.names, "b_above", "v_switch", "vpeak_u", "c_u"),
            target=_SWITCHING_B,
            threshold="V > vpeak + vpeak_u*u",
            reset="V = c - c_u*u\nu += d",
            leak=_SWITCHING_LEAK,
            defaults={
                "b_above": 0 * nS,
                "v_switch": -65 * mV,
                "vpeak_u": 0.1 * mV / pA,
                "c_u": 0.1 * mV / pA,
            },
        ),
        # Thalamic reticular (fig 8.32): b falls to b_above over v_switch.
        "izhikevich2007_RTN": IzhikevichVariant(
            described="as izhikevich2007 with b_above instead of b where v > v_switch",
            names=(*_PLAIN.names, "b_above", "v_switch"),
            target=_SWITCHING_B,
            leak=_SWITCHING_LEAK,
            defaults={"b_above": 2 * nS, "v_switch": -65 * mV},
        ),
        # Hippocampal cells (Ferguson et al. 2013, 2014): k has one value below and one above vt.
        "izhikevich_skinner": IzhikevichVariant(
            described="as izhikevich2007 with I + Ishift, and k = klow for v <= vt, "
            "khigh for v > vt",
            names=("C", "klow", "khigh", *_PLAIN.names[2:], "Ishift"),
            k="(klow + (khigh - klow)*int(V > vt))",
            extra=" + Ishift",
            leak="klow*(vt - vr) + b",
            defaults={"Ishift": 0 * pA},
        ),
    }
)
_2003 = "izhikevich2003"
_UNITS_2003: Mapping[str, Any] = MappingProxyType(
    {"a": 1 / ms, "b": 1 / ms, "c": mV, "d": mV / ms, "vpeak": mV, "v0": mV}
)
_DIMENSIONS_2003: Dimensions = MappingProxyType(
    {
        "a": "rate",
        "b": "rate",
        "c": "voltage",
        "d": dimension_of_unit("mV/ms"),
        "vpeak": "voltage",
        "v0": "voltage",
        "I_unit": "current",
    }
)
# the start is that of the published script, with u on its nullcline
_DEFAULTS_2003: Mapping[str, Any] = {"vpeak": 30 * mV, "I_unit": 1 * pA, "v0": -65 * mV}
_PUBLISHED_POLYNOMIAL: Mapping[str, Any] = MappingProxyType(
    {"quadratic": 0.04 / (mV * ms), "linear": 5 / ms, "offset": 140 * mV / ms}
)


def izhikevich_neuron(variant: str, parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an Izhikevich neuron of a physical form.

    Parameters
    ----------
    variant
        One of `VARIANTS`.
    parameters
        The published names: C (capacitance), k (conductance per voltage), vr, vt, vpeak, c
        (voltage), a (rate), b (conductance), d (current), and what the variant adds.

    Raises
    ------
    UnknownName
        For an unknown variant or parameter.
    CatalogueError, QuantityError
        For a missing parameter, or one of another dimension.
    """
    if variant not in VARIANTS:
        raise UnknownName("Izhikevich form", variant, (_2003, *VARIANTS))
    form = VARIANTS[variant]
    dimensions = {name: _DIMENSIONS[name] for name in form.names}
    values = check_parameters(variant, parameters, dimensions, form.defaults)
    quadratic = [name for name in form.names if name in ("k", "klow", "khigh")]
    # a fit that spikes below vt has no upstroke of its own: it is where vpeak is
    cut = bool(np.all(np.asarray(values["vpeak"]) < np.asarray(values["vt"])))
    places = {
        "leak": dict.fromkeys(quadratic, "*"),
        "rest": {"vr": "+"},
        "threshold": {"vpeak" if cut else "vt": "+"},
    }
    if "u += d" in form.reset and np.all(np.asarray(values["d"]) > 0):  # else spikes excite
        places["adaptation"] = {"d": "*"}
    return PointNeuron(
        equations=f"dV/dt = ({form.k}*(V - vr)*(V - vt) - u{form.extra} + I)/C : volt\n"
        f"du/dt = a*({form.target} - u) : amp",
        threshold=form.threshold,
        reset=form.reset,
        parameters=values,
        initial={"V": values["vr"], "u": 0 * pA},
        leak=form.leak,
        rest="vr",
        places=places,
    )


def izhikevich_2003_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an Izhikevich neuron of the dimensionless 2003 form.

    Parameters
    ----------
    parameters
        a, b, c, d as published (plain numbers, or quantities), and optionally vpeak (30 mV), v0
        (the voltage at the start, -65 mV) and I_unit (1 pA).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    physical = with_units(_2003, parameters, _UNITS_2003)
    values = check_parameters(_2003, physical, _DIMENSIONS_2003, _DEFAULTS_2003)
    start = values.pop("v0")
    return PointNeuron(
        # mV/ms is volt/second, and costs nothing in base units
        equations="dV/dt = (quadratic*V + linear)*V + offset - u + (I/I_unit)*volt/second : volt\n"
        "du/dt = a*(b*V - u) : volt/second",
        threshold="V >= vpeak",
        reset="V = c\nu += d",
        parameters={**values, **_PUBLISHED_POLYNOMIAL},
        initial={"V": start, "u": values["b"] * start},
        # b - (0.08 V + 5) at -70 mV, where the cell with b = 0.2 rests; b*ms is b as published
        leak="(0.6 + b*ms)*I_unit/mV",
        # the lower root of the quadratic with u on its nullcline
        rest="-(linear - b + sqrt(abs((linear - b)**2 - 4*quadratic*offset)))/(2*quadratic)",
        places={"adaptation": {"d": "*"}},
    )


# --- what a fit varies ---------------------------------------------------------------------------

_MIDDLE_RATE = 20 * Hz
_FREE: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "vt": FreeParameter(
            low=1.0, high=40.0, start=10.0, scale="depth", log=True, reason="above vr"
        ),
        "vpeak": FreeParameter(
            low=0.85, high=1.15, start=1.0, scale=1.0, reason="times the cell's rheobase"
        ),
        "c": FreeParameter(low=-0.5, high=0.95, start=0.0, scale=1.0, reason="times vpeak - vr"),
        "C": FreeParameter(
            low=0.85, high=1.15, start=1.0, scale=pF, log=True, reason="times tau/R"
        ),
        "a": FreeParameter(
            low=0.002, high=0.3, start=0.01, scale=1 / ms, log=True, reason="published"
        ),
        "b": FreeParameter(low=-0.5, high=0.5, start=0.0, scale=siemens, reason="times 1/R"),
        "d": FreeParameter(
            low=-0.2, high=3.0, start=0.1, scale="rheobase", reason="mean of u at 20 Hz"
        ),
    }
)


def _complete_parameters(free: Values, cell: MeasuredCell) -> Values:
    conductance = 1 / cell.r_in
    b = free["b"] / siemens * conductance
    # V is held below vpeak by the current x (1/R - (1/R - b) x/(vt - vr)), x = vpeak - vr
    curvature = (conductance - b) / free["vt"]
    root = conductance**2 - 4 * curvature * free["vpeak"] * cell.rheobase
    top = (conductance - np.sqrt(np.maximum(np.asarray(root), 0)) * siemens) / (2 * curvature)
    return {
        "C": free["C"] / pF * cell.tau * conductance,
        "k": (conductance - b) / free["vt"],
        "vr": cell.rest,
        "vt": cell.rest + free["vt"],
        "vpeak": cell.rest + top,
        "a": free["a"],
        "b": b,
        "c": cell.rest + free["c"] * top,
        "d": free["d"] * free["a"] / _MIDDLE_RATE,
    }


def charging_time(values: Values) -> Floats:
    r"""Return the mean time (s) that the charging of a neuron takes, linearised at rest.

    With :math:`K = k (v_t - v_r)` the deflection relative to the steady one leaves the area
    :math:`\int (1 - V/V_\infty)\,dt = (C - b/a)/(K + b)`: the time constant, if b is zero.

    Parameters
    ----------
    values
        Parameters of the plain 2007 form, as arrays.
    """
    k, b, a = (np.asarray(values[name], dtype=float) for name in ("k", "b", "a"))
    slope = k * np.asarray(values["vt"] - values["vr"], dtype=float)
    area: Floats = (np.asarray(values["C"], dtype=float) - b / a) / (slope + b)
    return area


_SEARCH = SearchSpace(
    free=_FREE,
    complete=_complete_parameters,
    rest="vr",
    charging_time=charging_time,
    second_start={"c": 0.7, "a": 0.006, "d": 0.2},
    adaptation=("d",),
)

# --- the models ----------------------------------------------------------------------------------

_RESET_BELOW_PEAK = ("c", "vpeak")


def _physical_model(name: str, form: IzhikevichVariant) -> NeuronModel:
    return NeuronModel(
        name=name,
        title="Izhikevich's simple model, in physical units",
        source="Ferguson et al. 2013, 2014"
        if name == "izhikevich_skinner"
        else "Izhikevich 2007, Dynamical Systems in Neuroscience, chapter 8",
        parameters=ParameterTable(
            {key: _DIMENSIONS[key] for key in form.names if key not in form.defaults},
            {key: _DIMENSIONS[key] for key in form.defaults},
            form.described,
            frozenset({"C", "k", "klow", "khigh", "a"} & set(form.names)),
        ),
        make_neuron=partial(izhikevich_neuron, name),
        family="izhikevich",
        rising=(("vr", "vt"), _RESET_BELOW_PEAK),
        varies=tuple(key for key in ("C", "k", "a") if key in form.names),
        search=_SEARCH if name == "izhikevich2007" else None,
    )


IZHIKEVICH_MODELS = (
    *(_physical_model(name, form) for name, form in VARIANTS.items()),
    NeuronModel(
        name=_2003,
        title="Izhikevich's simple model, dimensionless",
        source="Izhikevich 2003, IEEE Trans Neural Netw 14:1569",
        parameters=ParameterTable(
            dict.fromkeys(("a", "b", "c", "d"), "dimensionless"),
            {"vpeak": "dimensionless", "v0": "dimensionless", "I_unit": "current"},
            "dv/dt = 0.04v^2 + 5v + 140 - u + I; du/dt = a(bv - u); v >= vpeak: v <- c, u <- u+d",
            frozenset({"a"}),
        ),
        make_neuron=izhikevich_2003_neuron,
        family="izhikevich",
        rising=(_RESET_BELOW_PEAK,),
        varies=("a",),
    ),
)
