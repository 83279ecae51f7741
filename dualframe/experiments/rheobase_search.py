"""Rheobase, passive values and f-I range of a cell: three runs of 64 copies.

The first run has currents over four decades. The second fills the two gaps of the first: the one
in which the cell begins to fire, and the one in which it reaches the top of the f-I range. The
third fills the gaps of the second, so that a rheobase is known to 0.02 %: in a cell with a short
time constant all of the f-I curve up to 40 Hz lies within 1 % of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import amp, ms, nA, pA
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.core.errors import DualframeError
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.current_clamp import Response

Clamp = Callable[..., Response]
Floats = NDArray[np.float64]

TOP_RATE = 40.0  # Hz: the end of the f-I range
COPIES = 64
DELAY = 200 * ms
_PROBES = (0, 1)  # copy 0 has no current, copy 1 the small hyperpolarising step
_SMALL = 0.05  # of the rheobase: a deflection of a twentieth of the way to threshold
_CLASS_2 = 0.02  # of the rheobase: the f-I range of a cell that begins above the top rate
_ONE_SPIKE, _TWO_SPIKES = 0.5, 1.5  # Hz, in a step of 1 s
_BELOW = 0.2  # of the f-I range lies below rheobase, where the cell must be silent


@dataclass(frozen=True, eq=False)
class Survey:
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
    def pacemaker(self) -> bool:
        """Whether the cell fires without a current."""
        return bool(self.rheobase <= 0 * amp)

    def grid(self, n: int = COPIES - len(_PROBES)) -> Any:
        """Return evenly spaced currents for the f-I curve, from below rheobase to ``top``."""
        span = float(self.top - self.rheobase)
        return np.linspace(float(self.rheobase) - _BELOW * span, float(self.top), n) * amp


def survey(clamp: Clamp) -> Survey:
    """Find rheobase, f-I range and passive values of a cell.

    Parameters
    ----------
    clamp
        ``clamp(currents, **options)`` returns its `Response`: see `bench.current_clamp`.

    Raises
    ------
    DualframeError
        If no current up to 10 nA makes the cell fire.
    """
    first = _rates(clamp, _wide(COPIES))
    least = _ONE_SPIKE
    if first[1][0] > 0:  # it fires without a current
        least = _TWO_SPIKES  # one may be on its way at the onset
        first = _rates(clamp, np.concatenate([-_wide(COPIES // 2)[::-1], _wide(COPIES // 2)]))
    once, _ = _refined(clamp, *first, least)
    return _read(*_refined(clamp, *once, least), least)


def _refined(
    clamp: Clamp, currents: Floats, rates: Floats, least: float
) -> tuple[tuple[Floats, Floats], Response]:
    """Fill the gaps around rheobase and top; return currents and rates of the fill."""
    start, end = _gap(currents, rates, least), _gap(currents, rates, TOP_RATE)
    if start is None:
        raise DualframeError("the cell does not fire at any current up to 10 nA.")
    fill = (COPIES - len(_PROBES)) // 2
    inside = np.concatenate(
        [_between(*start, fill), _between(*(end or _fastest(currents, rates)), fill)]
    )
    probes = [0.0, -_SMALL * abs(start[1])]
    response = clamp(np.concatenate([probes, inside]) * amp, record=list(_PROBES), delay=DELAY)
    found = np.asarray(measures.firing_rate(response))[len(_PROBES) :]
    low = np.array([start[0]])  # known to be silent
    inside, found = np.concatenate([low, inside]), np.concatenate([[0.0], found])
    order = np.argsort(inside, kind="stable")
    return (inside[order], found[order]), response


def _read(known: tuple[Floats, Floats], response: Response, least: float) -> Survey:
    currents, rates = known
    first = int(np.argmax(rates >= least))
    fast = rates >= TOP_RATE
    last = int(np.argmax(fast) if fast.any() else np.argmax(rates))
    rheobase, top = currents[first], currents[last]
    if last == first:
        top = rheobase + _CLASS_2 * abs(rheobase)
    return Survey(
        rheobase=rheobase * amp,
        resolution=(rheobase - currents[max(first - 1, 0)]) * amp,
        top=top * amp,
        rest=_probe(measures.resting_potential(response), 0),
        r_in=_probe(measures.input_resistance(response), 1),
        tau=_probe(measures.time_constant(response), 1),
        top_rate=float(rates[last]),
    )


def _probe(values: Any, row: int) -> Any:
    return Quantity(float(values[row]), dim=values.dim)


def _wide(n: int) -> Floats:
    return np.concatenate([[0.0], np.geomspace(float(0.5 * pA), float(10 * nA), n - 1)])


def _rates(clamp: Clamp, currents: Floats) -> tuple[Floats, Floats]:
    response = clamp(currents * amp, record=list(_PROBES), delay=DELAY)
    return currents, np.asarray(measures.firing_rate(response))


def _gap(currents: Floats, rates: Floats, wanted: float) -> tuple[float, float] | None:
    """Return the neighbouring currents between which a rate is first reached."""
    reached = rates >= wanted
    if not reached.any():
        return None
    k = int(np.argmax(reached))
    return float(currents[max(k - 1, 0)]), float(currents[k])


def _fastest(currents: Floats, rates: Floats) -> tuple[float, float]:
    k = int(np.argmax(rates))
    return float(currents[max(k - 1, 0)]), float(currents[min(k + 1, len(currents) - 1)])


def _between(low: float, high: float, n: int) -> Floats:
    """Return n currents above ``low``, up to ``high`` itself."""
    return np.linspace(low, high, n + 1)[1:]
