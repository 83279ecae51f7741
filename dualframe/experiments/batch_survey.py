"""Rheobase, resting potential, input resistance and f-I curve of many cells and conditions at once.

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
from dualframe.experiments.batch_current_clamp import COPIES, RECORDED, CellBatch, clamp_batches
from dualframe.experiments.response import Response
from dualframe.experiments.rheobase_search import CLASS_2, RheobaseSearch, run_searches

Floats = NDArray[np.float64]

SEARCH = 500 * ms  # length of the steps that find the rheobase
STEP = 1 * second
REST, PROBE, MIDDLE = range(RECORDED)  # copies: no current, a small step down, mid f-I range
_SEARCH_RUNS = 4
_IDLE = RECORDED - 1  # copies that a search does not use
_FILL = COPIES - _IDLE
_TOP_FILL = 5  # copies of the control that look for the end of the f-I range
_SMALL = 0.05  # of the rheobase: the small step down
_BELOW = 0.1  # of the f-I range lies below rheobase
_WIDE = np.concatenate([-np.geomspace(300, 3, 5), [0.0], np.geomspace(3, 1e4, 8)]) * float(pA)


@dataclass(frozen=True, eq=False, kw_only=True)
class BatchSurvey:
    """What is measured in one batch; arrays have one value for each condition.

    Attributes
    ----------
    conditions
        Their names.
    rheobase, resolution
        Smallest current (A) with a spike within `SEARCH`, and how much smaller a current is known
        to have none; NaN if it never fires.
    rest, r_in
        Resting potential (V) and input resistance (ohm); NaN in a cell that fires by itself.
    middle_current
        The current (A) in the middle of the control's f-I range.
    middle_rate, late_rate
        Firing rate (Hz) at that current, in all of the step and in its second half.
    currents, rates
        Currents (A) of the f-I curves, the same in all conditions, and the rates (Hz).
    response
        That of the last run.
    """

    conditions: tuple[str, ...]
    rheobase: Floats
    resolution: Floats
    rest: Floats
    r_in: Floats
    middle_current: float
    middle_rate: Floats
    late_rate: Floats
    currents: Floats
    rates: Floats
    response: Response = field(repr=False)

    def index_of(self, condition: str) -> int:
        """Return the place of a condition in the arrays."""
        return self.conditions.index(condition)


def survey_batches(
    batches: Sequence[CellBatch], *, target: str = "auto", dt: Any = 0.1 * ms
) -> dict[str, BatchSurvey]:
    """Measure every condition of every batch.

    Parameters
    ----------
    batches
        All that run side by side.
    target, dt
        As in `dualframe.run`.

    Returns
    -------
    dict
        The survey of each batch, by its name.
    """
    searches = _search_rheobases(batches, target, dt)
    plans = {batch.name: _last_currents(searches[batch.name][0]) for batch in batches}
    currents = {
        batch.name: np.tile(plans[batch.name], (len(batch.conditions), 1)) for batch in batches
    }
    responses = clamp_batches(batches, currents, STEP, target=target, dt=dt)
    return {
        batch.name: _read_survey(
            batch, searches[batch.name], plans[batch.name], responses[batch.name]
        )
        for batch in batches
    }


def _search_rheobases(
    batches: Sequence[CellBatch], target: str, dt: Any
) -> dict[str, list[RheobaseSearch]]:
    """Search the rheobase of every condition, and the end of the f-I range of the controls."""
    least = 0.5 / float(SEARCH)  # one spike is more
    searches = {}
    for batch in batches:
        control = RheobaseSearch(_WIDE, _FILL - _TOP_FILL, _TOP_FILL, least)
        others = [RheobaseSearch(_WIDE, _FILL, 0, least) for _ in batch.conditions[1:]]
        searches[batch.name] = [control, *others]

    def measure_rates(currents: list[Floats]) -> list[Floats]:
        rows = iter([np.concatenate([np.zeros(_IDLE), tried]) for tried in currents])
        by_batch = {name: np.array([next(rows) for _ in group]) for name, group in searches.items()}
        responses = clamp_batches(batches, by_batch, SEARCH, target=target, dt=dt)
        return [row[_IDLE:] for name in searches for row in _rates_by_condition(responses[name])]

    run_searches(
        [search for group in searches.values() for search in group], measure_rates, _SEARCH_RUNS
    )
    return searches


def _last_currents(control: RheobaseSearch) -> Floats:
    """Currents of the last run: rest, small step, middle of the f-I range, f-I range."""
    if control.onset is None:
        return np.zeros(COPIES)
    rheobase, top = control.onset[1], control.top[1]
    if top <= rheobase:
        top = rheobase + CLASS_2 * abs(rheobase)
    span = top - rheobase
    fi_range = np.linspace(rheobase - _BELOW * span, top, COPIES - RECORDED)
    return np.concatenate([[0.0, -_SMALL * abs(rheobase), rheobase + 0.5 * span], fi_range])


def _rates_by_condition(response: Response) -> Floats:
    rates = np.asarray(measures.firing_rate(response), dtype=float)
    return rates.reshape(-1, COPIES)


def _read_survey(
    batch: CellBatch, searches: Sequence[RheobaseSearch], plan: Floats, response: Response
) -> BatchSurvey:
    gaps = [search.onset or (np.nan, np.nan) for search in searches]
    rates = _rates_by_condition(response)
    rest, r_in = _passive_values(response, plan[PROBE])
    silent = np.array([len(response.spike_times[k + REST]) == 0 for k in batch.first_copies])
    return BatchSurvey(
        conditions=batch.conditions,
        rheobase=np.array([high for _, high in gaps]),
        resolution=np.array([high - low for low, high in gaps]),
        rest=np.where(silent, rest, np.nan),
        r_in=np.where(silent, r_in, np.nan),
        middle_current=float(plan[MIDDLE]),
        middle_rate=rates[:, MIDDLE],
        late_rate=np.array([late_rate(response, int(k) + MIDDLE) for k in batch.first_copies]),
        currents=plan[RECORDED:],
        rates=rates[:, RECORDED:],
        response=response,
    )


def _passive_values(response: Response, small: float) -> tuple[Floats, Floats]:
    """Potential of the copies without a current, and resistance against them, as the step ends.

    So late, and against each other, because a slow recovery variable may still drift.
    """
    t, length = np.asarray(response.t), float(response.duration)
    v = np.asarray(response.V)[:, (t >= 0.9 * length) & (t < length)].mean(axis=1)
    by_condition = v.reshape(-1, RECORDED)
    rest = by_condition[:, REST]
    return rest, (by_condition[:, PROBE] - rest) / small if small else rest * np.nan


def late_rate(response: Response, copy: int) -> float:
    """Firing rate (Hz) in the second half of a step: intervals over their time.

    With fewer than two spikes there, it is their number over that half.
    """
    half = 0.5 * float(response.duration)
    late = response.spike_train(copy)
    late = late[late >= half]
    if len(late) < 2:
        return len(late) / half
    return float((len(late) - 1) / (late[-1] - late[0]))
