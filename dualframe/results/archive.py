"""Results on disk: one folder per run.

===============  ===================================================================================
manifest.json    provenance, populations, and what the other files hold; written last
rates.csv        population, cell_type, n, mean_rate_Hz, sd_rate_Hz, cv_isi
spikes.h5        SONATA spike file; dendritic spikes in the same layout under ``/dspikes``
traces.h5        a group per population: time (s), neurons, one dataset per variable with its unit
weights.h5       a group per projection: pre, post, weight with its unit
figures/*.png    raster, rates, traces
===============  ===================================================================================

The SONATA layout is that of the developer guide of Dai et al. (2020), PLoS Comput. Biol. 16(2):
e1007696. Its times are milliseconds, and rounding to milliseconds and back loses the last bit of
one time in forty, so that each group has its times in seconds as well.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

from dualframe.core.errors import OutputError
from dualframe.results.results import RESERVED, Results, Trace, dspike_table, spike_table

FORMAT, FORMAT_VERSION = "dualframe results", 1
OWN_FORMATS = (FORMAT, "dualframe agents")  # what may be replaced
MANIFEST = "manifest.json"
DATA_FILES = ("rates.csv", "spikes.h5", "traces.h5", "weights.h5")
FIGURES = ("raster.png", "rates.png", "traces_*.png")
SONATA_MAGIC, SONATA_VERSION = 0x0A7A, (0, 1)
SORTING = h5py.enum_dtype({"none": 0, "by_id": 1, "by_time": 2}, basetype="i4")

# What reading a damaged file can raise besides OSError, depending on where the damage is.
DAMAGE = (OSError, KeyError, ValueError, TypeError, RuntimeError, AttributeError)


def ensure_writable(directory: str | Path) -> Path:
    """Make a folder for results and try to write into it.

    To be called before a simulation, so that a wrong path costs no results.

    Parameters
    ----------
    directory
        The folder; it and its parents are made if they do not exist.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    OutputError
        If it cannot be made or written, or has a ``manifest.json`` that dualframe did not write.
    """
    folder = Path(directory).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder, prefix=".dualframe-"):
            pass
    except OSError as problem:
        raise OutputError(
            f"cannot write into {str(folder)!r}: {problem.strerror or problem}. "
            f"Name a folder that you may write to."
        ) from problem
    _refuse_foreign(folder)
    return folder


def save(results: Results, directory: str | Path, *, figures: bool = True) -> Path:
    """Write results into a folder; results that stand there are replaced.

    Every file is complete or absent: all are written aside and then moved into place, the
    manifest last. Figures come after the data, and a figure that fails is a warning.

    Parameters
    ----------
    results
        What a run gave back.
    directory
        The folder; see the module's text for the files.
    figures
        Whether to draw the figures, which takes a few seconds.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    OutputError
        If the folder cannot be written. The results are then in a temporary folder, which the
        message names.
    """
    try:
        folder = ensure_writable(directory)
        _write(results, folder)
    except (OSError, RuntimeError) as problem:  # h5py raises RuntimeError where a disk is full
        raise OutputError(_rescue(results, problem)) from problem
    if figures:
        _draw(results, folder)
    return folder


def load(directory: str | Path) -> Results:
    """Read the results that `save` wrote.

    Raises
    ------
    OutputError
        If the folder is missing or holds something else, or a file is missing or damaged.
    """
    folder = Path(directory).expanduser()
    manifest = _manifest(folder)
    content = manifest["results"]
    spikes, dspikes = _read(folder, "spikes.h5", _read_spikes)
    weights = _read(folder, "weights.h5", _read_weights) if "weights.h5" in content["files"] else {}
    traces = _read(folder, "traces.h5", _read_traces) if "traces.h5" in content["files"] else {}
    with _reading(folder / MANIFEST):
        _check_counts(folder, content["spikes"], spikes)
        populations = pd.DataFrame(content["populations"])
        return Results(
            populations=populations,
            spikes=spike_table(populations, spikes),
            duration=content["duration_s"],
            dspikes=dspike_table(dspikes),
            traces=traces,
            weights={name: table for name, (table, _) in weights.items()},
            weight_units={name: unit for name, (_, unit) in weights.items()},
            provenance={key: item for key, item in manifest.items() if key not in RESERVED},
        )


def write_text(path: Path, text: str) -> Path:
    """Write a text file that is complete or absent.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".partial-") as aside:
            draft = Path(aside) / "draft"
            draft.write_text(text, encoding="utf-8")
            draft.replace(path)
    except OSError as problem:
        raise OutputError(
            f"cannot write {str(path)!r}: {problem.strerror or problem}. "
            f"Name a file in a folder that you may write to."
        ) from problem
    return path


