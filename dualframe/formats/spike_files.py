"""Spikes of files of others as the spikes of an input."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from brian2.units import second

from dualframe.core.column_units import column_called, unit_of_columns
from dualframe.core.errors import OutputError, UnknownName
from dualframe.core.foreign_files import as_existing_file
from dualframe.core.text_tables import read_text_table
from dualframe.core.validation import MOST_MEMBERS, as_indices
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
    unit: Any = None,
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
        Its columns of source numbers, from zero, and of times, without the unit; BMTK calls them
        ``"node_ids"`` and ``"timestamps"``.
    unit
        Of the times, unless the header has it: ``t (ms)``.
    population
        Takes only rows whose column ``population`` says so; a file with one needs none.
    n
        Number of sources; the default reaches to the last one that spikes.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, a column holds something else, no unit is stated, or there are
        several populations and none is named.
    UnknownName
        If it has no such column.
    QuantityError
        If the unit is not one of time.
    """
    table = read_text_table(path, "spikes", separator)
    if population:
        table.find_column("population")
    if "population" in table.rows:
        labels = table.rows["population"]
        names = sorted(labels.unique())
        if len(names) > 1 or population:
            chosen = _chosen_population(table.file, population, names)
            table = replace(table, rows=table.rows[labels == chosen])
    expected = "a whole number from zero on, of 32 bit"
    sources = table.numbers(neuron, expected, least=0, below=MOST_MEMBERS)
    whole = sources == np.rint(sources)
    if not whole.all():
        table.refuse_row(neuron, int(np.argmin(whole)), expected)
    column = column_called(table, time)
    times = table.numbers(column, "a number of zero or more", least=0)
    one = unit_of_columns(table, [column], unit, "unit", "time")
    return spike_input(name, n, sources.astype(np.int64), times * one)


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
