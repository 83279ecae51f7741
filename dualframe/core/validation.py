"""Checks of single values that records make of their fields; each names what it refuses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def as_names(value: Any, label: str) -> tuple[str, ...]:
    """Return a text, several or None as a tuple of texts.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) or not isinstance(value, Iterable) else tuple(value)
    if not all(isinstance(name, str) for name in names):
        raise NetworkError(f"{label} are {value!r}: expected a text or several.")
    return names


def as_fraction(value: Any, label: str, otherwise: str = "") -> float:
    """Return a number between 0 and 1; ``otherwise`` is what the error offers besides.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    otherwise
        What the error offers besides.
    """
    number = float(as_finite(value, "dimensionless", label))
    if not 0 <= number <= 1:
        raise NetworkError(f"{label} is {number:g}: expected a number between 0 and 1{otherwise}.")
    return number


def as_positive(value: Any, dimension: str, label: str) -> Any:
    """Return a scalar quantity above zero.

    Parameters
    ----------
    value
        The value.
    dimension
        Dimension that it must have.
    label
        How an error calls it.
    """
    number = as_finite(value, dimension, label)
    if np.asarray(number) <= 0:
        raise NetworkError(f"{label} is {value}: expected more than zero.")
    return number


def as_not_negative(value: Any, dimension: str, label: str) -> Any:
    """Return a scalar quantity of zero or more.

    Parameters
    ----------
    value
        The value.
    dimension
        Dimension that it must have.
    label
        How an error calls it.
    """
    number = as_finite(value, dimension, label)
    if np.asarray(number) < 0:
        raise NetworkError(f"{label} is {value}: expected zero or more.")
    return number


def as_finite(value: Any, dimension: str, label: str) -> Any:
    """Return a scalar quantity.

    Parameters
    ----------
    value
        The value.
    dimension
        Dimension that it must have.
    label
        How an error calls it.
    """
    number = quantity(value, dimension, label)
    if np.ndim(number) != 0 or not np.isfinite(np.asarray(number)):
        raise NetworkError(f"{label} is {value}: expected one finite number.")
    return number


def set_frozen_field(record: Any, name: str, value: Any) -> None:
    """Set a field of a frozen record while it is being made.

    Parameters
    ----------
    record
        The record that is being made.
    name
        The name.
    value
        The value.
    """
    object.__setattr__(record, name, value)


def check_name(name: str, kind: str) -> None:
    """Refuse a name that is not an identifier.

    Parameters
    ----------
    name
        The name.
    kind
        What an error calls the thing.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NetworkError(
            f"{kind} name {name!r}: expected a letter followed by letters, digits and '_'."
        )


def check_unique(names: list[str]) -> None:
    """Refuse a name that stands twice.

    Parameters
    ----------
    names
        The names.
    """
    for name in names:
        if names.count(name) > 1:
            raise NetworkError(f"the name {name!r} is used twice; give each its own name.")


def check_count(value: Any, label: str) -> None:
    """Refuse anything but a positive whole number.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise NetworkError(f"{label} is {value!r}: expected a whole number of at least 1.")


def check_shape(value: Any, n: int, label: str) -> None:
    """Refuse anything but a finite scalar or an array of ``n`` finite numbers.

    Parameters
    ----------
    value
        The value.
    n
        Number of members.
    label
        How an error calls it.
    """
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.number):
        raise NetworkError(f"{label} is {value!r}: expected a number or quantity.")
    if array.shape not in ((), (n,)):
        raise NetworkError(f"{label} has shape {array.shape}: expected a scalar or ({n},).")
    if not np.isfinite(array).all():
        raise NetworkError(f"{label} is not finite.")


def check_interval(start: Any, stop: Any, label: str) -> None:
    """Refuse an interval that is not one in time.

    Parameters
    ----------
    start
        Begin of the interval.
    stop
        End of the interval; None is open.
    label
        How an error calls it.
    """
    quantity(start, "time", f"start of {label}")
    if stop is not None:
        quantity(stop, "time", f"stop of {label}")
        if np.asarray(stop) < np.asarray(start):
            raise NetworkError(
                f"{label} stops at {stop}, before it starts at {start}: give a later stop."
            )
