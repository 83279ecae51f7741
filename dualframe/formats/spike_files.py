"""Spikes of files of others as the spikes of an input."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from brian2.units import second

from dualframe.core.errors import OutputError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_path
from dualframe.network import SpikeInput
from dualframe.results.hdf5_files import read_indices, read_numbers
from dualframe.results.saved_results import reporting_damage


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
        If the file cannot be read.
    UnknownName
        If it has no such population.
    """
    file = as_path(path, "path")
    with reporting_damage(file), h5py.File(file, "r") as content:
        names = sorted(content["spikes"])
    chosen = _chosen_population(population, names)
    with reporting_damage(file), h5py.File(file, "r") as content:
        group = content["spikes"][chosen]
        neuron = read_indices(group, "node_ids")
        if "seconds" in group:  # dualframe's own: not rounded
            t = read_numbers(group, "seconds")
        else:
            unit = group["timestamps"].attrs.get("units", "ms")
            t = read_numbers(group, "timestamps") * (1.0 if unit in ("s", "seconds") else 1e-3)
    return _spike_input(name or chosen, n, neuron, t * second)


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
        Takes only rows whose column ``population`` says so.
    n
        Number of sources; the default reaches to the last one that spikes.
    separator
        Between columns; the default is what the header has: comma, semicolon, tab or blank.

    Raises
    ------
    OutputError
        If the file cannot be read, or a column holds something else.
    UnknownName
        If it has no such column.
    """
    file = as_path(path, "path")
    try:
        table = pd.read_csv(file, sep=separator or _separator_of(file))
    except (OSError, ValueError) as problem:
        raise OutputError(f"{str(file)!r} is no table of spikes: {problem}.") from problem
    for column in (neuron, time, *(["population"] if population else [])):
        if column not in table:
            raise UnknownName(f"column of {str(file)!r}", column, list(map(str, table)))
    if population:
        names = sorted(table["population"].astype(str).unique())
        table = table[table["population"].astype(str) == _chosen_population(population, names)]
    times = pd.to_numeric(table[time], errors="coerce").to_numpy(float)
    sources = pd.to_numeric(table[neuron], errors="coerce").to_numpy(float)
    if not (np.isfinite(times).all() and (sources == np.rint(sources)).all()):
        raise OutputError(
            f"{str(file)!r} has a row whose {neuron!r} is no whole number or {time!r} no number."
        )
    return _spike_input(name, n, sources.astype(np.int64), times * quantity(unit, "time", "unit"))


def _separator_of(file: Path) -> str:
    with file.open(encoding="utf-8") as lines:
        header = lines.readline()
    return next((mark for mark in (",", ";", "\t") if mark in header), r"\s+")


def _chosen_population(population: str, names: list[str]) -> str:
    if not population and len(names) == 1:
        return names[0]
    if population not in names:
        raise UnknownName("population of the file", population, names)
    return population


def _spike_input(name: str, n: int | None, neuron: Any, times: Any) -> SpikeInput:
    order = np.lexsort((neuron, np.asarray(times)))
    size = (int(np.max(neuron)) + 1 if len(neuron) else 1) if n is None else n
    return SpikeInput(name, size, neuron[order].astype(np.int64), times[order])
