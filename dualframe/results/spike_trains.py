"""Statistics of spike trains.

A set of spike trains is a pair of arrays of equal length: ``neuron`` (indices from zero) and ``t``
(seconds, or a quantity of time), in any order. Windows are half open, ``start <= t < stop``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.units import ms
from numpy.typing import ArrayLike, NDArray

from dualframe.core.errors import QuantityError
from dualframe.results.units import as_seconds, as_times

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A spike at 30 * 0.1 ms must fall into the bin that starts at 3 ms although the two differ in the
# last bit; no time step is as short as a millionth of a bin.
_EDGE = 1e-6


def firing_rates(neuron: ArrayLike, t: ArrayLike, n: int, *, start: Any = 0.0, stop: Any) -> Floats:
    """Mean firing rate of each neuron in a window.

    Parameters
    ----------
    neuron, t
        Spikes.
    n
        Number of neurons, silent ones included.
    start, stop
        Window, half open.

    Returns
    -------
    numpy.ndarray
        Rates in Hz, shape ``(n,)``.

    Raises
    ------
    QuantityError
        If the window is empty.
    """
    begin, end = time_window(start, stop)
    chosen, _ = spikes_within(neuron, t, begin, end)
    return np.bincount(chosen, minlength=n) / (end - begin)


def inter_spike_intervals(neuron: ArrayLike, t: ArrayLike) -> tuple[Ints, Floats]:
    """Inter-spike intervals.

    Returns
    -------
    neuron : numpy.ndarray
        The neuron of each interval, ascending.
    interval : numpy.ndarray
        Intervals in seconds, in the order in which they occurred.
    """
    cells, spikes = _as_arrays(neuron, t)
    order = np.lexsort((spikes, cells))
    cells, spikes = cells[order], spikes[order]
    same = cells[1:] == cells[:-1]
    return cells[1:][same], np.diff(spikes)[same]


def cv_isi(neuron: ArrayLike, t: ArrayLike, n: int, *, min_spikes: int = 3) -> Floats:
    """Coefficient of variation of the inter-spike intervals of each neuron.

    Standard deviation over mean of the intervals: 0 for a regular train, 1 for a Poisson process.
    The deviation is that of the intervals themselves (no degree of freedom subtracted).

    Parameters
    ----------
    neuron, t
        Spikes.
    n
        Number of neurons.
    min_spikes
        Neurons with fewer spikes have no CV.

    Returns
    -------
    numpy.ndarray
        Shape ``(n,)``, NaN where a neuron has fewer than ``min_spikes`` spikes.
    """
    cells, intervals = inter_spike_intervals(neuron, t)
    count = np.bincount(cells, minlength=n)
    usable = count >= max(min_spikes - 1, 1)
    mean = np.bincount(cells, intervals, n) / np.maximum(count, 1)
    variance = np.bincount(cells, (intervals - mean[cells]) ** 2, n) / np.maximum(count, 1)
    usable &= mean > 0
    return np.where(usable, np.sqrt(variance) / np.where(usable, mean, 1.0), np.nan)


def population_rate(
    t: ArrayLike, n: int, *, start: Any = 0.0, stop: Any, bin: Any = 5 * ms
) -> tuple[Floats, Floats]:
    """Firing rate of a population over time, averaged over its neurons (PSTH).

    Parameters
    ----------
    t
        Spike times of all neurons of the population.
    n
        Number of neurons.
    start, stop
        Window; a last bin that does not fit is left out.
    bin
        Bin width.

    Returns
    -------
    centre : numpy.ndarray
        Centres of the bins in seconds.
    rate : numpy.ndarray
        Spikes per second and neuron, in Hz.
    """
    begin, end = time_window(start, stop)
    width, bins = _bin_width_and_number(begin, end, bin)
    spikes = as_times(t)
    index = _bin_index(spikes, begin, width)
    inside = (index >= 0) & (index < bins)
    count = np.bincount(index[inside], minlength=bins)
    centre = np.asarray(begin + (np.arange(bins) + 0.5) * width, dtype=float)
    return centre, count / (width * max(n, 1))


def spike_counts(
    neuron: ArrayLike, t: ArrayLike, n: int, *, start: Any = 0.0, stop: Any, bin: Any
) -> Ints:
    """Spike counts per neuron and bin, shape ``(n, bins)``."""
    begin, end = time_window(start, stop)
    width, bins = _bin_width_and_number(begin, end, bin)
    cells, spikes = _as_arrays(neuron, t)
    index = _bin_index(spikes, begin, width)
    inside = (index >= 0) & (index < bins)
    flat = np.bincount(cells[inside] * bins + index[inside], minlength=n * bins)
    return flat.reshape(n, bins).astype(np.int64)


def pairwise_correlation(counts: ArrayLike) -> Floats:
    """Pearson correlation of the spike counts of all pairs of neurons.

    Parameters
    ----------
    counts
        Shape ``(n, bins)``, from `spike_counts`; the bin width is the time scale of the
        correlation.

    Returns
    -------
    numpy.ndarray
        Shape ``(n, n)``, symmetric; NaN where one of the two neurons has a constant count.
    """
    values = np.atleast_2d(np.asarray(counts, dtype=float))
    centred = values - values.mean(axis=1, keepdims=True)
    norm = np.sqrt((centred**2).sum(axis=1))
    product = np.outer(norm, norm)
    varies = product > 0
    raw = centred @ centred.T / np.where(varies, product, 1.0)
    return np.where(varies, np.clip(raw, -1.0, 1.0), np.nan)


def mean_pairwise_correlation(counts: ArrayLike) -> float:
    """Mean of `pairwise_correlation` over pairs of different neurons; NaN without any pair."""
    matrix = pairwise_correlation(counts)
    pairs = matrix[np.triu_indices_from(matrix, k=1)]
    pairs = pairs[np.isfinite(pairs)]
    return float(pairs.mean()) if pairs.size else float("nan")


def time_window(start: Any, stop: Any) -> tuple[float, float]:
    """Return a window in seconds, refusing an empty one."""
    begin, end = as_seconds(start, "start"), as_seconds(stop, "stop")
    if not end > begin:
        raise QuantityError(f"the window from {begin:g} s to {end:g} s is empty: stop > start.")
    return begin, end


def spikes_within(neuron: ArrayLike, t: ArrayLike, begin: float, end: float) -> tuple[Ints, Floats]:
    """Return the spikes with ``begin <= t < end``."""
    cells, spikes = _as_arrays(neuron, t)
    inside = (spikes >= begin) & (spikes < end)
    return cells[inside], spikes[inside]


def _as_arrays(neuron: ArrayLike, t: ArrayLike) -> tuple[Ints, Floats]:
    return np.asarray(neuron, dtype=np.int64), as_times(t)


def _bin_width_and_number(begin: float, end: float, bin: Any) -> tuple[float, int]:
    width = as_seconds(bin, "bin")
    if not 0 < width <= (end - begin) * (1 + _EDGE):
        raise QuantityError(
            f"bin is {width:g} s: expected more than 0 s and at most the window, {end - begin:g} s."
        )
    return width, int((end - begin) / width + _EDGE)


def _bin_index(spikes: Floats, begin: float, width: float) -> Ints:
    return np.floor((spikes - begin) / width + _EDGE).astype(np.int64)
