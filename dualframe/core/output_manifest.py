"""The manifest of a folder of output: by it dualframe knows its own files.

Its entry ``files`` holds the SHA-256 of each file that dualframe wrote beside it, ``folders`` the
folders of further output below. What is not listed, or is no longer as it was written, belongs to
the user.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.errors import OutputError

MANIFEST = "manifest.json"
FILES, FOLDERS = "files", "folders"  # entries of a manifest
_OURS = "dualframe "  # how the format of a manifest begins


def holds_output(folder: Path) -> bool:
    """Tell whether a folder has a manifest that dualframe wrote.

    Parameters
    ----------
    folder
        The folder.
    """
    try:
        return bool(earlier_files(folder))
    except OutputError:
        return False


def earlier_files(folder: Path) -> dict[Path, str]:
    """Return the digest of each file of the output in a folder; of its manifests it is empty.

    Parameters
    ----------
    folder
        The folder; it need not exist.

    Raises
    ------
    OutputError
        If it has a manifest that dualframe did not write.
    """
    content = read_manifest(folder)
    if content is None:
        return {}
    files = {folder / MANIFEST: ""}
    for name, digest in _entries(content, FILES):
        files[folder / name] = digest
    for name, _ in _entries(content, FOLDERS):
        if not (folder / name).is_symlink():
            files |= earlier_files(folder / name)
    return files


def _entries(content: Mapping[str, Any], entry: str) -> Iterator[tuple[str, str]]:
    """Yield the names of an entry that lie below the folder, with their digests."""
    names = content.get(entry, {})
    listed = names if isinstance(names, dict) else dict.fromkeys(map(str, names), "")
    for name, digest in listed.items():
        place = PurePosixPath(name)
        if place.parts and not place.is_absolute() and ".." not in place.parts:
            yield name, str(digest)


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Return what the manifest of a folder says, or None if there is none.

    Parameters
    ----------
    folder
        The folder.

    Raises
    ------
    OutputError
        If dualframe did not write the manifest.
    """
    path = folder / MANIFEST
    try:
        if not os.path.lexists(path):
            return None
        content = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (OSError, ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not str(content.get("format")).startswith(_OURS):
        raise OutputError(
            f"{str(path)!r} was not written by dualframe, or is damaged, and would be replaced. "
            f"Name another folder, or move that file away."
        )
    return content


def unchanged_files(files: Mapping[Path, str]) -> list[Path]:
    """Return those files that are as they were written.

    Parameters
    ----------
    files
        Digests of files.
    """
    return [path for path, digest in files.items() if is_unchanged(path, digest)]


def is_unchanged(path: Path, digest: str) -> bool:
    """Tell whether a file is as it was written.

    Parameters
    ----------
    path
        The file.
    digest
        Of what was written; empty for a manifest.
    """
    if path.is_symlink() or not path.is_file():
        return False
    return (path.name == MANIFEST and not digest) or digest_of_file(path) == digest


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file.

    Parameters
    ----------
    path
        The file.
    """
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digests_of(stage: Path) -> dict[str, str]:
    """Return the digests of all files in a folder and below, by name.

    Parameters
    ----------
    stage
        The folder.
    """
    files = sorted(path for path in stage.rglob("*") if path.is_file())
    return {path.relative_to(stage).as_posix(): digest_of_file(path) for path in files}


def list_files(folder: Path, digests: Mapping[str, str], folders: Collection[str] = ()) -> None:
    """Add files to the manifest of a folder.

    Parameters
    ----------
    folder
        The folder.
    digests
        Of the files, by name.
    folders
        Folders below it that have an output of their own.
    """
    content = read_manifest(folder) or {}
    content[FILES] = {**dict(_entries(content, FILES)), **digests}
    if folders:
        content[FOLDERS] = sorted({*content.get(FOLDERS, ()), *folders})
    write_manifest_file(folder, content)


def write_manifest_file(folder: Path, content: Mapping[str, Any]) -> None:
    """Write the manifest of a folder in one step.

    Parameters
    ----------
    folder
        The folder.
    content
        All that it says.
    """
    text = json.dumps(content, indent=2) + "\n"
    write_text_atomically(folder / MANIFEST, text)
