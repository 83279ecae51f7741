"""Time courses in text files: a row has a time, and the values that hold from then on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.core.column_units import column_called, unit_of_columns
from dualframe.core.errors import OutputError
from dualframe.core.text_tables import TextTable, read_text_table
from dualframe.core.validation import as_names

Numbers = NDArray[np.float64]


def read_rate_course(
    path: str | os.PathLike[str],
    *,
    time: str = "t",
    rates: str | Sequence[str] = (),
    unit: Any = None,
    rate_unit: Any = None,
    separator: str | None = None,
    from_header: bool = False,
) -> tuple[Any, Any]:
    """Return times and rates: of the shape ``(times,)``, of several columns ``(times, columns)``.

    Parameters
    ----------
    path
        The file.
    time, rates, unit, rate_unit, separator
        As of `dualframe.formats.read_csv_rates`.
    from_header
        Whether units can be stated in the header alone, of which errors then speak.

    Raises
    ------
    OutputError
        If the file cannot be read, no unit is stated, or a row has something else.
    UnknownName
        If it has no such column.
    QuantityError
        If a unit is not one of time, or of rate.
    """
    table = read_text_table(path, "rates", separator)
    course = find_course(table, time, rates)
    times, columns = read_course(table, course, "a rate of zero or more", least=0.0)
    of_times, of_rates = ("", "") if from_header else ("unit", "rate_unit")
    return (
        times * unit_of_columns(table, course[:1], unit, of_times, "time"),
        (columns[:, 0] if columns.shape[1] == 1 else columns)
        * unit_of_columns(table, course[1:], rate_unit, of_rates, "rate"),
    )


def find_course(table: TextTable, time: str, columns: str | Sequence[str]) -> list[str]:
    """Return the header's names of the column of times, first, and of those of values.

    Parameters
    ----------
    table
        The table.
    time
        Name of its column of times, without the unit.
    columns
        Names of those of values; none are all others.

    Raises
    ------
    OutputError
        If there is no column of values, or a name is that of several.
    UnknownName
        If the header has no such name.
    """
    headers = [str(header) for header in table.rows]
    first = column_called(table, time)
    table.find_column(first)
    names = [column_called(table, name) for name in as_names(columns, "columns")]
    course = [first, *(names or [header for header in headers if header != first])]
    if len(course) == 1:
        raise OutputError(f"{str(table.file)!r} has no column beside {first!r}: add one of values.")
    return course


def read_course(
    table: TextTable, course: Sequence[str], expected: str, *, least: float = -np.inf
) -> tuple[Numbers, Numbers]:
    """Return times, and a column of values for each of the columns, checked row by row.

    Parameters
    ----------
    table
        The table.
    course
        From `find_course`.
    expected, least
        What errors say that a value is, and what it is at least.

    Raises
    ------
    OutputError
        If a row has something else, or its time is not after that of the row above.
    """
    time, *names = course
    times = table.numbers(time, "a time of zero or more", least=0.0)
    if not times.size:
        raise OutputError(f"{str(table.file)!r} has no row below its header: add one at least.")
    late = np.diff(times) > 0
    if not late.all():
        row = int(np.argmin(late))
        table.refuse_row(time, row + 1, f"a time after that of the row above, {times[row]:g}")
    return times, np.column_stack([table.numbers(name, expected, least=least) for name in names])
