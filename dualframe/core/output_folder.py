"""Folders that dualframe writes: what stands in one, what may be replaced there, and how.

A file is dualframe's own by the folder's manifest alone: see `dualframe.core.output_manifest`. A
file of the user is never replaced or removed: one of the same name is refused. An earlier output
is replaced when that is asked for (``force``), and then whole.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.errors import OutputError
from dualframe.core.output_manifest import (
    FILES,
    MANIFEST,
    digests_of,
    earlier_files,
    holds_output,
    is_unchanged,
    list_files,
    read_manifest,
    unchanged_files,
    write_manifest_file,
)
from dualframe.core.user_paths import expand_user

_PREFIX = ".dualframe-"  # of the folders in which output is made
_NEW, _EARLIER = "new", "earlier"  # in such a folder
_REMEDY = "Name another folder, or give --force (force=True in Python) to replace it whole."


def check_output(directory: str | Path, names: Iterable[str] = (), *, force: bool = False) -> Path:
    """Tell whether output can go into a folder; leave everything as it is.

    To be called before a simulation, so that a wrong path costs no results.

    Parameters
    ----------
    directory
        The folder; it need not exist.
    names
        Files that will be written, relative to it.
    force
        Whether an earlier output may be replaced.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    OutputError
        If it cannot be made or written, holds an earlier output that may not be replaced, or a
        file of these names that dualframe did not write.
    """
    folder = expand_user(directory)
    earlier = earlier_files(folder)
    for below in {folder / PurePosixPath(name).parent for name in names}:
        earlier |= earlier_files(below)
    _refuse_earlier(folder, earlier, force)
    _refuse_foreign(folder, [*names, MANIFEST], earlier)
    check_writable(folder)
    return folder


@contextmanager
def replaced_output(folder: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield an empty folder whose content takes the place of an earlier output when the block ends.

    Parameters
    ----------
    folder
        Where the files go; it is made if need be. If the block raises, it stays as it was.
    force
        Whether an earlier output may be replaced.

    Raises
    ------
    OutputError
        As `check_output`, also for what has come there since.
    """
    with _scratch_folder(folder) as scratch:
        stage = scratch / _NEW
        stage.mkdir()
        yield stage
        digests = digests_of(stage)
        digests.pop(MANIFEST)
        content = json.loads((stage / MANIFEST).read_text(encoding="utf-8"))
        write_manifest_file(stage, {**content, FILES: digests})
        earlier = earlier_files(folder)
        _refuse_earlier(folder, earlier, force)
        _refuse_foreign(folder, [*digests, MANIFEST], earlier)
        _exchange(folder, scratch, earlier, [*digests, MANIFEST])


def write_manifest(folder: Path, kind: str, content: Mapping[str, Any]) -> None:
    """Write the manifest of an output that is being made.

    Parameters
    ----------
    folder
        That `replaced_output` yields.
    kind
        What the folder holds; it begins with ``"dualframe"``.
    content
        More that the manifest says.
    """
    write_manifest_file(folder, {"format": kind, "format_version": 1, **content})


@contextmanager
def added_output(folder: Path, *, folders: Collection[str] = ()) -> Iterator[Path]:
    """Yield an empty folder whose files join an output that stands already when the block ends.

    Parameters
    ----------
    folder
        Of the output; it has a manifest.
    folders
        Names of folders below it that get, or have, an output of their own.

    Raises
    ------
    OutputError
        If a file of the same name stands there that dualframe did not write.
    """
    with _scratch_folder(folder) as scratch:
        stage = scratch / _NEW
        stage.mkdir()
        yield stage
        digests = digests_of(stage)
        _refuse_foreign(folder, digests, earlier_files(folder))
        list_files(folder, digests, folders)
        for name in digests:
            _move(stage / name, folder / name)


def write_listed_text(path: Path, text: str) -> None:
    """Write a text file in one step, and list it if it stands in a folder of output.

    Parameters
    ----------
    path
        The file; its folder exists.
    text
        The whole content.
    """
    if holds_output(path.parent):
        list_files(path.parent, {path.name: hashlib.sha256(text.encode()).hexdigest()})
    write_text_atomically(path, text)


def describe_problem(problem: OSError | ValueError) -> str:
    """Return why the system refused a path, without its number.

    Parameters
    ----------
    problem
        What was raised.
    """
    return getattr(problem, "strerror", None) or str(problem)


# --- what is refused ---------------------------------------------------------------------------


