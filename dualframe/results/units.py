"""Quantities in, numbers inside, quantities out: units at the border of the analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2.units import second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, Quantity, get_dimensions
from numpy.typing import NDArray

from dualframe.core.quantity import quantity

SECOND = get_dimensions(second)


def as_seconds(value: Any, name: str = "time") -> float:
    """Return a time as a number of seconds; a plain number is one already."""
    if isinstance(value, str) or get_dimensions(value) is not DIMENSIONLESS:
        value = quantity(value, "time", name)
    return float(np.asarray(value))


def as_times(value: Any, name: str = "t") -> NDArray[np.float64]:
    """Return an array of times as numbers of seconds; plain numbers are seconds already."""
    if get_dimensions(value) is not DIMENSIONLESS:
        value = quantity(value, "time", name)
    return np.asarray(value, dtype=float)


def split_unit(value: Any) -> tuple[NDArray[np.float64], Dimension]:
    """Return numbers in base units, and their dimension."""
    return np.asarray(value, dtype=float), get_dimensions(value)


def restore_unit(value: Any, dimension: Dimension) -> Any:
    """Return ``value`` with its dimension; a plain number where there is none."""
    return value if dimension is DIMENSIONLESS else Quantity(value, dim=dimension)
