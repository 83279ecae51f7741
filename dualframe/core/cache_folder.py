"""Where dualframe keeps what it need not make twice: compiled programs, calibrations of tasks."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path

from dualframe.core.user_paths import expand_user


def default_folder() -> Path:
    """Return the cache's folder: ``$DUALFRAME_CACHE``, else dualframe's in the user's cache.

    A user without a home folder has one that lasts as long as the process.
    """
    if chosen := os.environ.get("DUALFRAME_CACHE"):
        return expand_user(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "dualframe"
    except RuntimeError:
        return _passing_folder()


@lru_cache(maxsize=1)
def _passing_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="dualframe-cache-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
