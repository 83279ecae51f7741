"""What a run warns of because its inputs do nothing in it, or less than they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from brian2.units import amp, uA
from brian2.units.fundamentalunits import get_dimensions
from numpy.typing import NDArray

from dualframe.core.quantity import named_dimension, quantity_text
from dualframe.network import CurrentInput, Network, PoissonInput, SpikeInput
from dualframe.network.inputs import Input
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.lowering.time_steps import nearest_steps

#: The largest current into one cell that is not named where the population becomes unstable.
#: Assumed: a hundred times what makes the largest neurons fire in patch clamp (10 nA); 1 uA into
#: 100 pF is 10 V in each millisecond.
LARGEST_CURRENT = 1 * uA
_VISIBLE = 0.05  # of the range of a time course: what a drawn curve would show


def warn_of_inputs_beyond_end(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which inputs begin at the end of the run or later.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    last = nearest_steps(lowered.duration, lowered.dt)
    firsts = [(_label(source), _first_time(source)) for source in network.inputs]
    late = [
        (label, first)
        for label, first in firsts
        if first is not None and nearest_steps(first, lowered.dt) >= last
    ]
    if late:
        label, first = late[0]
        others = f" (and {len(late) - 1} more inputs likewise)" if len(late) > 1 else ""
        yield (
            f"{label} begins at {1e3 * first:g} ms{others}, and the run ends at "
            f"{1e3 * lowered.duration:g} ms: it has no effect. Run for longer, or let it begin "
            f"earlier."
        )


def warn_of_pulses_within_steps(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say which inputs, or pulses of them, lie between two time steps.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    for source in network.inputs:
        if isinstance(source, SpikeInput):
            continue
        if _has_time_course(source):
            yield from _pulses_within_steps(source, lowered.dt)
        if source.stop is not None:
            start, stop = float(np.asarray(source.start)), float(np.asarray(source.stop))
            if nearest_steps(start, lowered.dt) == nearest_steps(stop, lowered.dt):
                yield (
                    f"{_label(source)} lasts from {1e3 * start:g} to {1e3 * stop:g} ms, in which "
                    f"no time step of {1e3 * lowered.dt:g} ms begins: it has no effect. Let it "
                    f"last longer, or take a smaller dt."
                )


def name_impossible_currents(network: Network, population: str) -> Iterator[str]:
    """Say which current into a population that became unstable is larger than cells are given.

    Parameters
    ----------
    network
        The network.
    population
        Name of the population.
    """
    largest: tuple[float, CurrentInput] | None = None
    for source in network.inputs:
        if not isinstance(source, CurrentInput) or source.target != population:
            continue
        course = source.values if source.is_waveform else source.amplitude
        size = float(np.max(np.abs(np.asarray(course, dtype=float))))
        is_current = get_dimensions(course) == named_dimension("current")
        if is_current and size * amp > LARGEST_CURRENT and (largest is None or size > largest[0]):
            largest = size, source
    if largest is not None:
        yield (
            f"{_label(largest[1])} reaches {quantity_text(largest[0] * amp, 4)}, more than "
            f"{quantity_text(LARGEST_CURRENT)}, which only a giant axon bears: check its unit, "
            f"before the time step."
        )


def _pulses_within_steps(source: PoissonInput | CurrentInput, dt: float) -> Iterator[str]:
    times = np.asarray(source.times, dtype=float)
    course = source.values if isinstance(source, CurrentInput) else source.rates
    rows = np.asarray(course, dtype=float).reshape(len(times), -1)
    excess = _excess_within_steps(rows, np.array([nearest_steps(time, dt) for time in times]))
    lost = np.flatnonzero(excess > _VISIBLE * np.ptp(np.append(rows, 0.0)))
    if lost.size:
        largest = int(lost[np.argmax(excess[lost])])
        column = int(np.argmax(np.abs(rows[largest])))
        value = quantity_text(course.reshape(len(times), -1)[largest, column], 4)
        shortest = float(f"{1e3 * np.diff(times).min():.2g}")
        yield (
            f"{_label(source)}: {lost.size} of its {len(times)} values hold for less than the time "
            f"step of {1e3 * dt:g} ms and have no effect, such as {value} at "
            f"{1e3 * times[largest]:g} ms. Let each hold for a time step, or run with "
            f"dt={shortest:g}*ms."
        )


def _excess_within_steps(rows: NDArray[Any], steps: NDArray[Any]) -> NDArray[Any]:
    """How far each row leaves the interval between the rows that hold around it.

    Of several rows in one step the last one holds: it has no excess.
    """
    holds = np.append(steps[1:] > steps[:-1], True)
    places = np.flatnonzero(holds)
    after = np.searchsorted(places, np.arange(len(steps)))
    before = np.vstack([np.zeros((1, rows.shape[1])), rows[places]])[after]
    now = rows[places][after]
    above = rows - np.maximum(before, now)
    below = np.minimum(before, now) - rows
    excess: NDArray[Any] = np.maximum(above, below).max(axis=1)
    return np.where(holds, 0.0, excess)


def _has_time_course(source: PoissonInput | CurrentInput) -> bool:
    return source.is_waveform if isinstance(source, CurrentInput) else source.has_time_course


def _first_time(source: Input) -> float | None:
    """Return when an input begins (s); None if it never does."""
    if isinstance(source, SpikeInput):
        return float(np.asarray(source.times).min()) if np.size(source.times) else None
    start = float(np.asarray(source.start))
    if not _has_time_course(source):
        return start
    return max(start, float(np.asarray(source.times)[0]))


def _label(source: Input) -> str:
    if not isinstance(source, CurrentInput):
        return f"input {source.name!r}"
    name = f" {source.name!r}" if source.name else ""
    return f"current input{name} onto {source.variable!r} of population {source.target!r}"
