"""The current at which a cell begins to fire: the gap in which it lies is filled, again and again.

Rates are known at some currents. Between two neighbours of these a rate is first reached; the next
run has currents in that gap. Cells, conditions and doses are searched side by side, each with
copies in one network, and every search remembers all rates that it has measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Gap = tuple[float, float]

TOP_RATE = 40.0  # Hz: the end of the f-I range
CLASS_2 = 0.02  # of the rheobase: the f-I range of a cell that begins above the top rate


@dataclass
class RheobaseSearch:
    """Currents (A) and firing rates (Hz) of one cell, and which currents come next.

    Attributes
    ----------
    first_currents
        Those of the first run, ascending.
    onset_fill, top_fill
        How many currents of each later run lie in the gap in which firing begins, and in that in
        which `TOP_RATE` is reached.
    least_rate
        The rate (Hz) from which on a cell fires.
    currents, rates
        What was measured, by ascending current.
    """

    first_currents: Floats
    onset_fill: int
    top_fill: int = 0
    least_rate: float = 0.5
    currents: Floats = field(default_factory=lambda: np.zeros(0), init=False)
    rates: Floats = field(default_factory=lambda: np.zeros(0), init=False)

    def add_rates(self, currents: Floats, rates: Floats) -> None:
        """Remember the rates of a run."""
        every = np.concatenate([self.currents, currents])
        order = np.argsort(every, kind="stable")
        self.currents = every[order]
        self.rates = np.concatenate([self.rates, rates])[order]

    def next_currents(self) -> Floats:
        """Return the currents of the next run; zeros in a cell that has not fired at any."""
        if not self.currents.size:
            return self.first_currents
        if self.onset is None:
            return np.zeros(self.onset_fill + self.top_fill)
        onset = _fill_gap(self.onset, self.onset_fill)
        return np.concatenate([onset, _fill_gap(self.top, self.top_fill)])

    def gap_below(self, rate: float) -> Gap | None:
        """Return the neighbouring currents between which a rate is first reached."""
        reached = self.rates >= rate
        if not reached.any():
            return None
        k = int(np.argmax(reached))
        return float(self.currents[max(k - 1, 0)]), float(self.currents[k])

    @property
    def onset(self) -> Gap | None:
        """The largest current that is known to be too small, and the rheobase; None if unknown."""
        return self.gap_below(self.least_rate)

    @property
    def top(self) -> Gap:
        """The gap in which the top rate is reached, or that around the fastest current."""
        gap = self.gap_below(TOP_RATE)
        if gap is not None:
            return gap
        k, last = int(np.argmax(self.rates)), len(self.currents) - 1
        return float(self.currents[max(k - 1, 0)]), float(self.currents[min(k + 1, last)])


def run_searches(
    searches: Sequence[RheobaseSearch],
    measure_rates: Callable[[list[Floats]], Sequence[Floats]],
    runs: int,
) -> None:
    """Narrow the gaps of several searches, all of them in the same runs.

    Parameters
    ----------
    searches
        What is known of each cell.
    measure_rates
        Makes one run: takes the currents (A) of each search, and returns the rates (Hz).
    runs
        How many runs.
    """
    for _ in range(runs):
        currents = [search.next_currents() for search in searches]
        for search, tried, rates in zip(searches, currents, measure_rates(currents), strict=True):
            search.add_rates(tried, rates)


def _fill_gap(gap: Gap, n: int) -> Floats:
    """Return currents inside a gap, its ends left out: they are measured already."""
    return np.linspace(*gap, n + 2)[1:-1]
