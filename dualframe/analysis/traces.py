"""Measures of recorded traces: what an electrophysiologist reads from a sweep.

``t`` holds the sample times and ``v`` the samples of one neuron, both of shape ``(n_times,)``.
Every function takes plain numbers in base SI units or Brian2 quantities, and answers in kind: a
result has units where the array that it was read from has units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from brian2.units import ms
from brian2.units.fundamentalunits import get_dimensions
from numpy.typing import NDArray

from dualframe.core.errors import QuantityError
from dualframe.results.units import as_seconds, as_times, restore_unit, split_unit

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
    samples, unit = split_unit(v)
    _, deviation = _deflection_from_baseline(as_times(t), samples, onset, window, baseline)
    return restore_unit(float(deviation[np.argmax(np.abs(deviation))]), unit)


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
    samples, unit = split_unit(v)
    time, values = _samples_between(
        as_times(t), samples, as_seconds(start, "start"), as_seconds(stop, "stop"), 4
    )
    if np.ptp(values) == 0:
        raise QuantityError("the trace is constant between start and stop: nothing to fit.")
    since = time - time[0]

    def fit_levels(log_tau: float) -> tuple[Floats, float]:
        design = np.stack([np.exp(-since / np.exp(log_tau)), np.ones_like(since)], axis=1)
        levels = np.linalg.lstsq(design, values, rcond=None)[0]
        return levels, float(np.mean((values - design @ levels) ** 2))

    # The residual has several flat stretches: find the valley on a grid, then its bottom.
    grid = np.linspace(np.log(since[1]), np.log(100 * since[-1]), 121)
    best = int(np.argmin([fit_levels(x)[1] for x in grid]))
    bounds = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    minimum = scipy.optimize.minimize_scalar(
        lambda x: fit_levels(x)[1], bounds=bounds, method="bounded", options={"xatol": 1e-9}
    )
    levels, error = fit_levels(minimum.x)
    return ExponentialFit(
        tau=restore_unit(float(np.exp(minimum.x)), get_dimensions(t)),
        first=restore_unit(float(levels.sum()), unit),
        steady=restore_unit(float(levels[1]), unit),
        rms=restore_unit(float(np.sqrt(error)), unit),
    )


def _deflection_from_baseline(
    t: Floats, v: Floats, onset: Any, window: Any, baseline: Any
) -> tuple[Floats, Floats]:
    begin = as_seconds(onset, "onset")
    rest = _samples_between(t, v, begin - as_seconds(baseline, "baseline"), begin, 1)[1].mean()
    time, after = _samples_between(t, v, begin, begin + as_seconds(window, "window"), 1)
    return time, after - rest


def _samples_between(
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
