"""Results from a folder that may be damaged, or come from elsewhere: every entry is checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import h5py
import numpy as np
import pandas as pd

from dualframe.core.errors import DualframeError, OutputError
from dualframe.core.json_files import (
    COUNTS,
    DURATION,
    FLAG,
    NAMES,
    RANGES,
    ROWS,
    SEED,
    SIGN,
    SIZE,
    TABLE,
    TEXT,
    TEXTS,
    VERSIONS,
    EntryKind,
    check_entries,
    optional,
    read_json,
)
from dualframe.core.output_manifest import MANIFEST
from dualframe.core.user_paths import expand_user
from dualframe.results.archive import FORMAT, FORMAT_VERSION
from dualframe.results.hdf5_files import read_spikes, read_traces, read_weights
from dualframe.results.run_record import RESERVED
from dualframe.results.tables import dspike_table, spike_table
from dualframe.results.trace import Trace

# What reading a damaged file can raise besides OSError, depending on where the damage is.
DAMAGE = (
    *(OSError, LookupError, ValueError, TypeError, RuntimeError, AttributeError),
    *(MemoryError, ArithmeticError),
)
#: Provenance of every run.
PROVENANCE_ENTRIES: Mapping[str, EntryKind] = MappingProxyType(
    {
        "format_version": SIZE,
        "versions": VERSIONS,
        "seed": optional(SEED),
        "network_hash": optional(TEXT),
        "command": optional(TEXT),
        "target": optional(TEXT),
        "build_s": optional(DURATION),
        "run_s": optional(DURATION),
        "simulated_s": optional(DURATION),
        "build_cache": optional(TEXT),
        "dt_s": optional(DURATION),
        "threads": optional(SIZE),
        "completed": FLAG,
        "assumptions": TEXTS,
        "warnings": TEXTS,
    }
)
#: Of some runs.
FURTHER_ENTRIES: Mapping[str, EntryKind] = MappingProxyType(
    {
        "arguments": TABLE,
        "without_spikes": TEXTS,
        "warmup_s": optional(DURATION),
        "rate_ranges_Hz": optional(RANGES),
        "strict": FLAG,
        "asked_s": optional(DURATION),
    }
)
_RESULTS: Mapping[str, EntryKind] = MappingProxyType(
    {
        "duration_s": DURATION,
        "populations": ROWS,
        "spikes": COUNTS,
        "traces": NAMES,
        "weights": COUNTS,
        "files": TEXTS,
    }
)
_POPULATION: Mapping[str, EntryKind] = MappingProxyType(
    {"population": TEXT, "cell_type": TEXT, "n": SIZE, "sign": SIGN}
)


def read_fields(directory: str | Path) -> dict[str, Any]:
    """Read what `dualframe.results.archive.write_results` wrote, as the fields of `Results`.

    Parameters
    ----------
    directory
        The folder.

    Raises
    ------
    OutputError
        If the folder is missing or holds something else, or a file is missing or damaged: it
        names the file and the entry.
    """
    folder = as_folder(directory)
    manifest = _read_manifest(folder)
    content = manifest["results"]
    spikes, dspikes = _read_file(folder, "spikes.h5", read_spikes)
    read: dict[str, Mapping[str, Any]] = {
        name: _read_file(folder, f"{name}.h5", reader)
        for name, reader in (("traces", read_traces), ("weights", read_weights))
        if content[name] or (folder / f"{name}.h5").exists()
    }
    traces, weights = read.get("traces", {}), read.get("weights", {})
    populations = pd.DataFrame(content["populations"])
    with reporting_damage(folder / MANIFEST):
        _check_spikes(folder, content, spikes)
        _check_traces(folder, content, traces, weights)
        return {
            "populations": populations,
            "spikes": spike_table(populations, spikes),
            "duration": content["duration_s"],
            "dspikes": dspike_table(dspikes),
            "traces": traces,
            "weights": {name: table for name, (table, _) in weights.items()},
            "weight_units": {name: unit for name, (_, unit) in weights.items()},
            "provenance": {key: item for key, item in manifest.items() if key not in RESERVED},
        }


def as_folder(directory: str | Path) -> Path:
    """Return the path of a folder that is to be read.

    Parameters
    ----------
    directory
        The folder.

    Raises
    ------
    OutputError
        If it is no path.
    """
    if not isinstance(directory, (str, os.PathLike)) or "\0" in os.fspath(directory):
        raise OutputError(f"{directory!r} is no folder: expected the path of one.")
    return expand_user(directory)


@contextmanager
def reporting_damage(path: Path, remedy: str = "restore it, or run again") -> Iterator[None]:
    """Turn what a damaged file can raise into an error that names the file.

    Parameters
    ----------
    path
        The file.
    remedy
        What the error tells its reader to do.
    """
    try:
        yield
    except OutputError:
        raise
    except (*DAMAGE, DualframeError) as problem:
        reason = " ".join(str(problem).rstrip(".").split())[:300]
        raise OutputError(f"{str(path)!r} is damaged ({reason}): {remedy}.") from problem


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        problem = "has no manifest.json" if folder.is_dir() else "is not a folder"
        raise OutputError(
            f"{str(folder)!r} {problem}: "
            f"expected a folder that `Results.save` or --out has written."
        )
    data = read_json(path)
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise OutputError(
            f"{str(path)!r} is a manifest of something else: expected the format {FORMAT!r}."
        )
    where = repr(str(path))
    check_entries(data, {**PROVENANCE_ENTRIES, "results": TABLE}, where)
    check_entries(data, FURTHER_ENTRIES, where, free=tuple(FURTHER_ENTRIES))
    if data["format_version"] > FORMAT_VERSION:
        raise OutputError(f"{str(path)!r} is from a newer dualframe: upgrade to read it.")
    check_entries(data["results"], _RESULTS, f"{where}, results")
    for number, population in enumerate(data["results"]["populations"]):
        check_entries(population, _POPULATION, f"{where}, results, population {number}")
    return data


def _check_spikes(folder: Path, content: Mapping[str, Any], spikes: Mapping[str, Any]) -> None:
    """Refuse spikes of another run, or after its end."""
    path, end = str(folder / "spikes.h5"), content["duration_s"] * (1 + 1e-9)
    for population in sorted({*content["spikes"], *spikes}):
        count = content["spikes"].get(population, "no")
        if population not in spikes or len(spikes[population][0]) != count:
            raise OutputError(
                f"{path!r} does not belong to the manifest beside it, which "
                f"has {count} spikes of population {population!r}: restore it, or run again."
            )
    for population, (_, t) in spikes.items():
        if t.size and t.max() > end:
            raise OutputError(
                f"{path!r} has a spike of {population!r} at {t.max():g} s, but the run ended at "
                f"{content['duration_s']:g} s: restore it, or run again."
            )


def _check_traces(
    folder: Path,
    content: Mapping[str, Any],
    traces: Mapping[str, Trace],
    weights: Mapping[str, tuple[pd.DataFrame, str]],
) -> None:
    """Refuse traces and weights of another run, and traces of what is not there."""
    for name, entry, written in (
        ("traces.h5", "traces", {name: sorted(trace.values) for name, trace in traces.items()}),
        ("weights.h5", "weights", {name: len(table) for name, (table, _) in weights.items()}),
    ):
        if written != content[entry]:
            raise OutputError(
                f"{str(folder / name)!r} does not belong to the manifest beside it, which has "
                f"{entry} {str(content[entry])[:100]}: restore it, or run again."
            )
    sizes = {row["population"]: row["n"] for row in content["populations"]} | content["weights"]
    end = content["duration_s"] * (1 + 1e-9)
    for name, trace in traces.items():
        if name not in sizes or (trace.neurons.size and np.max(trace.neurons) >= sizes[name]):
            _fail_in_trace(folder, f"a trace of neurons or synapses that {name!r} does not have")
        if trace.t.size and not 0 <= trace.t[0] <= trace.t[-1] <= end:
            _fail_in_trace(folder, f"times of {name!r} that are not within the run")


def _fail_in_trace(folder: Path, problem: str) -> NoReturn:
    path = str(folder / "traces.h5")
    raise OutputError(f"{path!r} is damaged: it has {problem}. Restore it, or run again.")


def _read_file(folder: Path, name: str, reader: Callable[[h5py.File], Any]) -> Any:
    path = folder / name
    if not path.is_file():
        raise OutputError(f"{str(path)!r} is missing: restore it, or run again.")
    with reporting_damage(path), h5py.File(path, "r") as file:
        return reader(file)
