"""What acted in a run: modulators and drugs, receptor by receptor, as a table and as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

import pandas as pd

Rows = Sequence[Mapping[str, Any]]
COLUMNS = (
    *("action", "receptor", "cell_type", "population", "effects"),
    *("occupancy", "without", "acted", "why"),
)


class ActionTable(pd.DataFrame):
    """A table of actions that prints every column, in two lines or more for each row."""

    def __repr__(self) -> str:
        if self.empty or not set(COLUMNS) <= set(self):
            return super().__repr__()
        heads = self[list(_IN_COLUMNS)].to_string(
            index=False, float_format="{:.2f}".format, na_rep="-"
        )
        first, *lines = heads.splitlines()
        blocks = [first]
        for line, effects, why in zip(lines, self["effects"], self["why"], strict=True):
            blocks.append(line)
            remark = "; ".join(filter(None, (effects, why)))
            blocks += wrap(remark, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        return "\n".join(blocks)

    def __str__(self) -> str:
        return repr(self)


_IN_COLUMNS = ("action", "receptor", "cell_type", "population", "occupancy", "without", "acted")
_WIDTH = 79


def actions_table(rows: Rows) -> pd.DataFrame:
    """Return what each modulator and drug did to each population.

    Parameters
    ----------
    rows
        From the provenance of a run.

    Returns
    -------
    pandas.DataFrame
        ``action, receptor, cell_type, population, effects, occupancy, without, acted, why``.
        ``occupancy`` is that of the receptor with everything that acts, ``without`` that without
        this action; NaN where it depends on spikes. ``why`` says why an action did nothing. It
        prints whole: effects and reasons stand below each row.
    """
    table = pd.DataFrame([{name: row[name] for name in COLUMNS} for row in rows], columns=COLUMNS)
    return ActionTable(table.astype({"occupancy": float, "without": float, "acted": bool}))


def without_silent_releases(rows: Rows, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the rows of a run in which populations that did not spike released nothing.

    Parameters
    ----------
    rows
        Of the network.
    counts
        Number of spikes by population, where they are known.
    """
    return [
        {**row, "acted": False, "why": f"population {row['released_by']!r} did not spike"}
        if row["acted"] and counts.get(row["released_by"], 1) == 0
        else dict(row)
        for row in rows
    ]


def acting_lines(rows: Rows) -> list[str]:
    """Return a line for each action and receptor that did something.

    Parameters
    ----------
    rows
        From the provenance of a run.
    """
    lines: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["acted"]:
            place = row["population"]
            if row["cell_type"] and row["in_inputs"]:
                place += f" from {row['cell_type']}"
            lines.setdefault((row["action"], row["receptor"]), []).append(
                f"{place} {_number_text(row)}"
            )
    return [
        f"{action} at {receptor}: occupancy {', '.join(places)}"
        if receptor
        else f"{action}: {', '.join(place.strip() for place in places)}"
        for (action, receptor), places in lines.items()
    ]


def _number_text(row: Mapping[str, Any]) -> str:
    if row["occupancy"] is None:
        return "" if not row["receptor"] else "as it spikes"
    text = f"{row['occupancy']:.2f}"
    return f"{text} (else {row['without']:.2f})" if row["without"] else text


def idle_lines(rows: Rows) -> Iterator[str]:
    """Yield a sentence for each action that did nothing, and for cells that the user named.

    Parameters
    ----------
    rows
        From the provenance of a run.
    """
    for action in dict.fromkeys(row["action"] for row in rows):
        of_action = [row for row in rows if row["action"] == action]
        idle = [row for row in of_action if not row["acted"] and not row["intended"]]
        yield from (
            _idle_text(row, "did little") for row in of_action if row["acted"] and row["why"]
        )
        if not idle:
            continue
        if not any(row["acted"] for row in of_action):
            yield _idle_text(next((row for row in idle if row["effects"]), idle[0]), "did nothing")
            continue
        yield from _idle_cells(of_action, idle)


def _idle_cells(of_action: Rows, idle: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each cell type that the user named, where an action did nothing."""
    acted = {row["population"] for row in of_action if row["acted"]}
    seen = set[str]()
    for row in idle:
        if row["named"] and row["population"] not in acted | seen:
            seen.add(row["population"])
            yield _idle_text(row, f"did nothing on {row['population']}")


def _idle_text(row: Mapping[str, Any], did: str) -> str:
    place = ""
    if row["receptor"] and row["population"]:
        occupancy = "" if row["occupancy"] is None else f" {row['occupancy']:.2f}"
        place = f"occupancy of {row['receptor']} on {row['cell_type']}{occupancy}: "
    return f"{row['action']} {did}: {place}{row['why']}."
