"""Units of the columns of text files: in the header, or given; none is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from dualframe.core.errors import OutputError
from dualframe.core.quantity import quantity
from dualframe.core.text_tables import TextTable

_WITH_UNIT = re.compile(r"(?P<name>.*?)\s*(?:\((?P<round>[^()]+)\)|\[(?P<square>[^][]+)\])\s*")
_EXAMPLES = {"time": "ms", "rate": "Hz", "current": "pA"}


def split_unit(column: str) -> tuple[str, str]:
    """Return the name of a column and the unit that its header has in brackets, "" for none.

    Parameters
    ----------
    column
        As the header has it, like ``t (ms)`` or ``rate [Hz]``.
    """
    match = _WITH_UNIT.fullmatch(column)
    return (match["name"], match["round"] or match["square"]) if match else (column, "")


def column_called(table: TextTable, name: str) -> str:
    """Return what the header has for a column, with its unit; the name itself if it lacks it.

    Parameters
    ----------
    table
        The table.
    name
        With or without the unit.

    Raises
    ------
    OutputError
        If several columns have the name, in other units.
    """
    if name in table.rows:
        return name
    found = [str(column) for column in table.rows if split_unit(str(column))[0] == name]
    if len(found) > 1:
        raise OutputError(
            f"{str(table.file)!r} has several columns called {name!r}: "
            f"{', '.join(map(repr, found))}; name one as the header does, like {found[0]!r}."
        )
    return found[0] if found else name


def unit_of_columns(
    table: TextTable, columns: Sequence[str], unit: Any, argument: str, dimension: str | None
) -> Any:
    """Return the unit of columns: of their headers, or of an argument; there is no default.

    Parameters
    ----------
    table, columns
        The table, and the names of the columns in its header.
    unit, argument
        What the argument says, None for nothing, and how it is called, "" where there is none.
    dimension
        What the unit must be of, as in `dualframe.core.quantity.quantity`.

    Raises
    ------
    OutputError
        If no unit is stated, several are, or one twice.
    QuantityError
        If the unit is one of something else.
    """
    written = {split_unit(column)[1] for column in columns}
    label = f"unit of {', '.join(map(repr, columns[:3]))} in {str(table.file)!r}"
    if len(written) > 1:
        raise OutputError(f"{label}: {', '.join(map(repr, sorted(written)))}: give all one unit.")
    header = written.pop()
    if not header and unit is None:
        example = _EXAMPLES.get(dimension or "", "mV")
        raise OutputError(
            f"{str(table.file)!r} does not say the unit of {columns[0]!r}: write it in the header, "
            f"like '{columns[0]} ({example})'{argument and f', or give {argument}={example}'}."
        )
    if header and unit is not None:
        raise OutputError(f"{label} stands in the header, {header!r}: leave out {argument}.")
    return quantity(f"1 {header}" if header else unit, dimension, label)
