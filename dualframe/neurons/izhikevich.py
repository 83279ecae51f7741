"""Izhikevich's simple models: the published forms, each as a `Membrane`.

The physical forms (2007) are

    C dV/dt = k (V - vr)(V - vt) - u + I        du/dt = a (b (V - vr) - u)

with V <- c and u <- u + d when V reaches vpeak (Izhikevich 2007, Dynamical Systems in
Neuroscience, MIT Press, chapter 8). The variants change one thing each; see `FORMS`.

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
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from brian2.units import ms, mV, nS, pA, pF
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity
from dualframe.neurons.point_neuron import Membrane, checked

_UNITS: Mapping[str, Any] = MappingProxyType(
    {
        "C": pF,
        "k": nS / mV,
        "klow": nS / mV,
        "khigh": nS / mV,
        "vr": mV,
        "vt": mV,
        "vpeak": mV,
        "vb": mV,
        "v_switch": mV,
        "c": mV,
        "a": 1 / ms,
        "b": nS,
        "b_above": nS,
        "d": pA,
        "u_max": pA,
        "Ishift": pA,
        "U_coef": pA / mV**3,
        "vpeak_u": mV / pA,
        "c_u": mV / pA,
    }
)


@dataclass(frozen=True)
class Form:
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
    """

    names: tuple[str, ...] = ("C", "k", "vr", "vt", "vpeak", "a", "b", "c", "d")
    defaults: Mapping[str, Any] = field(default_factory=dict)
    k: str = "k"
    target: str = "b*(V - vr)"
    extra: str = ""
    threshold: str = "V >= vpeak"
    reset: str = "V = c\nu += d"
    leak: str = "k*(vt - vr) + b"


_PLAIN = Form()
_WITHOUT_D = tuple(name for name in _PLAIN.names if name not in ("b", "d"))
_SWITCHING_B = "(b + (b_above - b)*int(V > v_switch))*(V - vr)"
_SWITCHING_LEAK = "k*(vt - vr) + b + (b_above - b)*int(vr > v_switch)"

#: The physical forms by the names of the catalogue.
FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "izhikevich2007": _PLAIN,
        # Fast spiking (fig 8.27): a cubic recovery with a dead zone; a spike leaves u alone.
        "izhikevich2007_FS": Form(
            names=(*_WITHOUT_D, "vb", "U_coef"),
            # (V - vb)^3, written so that no third power is left after symbolic simplification:
            # libraries round pow(x, 3) differently, and this form amplifies it
            target="U_coef*int(V >= vb)*(vb - V)*(vb - V)*(V - vb)",
            reset="V = c",
            leak="k*(vt - vr)",  # rest lies in the dead zone of u
            defaults={"U_coef": 0.025 * pA / mV**3},
        ),
        # Low-threshold spiking (fig 8.25): peak and reset follow u, which saturates.
        "izhikevich2007_LTS": Form(
            names=(*_PLAIN.names, "vpeak_u", "c_u", "u_max"),
            threshold="V > vpeak - vpeak_u*u",
            reset="V = c + c_u*u\nu += d\nu -= int(u > u_max)*(u - u_max)",
            defaults={"vpeak_u": 0.1 * mV / pA, "c_u": 0.04 * mV / pA, "u_max": 670 * pA},
        ),
        # Thalamocortical relay (fig 8.31): b falls to b_above over v_switch.
        "izhikevich2007_TC": Form(
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
        "izhikevich2007_RTN": Form(
            names=(*_PLAIN.names, "b_above", "v_switch"),
            target=_SWITCHING_B,
            leak=_SWITCHING_LEAK,
            defaults={"b_above": 2 * nS, "v_switch": -65 * mV},
        ),
        # Hippocampal cells (Ferguson et al. 2013, 2014): k has one value below and one above vt.
        "izhikevich_skinner": Form(
            names=("C", "klow", "khigh", *_PLAIN.names[2:], "Ishift"),
            k="(klow + (khigh - klow)*int(V > vt))",
            extra=" + Ishift",
            leak="klow*(vt - vr) + b",
            defaults={"Ishift": 0 * pA},
        ),
    }
)
DIMENSIONLESS_FORM = "izhikevich2003"
_UNITS_2003: Mapping[str, Any] = MappingProxyType(
    {"a": 1 / ms, "b": 1 / ms, "c": mV, "d": mV / ms, "vpeak": mV, "v0": mV}
)
_PUBLISHED_POLYNOMIAL: Mapping[str, Any] = MappingProxyType(
    {"quadratic": 0.04 / (mV * ms), "linear": 5 / ms, "offset": 140 * mV / ms}
)


