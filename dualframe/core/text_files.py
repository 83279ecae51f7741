"""Text files that a user writes: what is read of one is whole, of a stated size, and text."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from dualframe.core.errors import CatalogueError

#: The largest file that is read, in bytes; the largest that ships has a fiftieth of it.
LARGEST = 16 * 2**20


def read_text_file(path: Path, label: str = "") -> str:
    """Return the content of a text file in UTF-8, without a byte-order mark.

    Parameters
    ----------
    path
        The file.
    label
        What errors call the file; its name by default.

    Raises
    ------
    CatalogueError
        If it is no file (a folder, a pipe, a device), cannot be read, is larger than `LARGEST`,
        or holds anything else than text.
    """
    label = label or path.name
    content = _read_bytes(path, label)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CatalogueError(
            f"{label} is no text in UTF-8: line {line} has the byte {content[error.start]:#04x}. "
            "Save it as UTF-8."
        ) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CatalogueError(
            f"{label} is no text: line {line} has a NUL character. Remove it, or save the file as "
            "UTF-8."
        )
    return text


def _read_bytes(path: Path, label: str) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe without a writer would wait
        try:
            _check_regular(handle, label)
            with os.fdopen(handle, "rb", closefd=False) as stream:
                content = stream.read(LARGEST + 1)
        finally:
            os.close(handle)
    except CatalogueError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CatalogueError(f"{path} cannot be read: {reason}. Check the path.") from error
    if len(content) > LARGEST:
        raise CatalogueError(
            f"{label} is larger than {LARGEST // 2**20} MB, which is too large for a file of "
            "numbers: check that it is the right one."
        )
    return content


def _check_regular(handle: int, label: str) -> None:
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        kind = "folder" if stat.S_ISDIR(mode) else "pipe or device"
        raise CatalogueError(f"{label} is a {kind}: expected a file.")
