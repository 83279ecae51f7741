"""NWB files of a run, through PyNWB.

===================  ===============================================================================
units                a row for each neuron: spike times (s), population, cell_type, neuron
acquisition          recorded variables, a `TimeSeries` (time, neuron) each
processing           concentrations of modulators, in the module ``neuromodulation``
stimulus             the inputs of the network, if it is given: currents, and spikes of sources
===================  ===============================================================================
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from brian2.units import second
from numpy.typing import NDArray

from dualframe.core.errors import OutputError, UnknownName
from dualframe.core.foreign_files import as_existing_file
from dualframe.core.quantity import unit_of
from dualframe.core.validation import as_path, expect_type
from dualframe.formats.optional_packages import import_optional
from dualframe.formats.spike_files import spike_input
from dualframe.network import CurrentInput, Network, SpikeInput
from dualframe.results.results import Results, Trace

_CONCENTRATION = "c_"  # how the variables of concentrations begin
_MODULE = "neuromodulation"
_SOURCES = "source"  # unit of a series whose values are numbers of sources


def write_nwb(
    results: Results,
    path: str | os.PathLike[str],
    *,
    network: Network | None = None,
    description: str = "",
    started: datetime | None = None,
    force: bool = False,
) -> Path:
    """Write results as an NWB file.

    Parameters
    ----------
    results
        Of a run.
    path
        The file.
    network
        Whose inputs are written as stimuli.
    description
        Of the session; the default names the network.
    started
        When, with a time zone; the default is now.
    force
        Whether a file that stands there is replaced.

    Raises
    ------
    DualframeError
        If ``pynwb`` is not installed.
    OutputError
        If a file stands there, or it cannot be written.
    """
    expect_type(results, Results, "results", "Results, as df.run returns them")
    pynwb = import_optional("pynwb", "nwb")
    file = as_path(path, "path")
    if file.exists() and not force:
        raise OutputError(f"{str(file)!r} stands there: name another file, or give force=True.")
    name = str(results.provenance.get("network") or "network")
    content = pynwb.NWBFile(
        session_description=description or f"simulation of {name} with dualframe",
        identifier=str(results.provenance.get("network_hash") or name),
        session_start_time=started or datetime.now(UTC),
        source_script=json.dumps(dict(results.provenance), default=str),
        source_script_file_name="dualframe",
    )
    _add_units(content, results)
    for population, trace in results.traces.items():
        _add_trace(pynwb, content, population, trace)
    for current in network.inputs if network is not None else ():
        _add_input(pynwb, content, current, results.duration)
    partial = file.with_name(f".{file.stem}.partial.nwb")
    try:
        with pynwb.NWBHDF5IO(str(partial), "w") as output:
            output.write(content)
        partial.replace(file)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise OutputError(f"cannot write {str(file)!r}: {problem}.") from problem
    return file


def _add_units(content: Any, results: Results) -> None:
    content.add_unit_column("population", "population of the neuron")
    content.add_unit_column("cell_type", "its cell type in dualframe's catalogue, if it has one")
    content.add_unit_column("neuron", "its number in the population, from zero")
    for row in results.populations.to_dict(orient="records"):
        neuron, t = results.spike_trains(row["population"])
        order = np.argsort(neuron, kind="stable")
        edges = np.searchsorted(neuron[order], np.arange(row["n"] + 1))
        for index, (first, last) in enumerate(pairwise(edges)):
            content.add_unit(
                spike_times=t[order[first:last]],
                obs_intervals=[[0.0, results.duration]],
                population=row["population"],
                cell_type=row["cell_type"],
                neuron=index,
            )


def _add_trace(pynwb: Any, content: Any, population: str, trace: Trace) -> None:
    for variable, values in trace.values.items():
        series = pynwb.TimeSeries(
            name=f"{population}_{variable}",
            description=f"{variable} of neurons {trace.neurons.tolist()} of {population}",
            data=np.asarray(values).T,
            unit=trace.units[variable],
            timestamps=np.asarray(trace.t),
            comments=json.dumps(
                {
                    "population": population,
                    "variable": variable,
                    "neurons": trace.neurons.tolist(),
                }
            ),
        )
        if not variable.startswith(_CONCENTRATION):
            content.add_acquisition(series)
            continue
        if _MODULE not in content.processing:
            content.create_processing_module(_MODULE, "concentrations of modulators")
        content.processing[_MODULE].add(series)


def _add_input(pynwb: Any, content: Any, source: Any, duration: float) -> None:
    if isinstance(source, SpikeInput):
        order = np.argsort(np.asarray(source.times), kind="stable")
        content.add_stimulus(
            pynwb.TimeSeries(
                name=source.name,
                description=f"spikes of {source.n} sources: the number of the one that fires",
                data=np.asarray(source.indices)[order],
                unit=_SOURCES,
                timestamps=np.asarray(source.times, dtype=float)[order],
                comments=json.dumps({"sources": source.n}),
            )
        )
    elif isinstance(source, CurrentInput):
        times, values = _steps_of(source, duration)
        name = source.name or f"{source.variable}_of_{source.target}"
        names = (f"{name}_{k}" if k else name for k in range(len(content.stimulus) + 1))
        content.add_stimulus(
            pynwb.TimeSeries(
                name=next(n for n in names if n not in content.stimulus),
                description=f"{source.variable} of {source.target}; each value until the next",
                data=values,
                unit=unit_of(source.values if source.is_waveform else source.amplitude),
                timestamps=times,
                comments=json.dumps({"target": source.target, "variable": source.variable}),
            )
        )


def _steps_of(current: CurrentInput, duration: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the times at which a current changes, and its values from there on."""
    if current.is_waveform:
        return np.asarray(current.times, dtype=float), np.asarray(current.values, dtype=float)
    start = float(np.asarray(current.start))
    stop = duration if current.stop is None else float(np.asarray(current.stop))
    amplitude = np.asarray(current.amplitude, dtype=float)
    steps = [(0.0, 0.0)] if start > 0 else []
    steps += [(start, 1.0)] + ([(stop, 0.0)] if stop < duration else [])
    return np.array([t for t, _ in steps]), np.array([share * amplitude for _, share in steps])


