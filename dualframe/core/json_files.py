"""JSON files that may be damaged: what each entry must be, and one error that names it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualframe.core.errors import OutputError

LARGEST_COUNT = 2**53  # beyond, floating point does not tell whole numbers apart


@dataclass(frozen=True)
class EntryKind:
    """What an entry may be.

    Attributes
    ----------
    expected
        How an error calls it.
    accepts
        Tells whether a value is one.
    """

    expected: str
    accepts: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain and abs(value) < LARGEST_COUNT**2 and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST_COUNT


TEXT = EntryKind("a text", _is_text)
FLAG = EntryKind("true or false", lambda value: isinstance(value, bool))
COUNT = EntryKind("a whole number of zero or more", _is_count)
SEED = EntryKind(
    "a whole number of zero or more, however large",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 0,
)
SIZE = EntryKind("a whole number of at least one", lambda value: _is_count(value) and value > 0)
DURATION = EntryKind("seconds, zero or more", lambda value: _is_number(value) and value >= 0)
SIGN = EntryKind("-1, 0 or 1", lambda value: _is_number(value) and value in (-1, 0, 1))
TABLE = EntryKind("a table", lambda value: isinstance(value, dict))
TEXTS = EntryKind("a list of texts", lambda value: _is_list_of(value, _is_text))
ROWS = EntryKind("a list of tables", lambda value: _is_list_of(value, TABLE.accepts))
COUNTS = EntryKind("a table of whole numbers", lambda value: _is_table_of(value, _is_count))

NAMES = EntryKind("a table of lists of texts", lambda value: _is_table_of(value, TEXTS.accepts))
RANGES = EntryKind("a table of two numbers each", lambda value: _is_table_of(value, _is_range))


def optional(kind: EntryKind) -> EntryKind:
    """Return the kind of an entry that may be null as well.

    Parameters
    ----------
    kind
        What the entry is otherwise.
    """
    return EntryKind(
        f"{kind.expected}, or null", lambda value: value is None or kind.accepts(value)
    )


VERSIONS = EntryKind("a table of texts", lambda value: _is_table_of(value, optional(TEXT).accepts))


def _is_list_of(value: Any, accepts: Callable[[Any], bool]) -> bool:
    return isinstance(value, list) and all(map(accepts, value))


def _is_table_of(value: Any, accepts: Callable[[Any], bool]) -> bool:
    return isinstance(value, dict) and all(map(accepts, value.values()))


def _is_range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


def read_json(path: Path) -> Any:
    """Return the content of a JSON file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    OutputError
        If it cannot be read, or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise OutputError(f"{str(path)!r} cannot be read: {problem.strerror or problem}.") from None
    except (ValueError, RecursionError, MemoryError) as problem:
        raise OutputError(
            f"{str(path)!r} is damaged ({problem}): restore it, or run again."
        ) from problem


def check_entries(
    table: Mapping[str, Any], kinds: Mapping[str, EntryKind], where: str, free: Sequence[str] = ()
) -> None:
    """Refuse a table in which an entry is missing or is not what it must be.

    Parameters
    ----------
    table
        The table; entries that ``kinds`` does not name are not looked at.
    kinds
        What the entries must be, by name.
    where
        File and place, as an error calls them.
    free
        Names of ``kinds`` that may be missing.

    Raises
    ------
    OutputError
        If an entry is not as it must be: it names the entry.
    """
    for key, kind in kinds.items():
        if key not in table:
            if key in free:
                continue
            raise OutputError(
                f"{where} is damaged: {key!r} is missing, expected {kind.expected}. Restore it, "
                f"or run again."
            )
        if not kind.accepts(table[key]):
            shown = repr(table[key])
            shown = shown if len(shown) <= 60 else f"{shown[:60]}..."
            raise OutputError(
                f"{where} is damaged: {key!r} is {shown}, expected {kind.expected}. Restore it, "
                f"or run again."
            )
