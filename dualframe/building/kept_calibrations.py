"""Calibrations that were found for a user, kept in the cache by all that they depend on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dualframe.building.calibrated_weights import Calibration, read_calibrations, save_calibration
from dualframe.core.cache_folder import default_folder
from dualframe.core.errors import CatalogueError, OutputError
from dualframe.core.serialisation import digest_of

_OF_THIS_PROCESS: dict[Path, Calibration] = {}  # where the cache cannot be written


def kept_path(facts: Sequence[Any]) -> Path:
    """Return the file of the cache for the strengths that depend on some facts.

    Parameters
    ----------
    facts
        What `dualframe.core.serialisation.digest_of` takes.
    """
    return _folder() / f"{digest_of(facts)}.toml"


def _folder() -> Path:
    return default_folder() / "calibrations"


def kept_calibrations() -> list[dict[str, Any]]:
    """Return what is kept: file, size in bytes, model, number of contacts and date of each."""
    return [row for path in sorted(_folder().glob("*.toml")) for row in _rows_of(path)]


def _rows_of(path: Path) -> Iterator[dict[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = {}  # it is made anew where it is needed
    tables = {model: table for model, table in content.items() if isinstance(table, dict)}
    for model, table in (tables or {"damaged": {}}).items():
        yield {
            "file": str(path),
            "bytes": path.stat().st_size,
            "model": model,
            "contacts": len(table.get("contacts", {})),
            "date": str(table.get("provenance", {}).get("date", "")),
        }


def read_kept_calibration(path: Path, circuit_name: str, model: str) -> Calibration | None:
    """Return what is kept in a file of the cache, or None; a damaged file is made anew.

    Parameters
    ----------
    path
        From `kept_path`.
    circuit_name, model
        Of the circuit, and the name of the calibration.
    """
    if path in _OF_THIS_PROCESS:
        return _OF_THIS_PROCESS[path]
    try:
        return read_calibrations(path, circuit_name).get(model)
    except CatalogueError:
        return None


def write_kept_calibration(path: Path, calibration: Calibration) -> Path | None:
    """Keep a calibration; return its file, or None if it is kept for this process only.

    Parameters
    ----------
    path
        From `kept_path`.
    calibration
        What was found.
    """
    _OF_THIS_PROCESS.pop(path, None)
    try:
        path.unlink(missing_ok=True)
        return save_calibration(calibration, path)
    except (OSError, OutputError):
        _OF_THIS_PROCESS[path] = calibration
        return None
