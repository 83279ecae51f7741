"""Time courses in text files of others, as rates of Poisson sources and as waveforms of currents.

A row has a time and, of each source or neuron or of all of them, the value that holds from then
until the time of the next row; the last holds until the end.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from brian2.units import Hz, amp, second
from numpy.typing import NDArray

from dualframe.core.errors import OutputError
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_names
from dualframe.formats.text_tables import TextTable, read_text_table
from dualframe.network import CurrentInput, PoissonInput

Numbers = NDArray[np.float64]


def read_csv_rates(
    path: str | os.PathLike[str],
    name: str,
    *,
    n: int | None = None,
    time: str = "t",
    rates: str | Sequence[str] = (),
    unit: Any = second,
    rate_unit: Any = Hz,
    separator: str | None = None,
) -> PoissonInput:
    """Return Poisson sources whose rates change with time as a text file with a header says.

    Parameters
    ----------
    path
        The file.
    name
        Of the input.
    n
        Number of sources; the default is the number of columns of rates. With one column, all
        ``n`` sources have its rate.
    time
        Its column of times, which increase from row to row.
    rates
        Its columns of rates, in the order of the sources; the default is all but ``time``.
    unit, rate_unit
        Of the times and of the rates.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, or a row has something else; the message names its line and
        column.
    UnknownName
        If it has no such column.
    NetworkError
        If there are several columns of rates, and not ``n`` of them.
    """
    table = read_text_table(path, "rates", separator)
    times, columns = _read_course(table, time, rates, "a rate of zero or more", least=0.0)
    size = columns.shape[1] if n is None else n
    values = columns[:, 0] if columns.shape[1] == 1 else columns
    return PoissonInput(
        name,
        size,
        times=times * quantity(unit, "time", "unit"),
        rates=values * quantity(rate_unit, "rate", "rate_unit"),
    )


def read_csv_current(
    path: str | os.PathLike[str],
    target: str,
    *,
    variable: str = "I_ext",
    name: str = "",
    time: str = "t",
    values: str | Sequence[str] = (),
    unit: Any = second,
    value_unit: Any = amp,
    separator: str | None = None,
) -> CurrentInput:
    """Return the waveform of a current into a population from a text file with a header.

    Parameters
    ----------
    path
        The file.
    target
        Name of the population.
    variable
        The input variable, as of `dualframe.CurrentInput`.
    name
        Of the input; the default is the variable's.
    time
        Its column of times, which increase from row to row.
    values
        Its columns of values, one for all neurons or one for each; the default is all but ``time``.
    unit, value_unit
        Of the times and of the values; the latter has the variable's dimension.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, or a row has something else; the message names its line and
        column.
    UnknownName
        If it has no such column.
    """
    table = read_text_table(path, "a waveform", separator)
    times, columns = _read_course(table, time, values, "a finite number")
    return CurrentInput(
        target,
        variable=variable,
        name=name,
        times=times * quantity(unit, "time", "unit"),
        values=(columns[:, 0] if columns.shape[1] == 1 else columns)
        * quantity(value_unit, None, "value_unit"),
    )


def _read_course(
    table: TextTable,
    time: str,
    columns: str | Sequence[str],
    expected: str,
    *,
    least: float = -np.inf,
) -> tuple[Numbers, Numbers]:
    """Return times, and a column of values for each of the columns, checked row by row."""
    times = table.numbers(time, "a time of zero or more", least=0.0)
    names = as_names(columns, "columns") or [str(name) for name in table.rows if name != time]
    if not names:
        raise OutputError(f"{str(table.file)!r} has no column beside {time!r}: add one of values.")
    if not times.size:
        raise OutputError(f"{str(table.file)!r} has no row below its header: add one at least.")
    late = np.diff(times) > 0
    if not late.all():
        row = int(np.argmin(late))
        table.refuse_row(time, row + 1, f"a time after that of the row above, {times[row]:g}")
    return times, np.column_stack([table.numbers(name, expected, least=least) for name in names])
