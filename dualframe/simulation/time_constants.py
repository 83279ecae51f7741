"""Time constants of the equations of a network against its time step.

Forward Euler multiplies the distance of a variable from its steady state by 1 - dt/tau in each
step: beyond dt = tau it overshoots, beyond 2 tau it diverges. The time constant of a variable is
-1/(df/dx) of its equation dx/dt = f, at a given state of the population; of a membrane it is C/g,
with all conductances that are open then.

Equations that assign within a step (``(new - x)/dt``, see
`dualframe.targets.lowering.event_free_equations`) have the time constant dt by design.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.core.namespace import DEFAULT_UNITS

from dualframe.core.errors import NetworkError
from dualframe.environments.expression_evaluator import Function, compile_expression
from dualframe.targets.lowering.lowered_network import (
    Array,
    LoweredGroup,
    LoweredNetwork,
    LoweredSynapses,
)

_LINE = re.compile(r"^(?P<left>[^=:]+?) = (?P<expression>.*) : [^:]*$", re.MULTILINE)
_DECAY = re.compile(r"^-(?P<name>\w+)/(?P<tau>\w+)\b|^\(.* - (?P<last>\w+)\)/(?P<of>\w+)$")
_ADDS = re.compile(r"^\s*(?P<name>\w+?)(_post)?\s*\+=\s*w(?P<factor>\s*\*.*)?$")
_NEVER = -1e9  # s: the last spike of a neuron that has not fired
_SCALES = {"volt": 1e-3, "siemens": 1e-9, "amp": 1e-12, "mmolar": 1e-6}
_SLACK = 1e-3  # of dt: what differences cannot tell apart
EULER = ("euler", "heun", "milstein", "rk2")


@dataclass(frozen=True, kw_only=True)
class TimeConstant:
    """A variable of a population or projection, and its time constant (s)."""

    owner: str
    variable: str
    seconds: float


def too_short(constants: Iterator[TimeConstant], dt: float) -> TimeConstant | None:
    """Return the shortest of time constants that are shorter than the time step; None if none is.

    Parameters
    ----------
    constants
        Of one population or projection.
    dt
        Time step (s).
    """
    short = [c for c in constants if 0 < c.seconds < dt * (1 - _SLACK)]
    return min(short, key=lambda c: c.seconds, default=None)


def refuse_divergent_step(lowered: LoweredNetwork) -> None:
    """Refuse a time step at which a variable that only decays would grow in every step.

    Parameters
    ----------
    lowered
        The network, with its time step.

    Raises
    ------
    NetworkError
        If a time constant is shorter than half the time step.
    """
    items: tuple[LoweredGroup | LoweredSynapses, ...] = (*lowered.groups, *lowered.synapses)
    for item in items:
        short = too_short(decay_constants(item), lowered.dt / 2)
        if short is not None:
            raise NetworkError(
                f"dt is {1e3 * lowered.dt:g} ms: {short.variable} of {short.owner!r} decays with "
                f"{1e3 * short.seconds:.3g} ms, and forward Euler diverges beyond twice that. "
                f"Take dt = {1e3 * short.seconds / 2:.1g} ms."
            )


def decay_constants(item: LoweredGroup | LoweredSynapses) -> Iterator[TimeConstant]:
    """Yield the time constants that are parameters of a population or of synapses.

    Parameters
    ----------
    item
        Equations like ``dg/dt = -g/tau + ...``; what is not forward Euler has none.
    """
    if getattr(item, "method", "euler") not in EULER:
        return
    for name, expression in _differential_equations(item.equations):
        decay = _DECAY.match(expression)
        if decay is None or name not in (decay["name"], decay["last"]):
            continue
        if constant := item.constants.get(decay["tau"] or decay["of"]):
            seconds = float(np.min(constant.value))
            owner = getattr(item, "projection", item.name)
            yield TimeConstant(owner=owner, variable=name, seconds=seconds)


def effective_constants(
    group: LoweredGroup, states: Mapping[str, Array], dt: float, t: float
) -> Iterator[TimeConstant]:
    """Yield the shortest effective time constant of each other variable of a population.

    Parameters
    ----------
    group
        A population; what is not forward Euler has none.
    states
        Values of its state variables, of some neurons.
    dt, t
        Time step and time (s).
    """
    if group.method not in EULER:
        return
    values = _values_of(group, states, dt, t)
    for name, expression in _differential_equations(group.equations):
        if _DECAY.match(expression) is not None or expression.endswith("/dt"):
            continue
        step = np.maximum(np.abs(values[name]), _scale(group, name))
        try:
            fine, coarse = (_decay_rate(group, name, values, x * step) for x in (1e-6, 1e-4))
        except (NetworkError, KeyError, ValueError, ArithmeticError):
            continue  # a function that the evaluator does not have: nothing is known of it
        rates = fine[np.isclose(fine, coarse, rtol=0.1)]  # the others are at a jump
        if rates.size and np.max(rates) > 0:
            yield TimeConstant(owner=group.name, variable=name, seconds=float(1 / np.max(rates)))


def _decay_rate(group: LoweredGroup, name: str, values: Mapping[str, Any], step: Array) -> Array:
    """Return -df/dx of a variable's equation by central differences."""
    after, before = (
        _evaluate(group.equations, name, {**values, name: values[name] + change})
        for change in (step, -step)
    )
    return np.atleast_1d((before - after) / (2 * step))


