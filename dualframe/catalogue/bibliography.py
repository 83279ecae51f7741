"""References: the fields of the entries of a BibTeX file, read by bibtexparser."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from dualframe.core.errors import CatalogueError
from dualframe.core.text_files import read_text_file

if TYPE_CHECKING:
    from bibtexparser.library import Library

PACKAGED = Path(__file__).parent / "references.bib"


def references(path: Path = PACKAGED) -> Mapping[str, Mapping[str, str]]:
    """Return the fields of every entry of a BibTeX file by key; "type" is one of them.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    CatalogueError
        If it cannot be read, or an entry is not well formed: it names the file and the line.
    """
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return _parse_entries(path, changed)


@lru_cache(maxsize=8)
def _parse_entries(path: Path, changed: int) -> Mapping[str, Mapping[str, str]]:
    """Parse once per version of a file: ``changed`` is its time of modification."""
    library = _parse_file(path)
    _refuse_broken_entries(library, path)
    entries = {
        entry.key: MappingProxyType(
            {
                "type": entry.entry_type.lower(),
                **{field.key.lower(): _plain_text(str(field.value)) for field in entry.fields},
            }
        )
        for entry in library.entries
    }
    return MappingProxyType(entries)


def _parse_file(path: Path) -> Library:
    from bibtexparser.entrypoint import parse_string  # slow to import, and not always needed

    text = read_text_file(path)
    with _silent_logger("bibtexparser"):
        return parse_string(text)


@contextmanager
def _silent_logger(name: str) -> Iterator[None]:
    """Leave out what a library logs: an error of ours says it."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _refuse_broken_entries(library: Library, path: Path) -> None:
    for block in library.failed_blocks:
        line = (block.start_line or 0) + 1
        key = getattr(block, "key", None)
        if key is not None:
            raise CatalogueError(f"{path.name}: key {key!r} stands twice. Rename one.")
        raise CatalogueError(
            f"{path.name}: the entry in line {line} is not well formed: expected pairs of braces "
            f"and quotes, commas between key and fields, and no field twice. Correct it."
        )


def _plain_text(value: str) -> str:
    """Return a field on one line, without braces around the whole of it."""
    text = " ".join(value.split())
    while _is_wrapped(text):
        text = text[1:-1].strip()
    return text


def _is_wrapped(text: str) -> bool:
    """Tell whether the first brace of a text is closed by its last character."""
    if not (text.startswith("{") and text.endswith("}")):
        return False
    depth = 0
    for character in text[:-1]:
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return False
    return True


def suggest_source(name: str, keys: Collection[str]) -> str:
    """Return what to do about a source that no file of references has.

    Parameters
    ----------
    name
        The source.
    keys
        Of all references that may be named.
    """
    # keys are names and years: less than this much alike, they are other papers
    near = get_close_matches(name, keys, n=1, cutoff=0.8)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f'{hint}Add it to a references.bib beside the file; for unpublished numbers write "own".'


def citation(key: str, path: Path = PACKAGED) -> str:
    """Return one line of text for a reference: authors, year, title, place.

    Parameters
    ----------
    key
        Of the reference.
    path
        The file that has it.
    """
    fields = references(path).get(key, {})
    place = " ".join(filter(None, (fields.get("journal"), fields.get("volume"))))
    if place and "pages" in fields:
        place += f":{fields['pages']}"
    author = fields.get("author", "").replace(" and others", " et al.").replace(" and ", ", ")
    parts = (
        author.rstrip("."),
        fields.get("year"),
        fields.get("title"),
        place,
        fields.get("howpublished"),
        fields.get("note"),
    )
    return ". ".join(part for part in parts if part) or key
