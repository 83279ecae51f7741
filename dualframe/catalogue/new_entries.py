"""A new cell type or receptor of a user's: a commented file, or a copy of one of the catalogue."""

from __future__ import annotations

import os
from pathlib import Path

from dualframe.catalogue.lookup import HERE, KINDS, names
from dualframe.core.errors import UnknownName
from dualframe.core.file_templates import write_copy, write_from_templates
from dualframe.core.validation import check_name


def new_cell(
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    copy_of: str | None = None,
    force: bool = False,
) -> Path:
    """Write a commented cell type, ``<name>.toml``, to start from; circuits name it by its path.

    Parameters
    ----------
    name
        Of the cell type and its file: a letter, then letters, digits and ``_``.
    folder
        Where it is written.
    copy_of
        A cell type of the catalogue, all of whose file is copied; the new one has its receptors.
    force
        Whether a file that stands there with another content is replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NetworkError
        If the name cannot be one.
    UnknownName
        If the catalogue has no such cell type.
    OutputError
        If a file stands there that is not as it would be written.
    """
    check_name(name, "cell type")
    if copy_of is None:
        return write_from_templates("cell", name, folder, force=force)[0]
    shipped = _shipped_entry("cell type", copy_of)
    return write_copy(shipped, name, folder, added=f'like = "{copy_of}"', force=force)


def new_receptor(
    name: str,
    folder: str | os.PathLike[str] = ".",
    *,
    copy_of: str | None = None,
    force: bool = False,
) -> Path:
    """Write a commented receptor, ``<name>.toml``, to start from; circuits list it by its path.

    Parameters
    ----------
    name, folder, force
        As in `new_cell`.
    copy_of
        A receptor of the catalogue, whose file is copied.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    NetworkError, UnknownName, OutputError
        As `new_cell`.
    """
    check_name(name, "receptor")
    if copy_of is None:
        return write_from_templates("receptor", name, folder, force=force)[0]
    return write_copy(_shipped_entry("receptor", copy_of), name, folder, force=force)


def _shipped_entry(kind: str, name: str) -> Path:
    if name not in names(kind):
        raise UnknownName(kind, name, names(kind))
    return HERE / KINDS[kind] / f"{name}.toml"
