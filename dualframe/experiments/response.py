"""What the copies of a cell did while a current was injected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from brian2.units import second, volt
from numpy.typing import NDArray

from dualframe.analysis.run_words import count_text
from dualframe.core.quantity import quantity_text
from dualframe.network import Population
from dualframe.results.results import Results

Floats = NDArray[np.float64]
_SHOWN = 8  # copies of which a response that is printed has numbers


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Response:
    """What the copies of a cell did.

    Attributes
    ----------
    cell, model
        Which cell; the model is "" for a population made by hand.
    currents
        Amplitude of the step, one per copy: shape ``(n,)``.
    t
        Sample times relative to the onset of the step, shape ``(n_times,)``; negative before it.
    V
        Membrane potential at the soma, shape ``(n_recorded, n_times)``; no rows if nothing was
        recorded.
    recorded
        The copies that the rows of ``V`` belong to.
    spike_times
        Spike times relative to the onset, an array for each copy.
    duration, delay
        Length of the step, and of the time before it.
    dt
        Time step.
    assumptions
        What the response depends on without a source.
    results
        The run itself, with its provenance.
    """

    cell: str
    model: str
    currents: Any
    t: Any
    V: Any
    recorded: NDArray[np.int64]
    spike_times: tuple[Any, ...]
    duration: Any
    delay: Any
    dt: Any
    assumptions: tuple[str, ...] = ()
    results: Results | None = field(default=None, repr=False)

    @property
    def n(self) -> int:
        """Number of copies."""
        return len(self.spike_times)

    def __repr__(self) -> str:
        trains = [self.spike_train(copy) for copy in range(self.n)]
        counts = _join_first([str(len(train)) for train in trains])
        first = _join_first([f"{1e3 * train[0]:.4g}" if len(train) else "-" for train in trains])
        currents = [quantity_text(end) for end in (np.min(self.currents), np.max(self.currents))]
        return (
            f"<Response: {self.cell or 'cell'}{self.model and f' ({self.model})'}, "
            f"{count_text(self.n, 'step')} of {' to '.join(dict.fromkeys(currents))} for "
            f"{quantity_text(self.duration)}; spikes during it {counts}; first after {first} ms; "
            f"V of {count_text(len(self.recorded), 'step')}>"
        )

    def spike_train(self, copy: int) -> Floats:
        """Return the spikes of a copy during its step, in seconds from the onset."""
        times = np.asarray(self.spike_times[copy], dtype=float)
        return times[(times >= 0) & (times < float(self.duration))]


def _join_first(texts: Sequence[str]) -> str:
    """Return the first few of the texts of copies, and how many there are besides."""
    rest = len(texts) - _SHOWN
    return ", ".join([*texts[:_SHOWN], *([f"and {rest} more"] if rest > 0 else [])])


def read_response(
    results: Results,
    population: Population,
    *,
    model: str,
    currents: Any,
    duration: Any,
    delay: Any,
    dt: Any,
    assumptions: tuple[str, ...] = (),
) -> Response:
    """Return what the members of a population did in a run, timed from the onset of the step.

    Parameters
    ----------
    results, population
        The run, and the population: its first members are the copies, the others are idle.
    model, duration, delay, dt, assumptions
        As in `Response`.
    currents
        One for each copy.
    """
    n, onset = len(currents), float(np.asarray(delay))
    neuron, times = results.spike_trains(population.name)
    order = np.lexsort((times, neuron))
    ends = np.searchsorted(neuron[order], np.arange(n + 1))
    since_onset = times[order] - onset
    t, potentials, recorded = np.zeros(0), np.zeros((0, 0)), np.zeros(0, dtype=np.int64)
    trace = results.traces.get(population.name)
    if trace is not None:
        recorded = trace.neurons[trace.neurons < n]
        t = trace.t - onset
        potentials = trace.values[population.voltage][: len(recorded)]
    return Response(
        cell=population.cell_type,
        model=model,
        currents=currents,
        t=t * second,
        V=potentials * volt,
        recorded=np.asarray(recorded, dtype=np.int64),
        spike_times=tuple(since_onset[a:b] * second for a, b in pairwise(ends)),
        duration=duration,
        delay=delay,
        dt=dt,
        assumptions=assumptions,
        results=results,
    )
