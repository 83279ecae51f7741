"""Results on disk: one folder per run.

===============  ===================================================================================
manifest.json    provenance, populations, and what the other files hold; written last
rates.csv        population, cell_type, n, mean_rate_Hz, sd_rate_Hz, cv_isi; of circuits, ranges too
spikes.h5        SONATA spike file; dendritic spikes in the same layout under ``/dspikes``
traces.h5        a group per population: time (s), neurons, one dataset per variable with its unit
weights.h5       a group per projection: pre, post, weight with its unit
figures/*.png    raster, rates, traces
===============  ===================================================================================
"""

from __future__ import annotations

import json
import tempfile
import warnings
from pathlib import Path
from typing import Any

import h5py

from dualframe.core.atomic_files import staged_files, write_text_atomically
from dualframe.core.errors import OutputError
from dualframe.results.hdf5_files import write_spikes, write_traces, write_weights
from dualframe.results.run_record import RunRecord

FORMAT, FORMAT_VERSION = "dualframe results", 1
REPLACEABLE_FORMATS = (FORMAT, "dualframe agents")  # what may be replaced
MANIFEST = "manifest.json"
DATA_FILES = ("rates.csv", "spikes.h5", "traces.h5", "weights.h5")
FIGURES = ("raster.png", "rates.png", "traces_*.png")


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
    _refuse_foreign_folder(folder)
    return folder


def write_results(results: RunRecord, directory: str | Path, *, figures: bool = True) -> Path:
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
        _write_files(results, folder)
    except (OSError, RuntimeError) as problem:  # h5py raises RuntimeError where a disk is full
        raise OutputError(_save_elsewhere(results, problem)) from problem
    if figures:
        _draw_figures(results, folder)
    return folder


def write_text_file(path: Path, text: str) -> Path:
    """Write a text file that is complete or absent.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, text)
    except OSError as problem:
        raise OutputError(
            f"cannot write {str(path)!r}: {problem.strerror or problem}. "
            f"Name a file in a folder that you may write to."
        ) from problem
    return path


# --- folders ------------------------------------------------------------------------------------


def _write_files(results: RunRecord, folder: Path) -> None:
    with staged_files(folder, last=MANIFEST) as stage:
        results.rates_with_state().to_csv(stage / "rates.csv", index=False)
        with h5py.File(stage / "spikes.h5", "w") as file:
            write_spikes(file, results)
        if results.traces:
            with h5py.File(stage / "traces.h5", "w") as file:
                write_traces(file, results)
        if results.weights:
            with h5py.File(stage / "weights.h5", "w") as file:
                write_weights(file, results)
        files = sorted(path.name for path in stage.iterdir())
        text = json.dumps(manifest_content(results, files), indent=2, allow_nan=False) + "\n"
        (stage / MANIFEST).write_text(text, encoding="utf-8")
        _remove_earlier_results(folder)


def manifest_content(results: RunRecord, files: list[str]) -> dict[str, Any]:
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


def _remove_earlier_results(folder: Path) -> None:
    """Remove the results of an earlier run, the manifest first."""
    stale = [folder / name for name in (MANIFEST, *DATA_FILES)]
    stale += [path for pattern in FIGURES for path in (folder / "figures").glob(pattern)]
    for path in stale:
        path.unlink(missing_ok=True)


def _save_elsewhere(results: RunRecord, problem: BaseException) -> str:
    reason = str(problem).rstrip(".")
    try:
        folder = Path(tempfile.mkdtemp(prefix="dualframe-results-"))
        _write_files(results, folder)
    except (OSError, RuntimeError) as second:
        return f"{reason}. A temporary folder failed too ({second}): free space and save again."
    return f"{reason}. The results are in {str(folder)!r}: move them where you want them."


def _draw_figures(results: RunRecord, folder: Path) -> None:
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


def _refuse_foreign_folder(folder: Path) -> None:
    path = folder / MANIFEST
    if not path.exists():
        return
    try:
        ours = json.loads(path.read_text(encoding="utf-8")).get("format") in REPLACEABLE_FORMATS
    except (OSError, ValueError, AttributeError):
        ours = False
    if not ours:
        raise OutputError(
            f"{str(path)!r} was not written by dualframe, or is damaged, and would be replaced. "
            f"Name another folder, or remove that file."
        )
