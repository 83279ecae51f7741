"""The numbers of a world: each with a unit, a meaning and a source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import check_count, check_shape, fraction
from dualframe.network import Description


@dataclass(frozen=True, eq=False)
class Number(Description):
    """A number that the equations of a world use.

    Parameters
    ----------
    name
        Its name in the equations.
    value
        A text with a unit, or a plain number where the source gives none. ``None`` is "never".
    meaning
        What it is.
    source
        Where it comes from, if not from the source of the world.
    status
        As in the catalogue: "measured", "published model", "derived" or "assumed".
    kind
        "positive", "any", "probability", "count" (a whole number of at least one) or "count or
        never".
    """

    name: str
    value: Any
    meaning: str
    source: str = ""
    status: str = "published model"
    kind: str = "positive"

    def checked(self, value: Any, world: str) -> Any:
        """Return a value for this number as a quantity.

        Raises
        ------
        QuantityError, NetworkError
            If it has another dimension, or is not a value that this number can have.
        """
        label = f"{self.name} of world {world!r}"
        if self.kind == "count or never" and value is None:
            return None
        if self.kind.startswith("count"):
            check_count(value, label)
            return int(value)
        dimension = get_dimensions(quantity(self.value))
        checked = quantity(value, dimension, label)
        check_shape(checked, 0, label)
        if self.kind == "positive" and np.asarray(checked) <= 0:
            raise NetworkError(f"{label} is {value}: expected more than zero.")
        if self.kind == "probability":
            return fraction(checked, label)
        return checked


def resolved(numbers: Iterable[Number], given: Mapping[str, Any], world: str) -> tuple[Number, ...]:
    """Return the numbers with those that the caller gives in their place.

    Raises
    ------
    UnknownName
        If the world has no number of that name.
    QuantityError, NetworkError
        If a value is not what the number can be.
    """
    known = {number.name: number for number in numbers}
    for name in given:
        if name not in known:
            raise UnknownName(f"number of world {world!r}", name, known)
    return tuple(
        Number(
            number.name,
            number.checked(given[number.name], world),
            number.meaning,
            "given by the caller",
            "assumed",
            number.kind,
        )
        if number.name in given
        else number
        for number in known.values()
    )


NEVER = 2.0**53
"""The count that stands for "never" in equations, where a number must be finite."""


def plain(numbers: Iterable[Number]) -> dict[str, float]:
    """Return the numbers in SI units, as the equations use them."""
    return {
        number.name: NEVER if number.value is None else float(np.asarray(quantity(number.value)))
        for number in numbers
    }
