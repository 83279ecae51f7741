"""Spikes, traces and weights of a run in HDF5 files.

The SONATA layout of spikes is that of the developer guide of Dai et al. (2020), PLoS Comput. Biol.
16(2): e1007696. Its times are milliseconds, and rounding to milliseconds and back loses the last
bit of one time in forty, so that each group has its times in seconds as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np
import pandas as pd

from dualframe.results.run_record import RunRecord
from dualframe.results.trace import Trace

SONATA_MAGIC, SONATA_VERSION = 0x0A7A, (0, 1)
SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="i4")
PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
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
        _write_trains(file.create_group(f"spikes/{name}"), *results.spike_trains(name))
    for (name, dspike), table in results.dspikes.groupby(["population", "dspike"], observed=True):
        _write_trains(file.create_group(f"dspikes/{name}/{dspike}"), table["neuron"], table["t"])


def _write_trains(group: h5py.Group, neuron: Any, t: Any) -> None:
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
    return group["node_ids"][()].astype(np.int64), group["seconds"][()]


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
    return Trace(
        t=group["time"][()],
        neurons=group["neurons"][()],
        values={data.attrs["variable"]: data[()] for data in variables},
        units={data.attrs["variable"]: data.attrs["unit"] for data in variables},
    )


def write_weights(file: h5py.File, results: RunRecord) -> None:
    """Write a group for each projection: pre, post, and weights with their unit."""
    for name, table in results.weights.items():
        group = file.create_group(name)
        _create_dataset(group, "pre", table["pre"], PACKED)
        _create_dataset(group, "post", table["post"], PACKED)
        _create_dataset(group, "weight", table["weight"], PACKED, unit=results.weight_units[name])


def read_weights(file: h5py.File) -> Mapping[str, tuple[pd.DataFrame, str]]:
    """Return the table of weights and their unit by projection."""
    return {name: _read_projection(group) for name, group in file.items()}


def _read_projection(group: h5py.Group) -> tuple[pd.DataFrame, str]:
    table = pd.DataFrame({column: group[column][()] for column in ("pre", "post", "weight")})
    return table, group["weight"].attrs["unit"]
