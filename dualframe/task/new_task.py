"""A new task of a user's: a commented file that trains at once."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from dualframe.core.errors import OutputError
from dualframe.core.file_templates import write_copy, write_from_templates, write_new_files
from dualframe.core.shipped_files import find_shipped_file
from dualframe.core.validation import check_name
from dualframe.task.task import task

_CALIBRATIONS = "calibration"  # a folder beside the file of a task


def new_task(
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    with_environment: bool = False,
    copy_of: str | None = None,
    force: bool = False,
) -> Path:
    """Write a commented task, ``<name>.toml``, to start from; `dualframe.task` reads it.

    Parameters
    ----------
    name
        Of the task and its file: a letter, then letters, digits and ``_``.
    folder
        Where it is written.
    with_environment
        Whether a script, ``<name>.py``, is written too, which defines the task's environment by
        equations, registers it and trains.
    copy_of
        A shipped task, whose file is copied; its calibrations come into ``calibration`` beside it,
        and hold until contacts, cells or the time step change.
    force
        Whether a file that stands there with another content is replaced.

    Returns
    -------
    Path
        The task's file.

    Raises
    ------
    NetworkError
        If the name cannot be one.
    UnknownName
        If no such task is shipped.
    OutputError
        If a file stands there that is not as it would be written, or Python has a module of the
        script's name, in whose place the script would be imported.
    """
    check_name(name, "task")
    if copy_of is not None:
        if with_environment:
            raise OutputError("a copy of a task has its environment: leave out one of the two.")
        return _write_copy(find_shipped_file("tasks", copy_of), name, folder, force=force)
    if with_environment and (name in sys.stdlib_module_names or _is_installed(name)):
        raise OutputError(
            f"Python has a module {name!r}, which a script {name}.py would hide: take another name."
        )
    endings = (".toml", ".py") if with_environment else (".toml",)
    return write_from_templates(
        "task", name, folder, endings=endings, force=force, environment=with_environment
    )[0]


def _write_copy(shipped: Path, name: str, folder: str | os.PathLike[str], *, force: bool) -> Path:
    """Write a copy of a task, and of its calibrations with the copy's digests."""
    path = write_copy(shipped, name, folder, force=force)
    calibrations = shipped.parent / _CALIBRATIONS / shipped.name
    if calibrations.is_file():
        text = calibrations.read_text(encoding="utf-8")
        original, copied = task(shipped).circuit, task(path).circuit
        text = text.replace(original.strengths_digest, copied.strengths_digest)
        text = text.replace(original.contacts_digest, copied.contacts_digest)
        write_new_files({path.parent / _CALIBRATIONS / path.name: text}, force=force)
    return path


def _is_installed(name: str) -> bool:
    """Return whether an installed module has a name; the user's own scripts do not count."""
    found = find_spec(name)
    origin = found.origin if found is not None else None
    return origin is not None and Path(origin).parent.resolve() != Path.cwd().resolve()
