"""Results on disk: one folder per run.

===============  ===================================================================================
manifest.json    provenance, populations, what the other files hold, their SHA-256; written last
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
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py

from dualframe.core.errors import OutputError
from dualframe.core.output_folder import (
    added_output,
    check_output,
    replaced_output,
)
from dualframe.core.output_manifest import MANIFEST
from dualframe.results.hdf5_files import write_spikes, write_traces, write_weights
from dualframe.results.run_record import RunRecord

FORMAT, FORMAT_VERSION = "dualframe results", 1
DATA_FILES = ("rates.csv", "spikes.h5", "traces.h5", "weights.h5")


def result_files(populations: Iterable[str]) -> list[str]:
    """Return the names of the files of a run, relative to its folder.

    Parameters
    ----------
    populations
        Names of those whose traces may be drawn.
    """
    figures = ("raster", "rates", *(f"traces_{name}" for name in populations))
    return [*DATA_FILES, *(f"figures/{name}.png" for name in figures)]


def write_results(
    results: RunRecord, directory: str | Path, *, figures: bool = True, force: bool = False
) -> Path:
    """Write results into a folder.

    Every file is complete or absent: all are written aside and then moved into place, the
    manifest last. Figures come after the data, and a figure that fails is a warning.

    Parameters
    ----------
    results
        What a run gave back.
    directory
        The folder; see the module's text for the files. Other files in it stay as they are.
    figures
        Whether to draw the figures, which takes a few seconds.
    force
        Whether an earlier output of dualframe in the folder is replaced, which it is whole.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    OutputError
        If the folder holds an earlier output and ``force`` is not given, or a file of somebody
        else that has the name of one of the results. If it cannot be written, the results are then
        in a temporary folder, which the message names.
    """
    folder = check_output(directory, result_files(results.populations["population"]), force=force)
    try:
        _write_files(results, folder, force)
    except (OSError, RuntimeError) as problem:  # h5py raises RuntimeError where a disk is full
        raise OutputError(_save_elsewhere(results, problem)) from problem
    if figures:
        _draw_figures(results, folder)
    return folder


# --- folders ------------------------------------------------------------------------------------


def _write_files(results: RunRecord, folder: Path, force: bool = False) -> None:
    with replaced_output(folder, force=force) as stage:
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
            "traces": {name: sorted(trace.values) for name, trace in results.traces.items()},
            "weights": {name: len(table) for name, table in results.weights.items()},
            "files": files,
        },
    }


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

    with added_output(folder) as stage:
        (stage / "figures").mkdir()
        for name, draw in standard_figures(results).items():
            path = stage / "figures" / f"{name}.png"
            try:
                draw().savefig(path, format="png")
            except Exception as problem:  # noqa: BLE001 - the data are safe, no figure may undo that
                path.unlink(missing_ok=True)
                warnings.warn(f"figure {name!r} could not be drawn: {problem}", stacklevel=3)
