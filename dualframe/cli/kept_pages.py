"""`dualframe list` and `show`: pages of what ships are kept, so that only the first call is slow.

A page is kept in the user's cache with a stamp of all that it is made from: the package's files,
and the folders that Python imports from, in which every installation leaves its time. Pages of
users' files are never kept, nor what a machine has (`list targets`), nor any page where packages
of others announce kinds. A process that has imported Brian2 already may have registered kinds of
its own, and makes its pages anew.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from functools import partial
from importlib.metadata import entry_points
from pathlib import Path

from dualframe.cli.command_list import import_command
from dualframe.cli.screen import print_page, screen_width
from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.cache_folder import default_folder
from dualframe.core.shipped_files import KINDS, SUFFIX, shipped_folder

MODULE = "dualframe.cli.catalogue_commands"  # which makes pages, and imports Brian2
PLUG_INS = "dualframe.models"  # as in dualframe.core.registry
ENDINGS = (".py", ".toml", ".bib", ".csv")


def list_command(options: argparse.Namespace) -> int:
    """Print a table of the catalogue."""
    options.width = None if options.json else screen_width()
    words = ["list", options.kind, *(["--json"] if options.json else [])]
    words += [f"{options.width} columns"] if options.width else []
    return _print_page("list", options, words if options.kind != "targets" else None)


def show_command(options: argparse.Namespace) -> int:
    """Print an entry of the catalogue, or a circuit, with every number and its source."""
    own = options.name.endswith(SUFFIX)
    return _print_page("show", options, None if own else ["show", options.name])


def _print_page(command: str, options: argparse.Namespace, words: list[str] | None) -> int:
    """Print a page that is kept, or make it; it is kept if ``words`` say what it is."""
    show = print_page if command == "show" else partial(print, end="")
    path = None if words is None or imported_brian() else page_file(words)
    stamp = "" if path is None else package_stamp()
    text = None if path is None else read_page(path, stamp)
    status = 0
    if text is None:
        with redirect_stdout(io.StringIO()) as printed:
            status = import_command(MODULE, command)(options)
        text = printed.getvalue()
        if path is not None and status == 0 and not entry_points(group=PLUG_INS):
            _keep_page(path, stamp, text)
    show(text)
    return status


def imported_brian() -> bool:
    """Tell whether this process has imported Brian2, and with it perhaps kinds of a user's."""
    return "brian2" in sys.modules


def page_file(words: list[str]) -> Path:
    """Return where a page is kept.

    Parameters
    ----------
    words
        Of the command that prints it.
    """
    return default_folder() / "pages" / f"{_digest_of_text(' '.join(words))}.json"


def package_stamp() -> str:
    """Return a digest of the times and sizes of what pages are made from."""
    stamp = hashlib.sha256(sys.version.encode())
    for path, stat in _sources():
        stamp.update(f"{path} {stat.st_mtime_ns} {stat.st_size}\n".encode(errors="replace"))
    return stamp.hexdigest()


def read_page(path: Path, stamp: str) -> str | None:
    """Return a page as it was kept, None if there is none, or it is out of date or damaged.

    Parameters
    ----------
    path
        The file.
    stamp
        From `package_stamp`.
    """
    try:
        page = json.loads(path.read_text(encoding="utf-8"))
        text, digest = str(page["text"]), page["digest"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return text if page["stamp"] == stamp and digest == _digest_of_text(text) else None


def _keep_page(path: Path, stamp: str, text: str) -> None:
    page = {"stamp": stamp, "digest": _digest_of_text(text), "text": text}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(page))
    except OSError:
        pass  # the cache cannot be written: the next call makes the page again


def _sources() -> Iterator[tuple[str, os.stat_result]]:
    """Yield files of the package and its data, then the folders that are imported from."""
    package = Path(__file__).parents[1]
    data = [shipped_folder(kind) for kind in KINDS]
    for root in dict.fromkeys([package, *data]):
        for folder, subfolders, names in os.walk(root):
            subfolders[:] = sorted(name for name in subfolders if name != "__pycache__")
            for name in sorted(names):
                if name.endswith(ENDINGS):
                    path = os.path.join(folder, name)  # noqa: PTH118 (a thousand of them)
                    yield path, os.stat(path)  # noqa: PTH116
    for place in sys.path[1:]:  # the first is the script's
        try:
            yield place, os.stat(place)  # noqa: PTH116
        except OSError:
            continue


def _digest_of_text(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
