"""Spikes, traces and weights of a run in HDF5 files.

The SONATA layout of spikes is that of the developer guide of Dai et al. (2020), PLoS Comput. Biol.
16(2): e1007696. Its times are milliseconds, and rounding to milliseconds and back loses the last
bit of one time in forty, so that each group has its times in seconds as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dualframe.core.quantity import quantity
from dualframe.results.run_record import RunRecord
from dualframe.results.trace import Trace

SONATA_MAGIC, SONATA_VERSION = 0x0A7A, (0, 1)
SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="i4")
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
MOST_PACKED = 5000  # bytes that a byte of a file can stand for: zlib packs about a thousand in one
NOT_FINITE = "not_finite"  # of a group: how many of its weights are not, as they were in the run
CHECKED = {"fletcher32": True}  # libsonata is built without zlib and reads no compressed spikes


def _create_dataset(
    group: h5py.Group, name: str, data: Any, filters: Mapping[str, Any], **attributes: str
) -> None:
    array = np.asarray(data)
    dataset = group.create_dataset(name, data=array, **(filters if array.size else {}))
    dataset.attrs.update(attributes)


def write_spikes(file: h5py.File, results: RunRecord) -> None:
    """Write spikes, and dendritic spikes under ``/dspikes``, in the SONATA layout."""
    file.attrs["magic"] = np.uint32(SONATA_MAGIC)
    file.attrs["version"] = np.array(SONATA_VERSION, dtype=np.uint32)
    for name in results.populations["population"]:
        write_trains(file.create_group(f"spikes/{name}"), *results.spike_trains(name))
    for (name, dspike), table in results.dspikes.groupby(["population", "dspike"], observed=True):
        write_trains(file.create_group(f"dspikes/{name}/{dspike}"), table["neuron"], table["t"])


def write_trains(group: h5py.Group, neuron: Any, t: Any) -> None:
    """Write the spikes of a population, in order of time, as a SONATA group.

    Parameters
    ----------
    group
        Of the population.
    neuron, t
        Spikes; times in seconds.
    """
    times = np.asarray(t, dtype=float)
    group.attrs.create("sorting", 2, dtype=SORTING)
    _create_dataset(group, "node_ids", np.asarray(neuron, dtype=np.uint64), CHECKED)
    _create_dataset(group, "timestamps", 1e3 * times, CHECKED, units="milliseconds")
    _create_dataset(group, "seconds", times, CHECKED, units="seconds")


def read_spikes(file: h5py.File) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    """Return neurons and times (seconds) by population, and by population and dendritic spike."""
    spikes = {name: _read_trains(group) for name, group in file["spikes"].items()}
    dspikes = {
        (population, name): _read_trains(group)
        for population, groups in file.get("dspikes", {}).items()
        for name, group in groups.items()
    }
    return spikes, dspikes


def _read_trains(group: h5py.Group) -> tuple[Any, Any]:
    neuron, t = read_indices(group, "node_ids"), read_numbers(group, "seconds")
    if neuron.shape != t.shape:
        raise ValueError(f"{group.name} has {neuron.size} neurons and {t.size} times of spikes")
    if t.size and t.min() < 0:
        raise ValueError(f"a time in {group.name} is {t.min():g} s")
    return neuron, t


def write_traces(file: h5py.File, results: RunRecord) -> None:
    """Write a group for each trace: times (seconds), neurons, and variables with their units."""
    for name, trace in results.traces.items():
        group = file.create_group(name)
        _create_dataset(group, "time", trace.t, PACKED, unit="second")
        _create_dataset(group, "neurons", trace.neurons, PACKED)
        for variable, values in trace.values.items():
            taken = variable in ("time", "neurons")
            label = f"{variable} (variable)" if taken else variable
            _create_dataset(
                group, label, values, PACKED, unit=trace.units[variable], variable=variable
            )


def read_traces(file: h5py.File) -> dict[str, Trace]:
    """Return the traces by population."""
    return {name: _read_trace(group) for name, group in file.items()}


def _read_trace(group: h5py.Group) -> Trace:
    variables = [data for data in group.values() if "variable" in data.attrs]
    names = [str(data.attrs["variable"]) for data in variables]
    t, neurons = read_numbers(group, "time"), read_indices(group, "neurons")
    if t.size > 1 and np.diff(t).min() <= 0:
        raise ValueError(f"times in {group.name} do not increase")
    return Trace(
        t=t,
        neurons=neurons,
        values={
            name: _read_array(group, data.name, "f", 2)
            for name, data in zip(names, variables, strict=True)
        },
        units={name: read_unit(data) for name, data in zip(names, variables, strict=True)},
    )


def write_weights(file: h5py.File, results: RunRecord) -> None:
    """Write a group for each projection: pre, post, and weights with their unit."""
    for name, table in results.weights.items():
        group = file.create_group(name)
        _create_dataset(group, "pre", table["pre"], PACKED)
        _create_dataset(group, "post", table["post"], PACKED)
        _create_dataset(group, "weight", table["weight"], PACKED, unit=results.weight_units[name])
        note_weights_not_finite(group, table)


def read_weights(file: h5py.File) -> Mapping[str, tuple[pd.DataFrame, str]]:
    """Return the table of weights and their unit by projection."""
    return {name: _read_projection(group) for name, group in file.items()}


def _read_projection(group: h5py.Group) -> tuple[pd.DataFrame, str]:
    return read_synapses(group), read_unit(group["weight"])


# --- columns of a file that may be damaged ------------------------------------------------------


def read_synapses(group: h5py.Group) -> pd.DataFrame:
    """Return the table (pre, post, weight) of a group.

    Parameters
    ----------
    group
        A projection's.

    Raises
    ------
    KeyError, ValueError, TypeError
        If a column is missing, or is not what it must be.
    """
    columns: dict[str, NDArray[Any]] = {
        "pre": read_indices(group, "pre"),
        "post": read_indices(group, "post"),
        "weight": read_numbers(group, "weight", int(group.attrs.get(NOT_FINITE, 0))),
    }
    if len({column.size for column in columns.values()}) > 1:
        sizes = ", ".join(f"{column.size} of {name}" for name, column in columns.items())
        raise ValueError(f"{group.name} has columns of different lengths: {sizes}")
    return pd.DataFrame(columns)


def note_weights_not_finite(group: h5py.Group, weights: pd.DataFrame) -> None:
    """Write how many weights are not finite, so that reading does not take them for damage."""
    if wrong := int((~np.isfinite(weights["weight"])).sum()):
        group.attrs[NOT_FINITE] = wrong


def read_indices(group: h5py.Group, name: str) -> NDArray[np.int64]:
    """Return a column of whole numbers of zero or more."""
    array = _read_array(group, name, "iu", 1)
    if array.size and (array.min() < 0 or array.max() > np.iinfo(np.int64).max):
        raise ValueError(f"an index in {group.name}/{name} is {array.min()} or {array.max()}")
    return array.astype(np.int64)


def read_numbers(group: h5py.Group, name: str, not_finite: int = 0) -> NDArray[np.float64]:
    """Return a column of numbers, of which so many are not finite."""
    array = _read_array(group, name, "f", 1)
    if (~np.isfinite(array)).sum() != not_finite:
        raise ValueError(f"a number in {group.name}/{name} is not finite")
    return array.astype(float)


def read_unit(item: h5py.HLObject) -> str:
    """Return the unit of a column, or of a group's weights."""
    unit = item.attrs["unit"]
    if not isinstance(unit, str):
        raise TypeError(f"the unit of {item.name} is {unit!r}: expected a text")
    quantity(f"1 {'' if unit == '1' else unit}", name=f"unit of {item.name}")
    return unit


def _read_array(group: h5py.Group, name: str, kinds: str, dimensions: int) -> NDArray[Any]:
    data = group[name]
    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in kinds:
        raise TypeError(f"{data.name} holds no {'whole ' if 'i' in kinds else ''}numbers")
    if data.ndim != dimensions:
        raise ValueError(f"{data.name} has {data.ndim} dimensions: expected {dimensions}")
    if data.nbytes > MOST_PACKED * Path(group.file.filename).stat().st_size:
        raise ValueError(f"{data.name} claims {data.size} numbers, more than the file can hold")
    array: NDArray[Any] = data[()]
    return array
