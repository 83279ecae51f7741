"""What a fit may vary in a point neuron, and what it takes from measurements on the compartments.

A search moves in a box: every free parameter is a number between 0 and 1, from its lowest to its
highest value. What a passive membrane shows (rest, input resistance, time constant) is not free,
but follows from the measurement by `SearchSpace.complete`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Values = dict[str, Any]
_NOTHING: Mapping[str, float] = MappingProxyType({})


class MeasuredCell(Protocol):
    """What of a cell is measured before a search."""

    @property
    def rheobase(self) -> Any:
        """Smallest current that makes it fire within a second."""

    @property
    def rest(self) -> Any:
        """Resting potential."""

    @property
    def r_in(self) -> Any:
        """Input resistance."""

    @property
    def tau(self) -> Any:
        """Membrane time constant."""


@dataclass(frozen=True, kw_only=True)
class FreeParameter:
    """A free parameter: its range, where the search starts, and whether the range is logarithmic.

    ``scale`` is what its values are multiplied with: a unit, or a measured quantity of the cell
    ("rheobase", or "depth": rheobase times input resistance, the depolarisation at rheobase).
    """

    low: float
    high: float
    start: float
    scale: Any
    log: bool = False
    reason: str = ""

    def value_at(self, x: Floats, cell: MeasuredCell) -> Any:
        """Return the values at places between 0 and 1."""
        if self.log:
            number = self.low * (self.high / self.low) ** x
        else:
            number = self.low + (self.high - self.low) * x
        return number * self._unit_of(cell)

    def place_of(self, value: float | None = None) -> float:
        """Return where a value lies between 0 and 1; the default is where the search starts."""
        value = self.start if value is None else value
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)

    def _unit_of(self, cell: MeasuredCell) -> Any:
        if self.scale == "rheobase":
            return cell.rheobase
        return cell.rheobase * cell.r_in if self.scale == "depth" else self.scale


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What of a model is searched for in a fit.

    Attributes
    ----------
    free
        What is searched for.
    complete
        All parameters of the model, from the free ones and what was measured.
    rest
        The parameter that the membrane potential starts at.
    charging_time
        The time constant (s) of the membrane's charging near rest, None where it is the measured
        one.
    second_start
        Starting values of a second search, which is made where the first one does not agree.
    adaptation
        The parameters that carry the adaptation of a fitted neuron: an effect on adaptation scales
        all of them, as it scales the whole adaptation of the compartments.
    """

    free: Mapping[str, FreeParameter]
    complete: Callable[[Values, MeasuredCell], Values]
    rest: str
    charging_time: Callable[[Values], Floats] | None = None
    second_start: Mapping[str, float] = field(default_factory=dict)
    adaptation: tuple[str, ...] = ()

    def parameters_at(self, x: Floats, cell: MeasuredCell) -> Values:
        """Return parameter arrays of candidates ``x``, shape ``(n_candidates, n_free)``."""
        columns = np.atleast_2d(x).T
        free = {
            name: parameter.value_at(column, cell)
            for (name, parameter), column in zip(self.free.items(), columns, strict=True)
        }
        n = len(np.atleast_2d(x))
        return {name: value * np.ones(n) for name, value in self.complete(free, cell).items()}

    def starting_place(self, moved: Mapping[str, float] = _NOTHING) -> Floats:
        """Return where the search starts, with some of the starting values moved."""
        return np.array(
            [parameter.place_of(moved.get(name)) for name, parameter in self.free.items()]
        )