def forms() -> tuple[str, ...]:
    """Return the names of all forms."""
    return (DIMENSIONLESS_FORM, *FORMS)


def membrane(form: str, parameters: Mapping[str, Any]) -> Membrane:
    """Return an Izhikevich neuron.

    Parameters
    ----------
    form
        One of `forms`.
    parameters
        The published names. Physical forms: C (capacitance), k (conductance per voltage), vr, vt,
        vpeak, c (voltage), a (rate), b (conductance), d (current), and what `FORMS` adds.
        The 2003 form: a, b, c, d as published (plain numbers, or quantities), and optionally
        vpeak (30 mV), v0 (the voltage at the start, -65 mV) and I_unit (1 pA).

    Raises
    ------
    UnknownName
        For an unknown form or parameter.
    CatalogueError, QuantityError
        For a missing parameter, or one of another dimension.
    """
    if form == DIMENSIONLESS_FORM:
        return _dimensionless(parameters)
    if form not in FORMS:
        raise UnknownName("Izhikevich form", form, forms())
    return _physical(form, FORMS[form], parameters)


def _physical(name: str, form: Form, parameters: Mapping[str, Any]) -> Membrane:
    dimensions = {known: get_dimensions(_UNITS[known]) for known in form.names}
    values = checked(name, parameters, dimensions, form.defaults)
    quadratic = [known for known in form.names if known in ("k", "klow", "khigh")]
    places = {"leak": dict.fromkeys(quadratic, "*"), "rest": {"vr": "+"}, "threshold": {"vt": "+"}}
    if "u += d" in form.reset:
        places["adaptation"] = {"d": "*"}
    return Membrane(
        equations=f"dV/dt = ({form.k}*(V - vr)*(V - vt) - u{form.extra} + I)/C : volt\n"
        f"du/dt = a*({form.target} - u) : amp",
        threshold=form.threshold,
        reset=form.reset,
        refractory=None,
        parameters=values,
        initial={"V": values["vr"], "u": 0 * pA},
        leak=form.leak,
        rest="vr",
        places=places,
    )


def _dimensionless(parameters: Mapping[str, Any]) -> Membrane:
    dimensions: dict[str, Dimension] = {n: get_dimensions(u) for n, u in _UNITS_2003.items()}
    dimensions["I_unit"] = get_dimensions(pA)
    given = {name: _with_unit(name, value) for name, value in parameters.items()}
    # the start is that of the published script, with u on its nullcline
    defaults = {"vpeak": 30 * mV, "I_unit": 1 * pA, "v0": -65 * mV}
    values = checked(DIMENSIONLESS_FORM, given, dimensions, defaults)
    start = values.pop("v0")
    return Membrane(
        # mV/ms is volt/second, and costs nothing in base units
        equations="dV/dt = (quadratic*V + linear)*V + offset - u + (I/I_unit)*volt/second : volt\n"
        "du/dt = a*(b*V - u) : volt/second",
        threshold="V >= vpeak",
        reset="V = c\nu += d",
        refractory=None,
        parameters={**values, **_PUBLISHED_POLYNOMIAL},
        initial={"V": start, "u": values["b"] * start},
        # b - (0.08 V + 5) at -70 mV, where the cell with b = 0.2 rests; b*ms is b as published
        leak="(0.6 + b*ms)*I_unit/mV",
        # the lower root of the quadratic with u on its nullcline
        rest="-(linear - b + sqrt(abs((linear - b)**2 - 4*quadratic*offset)))/(2*quadratic)",
        places={"adaptation": {"d": "*"}},
    )


def _with_unit(name: str, value: Any) -> Any:
    known = name in _UNITS_2003
    value = quantity(value, name=f"{DIMENSIONLESS_FORM}: {name}")
    return value * _UNITS_2003[name] if known and get_dimensions(value) is DIMENSIONLESS else value
