"""Write the list of the literature's systems from its table: ``docs/catalogue/systems.md``.

Run by ``conf.py`` before each build.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from dualframe import catalogue
from dualframe.catalogue.system_list import STATUSES, System

HEAD = """\
# Systems of the literature

Neuron models, learning rules, architectures, tasks and theories that Rodriguez-Garcia, Mei and
Ramaswamy (2024) and Hu (2024) name, and which of them dualframe has: `df.systems()`,
`dualframe list systems`, `dualframe show NAME`.

**works**: a test runs the example that the row names. A note says what of the source is not there.
**by hand**: a script does it, and no test asserts what it finds.
**not here**: the reason is stated; *planned* is what open issues ask for.
"""
COLUMNS = ("", "what it is", "status", "example or reason", "source")


def write_systems(folder: Path) -> None:
    """Write the page: how many of each group have which status, then a table for each group."""
    parts = [HEAD, _counts()]
    for group, entries in groupby(_by_group(), key=lambda entry: entry.group):
        rows = [_row(entry) for entry in entries]
        parts += [
            f"## {group}\n",
            _table(["", "what it is", "status", "example or reason", "source"], rows),
        ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "systems.md").write_text("\n".join(parts), encoding="utf-8")


def _by_group() -> list[System]:
    entries = catalogue.list_systems()
    order = list(dict.fromkeys(entry.group for entry in entries))
    return sorted(entries, key=lambda entry: order.index(entry.group))


def _counts() -> str:
    counts = catalogue.count_statuses(catalogue.systems())
    rows = [
        [str(group), *map(str, numbers)]
        for group, numbers in zip(counts.index, counts.to_numpy(), strict=True)
    ]
    return _table(("", *STATUSES), rows)


def _row(entry: System) -> list[str]:
    shown = [f"`{example.usage}`" for example in entry.examples]
    reason = [_escape(entry.reason)] if entry.reason else []
    return [
        _escape(entry.name),
        _escape(entry.what),
        entry.status,
        "<br>".join([*shown, *reason]),
        _escape(entry.source),
    ]


def _escape(text: str) -> str:
    return re.sub(r"([\\*_<>|$`\[\]])", r"\\\1", text)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join([*(f"| {' | '.join(line)} |" for line in lines), ""])
