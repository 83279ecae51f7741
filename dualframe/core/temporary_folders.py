"""Temporary folders of runs: removed at their end, and after a killed run by the next process.

A folder holds a locked file for as long as its process lives, on this machine or in a container
that shares the folder for temporary files. What holds one that nobody has locked is somebody's
remains.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from dualframe.core.errors import DualframeError, OutputError

_PREFIX, _LOCK = "dualframe_", ".in_use"
_LEAST = 4096  # bytes: with less than a block free, what a program wrote may be cut off
# ENOENT: tempfile has found no folder that can be written
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOENT)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Yield a new folder that is removed at the end of the block.

    Raises
    ------
    OutputError
        If it cannot be made, or its disk becomes full.
    """
    try:
        place = Path(tempfile.gettempdir())
        _remove_remains(place)
        with (
            tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name,
            _locked_file(Path(name)),
        ):
            yield Path(name)
            if shutil.disk_usage(name).free < _LEAST:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
    except OSError as error:
        if isinstance(error, DualframeError) or error.errno not in _NO_ROOM:
            raise
        raise OutputError(
            f"a run needs room for temporary files, and there is none ({error.strerror}): make "
            f"room, or set TMPDIR to a folder on another disk."
        ) from error


@contextmanager
def _locked_file(folder: Path) -> Iterator[None]:
    draft = folder / f"{_LOCK}_draft"
    with draft.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        draft.rename(folder / _LOCK)  # nobody sees it before it is locked
        yield


@lru_cache(maxsize=8)
def _remove_remains(place: Path) -> None:
    """Remove folders of this user whose process is gone, once: a place may hold thousands."""
    for lock in place.glob(f"{_PREFIX}*/{_LOCK}"):
        with suppress(OSError):  # somebody else's, in use, or removed meanwhile
            if lock.stat().st_uid != os.getuid() or lock.parent.is_symlink():
                continue
            with lock.open("r+") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
