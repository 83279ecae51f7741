"""Synaptic channels: the equations of one kind of input onto one compartment.

Both branches share them. A spike of weight w makes a conductance (siemens), or in current mode a
current (amp), that peaks at w; one spike writes exactly one variable. With x the written variable::

    exponential     dg/dt = -g/tau                                                x is g
    dual            dr/dt = -r/tau_rise        dg/dt = (peak r - g)/tau_decay     x is r
    double alpha    dk/dt = -k/dt              one Euler step empties the mailbox k, which feeds
                    two alpha functions        dr/dt = -r/tau + k/dt
                                               da/dt = (peak r - a)/tau
                    g = a_fast + slow_ratio a_slow

and I = g (E - V), or I = sign g in current mode.

The factors ``peak`` are exact for the Euler scheme at the dt they were made for: the largest
sample of the discrete response is w. (With the continuous-time factor, a rise of two steps would
be off by tens of percent.) A rise time below 2 dt is taken as instantaneous. Where time constants
are varied between neurons, the factor stays that of the nominal ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

import numpy as np
from brian2.units import mmolar, ms, mV, siemens
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity


@dataclass(frozen=True)
class Exponential:
    """Instantaneous rise and exponential decay with time constant ``tau`` (time)."""

    tau: Any


@dataclass(frozen=True)
class DualExponential:
    """Difference of two exponentials: ``tau_rise`` and ``tau_decay`` (times).

    Equal time constants give an alpha function.
    """

    tau_rise: Any
    tau_decay: Any


@dataclass(frozen=True)
class DoubleAlpha:
    """Sum of two alpha functions that peak at ``tau_fast`` and ``tau_slow`` (times).

    The fast one peaks at the weight, the slow one at ``slow_ratio`` (dimensionless) times it.
    """

    tau_fast: Any
    tau_slow: Any
    slow_ratio: float


Kinetics = Exponential | DualExponential | DoubleAlpha


@dataclass(frozen=True)
class Magnesium:
    """The magnesium block of NMDA channels.

    The open fraction is 1/(1 + (concentration/beta) exp(-alpha (V - gamma))). The defaults for
    ``alpha`` (1/voltage), ``beta`` (concentration) and ``gamma`` (voltage) are those of Jahr and
    Stevens 1990, J Neurosci 10:3178.
    """

    concentration: Any = field(default_factory=lambda: 1 * mmolar)
    alpha: Any = field(default_factory=lambda: 0.062 / mV)
    beta: Any = field(default_factory=lambda: 3.57 * mmolar)
    gamma: Any = field(default_factory=lambda: 0 * mV)


@dataclass(frozen=True)
class Channel:
    """The equations of a synaptic channel.

    Attributes
    ----------
    id
        The channel's name; every variable and parameter ends with it.
    equations
        Brian2 text: the gating equations and the subexpression `current`. Constants are not
        declared.
    current
        Name of the current (amp, positive inward).
    written
        The variable that a spike increments by its weight.
    weight_unit
        ``"siemens"`` or ``"amp"``: the dimension of `written`, and so of a weight.
    parameters
        Name -> quantity or float.
    initial
        Name -> initial value of a state variable (all zero).
    """

    id: str
    equations: str
    current: str
    written: str
    weight_unit: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]


@dataclass(frozen=True)
class _Gating:
    """State equations whose ``output`` peaks at the weight; ``{unit}`` is left open."""

    lines: tuple[str, ...]
    output: str
    written: str
    states: tuple[str, ...]
    parameters: Mapping[str, Any]


def channel(
    id: str,
    kinetics: Kinetics,
    *,
    reversal: Any = None,
    current: bool = False,
    sign: float = 1.0,
    voltage: str = "V",
    magnesium: Magnesium | None = None,
    feed: str = "",
    gain: str = "",
    dt: Any = 0.1 * ms,
) -> Channel:
    """Return the channel of one kind of input onto one compartment.

    Parameters
    ----------
    id
        An identifier, unique in the neuron, such as ``"AMPA_dend"``.
    kinetics
        `Exponential`, `DualExponential` or `DoubleAlpha`.
    reversal
        Reversal potential (voltage): conductance mode.
    current
        True for current mode: no reversal; the current is ``sign`` times the gating variable.
    sign
        Current mode: +1 excitatory (inward), -1 inhibitory. Becomes the parameter ``sign_<id>``.
    voltage
        The membrane potential of the compartment, such as ``"V_dend"``.
    magnesium
        Adds a magnesium block (conductance mode).
    feed
        Expression, in units of the weight per time, that drives the channel besides spikes: how
        several channels of one contact share a mailbox (`contact`).
    gain
        Expression of a factor on the current; empty leaves no trace in the text.
    dt
        The time step for which the peak is exact (time).

    Raises
    ------
    NetworkError
        If neither or both of ``reversal`` and ``current`` are given, if a magnesium block is asked
        of a current, or if a time constant is too short for an Euler step.
    QuantityError
        If a quantity has another dimension.
    """
    if not id.isidentifier():
        raise NetworkError(f"channel id {id!r} is not an identifier, like 'AMPA_dend'.")
    if current == (reversal is not None):
        raise NetworkError(f"channel {id!r}: give either a reversal potential or current=True.")
    if current and magnesium is not None:
        raise NetworkError(f"channel {id!r}: a magnesium block needs a reversal potential.")
    gating = _gating(id, kinetics, feed and f" + {feed}", quantity(dt, "time", "dt"))
    unit = "amp" if current else "siemens"
    drive, constants = (
        _current_drive(id, sign) if current else _driving_force(id, reversal, voltage, magnesium)
    )
    drive += f"*{gain}" if gain else ""
    lines = [line.format(unit=unit) for line in gating.lines]
    zero = 0 * (siemens * mV if current else siemens)
    return Channel(
        id=id,
        equations="\n".join([*lines, f"I_{id} = {gating.output}{drive} : amp"]),
        current=f"I_{id}",
        written=gating.written,
        weight_unit=unit,
        parameters={**gating.parameters, **constants},
        initial=dict.fromkeys(gating.states, zero),
    )


@dataclass(frozen=True)
class Part:
    """One channel of a contact and its share of the contact's weight (1 for an only channel).

    ``compartment`` is a label for the caller; ``reversal`` None means current mode; ``gain`` is an
    expression of a factor on the current.
    """

    id: str
    compartment: str
    kinetics: Kinetics
    share: float
    voltage: str
    reversal: Any = None
    sign: float = 1.0
    magnesium: Magnesium | None = None
    gain: str = ""


@dataclass(frozen=True)
class Contact:
    """All channels that one kind of presynaptic spike opens, with one variable to write.

    ``currents`` names the channels' currents by compartment label.
    """

    equations: str
    currents: Mapping[str, tuple[str, ...]]
    written: str
    weight_unit: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]


def contact(name: str, parts: Sequence[Part], *, feed: str = "", dt: Any = 0.1 * ms) -> Contact:
    """Return the channels of a contact, such as AMPA and NMDA on two dendrites.

    A spike adds its weight to one variable only (the portable subset allows no more). With
    several parts, that is a mailbox which one Euler step empties into all of them, each times its
    share; they then open one time step later. ``feed`` is an expression, in units of the weight
    per time, that drives the contact besides spikes.

    Raises
    ------
    NetworkError
        As `channel`.
    """
    shared = len(parts) > 1
    channels = [_part(name, part, dt, shared, feed) for part in parts]
    unit = channels[0].weight_unit
    mailbox = f"k_{name}"
    parameters: dict[str, Any] = {}
    initial: dict[str, Any] = {}
    currents: dict[str, tuple[str, ...]] = {}
    for part, made in zip(parts, channels, strict=True):
        parameters |= made.parameters
        initial |= made.initial
        currents[part.compartment] = (*currents.get(part.compartment, ()), made.current)
        if shared:
            parameters[f"share_{part.id}"] = float(part.share)
    lines = [made.equations for made in channels]
    if shared:
        also = f" + {feed}" if feed else ""
        lines.insert(0, f"d{mailbox}/dt = -{mailbox}/dt{also} : {unit}")
        initial[mailbox] = 0 * next(iter(initial.values()))
    return Contact(
        "\n".join(lines),
        currents,
        mailbox if shared else channels[0].written,
        unit,
        parameters,
        initial,
    )


def _part(name: str, part: Part, dt: Any, shared: bool, feed: str) -> Channel:
    return channel(
        part.id,
        part.kinetics,
        reversal=part.reversal,
        current=part.reversal is None,
        sign=part.sign,
        voltage=part.voltage,
        magnesium=part.magnesium,
        gain=part.gain,
        feed=f"share_{part.id}*k_{name}/dt" if shared else feed,
        dt=dt,
    )


def _current_drive(name: str, sign: float) -> tuple[str, dict[str, Any]]:
    return f"*sign_{name}", {f"sign_{name}": float(sign)}


def _driving_force(
    name: str, reversal: Any, voltage: str, magnesium: Magnesium | None
) -> tuple[str, dict[str, Any]]:
    force = f"*(E_{name} - {voltage})"
    constants = {f"E_{name}": quantity(reversal, "voltage", f"reversal of {name}")}
    if magnesium is None:
        return force, constants
    block = f"/(1 + Mg_{name}/beta_{name}*exp(-alpha_{name}*({voltage} - gamma_{name})))"
    molar, per_volt = get_dimensions(mmolar), get_dimensions(1 / mV)
    constants[f"Mg_{name}"] = quantity(magnesium.concentration, molar, f"magnesium of {name}")
    constants[f"alpha_{name}"] = quantity(magnesium.alpha, per_volt, f"alpha of {name}")
    constants[f"beta_{name}"] = quantity(magnesium.beta, molar, f"beta of {name}")
    constants[f"gamma_{name}"] = quantity(magnesium.gamma, "voltage", f"gamma of {name}")
    return force + block, constants


def _gating(name: str, kinetics: Kinetics, feed: str, dt: Any) -> _Gating:
    match kinetics:
        case Exponential(tau):
            return _exponential(name, tau, feed, dt)
        case DualExponential(rise, decay):
            if _time(rise, f"rise time of {name}") < 2 * dt * (1 - 1e-9):  # 0.2 ms is two steps
                return _exponential(name, decay, feed, dt)
            return _dual(name, rise, decay, feed, dt)
        case DoubleAlpha(fast, slow, ratio):
            return _double_alpha(name, fast, slow, ratio, feed, dt)
    raise NetworkError(f"channel {name!r}: unknown kinetics {kinetics!r}.")


def _exponential(name: str, tau: Any, feed: str, dt: Any) -> _Gating:
    g = f"g_{name}"
    return _Gating(
        lines=(f"d{g}/dt = -{g}/tau_{name}{feed} : {{unit}}",),
        output=g,
        written=g,
        states=(g,),
        parameters={f"tau_{name}": _stable(tau, dt, f"decay time of {name}")},
    )


def _dual(name: str, rise: Any, decay: Any, feed: str, dt: Any) -> _Gating:
    g, r = f"g_{name}", f"r_{name}"
    rise = _stable(rise, dt, f"rise time of {name}")
    decay = _stable(decay, dt, f"decay time of {name}")
    return _Gating(
        lines=(
            f"d{r}/dt = -{r}/tau_rise_{name}{feed} : {{unit}}",
            f"d{g}/dt = (peak_{name}*{r} - {g})/tau_decay_{name} : {{unit}}",
        ),
        output=g,
        written=r,
        states=(g, r),
        parameters={
            f"tau_rise_{name}": rise,
            f"tau_decay_{name}": decay,
            f"peak_{name}": peak_factor(rise, decay, dt),
        },
    )


def _double_alpha(name: str, fast: Any, slow: Any, ratio: float, feed: str, dt: Any) -> _Gating:
    mailbox = f"k_{name}"
    lines = [f"d{mailbox}/dt = -{mailbox}/dt : {{unit}}"]
    if feed:  # another mailbox does its work
        lines, mailbox = [], ""
    parameters: dict[str, Any] = {}
    for part, tau in (("fast", fast), ("slow", slow)):
        own = f"{part}_{name}"
        parameters[f"tau_{own}"] = _stable(tau, dt, f"{part} time of {name}")
        parameters[f"peak_{own}"] = peak_factor(tau, tau, dt)
        drive = feed or f" + {mailbox}/dt"
        lines.append(f"dr_{own}/dt = -r_{own}/tau_{own}{drive} : {{unit}}")
        lines.append(f"dg_{own}/dt = (peak_{own}*r_{own} - g_{own})/tau_{own} : {{unit}}")
    parameters[f"slow_ratio_{name}"] = float(quantity(ratio, "dimensionless", "slow_ratio"))
    states = tuple(f"{kind}_{part}_{name}" for part in ("fast", "slow") for kind in "rg")
    states += (mailbox,) if mailbox else ()
    lines.append(f"g_{name} = g_fast_{name} + slow_ratio_{name}*g_slow_{name} : {{unit}}")
    return _Gating(tuple(lines), f"g_{name}", mailbox, states, parameters)


def peak_factor(rise: Any, decay: Any, dt: Any) -> float:
    """Return the gain at which the Euler response of rise and decay peaks at 1.

    With f = 1 - dt/tau per step, the response n steps after a spike is

        (dt/decay) (f_decay^n - f_rise^n)/(f_decay - f_rise)

    (n f^(n-1) instead of the quotient where both are equal). As dt goes to 0 the factor goes to
    q^(q/(q-1)) with q = decay/rise, or e where they are equal.
    """
    slow, fast = 1 - float(dt / decay), 1 - float(dt / rise)
    # The peak, at rise q ln(q)/(q - 1), is never later than the longer time constant; Euler's
    # factors belong to slightly shorter ones.
    n = np.arange(ceil(max(float(rise / dt), float(decay / dt))) + 2)
    if abs(slow - fast) < 1e-6 * (1 - fast):  # below, the quotient would cancel
        response = n * slow ** np.maximum(n - 1, 0)
    else:
        response = (slow**n - fast**n) / (slow - fast)
    return float(1 / (float(dt / decay) * response.max()))


def _time(value: Any, name: str) -> Any:
    return quantity(value, "time", name)


def _stable(tau: Any, dt: Any, name: str) -> Any:
    tau = _time(tau, name)
    if np.any(tau < dt):
        raise NetworkError(f"{name} is {tau}: an Euler step of {dt} needs at least that long.")
    return tau
