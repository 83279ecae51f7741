"""Single files that dualframe writes where a user says: reports and figures.

Each carries a mark by which it is known again, and is then replaced as it is made anew. Another
file of the same name is somebody's, and is replaced when that is asked for (``force``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from dualframe.core.errors import OutputError
from dualframe.core.output_folder import describe_problem, write_listed_text
from dualframe.core.user_paths import expand_user

_SIGNATURE = "<!-- written by dualframe, SHA-256 {digest} -->\n"
_MAKER = "dualframe"
#: Metadata of a figure by the ending of its file, and how they stand in it.
_FIGURE_MARKS: Mapping[str, tuple[str, bytes]] = MappingProxyType(
    {
        ".png": ("Software", b"Software\0dualframe"),
        ".pdf": ("Creator", b"/Creator (dualframe)"),
        ".svg": ("Creator", b"<dc:title>dualframe</dc:title>"),
    }
)


def write_page(path: str | Path, page: str, *, force: bool = False) -> Path:
    """Write a HTML page in one step; its last line says that dualframe wrote it.

    Parameters
    ----------
    path
        The file; its folder is made if need be.
    page
        The whole content.
    force
        Whether a file is replaced that dualframe did not write, or that was changed since.

    Raises
    ------
    OutputError
        If such a file stands there and ``force`` is not given, or the file cannot be written.
    """
    target = check_page(path, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        content = page.rstrip("\n") + "\n"
        content = content.encode("utf-8", "replace").decode()  # names of files may be no text
        signature = _SIGNATURE.format(digest=_sha256(content.encode()))
        write_listed_text(target, content + signature)
    except (OSError, ValueError) as problem:
        raise cannot_write_file(target, problem) from problem
    return target


def check_page(path: str | Path, *, force: bool = False) -> Path:
    """Refuse the path of a page where a file stands that dualframe did not write.

    Parameters
    ----------
    path, force
        As of `write_page`.
    """
    return _check_file(path, _is_signed_page, force)


def check_figure(path: str | Path, *, force: bool = False) -> Path:
    """Refuse the path of a figure where a file stands that dualframe did not write.

    Parameters
    ----------
    path
        The file.
    force
        Whether such a file may be replaced.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _FIGURE_MARKS:
        raise OutputError(
            f"{str(path)!r} is no name of a figure: expected one that ends in "
            f"{', '.join(_FIGURE_MARKS)}."
        )
    return _check_file(path, _is_marked_figure, force)


def figure_metadata(path: Path) -> dict[str, str]:
    """Return the metadata by which a figure is known again.

    Parameters
    ----------
    path
        The file; its ending is the format.
    """
    return {_FIGURE_MARKS[path.suffix.lower()][0]: _MAKER}


def _check_file(path: str | Path, is_ours: Callable[[Path], bool], force: bool) -> Path:
    target = expand_user(path)
    try:
        if target.is_dir():
            raise OutputError(f"cannot write {str(target)!r}: it is a folder. Name a file.")
        foreign = not force and target.exists() and not is_ours(target)
    except OSError as problem:
        if isinstance(problem, OutputError):
            raise
        raise cannot_write_file(target, problem) from problem
    if foreign:
        raise OutputError(
            f"{str(target)!r} was not written by dualframe, or was changed since: it is not "
            "replaced. Name another file, or give --force (force=True in Python)."
        )
    return target


def _is_signed_page(path: Path) -> bool:
    if not path.is_file():
        return False
    page, newline, signature = path.read_bytes().removesuffix(b"\n").rpartition(b"\n")
    return signature + b"\n" == _SIGNATURE.format(digest=_sha256(page + newline)).encode()


def _is_marked_figure(path: Path) -> bool:
    _, mark = _FIGURE_MARKS[path.suffix.lower()]
    return path.is_file() and mark in path.read_bytes()


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def cannot_write_file(path: Path, problem: OSError | ValueError) -> OutputError:
    """Return the error of a file that cannot be written.

    Parameters
    ----------
    path
        The file.
    problem
        What the system said.
    """
    return OutputError(
        f"cannot write {str(path)!r}: {describe_problem(problem)}. "
        "Name a file in a folder that you may write to."
    )