def extreme_neurons(states: Mapping[str, Array]) -> dict[str, Array]:
    """Return the states of those neurons of which some variable is smallest or largest.

    Parameters
    ----------
    states
        Values by variable, one for each neuron.
    """
    finite = {name: np.nan_to_num(values) for name, values in states.items()}
    chosen = {int(find(values)) for values in finite.values() for find in (np.argmin, np.argmax)}
    rows = sorted(chosen)
    return {name: values[rows] for name, values in finite.items()}


def driven_state(group: LoweredGroup, lowered: LoweredNetwork) -> dict[str, Array]:
    """Return the mean state of the neuron that has most input from outside, at its first voltage.

    The variables that synapses drive are taken to be linear in the input (conductances are), and
    the input is its mean over the run.

    Parameters
    ----------
    group, lowered
        A population of the network.
    """
    names = group.state_variables
    start = {
        name: np.broadcast_to(group.initial.get(name, 0.0), (group.n,)).astype(float)
        for name in names
    }
    drive = _mean_drive(group, lowered)
    if not drive:
        return {name: values[:1] for name, values in start.items()}
    neuron = int(np.argmax(sum(drive.values())))
    state = np.array([start[name][neuron] for name in names])
    free = [k for k, name in enumerate(names) if group.units.get(name) != "volt"]
    scales = np.array([_scale(group, name) for name in names])
    derivatives = _derivatives(group, state, scales, lowered.dt)[np.ix_(free, free)]
    inputs = np.array([drive[name][neuron] if name in drive else 0.0 for name in names])
    balance: Array = np.linalg.lstsq(derivatives, -(inputs / scales)[free], rcond=1e-12)[0]
    state[free] += np.maximum(balance, 0.0) * scales[free]
    return {name: state[k : k + 1] for k, name in enumerate(names)}


def _derivatives(group: LoweredGroup, state: Array, scales: Array, dt: float) -> Array:
    """Return df_i/dx_k in units of the scales; NaN-free: what is not known is zero."""
    names, step = group.state_variables, 1e-6
    moved = np.tile(state[:, None], 2 * len(names))
    columns = np.arange(len(names))
    moved[columns, columns] += step * scales
    moved[columns, columns + len(names)] -= step * scales
    values = _values_of(group, dict(zip(names, moved, strict=True)), dt, 0.0)
    rows = []
    for name, scale in zip(names, scales, strict=True):
        try:
            change = np.broadcast_to(_evaluate(group.equations, name, values), moved[0].shape)
        except (NetworkError, KeyError, ValueError, ArithmeticError):
            change = np.zeros(2 * len(names))
        up, down = np.split(np.asarray(change, dtype=np.float64), 2)
        rows.append((up - down) / (2 * step * scale))
    return np.nan_to_num(np.array(rows, dtype=np.float64))


