"""Time courses in text files of others, as rates of Poisson sources and as waveforms of currents.

A row has a time and, of each source or neuron or of all of them, the value that holds from then
until the time of the next row; the last holds until the end. Units stand in the header, like
``t (ms)``, or are given.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from dualframe.core.column_units import unit_of_columns
from dualframe.core.text_tables import read_text_table
from dualframe.core.time_courses import find_course, read_course, read_rate_course
from dualframe.network import CurrentInput, PoissonInput


def read_csv_rates(
    path: str | os.PathLike[str],
    name: str,
    *,
    n: int | None = None,
    time: str = "t",
    rates: str | Sequence[str] = (),
    unit: Any = None,
    rate_unit: Any = None,
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
        Its column of times, without the unit; they increase from row to row.
    rates
        Its columns of rates, in the order of the sources; the default is all but ``time``.
    unit, rate_unit
        Of the times and of the rates, unless the header has them: ``t (ms)``, ``rate [Hz]``.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, no unit is stated, or a row has something else; the message
        names its line and column.
    UnknownName
        If it has no such column.
    NetworkError
        If there are several columns of rates, and not ``n`` of them.
    QuantityError
        If a unit is not one of time, or of rate.
    """
    times, values = read_rate_course(
        path, time=time, rates=rates, unit=unit, rate_unit=rate_unit, separator=separator
    )
    columns = values.shape[1] if values.ndim == 2 else 1
    return PoissonInput(name, columns if n is None else n, times=times, rates=values)


def read_csv_current(
    path: str | os.PathLike[str],
    target: str,
    *,
    variable: str = "I_ext",
    name: str = "",
    time: str = "t",
    values: str | Sequence[str] = (),
    unit: Any = None,
    value_unit: Any = None,
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
        Its column of times, without the unit; they increase from row to row.
    values
        Its columns of values, one for all neurons or one for each; the default is all but ``time``.
    unit, value_unit
        Of the times and of the values, unless the header has them: ``t (ms)``, ``first [pA]``. A
        variable that begins with ``I_ext`` is a current.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, no unit is stated, or a row has something else; the message
        names its line and column.
    UnknownName
        If it has no such column.
    QuantityError
        If a unit is not one of time, or of current.
    """
    table = read_text_table(path, "a waveform", separator)
    course = find_course(table, time, values)
    times, columns = read_course(table, course, "a finite number")
    dimension = "current" if variable.startswith("I_ext") else None
    return CurrentInput(
        target,
        variable=variable,
        name=name,
        times=times * unit_of_columns(table, course[:1], unit, "unit", "time"),
        values=(columns[:, 0] if columns.shape[1] == 1 else columns)
        * unit_of_columns(table, course[1:], value_unit, "value_unit", dimension),
    )