def _refuse_earlier(folder: Path, earlier: Mapping[Path, str], force: bool) -> None:
    if earlier and not force:
        place = min((path.parent for path in earlier if path.name == MANIFEST), key=str)
        content = read_manifest(place) or {}
        raise OutputError(f"{str(place)!r} holds {content['format']} already. {_REMEDY}")


def _refuse_foreign(folder: Path, names: Iterable[str], earlier: Mapping[Path, str]) -> None:
    """Refuse to replace what dualframe did not write, or somebody has changed since."""
    for name in names:
        path = folder / name
        for above in path.relative_to(folder).parents:
            place = folder / above
            if os.path.lexists(place) and not place.is_dir() and place != folder:
                path = place
        if os.path.lexists(path) and not is_unchanged(path, earlier.get(path, "foreign")):
            whose = "was changed since" if path in earlier else "is not dualframe's"
            raise OutputError(
                f"{str(path)!r} stands where output would go, and {whose}: it is not replaced. "
                "Move it away, or name another folder."
            )


def check_writable(folder: Path) -> None:
    """Make a folder and a file in it, and remove both again.

    Parameters
    ----------
    folder
        The folder.

    Raises
    ------
    OutputError
        If that cannot be.
    """
    with _existing_folder(folder):
        try:
            with tempfile.TemporaryFile(dir=folder, prefix=_PREFIX):
                pass
        except OSError as problem:
            raise cannot_write(folder, problem) from problem


@contextmanager
def _existing_folder(folder: Path) -> Iterator[None]:
    """Make a folder that is missing; if it is empty in the end, it goes again."""
    missing: list[Path] = []
    try:
        with _reporting_problems(folder, OSError, ValueError):  # ValueError: a path with a null
            missing += [place for place in (folder, *folder.parents) if not place.exists()]
            folder.mkdir(parents=True, exist_ok=True)
        with _reporting_problems(folder, OSError):
            yield
    finally:
        for place in missing:
            with suppress(OSError):
                place.rmdir()


@contextmanager
def _reporting_problems(folder: Path, *kinds: type[OSError | ValueError]) -> Iterator[None]:
    """Say of which folder an error of the system is."""
    try:
        yield
    except OutputError:
        raise
    except kinds as problem:
        raise cannot_write(folder, problem) from problem


def cannot_write(folder: Path, problem: OSError | ValueError) -> OutputError:
    """Return the error of a folder that cannot be written.

    Parameters
    ----------
    folder
        The folder.
    problem
        What the system said.
    """
    name = str(folder)
    name = name if len(name) < 300 else f"{name[:140]}...{name[-140:]}"
    return OutputError(
        f"cannot write into {name!r}: {describe_problem(problem)}. "
        "Name a folder that you may write to."
    )


# --- how it changes -----------------------------------------------------------------------------


@contextmanager
def _scratch_folder(folder: Path) -> Iterator[Path]:
    """Yield a locked folder inside one that is made if need be; what a killed process left goes."""
    with _existing_folder(folder):
        _remove_abandoned(folder)
        with (
            tempfile.TemporaryDirectory(dir=folder, prefix=_PREFIX) as name,
            _lock_on(Path(name)),
        ):
            yield Path(name)


@contextmanager
def _lock_on(folder: Path) -> Iterator[None]:
    """Hold a folder's lock, which ends with the process; raise BlockingIOError if another does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _remove_abandoned(folder: Path) -> None:
    for scratch in folder.glob(f"{_PREFIX}*"):
        content = {path.name for path in scratch.iterdir()} if scratch.is_dir() else set()
        if content == {_NEW}:
            with suppress(OSError), _lock_on(scratch):
                shutil.rmtree(scratch, ignore_errors=True)


def _exchange(
    folder: Path, scratch: Path, earlier: Mapping[Path, str], names: Collection[str]
) -> None:
    """Move earlier files out and new ones in, the manifest first and last; undo it if that fails.

    Whoever is killed in between leaves no manifest, so that nobody reads a mixture.
    """
    stage, aside = scratch / _NEW, scratch / _EARLIER
    leaving = sorted(unchanged_files(earlier), key=lambda path: path != folder / MANIFEST)
    moves = [(path, aside / path.relative_to(folder)) for path in leaving]
    moves += [(stage / name, folder / name) for name in names]
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            _move(source, target)
            done.append((source, target))
    except BaseException:
        for source, target in reversed(done):
            _move(target, source)
        raise
    _remove_empty_folders(folder, leaving)


def _move(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)


def _remove_empty_folders(folder: Path, files: Iterable[Path]) -> None:
    for place in sorted({path.parent for path in files} - {folder}, reverse=True):
        with suppress(OSError):
            place.rmdir()
