"""Spikes of files of others as the spikes of an input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from brian2.units import second
from numpy.typing import NDArray

from dualframe.core.errors import OutputError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import MOST_MEMBERS, as_indices
from dualframe.formats.foreign_files import as_existing_file
from dualframe.network import SpikeInput
from dualframe.results.hdf5_files import read_indices, read_numbers
from dualframe.results.saved_results import reporting_damage

_FOREIGN = "expected the SONATA layout; write it anew where it came from"


def read_sonata_spikes(
    path: str | os.PathLike[str], population: str = "", *, name: str = "", n: int | None = None
) -> SpikeInput:
    """Return the spikes of a population in a SONATA file as an input.

    Parameters
    ----------
    path
        The file; `Results.save` writes one, ``spikes.h5``.
    population
        Its name in the file; a file with one population needs none.
    name
        Of the input; the default is that of the population.
    n
        Number of sources; the default reaches to the last one that spikes.

    Raises
    ------
    OutputError
        If the file cannot be read, or has several populations and none is named.
    UnknownName
        If it has no such population.
    """
    file = as_existing_file(path, "a SONATA file of spikes")
    with reporting_damage(file, _FOREIGN), h5py.File(file, "r") as content:
        names = sorted(content["spikes"])
    chosen = _chosen_population(file, population, names)
    with reporting_damage(file, _FOREIGN), h5py.File(file, "r") as content:
        group = content["spikes"][chosen]
        neuron = read_indices(group, "node_ids")
        if "seconds" in group:  # dualframe's own: not rounded
            t = read_numbers(group, "seconds")
        else:
            unit = group["timestamps"].attrs.get("units", "ms")
            t = read_numbers(group, "timestamps") * (1.0 if unit in ("s", "seconds") else 1e-3)
    return spike_input(name or chosen, n, neuron, t * second)


def read_csv_spikes(
    path: str | os.PathLike[str],
    name: str,
    *,
    neuron: str = "neuron",
    time: str = "t",
    unit: Any = second,
    population: str = "",
    n: int | None = None,
    separator: str | None = None,
) -> SpikeInput:
    """Return the spikes of a text file with a header as an input.

    Parameters
    ----------
    path
        The file.
    name
        Of the input.
    neuron, time
        Its columns of source numbers, from zero, and of times; BMTK calls them ``"node_ids"`` and
        ``"timestamps"``.
    unit
        Of the times.
    population
        Takes only rows whose column ``population`` says so; a file with one needs none.
    n
        Number of sources; the default reaches to the last one that spikes.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, a column holds something else, or there are several populations
        and none is named.
    UnknownName
        If it has no such column.
    """
    file = as_existing_file(path, "a text file of spikes with a header")
    try:
        table = pd.read_csv(file, sep=separator or _separator_of(file))
    except (OSError, ValueError) as problem:
        raise OutputError(f"{str(file)!r} is no table of spikes: {problem}.") from problem
    if not isinstance(table.index, pd.RangeIndex):
        raise OutputError(f"{str(file)!r} has rows with more columns than its header: name all.")
    for column in (neuron, time, *(["population"] if population else [])):
        if column not in table:
            raise UnknownName(f"column of {str(file)!r}", column, list(map(str, table)))
    if "population" in table:
        labels = table["population"].astype(str)
        names = sorted(labels.unique())
        if len(names) > 1 or population:
            table = table[labels == _chosen_population(file, population, names)]
    sources = _numbers_of(file, table[neuron], "a whole number from zero on, of 32 bit")
    times = _numbers_of(file, table[time], "a number of zero or more")
    return spike_input(name, n, sources.astype(np.int64), times * quantity(unit, "time", "unit"))


def _numbers_of(file: Path, column: Any, expected: str) -> NDArray[np.float64]:
    """Return the numbers of a column, zero or more; ``expected`` says whether they are whole."""
    numbers: NDArray[np.float64] = pd.to_numeric(column, errors="coerce").to_numpy(float)
    good = np.isfinite(numbers) & (numbers >= 0)
    if "whole" in expected:
        good &= (numbers == np.rint(numbers)) & (numbers < MOST_MEMBERS)
    if not good.all():
        first = int(np.argmin(good))
        line = _line_of(file, int(column.index[first]))
        raise OutputError(
            f"{str(file)!r}, line {line}: {column.name!r} is {str(column.iloc[first])!r}: expected "
            f"{expected}."
        )
    return numbers


def _line_of(file: Path, row: int) -> int:
    """Return the line of a row below the header; lines that are blank are no rows."""
    with file.open(encoding="utf-8") as lines:
        return [number for number, line in enumerate(lines, 1) if line.strip()][row + 1]


def _separator_of(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        header = lines.readline()
    return next((mark for mark in (",", ";", "\t") if mark in header), r"\s+")


def _chosen_population(file: Path, population: str, names: list[str]) -> str:
    if not population and len(names) == 1:
        return names[0]
    if not population and names:
        raise OutputError(
            f"{str(file)!r} has spikes of the populations {', '.join(names)}: name one, like "
            f"population={names[0]!r}."
        )
    if population not in names:
        raise UnknownName("population of the file", population, names)
    return population


def spike_input(name: str, n: int | None, neuron: Any, times: Any) -> SpikeInput:
    """Return the spikes of sources in order of time as an input.

    Parameters
    ----------
    name
        Of the input.
    n
        Number of sources; None reaches to the last one that spikes.
    neuron, times
        The source of each spike, and its time.

    Raises
    ------
    NetworkError
        For a source below zero, or beyond ``n`` or an index of 32 bit.
    """
    neuron = as_indices(neuron, f"indices of input {name!r}")
    order = np.lexsort((neuron, np.asarray(times)))
    size = (int(np.max(neuron)) + 1 if len(neuron) else 1) if n is None else n
    return SpikeInput(name, size, neuron[order], times[order])
