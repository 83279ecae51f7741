r"""Search for the input rates at which coupled populations fire as asked: Broyden's method.

With :math:`x` the logarithms of the input rates and :math:`f` those of the firing rates relative to
the asked ones, each step solves :math:`J\,\Delta x = -f`. The Jacobian starts as a plain number
on the diagonal and is corrected after every run so that it predicts that run (Broyden 1965, Math
Comp 19:577): it learns that a population's input also moves the populations that it contacts.

Firing rates are noisy, and a network may jump between states: excitation runs away, or one of two
populations that inhibit each other silences the other. Nothing linear is learnt from a jump, so a
step that makes matters much worse is taken back, and the next one from there is half as long. The
diagonal of the Jacobian stays positive (more input never means less firing of the same cells), and
a silent population, of which nothing is known but the direction, gets more input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_GAIN = 3.0  # d log(rate) / d log(input) of a cell that fluctuations make fire; the first guess
_GAINS = (1.0, 12.0)  # limits of the diagonal
_CROSS = 8.0  # limit of the other elements
_LONGEST = 0.4  # a step multiplies an input rate by at most exp(0.4) = 1.5
_SHORTEST = 0.02
_NEAR = 0.1  # the longest step first, where a search starts near its end
_WORSE = 1.5  # times the error of the best point: taken back
_JUMP = 2.0  # a larger change of the log of a rate than this and the largest gain explain: a jump
_SHARE = 0.7  # of the full step, because the rates are noisy
_SILENT = 0.1  # a rate below this fraction of the range's lower end counts as that fraction


@dataclass
class RateSearch:
    """The state of a search.

    Parameters
    ----------
    ranges
        Lower and upper end of the asked rate (Hz), by population.
    inputs
        First input rates (Hz), by population, in the same order.
    """

    ranges: Mapping[str, tuple[float, float]]
    inputs: Mapping[str, float]
    _jacobian: Vector = field(init=False, repr=False)
    _last: tuple[Vector, Vector] | None = field(init=False, default=None, repr=False)
    _best: tuple[Vector, Vector] | None = field(init=False, default=None, repr=False)
    _reach: float = field(init=False, default=_LONGEST, repr=False)
    _moved: float = field(init=False, default=_LONGEST, repr=False)

    def __post_init__(self) -> None:
        self._jacobian = np.diag(np.full(len(self.inputs), _GAIN))

    def next_inputs(self, rates: Mapping[str, float]) -> dict[str, float]:
        """Return the next input rates, given the firing rates that the present ones led to."""
        x = np.log([self.inputs[name] for name in self.inputs])
        f = np.array([_log_error(rates[name], *self.ranges[name]) for name in self.inputs])
        self._correct_jacobian(x, f)
        x, f = self._continue_from(x, f)
        move = -_SHARE * np.linalg.lstsq(self._jacobian, f, rcond=0.1)[0]
        silent = f <= [_log_error(0, *self.ranges[name]) for name in self.inputs]
        move[silent] = _LONGEST
        move *= min(1.0, self._reach / np.abs(move).max())
        self._moved = np.abs(move).max()
        self.inputs = dict(zip(self.inputs, np.exp(x + move).tolist(), strict=True))
        return dict(self.inputs)

    def restart(self, inputs: Mapping[str, float]) -> RateSearch:
        """Return a search from other inputs, in other runs, that knows what this one has learnt.

        Parameters
        ----------
        inputs
            Input rates (Hz), by population.
        """
        search = RateSearch(self.ranges, {name: inputs[name] for name in self.inputs})
        search._jacobian, search._reach = self._jacobian, _NEAR
        return search

    def _continue_from(self, x: Vector, f: Vector) -> tuple[Vector, Vector]:
        """Go on from here, or from the best point so far if this one is much worse."""
        if self._best is not None and _length_of(f) > _WORSE * _length_of(self._best[1]):
            self._reach = max(_SHORTEST, min(self._reach, self._moved) / 2)
            return self._best
        self._reach = min(_LONGEST, self._reach * 1.5)
        if self._best is None or _length_of(f) < _length_of(self._best[1]):
            self._best = x, f
        return x, f

    def _correct_jacobian(self, x: Vector, f: Vector) -> None:
        if self._last is not None:
            moved, changed = x - self._last[0], f - self._last[1]
            steepest = max(_JUMP, _GAINS[1] * np.abs(moved).max())
            if moved @ moved < 1e-12 or np.abs(changed).max() > steepest:
                self._last = x, f
                return
            wrong = changed - self._jacobian @ moved
            self._jacobian += np.outer(wrong, moved) / (moved @ moved)
            diagonal = np.clip(np.diag(self._jacobian), *_GAINS)
            self._jacobian = np.clip(self._jacobian, -_CROSS, _CROSS)
            np.fill_diagonal(self._jacobian, diagonal)
        self._last = x, f


def distance_from_middle(rate: float, low: float, high: float) -> float:
    """Return how far a rate is from the middle of its range, in halves of it on a log scale.

    Parameters
    ----------
    rate, low, high
        In Hz; the ends of the range are at 1, and a silent population is far away.
    """
    return float(abs(np.log(max(rate, 1e-3 * low) / np.sqrt(low * high))) / np.log(high / low) * 2)


def _log_error(rate: float, low: float, high: float) -> float:
    return float(np.log(max(rate, _SILENT * low) / np.sqrt(low * high)))


def _length_of(f: Vector) -> float:
    return float(np.sqrt(f @ f))
