"""Rheobase, resting potential, input resistance and f-I curve of every cell in a dish.

Five runs: one over the currents of all cells, three that narrow the gap in which a copy begins to
fire to a thousandth, one over the f-I range of the control, with the same currents in every
condition.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import ms, pA, second
from numpy.typing import NDArray

from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.batch_current_clamp import COPIES, RECORDED, Well, clamp
from dualframe.experiments.current_clamp import Response

Floats = NDArray[np.float64]

TOP_RATE = 40.0  # Hz: the end of the f-I range
SEARCH = 500 * ms  # length of the steps that find the rheobase
STEP = 1 * second
REST, PROBE, MIDDLE = range(RECORDED)  # copies: no current, a small step down, mid f-I range
_FILLS = 3
_TOP_SHARE = 5  # copies of the control that look for the end of the f-I range
_SMALL = 0.05  # of the rheobase: the small step down
_BELOW = 0.1  # of the f-I range lies below rheobase
_CLASS_2 = 0.02  # of the rheobase: the f-I range of a cell that begins above the top rate
_WIDE = np.concatenate([-np.geomspace(300, 3, 5), [0.0], np.geomspace(3, 1e4, 8)]) * float(pA)


@dataclass(frozen=True, eq=False)
class Found:
    """What is measured in one well; arrays have one value for each condition.

    Attributes
    ----------
    conditions
        Their names.
    rheobase, resolution
        Smallest current (A) with a spike within `SEARCH`, and how much smaller a current is known
        to have none; NaN if it never fires.
    rest, r_in
        Resting potential (V) and input resistance (ohm); NaN in a cell that fires by itself.
    step
        The current (A) in the middle of the control's f-I range.
    rate, late
        Firing rate (Hz) at that step, in all of it and in its second half.
    grid, rates
        Currents (A) of the f-I curves, the same in all conditions, and the rates (Hz).
    response
        That of the last run.
    """

    conditions: tuple[str, ...]
    rheobase: Floats
    resolution: Floats
    rest: Floats
    r_in: Floats
    step: float
    rate: Floats
    late: Floats
    grid: Floats
    rates: Floats
    response: Response = field(repr=False)

    def at(self, condition: str) -> int:
        """Return the place of a condition in the arrays."""
        return self.conditions.index(condition)


class _Search:
    """Currents and rates that are known of one condition."""

    def __init__(self) -> None:
        self.currents = np.zeros(0)
        self.rates = np.zeros(0)

    def add(self, currents: Floats, rates: Floats) -> None:
        every = np.concatenate([self.currents, currents])
        order = np.argsort(every, kind="stable")
        self.currents = every[order]
        self.rates = np.concatenate([self.rates, rates])[order]

    def gap(self, rate: float) -> tuple[float, float] | None:
        """Neighbouring currents between which a rate is first reached."""
        reached = self.rates >= rate
        if not reached.any():
            return None
        k = int(np.argmax(reached))
        return float(self.currents[max(k - 1, 0)]), float(self.currents[k])

    @property
    def threshold(self) -> tuple[float, float] | None:
        return self.gap(0.5 / float(SEARCH))  # one spike is more

    @property
    def top(self) -> tuple[float, float]:
        found = self.gap(TOP_RATE)
        if found is not None:
            return found
        k = int(np.argmax(self.rates))
        last = len(self.currents) - 1
        return float(self.currents[max(k - 1, 0)]), float(self.currents[min(k + 1, last)])


def survey(wells: Sequence[Well], *, target: str = "auto", dt: Any = 0.1 * ms) -> dict[str, Found]:
    """Measure every condition of every well.

    Parameters
    ----------
    wells
        All of the dish.
    target, dt
        As in `dualframe.run`.

    Returns
    -------
    dict
        What was found, by well.
    """
    known = {own.name: [_Search() for _ in own.conditions] for own in wells}
    for stage in range(1 + _FILLS):
        currents = {
            name: np.array([_next(own, stage, k == 0) for k, own in enumerate(searches)])
            for name, searches in known.items()
        }
        responses = clamp(wells, currents, SEARCH, target=target, dt=dt)
        for name, searches in known.items():
            rates = _by_condition(responses[name])
            for search, row, found in zip(searches, currents[name], rates, strict=True):
                search.add(row[RECORDED - 1 :], found[RECORDED - 1 :])
    plans = {name: _last(searches[0]) for name, searches in known.items()}
    final = {own.name: np.tile(plans[own.name], (len(own.conditions), 1)) for own in wells}
    responses = clamp(wells, final, STEP, target=target, dt=dt)
    return {
        own.name: _read(own, known[own.name], plans[own.name], responses[own.name]) for own in wells
    }


def _next(search: _Search, stage: int, control: bool) -> Floats:
    """Currents of one condition in the next run; the first two copies are not used."""
    idle, free = np.zeros(RECORDED - 1), COPIES - RECORDED + 1
    if stage == 0:
        return np.concatenate([idle, _WIDE])
    start = search.threshold
    if start is None:
        return np.concatenate([idle, np.zeros(free)])
    if not control:
        return np.concatenate([idle, _between(*start, free)])
    ends = _between(*search.top, _TOP_SHARE)
    return np.concatenate([idle, _between(*start, free - _TOP_SHARE), ends])


def _between(low: float, high: float, n: int) -> Floats:
    return np.linspace(low, high, n + 2)[1:-1]


def _last(control: _Search) -> Floats:
    """Currents of the last run: rest, small step, middle of the f-I range, f-I range."""
    start = control.threshold
    if start is None:
        return np.zeros(COPIES)
    rheobase, top = start[1], control.top[1]
    if top <= rheobase:
        top = rheobase + _CLASS_2 * abs(rheobase)
    span = top - rheobase
    grid = np.linspace(rheobase - _BELOW * span, top, COPIES - RECORDED)
    return np.concatenate([[0.0, -_SMALL * abs(rheobase), rheobase + 0.5 * span], grid])


def _by_condition(response: Response) -> Floats:
    rates = np.asarray(measures.firing_rate(response), dtype=float)
    return rates.reshape(-1, COPIES)


def _read(own: Well, searches: Sequence[_Search], plan: Floats, response: Response) -> Found:
    gaps = [search.threshold or (np.nan, np.nan) for search in searches]
    rates = _by_condition(response)
    rest, r_in = _passive(response, plan[PROBE])
    places = COPIES * np.arange(len(own.conditions))
    alone = np.array([len(response.spike_times[k + REST]) == 0 for k in places])
    return Found(
        conditions=own.conditions,
        rheobase=np.array([high for _, high in gaps]),
        resolution=np.array([high - low for low, high in gaps]),
        rest=np.where(alone, rest, np.nan),
        r_in=np.where(alone, r_in, np.nan),
        step=float(plan[MIDDLE]),
        rate=rates[:, MIDDLE],
        late=np.array([late_rate(response, int(k) + MIDDLE) for k in places]),
        grid=plan[RECORDED:],
        rates=rates[:, RECORDED:],
        response=response,
    )


def _passive(response: Response, small: float) -> tuple[Floats, Floats]:
    """Potential of the copies without a current, and resistance against them, as the step ends.

    So late, and against each other, because a slow recovery variable may still drift.
    """
    t, length = np.asarray(response.t), float(response.duration)
    v = np.asarray(response.V)[:, (t >= 0.9 * length) & (t < length)].mean(axis=1)
    at = v.reshape(-1, RECORDED)
    return at[:, REST], (at[:, PROBE] - at[:, REST]) / small if small else at[:, REST] * np.nan


def late_rate(response: Response, copy: int) -> float:
    """Firing rate (Hz) in the second half of a step: intervals over their time.

    With fewer than two spikes there, it is their number over that half.
    """
    half = 0.5 * float(response.duration)
    late = response.train(copy)
    late = late[late >= half]
    if len(late) < 2:
        return len(late) / half
    return float((len(late) - 1) / (late[-1] - late[0]))
