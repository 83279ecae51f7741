"""Every turn in a process of its own: what it costs, and whether the sides agree."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import spread

from peer_rows.row import OURS, Row, Turn

SCRIPT = Path(__file__).resolve().parents[1] / "peers.py"
STAGES = ("build", "draw", "run", "read")


class TurnFailed(Exception):
    """A process of a turn stopped with an error."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a turn cost: CPU seconds by stage and in all, memory (MB), and what has to agree."""

    stages: dict[str, float]
    total: float
    memory: float
    shows: dict[str, Any]

    @property
    def start(self) -> float:
        """CPU seconds outside the stages: the start of Python and imports."""
        return self.total - sum(self.stages.values())

    def cost(self, stages: Sequence[str]) -> float:
        """CPU seconds of some stages, per unit of work where a row counts units."""
        return sum(self.stages.get(name, 0.0) for name in stages) / self.shows.get("units", 1)


def answer(row: Row, side: str, what: str, turn: Turn) -> None:
    """Take a turn in this process (``what`` is "turn" or "prepare") and print it as JSON."""
    function = row.sides[side].take_turn if what == "turn" else row.sides[side].prepare
    shows = function(turn) if function else {}
    print(json.dumps({"stages": turn.stages.seconds, "shows": shows}, default=float))


def ask(row: Row, side: str, what: str, options: Sequence[str], cache: Path) -> Outcome:
    """Take a turn in a new process, which finds dualframe's programs in a cache of this run."""
    words = [sys.executable, str(SCRIPT), f"--{what}", row.name, side, *options]
    environment = os.environ | {"DUALFRAME_CACHE": str(cache), "PYNEST_QUIET": "1"}
    with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(words, env=environment, stdout=printed, stderr=complaints)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        printed.seek(0)
        complaints.seek(0)
        if process.returncode:
            last = complaints.read().decode(errors="replace").strip().splitlines()[-1:]
            raise TurnFailed(f"{side} stopped: {''.join(last)[:300]}")
        found = json.loads(printed.read().decode(errors="replace").splitlines()[-1])
    return Outcome(**found, total=used.ru_utime + used.ru_stime, memory=used.ru_maxrss / 1e3)


def measure_row(row: Row, *, short: bool, turns: int | None, folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a row: compile, compare the first turn, and time those who agree."""
    lines = {name: _line(row, name, side.missing()) for name, side in row.sides.items()}
    taken: dict[str, list[Outcome]] = {n: [] for n, x in lines.items() if not x["agreement"]}

    def take(name: str, what: str, seed: int) -> Outcome | None:
        kept = folder / f"{row.name}_{list(row.sides).index(name)}"
        kept.mkdir(exist_ok=True)
        options = [*(["--short"] if short else []), "--seed", str(seed), "--folder", str(kept)]
        try:
            return ask(row, name, what, options, folder / "cache")
        except TurnFailed as failed:
            lines[name]["agreement"] = f"refused: {failed}"
            taken.pop(name)
            return None

    for name in [name for name in taken if row.sides[name].prepare is not None]:
        if once := take(name, "prepare", 1):
            lines[name]["first time CPU s"] = f"{once.total:.3g}"
    for seed in range(1, (turns or row.turns) + 1):
        for name in list(taken):
            if outcome := take(name, "turn", seed):
                taken[name].append(outcome)
        if seed == 1:
            _refuse_who_disagrees(row, taken, lines)
    for name in taken:
        lines[name] |= _costs(row, name, taken)
    return list(lines.values())


def _compared(outcome: Outcome) -> dict[str, Any]:
    """Return what has to agree: all that a turn shows but how much work it was."""
    return {name: value for name, value in outcome.shows.items() if name != "units"}


def _refuse_who_disagrees(
    row: Row, taken: dict[str, list[Outcome]], lines: dict[str, dict[str, Any]]
) -> None:
    """Drop the sides whose first turn is not dualframe's, and all if dualframe has none."""
    for name in [name for name in taken if name != OURS]:
        agrees, text = False, "dualframe has no turn to compare with"
        if OURS in taken:
            agrees, text = row.agreement(*(_compared(taken[side][0]) for side in (OURS, name)))
        lines[name]["agreement"] = text if agrees else f"refused: {text}"
        if not agrees:
            taken.pop(name)


def _line(row: Row, side: str, reason: str) -> dict[str, Any]:
    return {
        "row": row.name,
        "work": row.work,
        "simulator": side,
        "agreement": f"skipped: {reason}" if reason else "",
    }


def _costs(row: Row, side: str, taken: dict[str, list[Outcome]]) -> dict[str, Any]:
    """Return medians and ranges of a side, and the ratios of its turns to dualframe's."""
    own = taken[side]
    costs = {
        f"{stage} CPU s": spread([turn.stages[stage] for turn in own])
        for stage in STAGES
        if all(stage in turn.stages for turn in own)
    }
    costs |= {
        "turns": len(own),
        "start CPU s": spread([turn.start for turn in own]),
        "memory MB": f"{statistics.median(turn.memory for turn in own):.0f}",
        "compared": " + ".join(row.stages),
    }
    if "units" in own[0].shows:
        costs["per CPU s"] = spread([1 / turn.cost(row.stages) for turn in own])
    if side != OURS:
        pairs = zip(own, taken[OURS], strict=True)
        ratios = [their.cost(row.stages) / our.cost(row.stages) for their, our in pairs]
        costs["peer / dualframe"] = spread(ratios, 2)
        costs["aim"] = f"{row.goals[side]:g}" if side in row.goals else ""
    return costs


def ordered(lines: Sequence[dict[str, Any]], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield lines in the order of the rows, each with every column."""
    columns = (
        *("row", "work", "simulator", "agreement", "compared", "peer / dualframe", "aim"),
        *("per CPU s", "run CPU s", "draw CPU s", "build CPU s", "read CPU s", "start CPU s"),
        *("first time CPU s", "memory MB", "turns", "date", "machine"),
    )
    for line in sorted(lines, key=lambda line: names.index(line["row"])):
        yield {column: line.get(column, "") for column in columns}
