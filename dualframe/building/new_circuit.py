"""A new circuit of a user's: a commented file, or a copy of a shipped one with its calibrations."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from dualframe.building.calibrated_weights import (
    calibration_path,
    read_calibrations,
    save_calibration,
)
from dualframe.circuit.lookup import circuit
from dualframe.core.file_templates import write_copy, write_from_templates
from dualframe.core.shipped_files import find_shipped_file
from dualframe.core.validation import check_name


def new_circuit(
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    copy_of: str | None = None,
    force: bool = False,
) -> Path:
    """Write a commented circuit, ``<name>.toml``, to start from; `dualframe.circuit` reads it.

    Parameters
    ----------
    name
        Of the circuit and its file: a letter, then letters, digits and ``_``.
    folder
        Where it is written.
    copy_of
        A shipped circuit, whose file is copied; its calibrations come into ``calibration`` beside
        it, and hold until contacts, cells or numbers of neurons change.
    force
        Whether a file that stands there with another content is replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NetworkError
        If the name cannot be one.
    UnknownName
        If no such circuit is shipped.
    OutputError
        If a file stands there that is not as it would be written.
    """
    check_name(name, "circuit")
    if copy_of is None:
        return write_from_templates("circuit", name, folder, force=force)[0]
    path = write_copy(find_shipped_file("circuits", copy_of), name, folder, force=force)
    original, copied = circuit(copy_of), circuit(path)
    digests = {"contacts": copied.contacts_digest, "strengths": copied.strengths_digest}
    place = path.parent / "calibration" / path.name
    for stored in read_calibrations(calibration_path(copy_of), copy_of).values():
        if stored.provenance.get("contacts") == original.contacts_digest:
            provenance = {**stored.provenance, **digests}
            save_calibration(replace(stored, circuit=name, provenance=provenance), place)
    return path
