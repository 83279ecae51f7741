"""Finds the data files that ship with the package: ``circuits/`` and ``tasks/``.

An installed package carries them inside itself; in a checkout (and in an editable installation)
they are the folders beside the package.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path
from typing import Literal

from dualframe.core.errors import UnknownName
from dualframe.core.user_paths import expand_user

Kind = Literal["circuits", "tasks"]

SUFFIX = ".toml"
KINDS: tuple[Kind, ...] = ("circuits", "tasks")


def shipped_folder(kind: Kind) -> Path:
    """Return the folder that holds the shipped files of a kind.

    Parameters
    ----------
    kind
        ``"circuits"`` or ``"tasks"``.

    Raises
    ------
    FileNotFoundError
        If the installation is incomplete.
    """
    package = Path(str(files("dualframe")))
    for place in (package / kind, package.parent / kind):
        if place.is_dir():
            return place
    raise FileNotFoundError(
        f"dualframe's folder {kind!r} is neither in nor beside {package}: reinstall the package."
    )


def shipped_names(kind: Kind) -> tuple[str, ...]:
    """Return the names of the shipped files of a kind, sorted, without suffix.

    Parameters
    ----------
    kind
        ``"circuits"`` or ``"tasks"``.
    """
    return tuple(sorted(path.stem for path in shipped_folder(kind).glob(f"*{SUFFIX}")))


def find_shipped_file(kind: Kind, name: str | os.PathLike[str]) -> Path:
    """Return the file that a name or path stands for.

    Parameters
    ----------
    kind
        ``"circuits"`` or ``"tasks"``.
    name
        The name of a shipped file (``"l23"``), or the path of a user's own file: anything that
        ends in ``.toml`` or names a folder (``"mine/l23.toml"``, ``"./l23"``).

    Raises
    ------
    UnknownName
        If there is no such file. The message proposes the nearest name in the same place.
    """
    from dualframe.core.validation import as_path  # imports Brian2, which kept pages do without

    as_path(name, _singular_noun(kind))
    if not _is_path(name):
        path = shipped_folder(kind) / f"{name}{SUFFIX}"
        choices = shipped_names(kind)
        if str(name) in choices:  # not path.is_file(): some file systems ignore case
            return path
        raise UnknownName(
            _singular_noun(kind), str(name), choices, remedy=_remedy_of_other_kind(kind, str(name))
        )
    path = expand_user(name)
    for candidate in (path, Path(f"{path}{SUFFIX}")):
        if os.path.isfile(candidate):  # noqa: PTH113 (pathlib raises where a name is too long)
            return candidate
    neighbours = (str(other) for other in path.parent.glob(f"*{SUFFIX}"))
    raise UnknownName(f"{_singular_noun(kind)} file", str(name), neighbours)


def _remedy_of_other_kind(kind: Kind, name: str) -> str:
    """Return what to do with a name that is a shipped file's of the other kind, or ""."""
    (other,) = (k for k in KINDS if k != kind)
    if name not in shipped_names(other):
        return ""
    noun, verb = _singular_noun(other), "run" if other == "circuits" else "train"
    return f"It is a {noun}: df.{noun}({name!r}) in Python, dualframe {verb} {name}."


def _is_path(name: str | os.PathLike[str]) -> bool:
    if not isinstance(name, str):
        return True
    return name.endswith(SUFFIX) or name.startswith("~") or Path(name).name != name


def _singular_noun(kind: Kind) -> str:
    return kind.removesuffix("s")
