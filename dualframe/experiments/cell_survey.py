"""Rheobase, passive values and f-I range of a cell: three runs of 64 copies.

The first run has currents over four decades. The second fills the two gaps of the first: the one
in which the cell begins to fire, and the one in which it reaches the top of the f-I range. The
third fills the gaps of the second, so that a rheobase is known to 0.02 %: in a cell with a short
time constant all of the f-I curve up to 40 Hz lies within 1 % of it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import amp, ms, nA, pA
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.core.errors import DualframeError, DualframeWarning
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.response import Response
from dualframe.experiments.rheobase_search import CLASS_2, TOP_RATE, RheobaseSearch, run_searches

Clamp = Callable[..., Response]
Floats = NDArray[np.float64]

COPIES = 64
DELAY = 200 * ms
_REST, _PROBE = 0, 1  # copies without a current, and with the small hyperpolarising step
_FILL = COPIES // 2 - 2  # currents in each gap
_SMALL = 0.05  # of the rheobase: a deflection of a twentieth of the way to threshold
_ONE_SPIKE, _TWO_SPIKES = 0.5, 1.5  # Hz, in a step of 1 s
_BELOW = 0.2  # of the f-I range lies below rheobase, where the cell must be silent


@dataclass(frozen=True, eq=False, kw_only=True)
class CellSurvey:
    """What a cell is like at rest, and where it fires.

    Attributes
    ----------
    rheobase
        Smallest current that makes it fire within a second; below zero in a pacemaker.
    resolution
        How much smaller a current is known not to.
    top
        Smallest current at which it fires at `TOP_RATE`, or fastest if it never does.
    rest, r_in, tau
        Resting potential, input resistance, membrane time constant; NaN in a pacemaker.
    top_rate
        Its firing rate (Hz) at ``top``.
    """

    rheobase: Any
    resolution: Any
    top: Any
    rest: Any
    r_in: Any
    tau: Any
    top_rate: float

    @property
    def fires_at_rest(self) -> bool:
        """Whether the cell fires without a current, as a pacemaker does."""
        return bool(self.rheobase <= 0 * amp)

    @property
    def middle(self) -> Any:
        """The current in the middle of the f-I range, of about 20 Hz."""
        return 0.5 * (float(self.rheobase) + float(self.top)) * amp

    def fi_currents(self, n: int = COPIES - 2) -> Any:
        """Return evenly spaced currents for the f-I curve, from below rheobase to ``top``."""
        span = float(self.top - self.rheobase)
        return np.linspace(float(self.rheobase) - _BELOW * span, float(self.top), n) * amp


def survey_cell(clamp: Clamp) -> CellSurvey:
    """Find rheobase, f-I range and passive values of a cell.

    Parameters
    ----------
    clamp
        ``clamp(currents, **options)`` returns its `Response`: see `current_clamp`.

    Raises
    ------
    DualframeError
        If no current up to 10 nA makes the cell fire.
    """
    search = _search_widely(clamp, RheobaseSearch(_wide_currents(COPIES), _FILL, _FILL, _ONE_SPIKE))
    if search.rates[0] > 0:  # it fires without a current: one spike may be on its way at the onset
        half = _wide_currents(COPIES // 2)
        both = np.concatenate([-half[::-1], half])
        search = _search_widely(clamp, RheobaseSearch(both, _FILL, _FILL, _TWO_SPIKES))
    if search.onset is None:
        raise DualframeError("the cell does not fire at any current up to 10 nA.")
    return _read_survey(*_run_search(clamp, search, runs=2))


def _wide_currents(n: int) -> Floats:
    return np.concatenate([[0.0], np.geomspace(float(0.5 * pA), float(10 * nA), n - 1)])


def _search_widely(clamp: Clamp, search: RheobaseSearch) -> RheobaseSearch:
    """Return a search after its first run, of which nobody needs to hear.

    It drives the cell to rates that no cell has; what else there is to warn of, later runs say.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DualframeWarning)
        return _run_search(clamp, search)[0]


def _run_search(
    clamp: Clamp, search: RheobaseSearch, runs: int = 1
) -> tuple[RheobaseSearch, Response]:
    """Go on with a search; return it, and the last response.

    Where a rheobase is known, the first two copies are at rest and have a small step.
    """
    responses = []

    def measure_rates(currents: list[Floats]) -> list[Floats]:
        probes = [] if search.onset is None else [0.0, -_SMALL * abs(search.onset[1])]
        every = np.concatenate([probes, *currents])
        responses.append(clamp(every * amp, record=[_REST, _PROBE], delay=DELAY))
        return [np.asarray(measures.firing_rate(responses[-1]))[len(probes) :]]

    run_searches([search], measure_rates, runs)
    return search, responses[-1]


def _read_survey(search: RheobaseSearch, response: Response) -> CellSurvey:
    assert search.onset is not None
    below, rheobase = search.onset
    gap = search.gap_below(TOP_RATE)
    top = float(search.currents[np.argmax(search.rates)]) if gap is None else gap[1]
    top_rate = float(search.rates[np.searchsorted(search.currents, top)])
    if top == rheobase:
        top = rheobase + CLASS_2 * abs(rheobase)
    return CellSurvey(
        rheobase=rheobase * amp,
        resolution=(rheobase - below) * amp,
        top=top * amp,
        rest=_value_of_copy(measures.resting_potential(response), _REST),
        r_in=_value_of_copy(measures.input_resistance(response), _PROBE),
        tau=_value_of_copy(measures.time_constant(response), _PROBE),
        top_rate=top_rate,
    )


def _value_of_copy(values: Any, copy: int) -> Any:
    return Quantity(float(values[copy]), dim=values.dim)