# --- folders ------------------------------------------------------------------------------------


def _write(results: Results, folder: Path) -> None:
    aside = Path(tempfile.mkdtemp(dir=folder, prefix=".partial-"))
    try:
        results.rates().to_csv(aside / "rates.csv", index=False)
        with h5py.File(aside / "spikes.h5", "w") as file:
            _write_spikes(file, results)
        if results.traces:
            with h5py.File(aside / "traces.h5", "w") as file:
                _write_traces(file, results)
        if results.weights:
            with h5py.File(aside / "weights.h5", "w") as file:
                _write_weights(file, results)
        files = sorted(path.name for path in aside.iterdir())
        text = json.dumps(manifest(results, files), indent=2, allow_nan=False) + "\n"
        (aside / MANIFEST).write_text(text, encoding="utf-8")
        _forget(folder)
        for name in (*files, MANIFEST):
            (aside / name).replace(folder / name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def manifest(results: Results, files: list[str]) -> dict[str, Any]:
    """Return the content of ``manifest.json``."""
    counts = results.spikes["population"].value_counts(sort=False)
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **results.provenance,
        "results": {
            "duration_s": results.duration,
            "populations": results.populations.to_dict(orient="records"),
            "spikes": {str(name): int(count) for name, count in counts.items()},
            "files": files,
        },
    }


def _forget(folder: Path) -> None:
    """Remove the results of an earlier run, the manifest first."""
    stale = [folder / name for name in (MANIFEST, *DATA_FILES)]
    stale += [path for pattern in FIGURES for path in (folder / "figures").glob(pattern)]
    for path in stale:
        path.unlink(missing_ok=True)


def _rescue(results: Results, problem: BaseException) -> str:
    reason = str(problem).rstrip(".")
    try:
        folder = Path(tempfile.mkdtemp(prefix="dualframe-results-"))
        _write(results, folder)
    except (OSError, RuntimeError) as second:
        return f"{reason}. A temporary folder failed too ({second}): free space and save again."
    return f"{reason}. The results are in {str(folder)!r}: move them where you want them."


def _draw(results: Results, folder: Path) -> None:
    from dualframe.analysis.plots import standard_figures

    (folder / "figures").mkdir(exist_ok=True)
    for name, draw in standard_figures(results).items():
        aside = folder / "figures" / f".{name}.png"
        try:
            draw().savefig(aside, format="png")
            aside.replace(folder / "figures" / f"{name}.png")
        except Exception as problem:  # noqa: BLE001 - the data are safe, no figure may undo that
            aside.unlink(missing_ok=True)
            warnings.warn(f"figure {name!r} could not be drawn: {problem}", stacklevel=3)


def _refuse_foreign(folder: Path) -> None:
    path = folder / MANIFEST
    if not path.exists():
        return
    try:
        ours = json.loads(path.read_text(encoding="utf-8")).get("format") in OWN_FORMATS
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        raise OutputError(
            f"{str(path)!r} was not written by dualframe, or is damaged, and would be replaced. "
            f"Name another folder, or remove that file."
        )


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        what = "has no manifest.json" if folder.is_dir() else "is not a folder"
        raise OutputError(
            f"{str(folder)!r} {what}: expected a folder that `Results.save` or --out has written."
        )
    with _reading(path):
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise OutputError(
                f"{str(path)!r} is a manifest of something else: expected the format {FORMAT!r}."
            )
        if data["format_version"] > FORMAT_VERSION:
            raise OutputError(f"{str(path)!r} is from a newer dualframe: upgrade to read it.")
        missing = {"duration_s", "populations", "spikes", "files"} - set(data["results"])
        if missing:
            raise KeyError(*sorted(missing))
        return data


def _check_counts(folder: Path, expected: Mapping[str, int], spikes: Mapping[str, Any]) -> None:
    for population, count in expected.items():
        if population not in spikes or len(spikes[population][0]) != count:
            raise OutputError(
                f"{str(folder / 'spikes.h5')!r} does not belong to the manifest beside it, which "
                f"has {count} spikes of population {population!r}: restore it, or run again."
            )


