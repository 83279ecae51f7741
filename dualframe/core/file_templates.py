"""Files that a user starts from: commented templates, written under a name of the user's.

The templates lie in ``dualframe/templates``: ``<kind>.toml.j2`` for each kind of file, and
``<kind>.py.j2`` beside it where a script belongs to it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.errors import OutputError
from dualframe.core.user_paths import expand_user

_MOST_SHOWN = 40  # characters of a name that is too long
_NAME = re.compile(r'^name = "[^"]*"$', re.MULTILINE)


def write_from_templates(
    kind: str,
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    endings: Iterable[str] = (".toml",),
    force: bool = False,
    **words: Any,
) -> tuple[Path, ...]:
    """Write the files that a user starts from; write none of them if one cannot be written.

    Parameters
    ----------
    kind
        Of the templates, such as ``"task"``.
    name
        Of the files, without ending, and in them.
    folder
        Where they are written; it is made if need be.
    endings
        ``".toml"``, ``".py"``.
    force
        Whether files that stand there with another content are replaced.
    **words
        What the templates ask for besides ``name``.

    Raises
    ------
    OutputError
        If such a file stands there, the folder cannot be written to, or the name is too long.
    """
    place = expand_user(folder)
    contents = {
        place / f"{name}{ending}": _render(f"{kind}{ending}.j2", name=name, **words)
        for ending in endings
    }
    write_new_files(contents, force=force)
    return tuple(contents)


def write_copy(
    shipped: Path,
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    added: str = "",
    force: bool = False,
) -> Path:
    """Write a copy of a shipped TOML file under a name of the user's, in it and outside.

    Parameters
    ----------
    shipped
        The file, of which the first line that states a name is changed.
    name, folder, force
        As in `write_from_templates`.
    added
        A line that follows that of the name.

    Raises
    ------
    OutputError
        As `write_from_templates`.
    """
    text = shipped.read_text(encoding="utf-8")
    path = expand_user(folder) / f"{name}.toml"
    lines = "\n".join(filter(None, (f'name = "{name}"', added)))
    content = _NAME.sub(lambda match: lines, text, count=1)
    write_new_files({path: content}, force=force)
    return path


def write_new_files(contents: Mapping[Path, str], *, force: bool = False) -> None:
    """Write files that a user starts from; write none of them if one cannot be written.

    Parameters
    ----------
    contents
        By path; all in one folder, which is made if need be.
    force
        As in `write_from_templates`.

    Raises
    ------
    OutputError
        As `write_from_templates`.
    """
    for path, content in contents.items():
        if not force and os.path.lexists(path) and not _holds(path, content):
            raise OutputError(
                f"{str(path)!r} is there already, and is not replaced: take another name, or give "
                f"--force (force=True in Python)."
            )
    place = next(iter(contents)).parent
    try:
        place.mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            write_text_atomically(path, content)
    except OSError as problem:
        if problem.errno == errno.ENAMETOOLONG:
            longest = max(contents, key=lambda path: len(path.name)).name
            raise OutputError(
                f"the file name '{longest[:_MOST_SHOWN]}...' has {len(longest)} characters, more "
                f"than the file system takes: give a shorter name."
            ) from problem
        raise OutputError(
            f"cannot write to the folder {str(place)!r}: {problem.strerror}. Name another one."
        ) from problem


def _render(template: str, **words: Any) -> str:
    # imported here: only these files need it, and every command would wait for it
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    text = (files("dualframe") / "templates" / template).read_text(encoding="utf-8")
    return environment.from_string(text).render(**words)


def _holds(path: Path, content: str) -> bool:
    return path.is_file() and path.read_bytes() == content.encode()
