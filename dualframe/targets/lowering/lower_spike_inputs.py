"""Spiking inputs: given spikes on the time grid, Poisson spikes drawn from the run's seed."""

from __future__ import annotations

import numpy as np
from brian2.core.functions import timestep
from brian2.units import second

from dualframe.core.errors import NetworkError
from dualframe.network import PoissonInput, SpikeInput
from dualframe.targets.lowering.lowered_network import Array, LoweredPoisson, LoweredSpikes


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
    return _drawn_spikes(source, rates, start, stop, dt, rng)


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

    The first gap of every source is drawn first, then the second of each, and so on: a longer run
    of the same seed begins as the shorter one.
    """
    first, last = round(start / dt), round(stop / dt)
    expected = rates.max() * max(stop - start, 0.0)
    columns = int(expected + 6 * np.sqrt(expected) + 20)
    active = np.flatnonzero(rates > 0)
    steps = np.full((source.n, columns), first - 1, dtype=np.int64)
    if active.size:
        gaps = rng.geometric(rates[active] * dt, (columns, active.size))
        steps[active] += np.cumsum(gaps, axis=0).T
    steps[rates == 0] = last
    indices, columns_kept = np.nonzero(steps < last)
    steps = steps[indices, columns_kept]
    order = np.lexsort((indices, steps))
    return LoweredSpikes(source.name, source.n, indices[order].astype(np.int32), steps[order] * dt)
