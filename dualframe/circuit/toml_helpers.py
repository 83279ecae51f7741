"""Small steps that every reader of a circuit's tables takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.toml_table import Table
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.core.parameter_table import AnyDimension

T = TypeVar("T")


def make_record(table: Table, record: Callable[..., T], **content: Any) -> T:
    """Make a record; what it refuses is an error of this table of the file."""
    try:
        return record(**content)
    except (CatalogueError, UnknownName):
        raise
    except DualframeError as error:
        raise CatalogueError(f"{table.where}: {error}") from error


def read_count(table: Table, key: str) -> Sourced:
    """Return a whole number of at least 1."""
    number = table.number(key, "dimensionless")
    if number.value < 1 or number.value != int(number.value):
        table.fail(key, f"{number.written} is not a whole number of at least 1.")
    return replace(number, value=int(number.value))


def read_probability(table: Table, key: str) -> Sourced:
    """Return a number between 0 and 1."""
    number = table.number(key, "dimensionless")
    if not 0 <= number.value <= 1:
        table.fail(key, f"{number.written} is not a probability, between 0 and 1.")
    return replace(number, value=float(number.value))


def read_positive(table: Table, key: str, dimension: AnyDimension) -> Sourced:
    """Return a number above zero.

    Parameters
    ----------
    table, key
        Where it stands.
    dimension
        What it must have.
    """
    number = table.number(key, dimension)
    if float(number.value) <= 0:
        table.fail(key, f"{number.written!r} must be greater than zero.")
    return number


def plain_values(numbers: Mapping[str, Sourced]) -> dict[str, Any]:
    """Return the quantities of sourced numbers."""
    return {key: number.value for key, number in numbers.items()}


def read_member(table: Table, key: str, populations: Collection[str]) -> str:
    """Return the name of one of the populations."""
    name = table.text(key)
    if name not in populations:
        raise UnknownName(f"population in {table.where}, key {key!r}:", name, populations)
    return name
