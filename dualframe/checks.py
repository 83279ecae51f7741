"""Checks of single values that records make of their fields; each names what it refuses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dualframe.errors import NetworkError
from dualframe.quantity import quantity


def names_of(value: Any, what: str) -> tuple[str, ...]:
    """Return a text, several or None as a tuple of texts."""
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise NetworkError(f"{what} are {value!r}: expected a text or several.")
    return names


def fraction(value: Any, what: str, otherwise: str = "") -> float:
    """Return a number between 0 and 1; ``otherwise`` is what the error offers besides."""
    number = float(finite(value, "dimensionless", what))
    if not 0 <= number <= 1:
        raise NetworkError(f"{what} is {number:g}: expected a number between 0 and 1{otherwise}.")
    return number


def positive(value: Any, dimension: str, what: str) -> Any:
    """Return a scalar quantity above zero."""
    number = finite(value, dimension, what)
    if np.asarray(number) <= 0:
        raise NetworkError(f"{what} is {value}: expected more than zero.")
    return number


def not_negative(value: Any, dimension: str, what: str) -> Any:
    """Return a scalar quantity of zero or more."""
    number = finite(value, dimension, what)
    if np.asarray(number) < 0:
        raise NetworkError(f"{what} is {value}: expected zero or more.")
    return number


def finite(value: Any, dimension: str, what: str) -> Any:
    """Return a scalar quantity."""
    number = quantity(value, dimension, what)
    if np.ndim(number) != 0 or not np.isfinite(np.asarray(number)):
        raise NetworkError(f"{what} is {value}: expected one finite number.")
    return number


def put(record: Any, name: str, value: Any) -> None:
    """Set a field of a frozen record while it is being made."""
    object.__setattr__(record, name, value)
