"""Spiking inputs: given spikes on the time grid, Poisson spikes drawn from the run's seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2.core.functions import timestep
from brian2.units import second

from dualframe.core.errors import NetworkError
from dualframe.network import Network, PoissonInput, SpikeInput
from dualframe.targets.lowering.lowered_network import (
    Array,
    LoweredNetwork,
    LoweredPoisson,
    LoweredSpikes,
)

CHANCE_PER_STEP = 0.1  # of a spike: above it, a run warns that counts are binomial
_NEVER = 1e-18  # chance per step of what does not happen within a run; a smaller one overflows
_BLOCK = 500_000  # gaps that are drawn at a time


def lower_source(
    source: SpikeInput | PoissonInput, dt: float, duration: float, rng: np.random.Generator
) -> LoweredSpikes | LoweredPoisson:
    """Lower a spiking input; Poisson spikes are drawn here unless the target is to draw them.

    Parameters
    ----------
    source
        The input.
    dt
        Time step (s).
    duration
        Simulated time (s).
    rng
        The random stream of the object.

    Raises
    ------
    NetworkError
        If a source would spike more than once in a time step.
    """
    if isinstance(source, SpikeInput):
        return _given_spikes(source, dt)
    start = float(np.asarray(source.start))
    stop = duration if source.stop is None else min(duration, float(np.asarray(source.stop)))
    rates = np.broadcast_to(np.asarray(source.rate, dtype=float), (source.n,))
    if float(rates.max()) * dt > 1:
        raise NetworkError(
            f"rate of input {source.name!r} reaches {rates.max():g} Hz: more than one spike per "
            f"time step ({dt:g} s) and source. Use more sources or a smaller dt."
        )
    if source.drawn == "target":
        return LoweredPoisson(name=source.name, n=source.n, rates=rates, start=start, stop=stop)
    if not source.has_time_course:
        return _drawn_spikes(source, rates, start, stop, dt, rng)
    thinning = rng.spawn(1)[0]  # of its own: a longer run begins as the shorter one
    return _thinned_spikes(source, _drawn_spikes(source, rates, start, stop, dt, rng), dt, thinning)


def _thinned_spikes(
    source: PoissonInput, spikes: LoweredSpikes, dt: float, rng: np.random.Generator
) -> LoweredSpikes:
    """Of spikes at the largest rates, keep each with the chance of its rate over the largest.

    The chance of a spike in a step is then rate*dt, exactly (Lewis and Shedler 1979, Naval Res.
    Logist. 26:403).
    """
    begins = np.asarray(timestep(source.times, dt * second), dtype=np.int64)
    steps = np.rint(spikes.times / dt).astype(np.int64)
    row = np.searchsorted(begins, steps, side="right") - 1
    shape = (len(begins), source.n)
    rates = np.asarray(source.rates, dtype=float)
    rates = np.broadcast_to(rates if rates.ndim == 2 else rates[:, None], shape)
    now = np.where(row >= 0, rates[np.maximum(row, 0), spikes.indices], 0.0)
    largest = rates.max(axis=0)[spikes.indices]
    kept = rng.random(len(steps)) * largest < now
    return LoweredSpikes(source.name, source.n, spikes.indices[kept], spikes.times[kept])


def _given_spikes(source: SpikeInput, dt: float) -> LoweredSpikes:
    times = np.asarray(source.times, dtype=float)
    steps = np.asarray(timestep(times * second, dt * second), dtype=np.int64)
    order = np.lexsort((source.indices, steps))
    indices, steps = source.indices[order], steps[order]
    twice = (np.diff(steps) == 0) & (np.diff(indices) == 0)
    if twice.any():
        k = int(np.flatnonzero(twice)[0])
        raise NetworkError(
            f"input {source.name!r}: source {indices[k]} spikes twice in the time step at "
            f"{steps[k] * dt:g} s; give it one spike, a larger weight, or a smaller dt."
        )
    return LoweredSpikes(source.name, source.n, indices, steps * dt)


def _drawn_spikes(
    source: PoissonInput,
    rates: Array,
    start: float,
    stop: float,
    dt: float,
    rng: np.random.Generator,
) -> LoweredSpikes:
    """A Bernoulli process per source: geometric gaps between its spikes.

    The first gap of every source is drawn first, then the second of each, and so on, until all
    have passed the end: a longer run of the same seed begins as the shorter one. A block of rows
    at a time is in memory, whatever the rates.
    """
    first, last = round(start / dt), round(stop / dt)
    active = np.flatnonzero(rates > 0)
    chances = np.maximum(rates[active] * dt, _NEVER)
    position = np.full(active.size, first - 1, dtype=np.int64)
    rows = min(max(_BLOCK // max(active.size, 1), 1), _rows_expected(chances, last - first))
    beyond = last - first + 1  # a longer gap ends after the run, and two of them overflow
    columns, steps = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    while np.any(position < last):
        gaps = rng.geometric(chances, (rows, active.size))
        unsigned = gaps.view(np.uint64)  # a gap that overflowed is the longest
        np.minimum(unsigned, np.uint64(beyond), out=unsigned)
        gaps[0] += position
        reached = np.cumsum(gaps, axis=0, out=gaps)
        inside = np.flatnonzero(reached < last)
        steps.append(reached.ravel()[inside])
        columns.append(inside % active.size)
        position = np.minimum(reached[-1], last)
    return _sorted_spikes(source, active[np.concatenate(columns)], np.concatenate(steps), dt)


def _rows_expected(chances: Array, steps: int) -> int:
    """Number of gaps after which the most active source has all but surely passed the end."""
    expected = float(chances.max(initial=0.0)) * max(steps, 0)
    return int(expected + 6 * np.sqrt(expected) + 20)


def _sorted_spikes(source: PoissonInput, indices: Any, steps: Any, dt: float) -> LoweredSpikes:
    """Spikes by time, and by source within a step."""
    both = np.sort(steps * source.n + indices)
    steps, indices = np.divmod(both, source.n)
    return LoweredSpikes(source.name, source.n, indices.astype(np.int32), steps * dt)


def counts_below_poisson(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Yield a warning for each Poisson input whose counts vary clearly less than Poisson's.

    A source spikes at most once per step: its counts are binomial, with a Fano factor (variance
    over mean) of ``1 - rate*dt`` where a Poisson process has 1.

    Parameters
    ----------
    network
        The description.
    lowered
        The same network, lowered.
    """
    for source in network.sources:
        if not isinstance(source, PoissonInput):
            continue
        chance = float(np.max(np.asarray(source.rate))) * lowered.dt
        if chance > CHANCE_PER_STEP:
            yield (
                f"input {source.name!r} reaches {chance / lowered.dt:.4g} Hz: a source spikes at "
                f"most once per step of {1e3 * lowered.dt:g} ms, so that its counts have a Fano "
                f"factor of {1 - chance:.2f} instead of 1; take a smaller dt, or several sources "
                f"that share the rate."
            )
