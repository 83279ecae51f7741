"""The systems of the literature, and which of them work here, from ``systems.csv``.

The rows are the neuron models, learning rules, architectures, tasks and theories that the papers
of the framework name (Rodriguez-Garcia, Mei and Ramaswamy 2024; Hu 2024). A row that *works* names
what shows it, and ``tests/unit/test_systems.py`` builds and runs that, or asserts that the named
test is there. Nothing that a row names is imported or evaluated by this module.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.text_files import read_text_file

FILE = Path(__file__).parent / "systems.csv"
COLUMNS = ("name", "group", "what", "source", "status", "example", "reason")
WORKS, BY_HAND, NOT_HERE = "works", "by hand", "not here"
STATUSES = (WORKS, BY_HAND, NOT_HERE)
#: What an example may be, and how a user comes to it.
EXAMPLE_KINDS = {
    "neuron": 'df.neuron("{}", ...)',
    "rule": 'df.plasticity_rule("{}", ...)',
    "task": 'df.train(df.task("{}"))',
    "circuit": 'df.circuit("{}")',
    "call": "df.{}",
    "script": "python {}",
    "page": "{}",
    "test": "pytest {}",
}
#: Kinds that show that something works, since tests run them; scripts and pages show the way.
RUN_KINDS = ("neuron", "rule", "task", "circuit", "test")
_SEPARATOR = "; "


class Example(NamedTuple):
    """What shows a system: a kind of `EXAMPLE_KINDS` and a name, such as ``neuron`` ``adex``."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def usage(self) -> str:
        """What a user types."""
        return EXAMPLE_KINDS[self.kind].format(self.name)

    @property
    def short(self) -> str:
        """For a table: of a path the file alone."""
        return f"{self.kind} {PurePosixPath(self.name.split('::')[0]).name}"


@dataclass(frozen=True, kw_only=True)
class System:
    """A system of the literature.

    Parameters
    ----------
    name, group
        How it is called, and the part of the papers that it belongs to.
    what
        What it is: its equation, or what it does.
    source
        Who published it.
    status
        ``"works"``, ``"by hand"`` (a script does it) or ``"not here"``.
    examples
        What shows it.
    reason
        Why it is not here; of a system that works, what of the source is not.
    """

    name: str
    group: str
    what: str
    source: str
    status: str
    examples: tuple[Example, ...]
    reason: str

    def describe(self) -> str:
        """Return what it is, its status and what shows it, as text."""
        lines = [
            f"{self.name} ({self.group})",
            f"  {self.what}",
            f"  source: {self.source}",
            f"  status: {self.status}",
            *(f"  {x.kind}: {x.usage}" for x in self.examples),
            *([f"  {_label_of_reason(self.status)}: {self.reason}"] if self.reason else []),
        ]
        return "\n".join(lines)


def systems() -> pd.DataFrame:
    """Return the systems that the literature names as a table, one row each.

    ``status`` is "works" (with the example that a test runs), "by hand" (with the script that does
    it) or "not here" (with the reason). ``dualframe show NAME`` says more of one.
    """
    rows = [
        {
            "name": s.name,
            "group": s.group,
            "source": s.source,
            "status": s.status,
            "example": _SEPARATOR.join(map(str, s.examples)),
            "reason": s.reason,
            "what": s.what,
        }
        for s in list_systems()
    ]
    return pd.DataFrame(rows)


def system_names() -> tuple[str, ...]:
    """Return the names of all systems, in the order of the papers."""
    return tuple(s.name for s in list_systems())


def system(name: str) -> System:
    """Return a system by name.

    Parameters
    ----------
    name
        As in `systems`.

    Raises
    ------
    UnknownName
        If no system has this name.
    """
    for found in list_systems():
        if found.name == name:
            return found
    raise UnknownName("system", name, system_names(), lister="'dualframe list systems'")


def count_statuses(table: pd.DataFrame) -> pd.DataFrame:
    """Return how many systems of each group have each status, with a last row of sums.

    Parameters
    ----------
    table
        What `systems` returns.
    """
    counts = pd.crosstab(table["group"], table["status"])
    counts = counts.reindex(index=table["group"].unique(), columns=STATUSES, fill_value=0)
    counts.loc["all"] = counts.sum()
    return counts


@lru_cache(maxsize=2)
def list_systems(path: Path = FILE) -> tuple[System, ...]:
    """Return the rows of a table of systems, checked.

    Parameters
    ----------
    path
        A CSV file with the columns of `COLUMNS`.

    Raises
    ------
    CatalogueError
        If a row has another status or kind of example, lacks what its status asks for, or repeats
        a name.
    """
    reader = csv.DictReader(read_text_file(path).splitlines(), strict=True)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise CatalogueError(
            f"{path.name} has the columns {reader.fieldnames}: expected {', '.join(COLUMNS)}."
        )
    entries: dict[str, System] = {}
    for row in reader:
        where = f"{path.name}, line {reader.line_num}"
        entry = _read_row(row, where)
        if entry.name in entries:
            raise CatalogueError(f"{where}: there is a system {entry.name!r} already. Rename one.")
        entries[entry.name] = entry
    return tuple(entries.values())


def _read_row(row: dict[str, str], where: str) -> System:
    if None in row or None in row.values():
        raise CatalogueError(f"{where}: expected {len(COLUMNS)} columns. Quote what has a comma.")
    for column in ("name", "group", "what", "source"):
        if not row[column].strip():
            raise CatalogueError(f"{where}: {column} is empty. State it.")
    if row["status"] not in STATUSES:
        raise CatalogueError(
            f"{where}: status {row['status']!r} is none of {', '.join(map(repr, STATUSES))}."
        )
    examples = tuple(
        _read_example(text.strip(), where) for text in row["example"].split(";") if text.strip()
    )
    entry = System(
        name=row["name"],
        group=row["group"],
        what=row["what"],
        source=row["source"],
        status=row["status"],
        examples=examples,
        reason=row["reason"],
    )
    _check_evidence(entry, where)
    return entry


def _check_evidence(entry: System, where: str) -> None:
    """Refuse a status without what it asks for."""
    kinds = {example.kind for example in entry.examples}
    if entry.status == WORKS and not kinds & set(RUN_KINDS):
        needed = f"an example that tests run ({', '.join(RUN_KINDS)})"
    elif entry.status == BY_HAND and not kinds & {"script", "page"}:
        needed = "the script or page that does it"
    elif entry.status == NOT_HERE and (not entry.reason or entry.examples):
        needed = "a reason and no example"
    else:
        return
    raise CatalogueError(
        f"{where}: {entry.name!r} is listed as {entry.status!r}, which needs {needed}."
    )


def _read_example(text: str, where: str) -> Example:
    kind, _, name = text.partition(" ")
    if kind not in EXAMPLE_KINDS or not name:
        raise CatalogueError(
            f"{where}: example {text!r} is none: expected a kind of {', '.join(EXAMPLE_KINDS)} "
            "and a name, such as 'neuron adex'."
        )
    return Example(kind, name)


def _label_of_reason(status: str) -> str:
    return "why" if status == NOT_HERE else "note"
