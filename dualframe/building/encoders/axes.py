"""Environment variables with ranges, as encoders see them: copied, and scaled to [0, 1]."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions
from numpy.typing import NDArray

from dualframe.building.network_block import copy_variable
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity, unit_of
from dualframe.core.validation import as_finite, check_count, check_name
from dualframe.network import Projection


@dataclass(frozen=True)
class Axis:
    """A variable of a world with its range and the number of fields that cover it.

    Attributes
    ----------
    variable
        Name in the world.
    low, high
        Range, of the variable's dimension; low is below high.
    fields
        Number of fields.
    periodic
        Whether ``high`` is the same state as ``low``.
    """

    variable: str
    low: Any
    high: Any
    fields: int = 1
    periodic: bool = False

    @property
    def seen(self) -> str:
        """Name of the encoder's copy of the variable."""
        return f"seen_{self.variable}"

    @property
    def declaration(self) -> str:
        """Declaration of the copy."""
        return f"{self.seen} : {unit_of(self.low)}"

    @property
    def scaled(self) -> str:
        """Expression: 0 at the lower end, 1 at the upper; clipped unless periodic."""
        low, high = f"low_{self.variable}", f"high_{self.variable}"
        value = self.seen if self.periodic else f"clip({self.seen}, {low}, {high})"
        return f"(({value} - {low})/({high} - {low}))"

    @property
    def parameters(self) -> dict[str, Any]:
        """The range, under the names that `scaled` uses."""
        return {f"low_{self.variable}": self.low, f"high_{self.variable}": self.high}

    @property
    def spacing(self) -> float:
        """Distance of neighbouring centres, as a fraction of the range."""
        return 1 / self.fields if self.periodic else 1 / max(self.fields - 1, 1)

    @property
    def centres(self) -> Any:
        """Centres of the fields as fractions of the range: from end to end, or around the ring."""
        if self.fields == 1 and not self.periodic:
            return np.array([0.5])
        return self.spacing * np.arange(self.fields)

    def copied(self, world: str, name: str, pairs: Any = "all_to_all") -> Projection:
        """Return the projection that copies the variable into an encoder."""
        unit = unit_of(self.low)
        return copy_variable(world, self.variable, name, self.seen, unit=unit, pairs=pairs)


def axes(
    ranges: Mapping[str, Sequence[Any]],
    fields: int | Mapping[str, int] = 1,
    periodic: Iterable[str] = (),
) -> tuple[Axis, ...]:
    """Return the axes of an encoder, checked.

    Parameters
    ----------
    ranges
        Two ends by variable: numbers, quantities or texts like ``"20 cm"``.
    fields
        Number of fields of every axis, or by variable.
    periodic
        Variables whose ends are one state, such as an angle from -pi to pi.

    Raises
    ------
    NetworkError, QuantityError, UnknownName
        If a range is empty or infinite, ends differ in dimension, or a name is of no variable.
    """
    if not ranges:
        raise NetworkError("an encoder needs at least one variable with its range.")
    around = tuple(periodic)
    for name in (*around, *(fields if isinstance(fields, Mapping) else ())):
        if name not in ranges:
            raise UnknownName("variable of an encoder", name, ranges)
    return tuple(_axis(name, ends, fields, name in around) for name, ends in ranges.items())


def _axis(name: str, ends: Sequence[Any], fields: int | Mapping[str, int], periodic: bool) -> Axis:
    check_name(name, "variable")
    label = f"range of {name!r}"
    if isinstance(ends, str) or np.size(ends) != 2:
        raise NetworkError(f"{label} is {ends!r}: expected two ends, like (-2.4, 2.4).")
    dimension = get_dimensions(quantity(ends[0], None, label))
    low, high = (as_finite(end, dimension, label) for end in ends)
    if not np.asarray(low) < np.asarray(high):
        raise NetworkError(f"{label} runs from {low} to {high}: expected a lower end first.")
    if isinstance(fields, Mapping) and name not in fields:
        raise NetworkError(f"fields has no number for {name!r}: give one for every variable.")
    number = fields[name] if isinstance(fields, Mapping) else fields
    check_count(number, f"number of fields of {name!r}")
    return Axis(name, low, high, number, periodic)


def neurons_of_rows(rows: Iterable[Axis]) -> dict[str, tuple[NDArray[Any], NDArray[Any]]]:
    """Return the pairs (source 0, neuron) of each variable where axes are rows of neurons.

    Parameters
    ----------
    rows
        The axes, in the order of the neurons.
    """
    pairs, first = {}, 0
    for row in rows:
        neurons = np.arange(first, first + row.fields)
        pairs[row.variable] = (np.zeros(row.fields, dtype=int), neurons)
        first += row.fields
    return pairs


def masks_of_rows(rows: Sequence[Axis]) -> dict[str, NDArray[np.float64]]:
    """Return the parameters ``sees_<variable>``: one for neurons of the row, zero for others.

    A neuron gets a copy of its own variable; the others it reads as zero, and leaves out.

    Parameters
    ----------
    rows
        The axes, in the order of the neurons.
    """
    fields = [row.fields for row in rows]
    eye = np.repeat(np.eye(len(rows)), fields, axis=1)
    return {f"sees_{row.variable}": mask for row, mask in zip(rows, eye, strict=True)}