def _mean_drive(group: LoweredGroup, lowered: LoweredNetwork) -> dict[str, Array]:
    """Return what inputs from outside add per second to variables of each neuron."""
    rates = {p.name: np.broadcast_to(p.rates, (p.n,)) for p in lowered.poissons}
    rates |= {
        s.name: np.bincount(s.indices, minlength=s.n) / lowered.duration for s in lowered.spikes
    }
    drive: dict[str, Array] = {}
    for synapses in lowered.synapses:
        adds = _ADDS.match(synapses.on_pre or "")
        if synapses.target != group.name or synapses.source not in rates or adds is None:
            continue
        weight = synapses.initial.get("w", getattr(synapses.constants.get("w"), "value", None))
        if weight is None or adds["name"] not in group.state_variables or not len(synapses.i):
            continue
        flow = np.abs(weight) * rates[synapses.source][synapses.i]
        flow = np.bincount(synapses.j, flow, minlength=group.n)
        before = drive.get(adds["name"], np.zeros(group.n))
        drive[adds["name"]] = before + np.asarray(flow, dtype=np.float64)
    for variable, flow in _counted_drive(group, lowered.dt):
        drive[variable] = drive.get(variable, np.zeros(group.n)) + flow
    return drive


def _counted_drive(group: LoweredGroup, dt: float) -> Iterator[tuple[str, float]]:
    """Yield what counts of Poisson events add per second, on average, to variables."""
    if not group.counts:
        return
    start = dict.fromkeys(group.state_variables, np.zeros(1))
    none = _values_of(group, start, dt, 0.0) | dict.fromkeys(group.counts, 0.0)
    mean = none | {count: none[rate] * dt for count, rate in group.counts.items()}
    for name in group.state_variables:
        try:
            flow = _evaluate(group.equations, name, mean) - _evaluate(group.equations, name, none)
        except (NetworkError, KeyError, ValueError, ArithmeticError):
            continue  # a function that the evaluator does not have
        if np.any(flow > 0):
            yield name, float(np.max(flow))


def _differential_equations(equations: str) -> Iterator[tuple[str, str]]:
    for left, expression in _right_sides(equations).items():
        if left.startswith("d") and left.endswith("/dt"):
            yield left[1:-3], expression


@lru_cache(maxsize=256)
def _right_sides(equations: str) -> Mapping[str, str]:
    return MappingProxyType({x["left"]: x["expression"] for x in _LINE.finditer(equations)})


def _values_of(
    group: LoweredGroup, states: Mapping[str, Array], dt: float, t: float
) -> dict[str, Any]:
    constants = {
        name: float(np.mean(c.value)) if np.ndim(c.value) else float(c.value)
        for name, c in group.constants.items()
    }
    always = {"dt": dt, "t": t, "lastspike": _NEVER, "not_refractory": True, "i": 0.0, "xi": 0.0}
    inputs = {
        name: 0.0
        for name, unit in group.units.items()
        if unit not in ("boolean", "integer") and name not in states
    }
    inputs = {name: v for name, v in inputs.items() if name not in _right_sides(group.equations)}
    return {**inputs, **always, **constants, **states}


def _evaluate(equations: str, variable: str, values: Mapping[str, Any]) -> Array:
    """Return the right side of a variable's equation."""
    with np.errstate(all="ignore"):
        functions = _compiled(equations)
        right_side: Array = np.asarray(functions[f"d{variable}/dt"](_Chain(functions, values)))
        return right_side


class _Chain(dict[str, Any]):
    """Values, subexpressions that are evaluated when they are asked for, and units."""

    def __init__(self, functions: Mapping[str, Function], values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._functions = functions

    def __missing__(self, name: str) -> Any:
        unit = DEFAULT_UNITS.get(name)
        value = self._functions[name](self) if unit is None else float(np.asarray(unit))
        self[name] = value
        return value


class _Lazy(dict[str, Function]):
    """The right sides of equations as functions, each translated when it is asked for."""

    def __init__(self, equations: str) -> None:
        super().__init__()
        self._texts = _right_sides(equations)

    def __missing__(self, name: str) -> Function:
        function = compile_expression(self._texts[name], lambda: 0.5)
        self[name] = function
        return function


@lru_cache(maxsize=64)
def _compiled(equations: str) -> Mapping[str, Function]:
    return _Lazy(equations)


def _scale(group: LoweredGroup, name: str) -> float:
    return _SCALES.get(group.units.get(name, "1"), 1.0)
