"""Checks of single values that records make of their fields; each names what it refuses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Dimension
from numpy.typing import NDArray

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity, show_value

LARGEST_VARIATION = 100  # a log-normal factor then has a median of 0.01
MOST_MEMBERS = 2**31 - 1  # what an index of 32 bit reaches

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


def as_positive(value: Any, dimension: str | Dimension, label: str) -> Any:
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


def as_not_negative(value: Any, dimension: str | Dimension, label: str) -> Any:
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


def as_finite(value: Any, dimension: str | Dimension | None, label: str) -> Any:
    """Return a scalar quantity.

    Parameters
    ----------
    value
        The value.
    dimension
        Dimension that it must have; None is any.
    label
        How an error calls it.
    """
    number = quantity(value, dimension, label)
    if np.ndim(number) != 0 or not np.isfinite(np.asarray(number)):
        raise NetworkError(f"{label} is {show_value(value)}: expected one finite number.")
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


def as_path(value: Any, label: str) -> Path:
    """Return a path.

    Parameters
    ----------
    value
        A text or a path.
    label
        How an error calls it.
    """
    expect_type(value, (str, os.PathLike), label, "the path of a file or folder")
    path = os.fspath(value)
    if isinstance(path, bytes) or "\0" in path:
        raise NetworkError(
            f"{label} is {show_value(value)}: expected the path of a file or folder."
        )
    return Path(path)


def check_text(value: Any, label: str) -> None:
    """Refuse what is no text.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    expect_type(value, str, label, "a text")


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


def as_values(value: Any, n: int, label: str, dimension: str | Dimension | None = None) -> Any:
    """Return a scalar quantity, or one for each of ``n`` members; all of them finite.

    Parameters
    ----------
    value
        A quantity, a number or a text; or an array or list of them.
    n
        Number of members.
    label
        How an error calls it.
    dimension
        Dimension that it must have; None is any.
    """
    values = quantity(value, dimension, label)
    if np.shape(values) not in ((), (n,)):
        raise NetworkError(f"{label} has shape {np.shape(values)}: expected a scalar or ({n},).")
    return _as_all_finite(values, label)


def as_rows(value: Any, shape: tuple[int, ...], dimension: str, label: str) -> Any:
    """Return an array of finite quantities with a shape.

    Parameters
    ----------
    value
        The array.
    shape
        Shape that it must have.
    dimension
        Dimension that it must have.
    label
        How an error calls it.
    """
    values = quantity(value, dimension, label)
    if np.shape(values) != shape:
        raise NetworkError(f"{label} have shape {np.shape(values)}: expected {shape}.")
    return _as_all_finite(values, label)


def _as_all_finite(values: Any, label: str) -> Any:
    finite = np.isfinite(np.asarray(values))
    if not finite.all():
        found = values if not finite.ndim else f"not finite at {int(np.argmin(finite))}"
        raise NetworkError(f"{label} is {found}: expected finite numbers.")
    return values


def as_times(value: Any, n: int, label: str) -> Any:
    """Return a time, or one for each of ``n`` members: finite, zero or more.

    Parameters
    ----------
    value
        A time or several.
    n
        Number of members.
    label
        How an error calls it.
    """
    times = as_values(value, n, label, "time")
    if np.size(times) and np.min(np.asarray(times)) < 0:
        raise NetworkError(f"{label} is {show_value(value)}: expected zero or more.")
    return times


def as_variation(value: Any, label: str) -> Any:
    """Return a coefficient of variation: zero or more, and no more than a distribution can have.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    number = as_not_negative(value, "dimensionless", label)
    if number > LARGEST_VARIATION:
        raise NetworkError(f"{label} is {value}: expected at most {LARGEST_VARIATION}.")
    return number


def as_indices(value: Any, label: str, n: int | None = None) -> NDArray[np.int32]:
    """Return an array of indices: one-dimensional, whole numbers from zero on.

    Parameters
    ----------
    value
        The indices. A mask of truths is none: `numpy.flatnonzero` makes indices of it.
    label
        How an error calls them.
    n
        Number of members that they choose from; None if it is not known here.
    """
    array = _as_array(value)
    if array.dtype == bool:
        raise NetworkError(
            f"{label} are a mask: expected indices; give numpy.flatnonzero(mask) instead."
        )
    whole = array.ndim == 1 and (not array.size or array.dtype.kind in "iu")
    if not whole:
        raise NetworkError(
            f"{label} are {show_value(value)}: expected a list or array of whole numbers."
        )
    last = (MOST_MEMBERS if n is None else n) - 1
    if array.size and not 0 <= array.min() <= array.max() <= last:
        raise NetworkError(
            f"{label} reach from {array.min()} to {array.max()}: expected indices from 0 "
            f"to {last if n is not None or array.max() > last else 'the last member'}."
        )
    return array.astype(np.int32)


def _as_array(value: Any) -> NDArray[Any]:
    try:
        return np.asarray(value)
    except ValueError:  # lists of unequal lengths
        return np.asarray(None)


def as_table(value: Any, label: str) -> Mapping[str, Any]:
    """Return a mapping of names to values.

    Parameters
    ----------
    value
        The value.
    label
        How an error calls it.
    """
    expect_type(value, Mapping, label, 'a table of names and values, like {"tau": "10 ms"}')
    table: Mapping[str, Any] = value
    return table


def as_records(values: Any, kind: Any, label: str) -> tuple[Any, ...]:
    """Return a list of records of a kind as a tuple.

    Parameters
    ----------
    values
        The records.
    kind
        Their class; or several.
    label
        How an error calls them.
    """
    names = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
    if isinstance(values, (str, Mapping, kind)) or not isinstance(values, Iterable):
        raise NetworkError(f"{label} are {show_value(values)}: expected a list of {names}.")
    records = tuple(values)
    for record in records:
        expect_type(record, kind, f"one of the {label}", names)
    return records


def expect_type(value: Any, kind: Any, label: str, expected: str) -> None:
    """Refuse what is not an object of a class.

    Parameters
    ----------
    value
        The value.
    kind
        The class; or several.
    label
        How an error calls it.
    expected
        What an error says was expected, and how it is made.
    """
    if not isinstance(value, kind):
        raise NetworkError(f"{label} is {show_value(value)}: expected {expected}.")


def as_interval(start: Any, stop: Any, label: str) -> tuple[Any, Any]:
    """Return an interval in time.

    Parameters
    ----------
    start
        Begin of the interval, zero or more.
    stop
        End of the interval; None is open.
    label
        How an error calls it.
    """
    first = as_not_negative(start, "time", f"start of {label}")
    last = None if stop is None else as_finite(stop, "time", f"stop of {label}")
    if last is not None and np.asarray(last) < np.asarray(first):
        raise NetworkError(
            f"{label} stops at {last}, before it starts at {first}: give a later stop."
        )
    return first, last
