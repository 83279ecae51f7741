"""Paths as a user writes them."""

from __future__ import annotations

import os
from pathlib import Path

from dualframe.core.errors import OutputError


def expand_user(path: str | os.PathLike[str]) -> Path:
    """Return a path with ``~`` and ``~name`` replaced by the home folder.

    Parameters
    ----------
    path
        As it was written.

    Raises
    ------
    OutputError
        If it is no path, or nobody knows that home folder.
    """
    if not isinstance(path, (str, os.PathLike)) or "\0" in str(path):
        raise OutputError(f"{path!r} is no path of a file or folder: give one as a text.")
    expanded = Path(os.path.expanduser(path))  # noqa: PTH111 (pathlib raises RuntimeError)
    if str(expanded).startswith("~"):
        raise OutputError(
            f"{str(path)!r}: there is no home folder of {expanded.parts[0]!r} on this machine. "
            f"Write the path in full (./{path} for a name that begins with ~)."
        )
    return expanded