# --- reading ------------------------------------------------------------------------------------


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[Any]:
    pynwb = import_optional("pynwb", "nwb")
    file = as_existing_file(path, "an NWB file")
    try:
        with pynwb.NWBHDF5IO(str(file), "r") as source:
            yield source.read()
    except (OSError, ValueError, TypeError) as problem:
        if isinstance(problem, OutputError):
            raise
        raise OutputError(f"{str(file)!r} is no NWB file: {problem}.") from problem


def read_nwb_spikes(
    path: str | os.PathLike[str], *, name: str, column: str = "", value: str = ""
) -> SpikeInput:
    """Return the spike times of the units of an NWB file as an input: a source for each unit.

    Parameters
    ----------
    path
        The file.
    name
        Of the input.
    column, value
        Takes only units whose column says so, such as ``"population"`` and ``"pyr"``.

    Raises
    ------
    DualframeError
        If ``pynwb`` is not installed.
    OutputError
        If it is no NWB file, or has no such units.
    UnknownName
        If the units have no such column.
    """
    with _opened(path) as content:
        units = content.units
        if units is None or "spike_times" not in units.colnames:
            raise OutputError(f"{str(path)!r} has no units with spike times.")
        if column and column not in units.colnames:
            raise UnknownName("column of the units", column, list(units.colnames))
        labels = [str(label) for label in units[column][:]] if column else []
        chosen = [k for k in range(len(units)) if not column or labels[k] == value]
        times = [np.asarray(units["spike_times"][k], dtype=float) for k in chosen]
    if not times:
        raise OutputError(f"{str(path)!r} has no unit whose {column} is {value!r}.")
    sources = np.repeat(np.arange(len(times)), [len(t) for t in times])
    return spike_input(name, len(times), sources, np.concatenate(times) * second)


def read_nwb_series(path: str | os.PathLike[str], name: str) -> tuple[Any, Any, str]:
    """Return a series of an NWB file: times (s), values in its unit, and that unit.

    Parameters
    ----------
    path
        The file.
    name
        Of a series among acquisition, stimuli or processing modules.

    Raises
    ------
    DualframeError
        If ``pynwb`` is not installed.
    OutputError
        If it is no NWB file.
    UnknownName
        If it has no such series.
    """
    with _opened(path) as content:
        series = {**content.acquisition, **content.stimulus}
        for module in content.processing.values():
            series |= dict(module.data_interfaces)
        if name not in series:
            raise UnknownName("series of the file", name, sorted(series))
        chosen = series[name]
        # what was measured is data*conversion + offset, in the unit
        values = np.asarray(chosen.data[:]) * chosen.conversion + (chosen.offset or 0.0)
        if chosen.timestamps is not None:
            times = np.asarray(chosen.timestamps[:], dtype=float)
        else:
            start = chosen.starting_time or 0.0
            times = start + np.arange(len(values)) / chosen.rate
        return times, values, str(chosen.unit)
