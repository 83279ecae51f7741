"""Files that other programs wrote: they are there, or the error says that they are not."""

from __future__ import annotations

import os
from pathlib import Path

from dualframe.core.errors import OutputError
from dualframe.core.validation import as_path


def as_existing_file(path: str | os.PathLike[str], kind: str) -> Path:
    """Return the path of a file that is to be read.

    Parameters
    ----------
    path
        The path.
    kind
        What it holds, as an error calls it: ``"a SONATA file of spikes"``.

    Raises
    ------
    OutputError
        If there is no such file, or it is a folder.
    """
    file = as_path(path, "path")
    if file.is_dir():
        raise OutputError(f"{str(file)!r} is a folder: expected {kind}; name the file in it.")
    if not file.exists():
        raise OutputError(f"{str(file)!r} does not exist: expected {kind}; check the path.")
    return file
