"""A cache of compiled programs, so that nothing is compiled twice.

An entry is a folder named by its key: the program and a small JSON file with the program's size
and SHA-256. It is inserted by one rename and verified at every use, so that neither an interrupted
process, nor another one at the same time, nor a damaged disk can make a wrong program run; what a
process has verified it reads again only if the file has changed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

from dualframe.core.cache_folder import default_folder

GIBIBYTE = 2**30
_PROGRAM, _RECORD = "main", "entry.json"
_SCRATCH, _ENTRY = ".dualframe-entry-", "entry"  # of a folder in which an entry is made or removed
_KEY = re.compile("[0-9a-f]{64}")
_ABANDONED = 24 * 3600.0  # seconds after which an unfinished insertion is somebody's remains
_LONGEST_INSERTION = 60.0  # seconds; what is younger may be another process's that inserts
_CONTENT = {_PROGRAM, _RECORD}
_VERSION = "1"  # of the layout of an entry, part of every key


def key_of(parts: Iterable[str]) -> str:
    """Return the SHA-256 of texts, each with its length, so that no two lists collide.

    Parameters
    ----------
    parts
        The texts.
    """
    digest = hashlib.sha256(_VERSION.encode())
    for part in parts:
        content = part.encode()
        digest.update(f"{len(content)}:".encode() + content)
    return digest.hexdigest()


@dataclass(frozen=True)
class ExecutableCache:
    """Compiled programs by key.

    Parameters
    ----------
    folder
        Where they lie; made when the first program is inserted.
    limit
        Total size in bytes above which the programs that were not used for longest are removed.
    """

    folder: Path
    limit: int = 2 * GIBIBYTE

    def fetch(self, key: str, target: Path) -> bool:
        """Put a program at ``target`` and return ``True``, or return ``False``.

        A program that is not what was inserted is discarded.

        Parameters
        ----------
        key
            Key of the program.
        target
            Where it goes.
        """
        entry = self._entry_folder(key)
        if not entry.is_dir():  # what another process inserts from here on is not ours to discard
            return False
        try:
            record = json.loads((entry / _RECORD).read_text(encoding="utf-8"))
            matches = _place_verified(entry / _PROGRAM, target, record["sha256"], record["size"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            matches = False
        except OSError:  # not readable here, or no room for it there: the entry may be good
            return False
        if matches:
            _mark_as_used(entry / _RECORD)
        else:
            self._discard_entry(entry)
        return matches

    def insert(self, key: str, program: Path) -> None:
        """Add a copy of a program, atomically, then keep the cache within its limit.

        Parameters
        ----------
        key
            Key of the program.
        program
            The program.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        entry = self._entry_folder(key)
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder, prefix=_SCRATCH) as scratch:
            staged = Path(scratch) / _ENTRY
            staged.mkdir()
            shutil.copy2(program, staged / _PROGRAM)
            record = {"sha256": _sha256_of(staged / _PROGRAM), "size": program.stat().st_size}
            (staged / _RECORD).write_text(json.dumps(record), encoding="utf-8")
            try:
                staged.replace(entry)
            except OSError:
                if not entry.is_dir():  # else another process was first, with the same program
                    raise
        self._evict_unused(keep=entry)

    def entries(self) -> list[Path]:
        """Return the folders of all entries, the one used longest ago first."""
        found = [record.parent for record in self.folder.glob(f"??/*/{_RECORD}")]
        return sorted(filter(_is_entry, found), key=_last_use)

    def size(self) -> int:
        """Return the total size of all entries in bytes."""
        return sum(_entry_size(entry) for entry in self.entries())

    def clear(self) -> int:
        """Remove every entry and return how many there were; other files in the folder stay."""
        entries = self.entries()
        for entry in entries:
            self._discard_entry(entry)
        self._remove_abandoned(age=_LONGEST_INSERTION)
        return len(entries)

    def _entry_folder(self, key: str) -> Path:
        return self.folder / key[:2] / key

    def _discard_entry(self, entry: Path) -> None:
        """Remove an entry: first out of sight, so that nobody sees half of it."""
        if not entry.exists():
            return
        try:
            hidden = Path(tempfile.mkdtemp(dir=self.folder, prefix=_SCRATCH))
            entry.rename(hidden / _ENTRY)
        except OSError:  # removed by another process, or a cache that is only read
            return
        shutil.rmtree(hidden, ignore_errors=True)

    def _evict_unused(self, keep: Path) -> None:
        self._remove_abandoned(age=_ABANDONED)
        total = self.size()
        for entry in self.entries():
            if total <= self.limit:
                return
            if entry != keep:
                total -= _entry_size(entry)
                self._discard_entry(entry)

    def _remove_abandoned(self, age: float) -> None:
        for folder in self.folder.glob(f"{_SCRATCH}*"):
            ours = _holds_only(folder, {_ENTRY}) and _holds_only(folder / _ENTRY, _CONTENT)
            if ours and time.time() - _modification_time(folder) >= age:
                shutil.rmtree(folder, ignore_errors=True)


def default_cache() -> ExecutableCache:
    """Return the cache that builds use."""
    return ExecutableCache(default_folder())


def _place_verified(program: Path, target: Path, sha256: str, size: int) -> bool:
    """Put a program in its place, as a link where that can be, if it has the recorded content.

    What is verified is what will run: an entry is removed or replaced, never written. A link is
    read once per process, and again if the file was written since.
    """
    target.unlink(missing_ok=True)
    try:
        target.hardlink_to(program)
        digest = partial(_sha256_of_version, program)
    except OSError:  # on another disk, or of another user
        shutil.copy2(program, target)
        digest = partial(_sha256_of_version, target)
    file = target.stat()
    if file.st_size == size and digest(file.st_dev, file.st_ino, file.st_mtime_ns) == sha256:
        return True
    target.unlink()
    return False


def _is_entry(folder: Path) -> bool:
    """Tell whether a folder is one that the cache made."""
    place = folder.parent.name == folder.name[:2] and _KEY.fullmatch(folder.name)
    return bool(place) and _holds_only(folder, _CONTENT)


def _holds_only(folder: Path, names: set[str]) -> bool:
    try:
        return not folder.is_symlink() and {path.name for path in folder.iterdir()} <= names
    except FileNotFoundError:
        return True
    except OSError:
        return False


@lru_cache(maxsize=256)
def _sha256_of_version(path: Path, device: int, inode: int, modified_ns: int) -> str:
    return _sha256_of(path)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mark_as_used(record: Path) -> None:
    try:
        os.utime(record)
    except OSError:  # a cache that is only read: its order of use is not ours to keep
        return


def _modification_time(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # removed meanwhile by another process
        return 0.0


def _last_use(entry: Path) -> float:
    return _modification_time(entry / _RECORD)


def _entry_size(entry: Path) -> int:
    return _file_size(entry / _PROGRAM) + _file_size(entry / _RECORD)


def _file_size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