def _read(folder: Path, name: str, reader: Callable[[h5py.File], Any]) -> Any:
    path = folder / name
    if not path.is_file():
        raise OutputError(f"{str(path)!r} is missing: restore it, or run again.")
    with _reading(path), h5py.File(path, "r") as file:
        return reader(file)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except DAMAGE as problem:
        message = f"{str(path)!r} is damaged ({problem}): restore it, or run again."
        raise OutputError(message) from problem


# --- HDF5 ---------------------------------------------------------------------------------------


PACKED = {"compression": "gzip", "compression_opts": 1, "shuffle": True, "fletcher32": True}
CHECKED = {"fletcher32": True}  # libsonata is built without zlib and reads no compressed spikes


def _dataset(
    group: h5py.Group, name: str, data: Any, filters: Mapping[str, Any], **attributes: str
) -> None:
    array = np.asarray(data)
    dataset = group.create_dataset(name, data=array, **(filters if array.size else {}))
    dataset.attrs.update(attributes)


def _write_spikes(file: h5py.File, results: Results) -> None:
    file.attrs["magic"] = np.uint32(SONATA_MAGIC)
    file.attrs["version"] = np.array(SONATA_VERSION, dtype=np.uint32)
    for name in results.populations["population"]:
        _write_trains(file.create_group(f"spikes/{name}"), *results.trains(name))
    for (name, dspike), table in results.dspikes.groupby(["population", "dspike"], observed=True):
        _write_trains(file.create_group(f"dspikes/{name}/{dspike}"), table["neuron"], table["t"])


def _write_trains(group: h5py.Group, neuron: Any, t: Any) -> None:
    times = np.asarray(t, dtype=float)
    group.attrs.create("sorting", 2, dtype=SORTING)
    _dataset(group, "node_ids", np.asarray(neuron, dtype=np.uint64), CHECKED)
    _dataset(group, "timestamps", 1e3 * times, CHECKED, units="milliseconds")
    _dataset(group, "seconds", times, CHECKED, units="seconds")


def _read_spikes(file: h5py.File) -> tuple[dict[str, Any], dict[tuple[str, str], Any]]:
    spikes = {name: _read_trains(group) for name, group in file["spikes"].items()}
    dspikes = {
        (population, name): _read_trains(group)
        for population, groups in file.get("dspikes", {}).items()
        for name, group in groups.items()
    }
    return spikes, dspikes


def _read_trains(group: h5py.Group) -> tuple[Any, Any]:
    return group["node_ids"][()].astype(np.int64), group["seconds"][()]


def _write_traces(file: h5py.File, results: Results) -> None:
    for name, trace in results.traces.items():
        group = file.create_group(name)
        _dataset(group, "time", trace.t, PACKED, unit="second")
        _dataset(group, "neurons", trace.neurons, PACKED)
        for variable, values in trace.values.items():
            taken = variable in ("time", "neurons")
            label = f"{variable} (variable)" if taken else variable
            _dataset(group, label, values, PACKED, unit=trace.units[variable], variable=variable)


def _read_traces(file: h5py.File) -> dict[str, Trace]:
    return {name: _read_trace(group) for name, group in file.items()}


def _read_trace(group: h5py.Group) -> Trace:
    variables = [data for data in group.values() if "variable" in data.attrs]
    return Trace(
        t=group["time"][()],
        neurons=group["neurons"][()],
        values={data.attrs["variable"]: data[()] for data in variables},
        units={data.attrs["variable"]: data.attrs["unit"] for data in variables},
    )


def _write_weights(file: h5py.File, results: Results) -> None:
    for name, table in results.weights.items():
        group = file.create_group(name)
        _dataset(group, "pre", table["pre"], PACKED)
        _dataset(group, "post", table["post"], PACKED)
        _dataset(group, "weight", table["weight"], PACKED, unit=results.weight_units[name])


def _read_weights(file: h5py.File) -> Mapping[str, tuple[pd.DataFrame, str]]:
    return {name: _read_projection(group) for name, group in file.items()}


def _read_projection(group: h5py.Group) -> tuple[pd.DataFrame, str]:
    table = pd.DataFrame({column: group[column][()] for column in ("pre", "post", "weight")})
    return table, group["weight"].attrs["unit"]
