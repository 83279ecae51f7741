"""Recorded variables as SONATA reports: frame-oriented recordings of node elements.

The layout is that of the SONATA developer guide (Dai et al. 2020, PLoS Comput. Biol. 16(2):
e1007696), "Frame oriented, node element recordings": a file holds one variable, a group
``/report/<population>`` of each population its ``data`` (frames, elements) with units, and a
``mapping`` of node ids, index pointers, element ids and time (start, stop, step in ms; the stop is
excluded). A variable of a neuron is one element, whose id and position are 1. Values have single
precision, which readers ask for: voltages are exact to some nV.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from dualframe.core.atomic_files import atomic_replacement
from dualframe.core.errors import OutputError, QuantityError, UnknownName
from dualframe.core.foreign_files import as_existing_file
from dualframe.core.quantity import quantity, unit_of
from dualframe.core.validation import as_path, expect_type
from dualframe.results.hdf5_files import SONATA_MAGIC, SONATA_VERSION, read_indices, read_numbers
from dualframe.results.results import Results
from dualframe.results.saved_results import reporting_damage
from dualframe.results.trace import Trace

#: What readers of reports expect for a base unit: NEURON's units.
REPORT_UNITS: Mapping[str, str] = MappingProxyType({"volt": "mV", "amp": "nA", "siemens": "uS"})
UNEVEN = 1e-6  # of a step: by how much a sample may be off an even grid, which is rounding
_FOREIGN = "expected the SONATA layout of reports; write it anew where it came from"


def write_sonata_report(
    results: Results, path: str | os.PathLike[str], variable: str, *, force: bool = False
) -> Path:
    """Write a recorded variable of all populations that have it as a SONATA report.

    Voltages are written in mV, currents in nA, conductances in uS, anything else in the unit of
    `Trace.units`; ``data`` says which.

    Parameters
    ----------
    results
        Of a run that recorded the variable.
    path
        The file.
    variable
        Its name, such as ``"V_soma"``.
    force
        Whether a file that stands there is replaced.

    Raises
    ------
    UnknownName
        If no population has a trace of the variable.
    OutputError
        If a file stands there, it cannot be written, or samples are not evenly spaced.
    """
    expect_type(results, Results, "results", "Results, as df.run returns them")
    populations = [name for name in results.populations["population"] if name in results.traces]
    traces = {name: results.traces[name] for name in populations}
    chosen = {name: trace for name, trace in traces.items() if variable in trace.values}
    if not chosen:
        recorded = dict.fromkeys(key for trace in traces.values() for key in trace.values)
        raise UnknownName("recorded variable", variable, recorded)
    file = as_path(path, "path")
    if file.exists() and not force:
        raise OutputError(f"{str(file)!r} stands there: name another file, or give force=True.")
    times = {
        name: _evenly_spaced(trace.t, results.duration, name) for name, trace in chosen.items()
    }
    try:
        with atomic_replacement(file) as draft, h5py.File(draft, "w") as content:
            content.attrs["magic"] = np.uint32(SONATA_MAGIC)
            content.attrs["version"] = np.array(SONATA_VERSION, dtype=np.uint32)
            for name, trace in chosen.items():
                group = content.create_group(f"report/{name}")
                _write_data(group, trace, variable)
                _write_mapping(group.create_group("mapping"), trace, times[name])
    except OSError as problem:
        raise OutputError(f"cannot write {str(file)!r}: {problem}.") from problem
    return file


def _evenly_spaced(t: NDArray[np.float64], duration: float, population: str) -> tuple[float, ...]:
    """Return start, stop and step (ms) of samples; one alone holds until the end of the run."""
    if not t.size:
        raise OutputError(f"the trace of {population!r} has no sample: run for longer.")
    milliseconds = 1e3 * t
    start = float(milliseconds[0])
    if t.size == 1:
        rest = 1e3 * duration - start
        step = rest if rest > UNEVEN else 1.0
        return start, start + step, step
    step = float(f"{(milliseconds[-1] - start) / (t.size - 1):.12g}")
    grid = start + step * np.arange(t.size)
    if np.max(np.abs(milliseconds - grid)) > UNEVEN * step:
        raise OutputError(
            f"samples of {population!r} are not evenly spaced, which a report needs: record with "
            "every= a multiple of the time step."
        )
    return start, start + t.size * step, step


def _write_data(group: h5py.Group, trace: Trace, variable: str) -> None:
    unit = REPORT_UNITS.get(trace.units[variable], trace.units[variable])
    values = trace.values[variable][np.argsort(trace.neurons)].T
    numbers = (values / _size_of(unit)).astype(np.float32)
    data = group.create_dataset("data", data=numbers)
    data.attrs.update({"units": unit, "variable": variable})


def _write_mapping(mapping: h5py.Group, trace: Trace, times: tuple[float, ...]) -> None:
    count = trace.neurons.size
    nodes = mapping.create_dataset("node_ids", data=np.sort(trace.neurons).astype(np.uint64))
    nodes.attrs["sorted"] = np.uint8(1)
    pointers = mapping.create_dataset("index_pointers", data=np.arange(count + 1, dtype=np.uint64))
    mapping["index_pointer"] = pointers  # as BMTK and pySonata call the same dataset
    mapping.create_dataset("element_ids", data=np.ones(count, dtype=np.uint32))
    mapping.create_dataset("element_pos", data=np.ones(count, dtype=np.float32))
    mapping.create_dataset("time", data=np.array(times)).attrs["units"] = "ms"


def _size_of(unit: str) -> float:
    return float(np.asarray(quantity(f"1 {'' if unit == '1' else unit}", name="units")))


def read_sonata_report(
    path: str | os.PathLike[str], *, variable: str = "", units: str = ""
) -> dict[str, Trace]:
    """Return the traces of a SONATA report by population, as `Results.traces` has them.

    Parameters
    ----------
    path
        The file.
    variable
        How its values are called; the default is what the file says, or else the file's name.
    units
        Of the values, such as ``"mV"``, instead of what the file says; ``"1"`` for none.

    Raises
    ------
    OutputError
        If the file cannot be read, nodes have several elements, or its units are none.
    """
    file = as_existing_file(path, "a SONATA report")
    with reporting_damage(file, _FOREIGN), h5py.File(file, "r") as content:
        return {
            name: _read_report(file, group, variable, units)
            for name, group in content["report"].items()
        }


def _read_report(file: Path, group: h5py.Group, variable: str, units: str) -> Trace:
    mapping, data = group["mapping"], group["data"]
    nodes = read_indices(mapping, "node_ids")
    pointers = read_indices(
        mapping, "index_pointers" if "index_pointers" in mapping else "index_pointer"
    )
    if data.ndim != 2 or data.dtype.kind != "f":
        raise ValueError(f"{data.name} holds no frames of numbers")
    elements = np.diff([*pointers[: nodes.size], data.shape[1]])  # the guide leaves the last out
    if pointers.size < nodes.size or (elements != 1).any() or (pointers[:1] != 0).any():
        raise OutputError(
            f"{str(file)!r}, population {group.name.rsplit('/', 1)[1]!r}: expected one element of "
            "each node, as of reports of somata."
        )
    label = variable or _text_of(data, "variable") or file.stem
    unit = units or _text_of(data, "units")
    try:
        scale = quantity(f"1 {'' if unit == '1' else unit}")
    except QuantityError as problem:
        raise OutputError(
            f"{str(file)!r}: units of {data.name!r} are {unit!r}: give units=, like 'mV'."
        ) from problem
    return Trace(
        t=_sample_times(mapping, data.shape[0]),
        neurons=nodes,
        values={label: np.asarray(data[()], dtype=float).T * float(np.asarray(scale))},
        units={label: unit_of(scale)},
    )


def _sample_times(mapping: h5py.Group, frames: int) -> NDArray[np.float64]:
    """Return the times (s) of frames."""
    start, stop, step = read_numbers(mapping, "time")
    expected = (stop - start) / step if step > 0 else np.nan
    if not abs(expected - frames) < 0.5:
        raise ValueError(
            f"{mapping.name}/time is {start:g}, {stop:g}, {step:g}, of {frames} frames"
        )
    unit = _text_of(mapping["time"], "units") or "ms"
    scale = float(np.asarray(quantity(f"1 {unit}", "time", f"units of {mapping.name}/time")))
    times: NDArray[np.float64] = (start + step * np.arange(frames)) * scale
    return times


def _text_of(item: Any, name: str) -> str:
    """Return an attribute of a dataset as text, empty without one."""
    value = np.ravel(item.attrs.get(name, ""))[0]
    return value.decode() if isinstance(value, bytes) else str(value)
