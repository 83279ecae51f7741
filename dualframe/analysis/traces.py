"""Measures of recorded traces: what an electrophysiologist reads from a sweep.

``t`` holds the sample times and ``v`` the samples of one neuron, both of shape ``(n_times,)``.
Every function takes plain numbers in base SI units or Brian2 quantities, and answers in kind: a
result has units where the array that it was read from has units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import ms
from brian2.units.fundamentalunits import get_dimensions
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from dualframe.core.errors import QuantityError
from dualframe.results.units import join, seconds, split, times

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExponentialFit:
    """``v(t) = steady + (first - steady) * exp(-(t - start) / tau)``.

    Attributes
    ----------
    tau
        Time constant.
    first, steady
        The value at the start of the fit, and the value that it decays to.
    rms
        Root mean square of the residual.
    """

    tau: Any
    first: Any
    steady: Any
    rms: Any


def psp_amplitude(
    t: Any, v: Any, onset: Any, *, window: Any = 100 * ms, baseline: Any = 10 * ms
) -> Any:
    """Amplitude of a post-synaptic potential or current: peak minus baseline, with its sign.

    Parameters
    ----------
    t, v
        Trace.
    onset
        Time of the presynaptic spike.
    window
        The peak is the largest deviation, in either direction, up to ``onset + window``.
    baseline
        The baseline is the mean over this time before the onset.

    Returns
    -------
    float or Quantity
        In the unit of ``v``; positive for a depolarisation.

    Notes
    -----
    In a trace with a drift or with noise the largest deviation is biased away from zero.
    """
    samples, unit = split(v)
    _, deviation = _deflection(times(t), samples, onset, window, baseline)
    return join(float(deviation[np.argmax(np.abs(deviation))]), unit)


def psp_latency(
    t: Any,
    v: Any,
    onset: Any,
    *,
    fraction: float = 0.05,
    window: Any = 100 * ms,
    baseline: Any = 10 * ms,
) -> Any:
    """Time from the presynaptic spike until a potential has reached a fraction of its peak.

    Parameters
    ----------
    t, v, onset, window, baseline
        As in `psp_amplitude`.
    fraction
        Of the amplitude; the crossing is interpolated linearly between samples.

    Returns
    -------
    float or Quantity
        A time, in the unit of ``t``.
    """
    if not 0 < fraction < 1:
        raise QuantityError(f"fraction is {fraction!r}: expected a number between 0 and 1.")
    samples, _ = split(v)
    time, deviation = _deflection(times(t), samples, onset, window, baseline)
    peak = int(np.argmax(np.abs(deviation)))
    if deviation[peak] == 0:
        return join(float("nan"), get_dimensions(t))
    relative = deviation[: peak + 1] / deviation[peak]
    above = int(np.argmax(relative >= fraction))
    crossing = time[above]
    if above > 0:
        share = (fraction - relative[above - 1]) / (relative[above] - relative[above - 1])
        crossing = time[above - 1] + share * (time[above] - time[above - 1])
    return join(float(crossing - seconds(onset)), get_dimensions(t))


def fit_exponential(t: Any, v: Any, start: Any, stop: Any) -> ExponentialFit:
    """Least-squares fit of one exponential to a stretch of a trace.

    For a given time constant the two levels are a linear regression, so that only the time
    constant is searched for, between one sample and a hundred times the length of the stretch.

    Parameters
    ----------
    t, v
        Trace.
    start, stop
        The stretch, for example from the end of a current step to the return to rest.

    Returns
    -------
    ExponentialFit
        Times in the unit of ``t``, levels in the unit of ``v``.

    Raises
    ------
    QuantityError
        If the stretch has fewer than four samples, or the trace does not change in it.
    """
    samples, unit = split(v)
    time, values = _between(times(t), samples, seconds(start, "start"), seconds(stop, "stop"), 4)
    if np.ptp(values) == 0:
        raise QuantityError("the trace is constant between start and stop: nothing to fit.")
    since = time - time[0]

    def regression(log_tau: float) -> tuple[Floats, float]:
        design = np.stack([np.exp(-since / np.exp(log_tau)), np.ones_like(since)], axis=1)
        levels = np.linalg.lstsq(design, values, rcond=None)[0]
        return levels, float(np.mean((values - design @ levels) ** 2))

    # The residual has several flat stretches: find the valley on a grid, then its bottom.
    grid = np.linspace(np.log(since[1]), np.log(100 * since[-1]), 121)
    best = int(np.argmin([regression(x)[1] for x in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(
        lambda x: regression(x)[1], bounds=bounds, method="bounded", options={"xatol": 1e-9}
    )
    levels, error = regression(found.x)
    return ExponentialFit(
        tau=join(float(np.exp(found.x)), get_dimensions(t)),
        first=join(float(levels.sum()), unit),
        steady=join(float(levels[1]), unit),
        rms=join(float(np.sqrt(error)), unit),
    )


def time_constant(t: Any, v: Any, start: Any, stop: Any) -> Any:
    """Time constant of the exponential that fits a trace between two times best.

    Measured on the response to a small current step this is the membrane time constant of a
    passive single compartment; with dendrites it is an effective one, which depends on where the
    stretch begins.

    Returns
    -------
    float or Quantity
        A time, in the unit of ``t``; see `fit_exponential` for arguments and errors.
    """
    return fit_exponential(t, v, start, stop).tau


def input_resistance(
    t: Any, v: Any, current: Any, start: Any, stop: Any, *, baseline: Any = 10 * ms
) -> Any:
    """Steady-state input resistance from the response to a current step.

    The change from the baseline (mean over the time ``baseline`` before the step) to the steady
    state (mean over the last tenth of the step), divided by the current.

    Parameters
    ----------
    t, v
        Trace of the membrane potential.
    current
        Amplitude of the step, not zero.
    start, stop
        The step.
    baseline
        Length of the baseline.

    Returns
    -------
    float or Quantity
        Volts per ampere where ``v`` and ``current`` are such, so that an ohm has its unit.
    """
    amplitude = float(np.asarray(current))
    if amplitude == 0:
        raise QuantityError("current is zero: an input resistance needs a current step.")
    time = times(t)
    samples, unit = split(v)
    begin, end = seconds(start, "start"), seconds(stop, "stop")
    rest = _between(time, samples, begin - seconds(baseline), begin, 1)[1].mean()
    steady = _between(time, samples, end - 0.1 * (end - begin), end, 1)[1].mean()
    return join(float((steady - rest) / amplitude), unit / get_dimensions(current))


def _deflection(
    t: Floats, v: Floats, onset: Any, window: Any, baseline: Any
) -> tuple[Floats, Floats]:
    begin = seconds(onset, "onset")
    rest = _between(t, v, begin - seconds(baseline, "baseline"), begin, 1)[1].mean()
    time, after = _between(t, v, begin, begin + seconds(window, "window"), 1)
    return time, after - rest


def _between(
    t: Floats, v: Floats, start: float, stop: float, at_least: int
) -> tuple[Floats, Floats]:
    if t.shape != v.shape or t.ndim != 1:
        raise QuantityError(
            f"t has shape {t.shape} and v has shape {v.shape}: expected the trace of one neuron, "
            f"both of shape (n_times,)."
        )
    inside = (t >= start) & (t < stop)
    if inside.sum() < at_least:
        raise QuantityError(
            f"the trace has {inside.sum()} samples between {start:g} s and {stop:g} s: expected "
            f"at least {at_least}."
        )
    return t[inside], v[inside]
