"""References: the keys and fields of a BibTeX file, as far as the catalogue needs them.

Not a BibTeX parser: entries are ``@type{key, field = {text}, ... }`` with one field a line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from dualframe.core.errors import CatalogueError

PACKAGED = Path(__file__).parent / "references.bib"

_ENTRY = re.compile(r"@(?P<type>\w+)\{(?P<key>[^,\s]+),(?P<body>.*?)\n\}", re.DOTALL)
_FIELD = re.compile(r"^\s*(?P<name>\w+)\s*=\s*\{(?P<text>.*)\},?\s*$", re.MULTILINE)


def references(path: Path = PACKAGED) -> Mapping[str, Mapping[str, str]]:
    """Return the fields of every entry of a BibTeX file by key; "type" is one of them."""
    return _parse_entries(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _parse_entries(path: Path, changed: int) -> Mapping[str, Mapping[str, str]]:
    """Parse once per version of a file: ``changed`` is its time of modification."""
    entries: dict[str, Mapping[str, str]] = {}
    for entry in _ENTRY.finditer(path.read_text(encoding="utf-8")):
        if entry["key"] in entries:
            raise CatalogueError(f"{path.name}: key {entry['key']!r} stands twice. Rename one.")
        fields = {field["name"]: field["text"] for field in _FIELD.finditer(entry["body"])}
        entries[entry["key"]] = MappingProxyType({"type": entry["type"], **fields})
    return MappingProxyType(entries)


def citation(key: str, path: Path = PACKAGED) -> str:
    """Return one line of text for a reference: authors, year, title, place."""
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
