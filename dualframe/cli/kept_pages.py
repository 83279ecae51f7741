"""Pages of `dualframe list` and `show` that are kept, so that printing them imports no Brian2.

Pages of all that ships lie beside this file where `dualframe.cli.shipped_pages` has written them,
as the Makefile lets it, before a wheel is built among others; the page of one call is kept in the
user's cache. Both bear a stamp of what they are made from, the content of the package's files, and
are made anew where it is another; those of the cache also where an installation has changed a
folder that Python imports from, which leaves its time there. Pages of users' files are never kept,
nor what a machine has (`list targets`), nor any page where packages of others announce kinds. A
process that has imported Brian2 already may have registered kinds of its own, and makes its pages
anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from dualframe.cli.command_list import import_quietly
from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.cache_folder import default_folder
from dualframe.core.shipped_files import KINDS, shipped_folder

Page = Mapping[str, Any]

MAKER = "dualframe.cli.catalogue_pages"  # which imports Brian2
PLUG_INS = "dualframe.models"  # as in dualframe.core.registry
SHIPPED = Path(__file__).with_name("pages.json")
CODE = ".py"
DATA = (".toml", ".bib", ".csv")


def find_page(command: str, name: str, *, keep: bool) -> Page:
    """Return a page that is kept, or make it.

    Parameters
    ----------
    command, name
        "list" and a kind, or "show" and an entry.
    keep
        Whether it may be kept.
    """
    if not keep or imported_brian() or entry_points(group=PLUG_INS):
        return make_page(command, name)
    words, content = f"{command} {name}", content_stamp()
    path, stamp = page_file(words), f"{content} {installation_stamp()}"
    page = read_shipped_page(words, content) or read_page(path, stamp)
    if page is None:
        page = make_page(command, name)
        _keep_page(path, stamp, page)
    return page


def make_page(command: str, name: str) -> Page:
    """Return a page, JSON-ready, which is made from the catalogue.

    Parameters
    ----------
    command, name
        "list" and a kind, or "show" and an entry.
    """
    page: Page = getattr(import_quietly(MAKER), f"{command}_page")(name)
    return page


def imported_brian() -> bool:
    """Tell whether this process has imported Brian2, and with it perhaps kinds of a user's."""
    return "brian2" in sys.modules


def page_file(words: str) -> Path:
    """Return where a page is kept.

    Parameters
    ----------
    words
        Of the command that prints it.
    """
    return default_folder() / "pages" / f"{_digest_of_text(words)}.json"


def content_stamp() -> str:
    """Return a digest of the files that pages are made from, which is the same in every place."""
    stamp = hashlib.sha256()
    for name, path in _sources():
        with open(path, "rb") as file:  # noqa: PTH123 (a thousand of them)
            content = file.read()
        stamp.update(f"{name} {len(content)}\n".encode(errors="replace"))
        stamp.update(content)
    return stamp.hexdigest()


def installation_stamp() -> str:
    """Return a digest of this Python and of the times of the folders that it imports from."""
    stamp = hashlib.sha256(sys.version.encode())
    for place in sys.path[1:]:  # the first is the script's
        try:
            stat = os.stat(place)  # noqa: PTH116
        except OSError:
            continue
        stamp.update(f"{place} {stat.st_mtime_ns} {stat.st_size}\n".encode(errors="replace"))
    return stamp.hexdigest()


def read_shipped_page(words: str, stamp: str) -> Page | None:
    """Return a page that came with the package, None if it lacks it, is out of date or damaged.

    Parameters
    ----------
    words
        Of the command that prints it.
    stamp
        From `content_stamp`.
    """
    try:
        content = json.loads(SHIPPED.read_text(encoding="utf-8"))
        page, digest = dict(content["pages"][words]), content["digests"][words]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return page if content["stamp"] == stamp and digest == digest_of_page(page) else None


def read_page(path: Path, stamp: str) -> Page | None:
    """Return a page as it was kept, None if there is none, or it is out of date or damaged.

    Parameters
    ----------
    path
        The file.
    stamp
        From `content_stamp` and `installation_stamp`.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        page, digest = dict(content["page"]), content["digest"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return page if content["stamp"] == stamp and digest == digest_of_page(page) else None


def digest_of_page(page: Page) -> str:
    """Return what tells a page from a damaged one.

    Parameters
    ----------
    page
        From `make_page`.
    """
    return _digest_of_text(json.dumps(page, sort_keys=True))


def _keep_page(path: Path, stamp: str, page: Page) -> None:
    content = {"stamp": stamp, "digest": digest_of_page(page), "page": page}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, json.dumps(content))
    except OSError:
        pass  # the cache cannot be written: the next call makes the page again


def _sources() -> Iterator[tuple[str, str]]:
    """Yield name and path of the files of the package, then of the data beside or inside it."""
    package = Path(__file__).parents[1]
    yield from _files_below(package, (CODE, *DATA), without=KINDS)
    for kind in KINDS:
        yield from _files_below(shipped_folder(kind), DATA)


def _files_below(
    root: Path, endings: tuple[str, ...], without: tuple[str, ...] = ()
) -> Iterator[tuple[str, str]]:
    """Yield files below a folder, sorted, but for some folders at its top, as package/file."""
    for folder, subfolders, names in os.walk(root):
        leave = {"__pycache__", *(without if folder == str(root) else ())}
        subfolders[:] = sorted(set(subfolders) - leave)
        for name in sorted(names):
            if name.endswith(endings):
                path = os.path.join(folder, name)  # noqa: PTH118 (a thousand of them)
                yield f"{root.name}/{os.path.relpath(path, root)}", path


def _digest_of_text(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
