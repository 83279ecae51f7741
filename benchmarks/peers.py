"""dualframe beside its peers: NEST, NEURON, Brian2, stock Dendrify, a loop with Gymnasium.

    python benchmarks/peers.py                       # all rows; writes results/peers.*
    python benchmarks/peers.py --rows pd14 glif_network
    python benchmarks/peers.py --unfinished          # those that the table does not have yet

Each row is a file of ``peer_rows``. What has to be compiled is compiled first, then spikes or rates
are compared, and a side that does not agree is refused. The sides take turns, each in a process
of its own, so that the start of Python, description, drawing, simulation and reading are told
apart; times are user and system time of the process and of the programs that it started, memory is
the largest of one process. A ratio is that of two sides in one turn. The table is saved after each
row; other rows stay, if they are of this machine. README and the documentation quote it.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from measure import RESULTS, facts, save
from peer_rows import ROWS
from peer_rows.row import Turn
from peer_rows.take_turns import answer, measure_row, ordered

ROOT = Path(__file__).resolve().parents[1]
QUOTING = tuple(ROOT / page for page in ("README.md", "docs/benchmarks.md"))
BLOCK = re.compile(r"(<!-- peers: .* -->\n)(?P<text>.*?)(\n<!-- end of peers -->)", re.DOTALL)
NOTES = (
    "CPU seconds of one core: median (lowest to highest). `run` is the simulation, or the "
    "program with its files; `read` of dualframe is the rest of `df.run`, writing and "
    "reading included; `start` is Python and imports; `first time` is the process that "
    "generates and compiles. A ratio above one means that dualframe takes less.",
)


def read_table(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a saved table; none, if there is none."""
    path = folder / "peers.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def quotation(lines: Sequence[dict[str, Any]]) -> str:
    """Return the ratios of a table as README and the documentation quote them, in Markdown."""
    return "\n".join(
        ["| work | peer | CPU time, peer / dualframe |", "|---|---|---|", *_quoted(lines)]
    )


def _quoted(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    for line in lines:
        if line["peer / dualframe"]:
            yield f"| {line['work']} | {line['simulator']} | {line['peer / dualframe']} |"


def quote(lines: Sequence[dict[str, Any]]) -> None:
    """Write the ratios into the pages that quote them."""
    for page in QUOTING:
        text = page.read_text(encoding="utf-8")
        page.write_text(
            BLOCK.sub(lambda m: f"{m[1]}{quotation(lines)}{m[3]}", text), encoding="utf-8"
        )


def save_table(lines: Sequence[dict[str, Any]], folder: Path) -> None:
    """Save the table; the one of the repository is quoted."""
    names = list(ROWS)
    table = list(ordered(lines, names))
    shown = {line["row"] for line in table}
    notes = [f"{row.work}: {row.note}." for row in ROWS.values() if row.note and row.name in shown]
    save("peers", "dualframe and its peers", table, [*NOTES, *notes], folder)
    if folder == RESULTS:
        quote(table)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure rows, and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", nargs="+", choices=tuple(ROWS), default=tuple(ROWS))
    parser.add_argument("--unfinished", action="store_true", help="rows that are not saved yet")
    parser.add_argument("--turns", type=int, help="turns of each row")
    parser.add_argument("--short", action="store_true", help="sizes that show that it works")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--turn", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    for what in ("turn", "prepare"):
        if getattr(options, what):
            name, side = getattr(options, what)
            row = ROWS[name]
            settings = {**row.settings, **(row.short if options.short else {})}
            turn = Turn(settings=settings, seed=options.seed, folder=options.folder)
            answer(row, side, what, turn)
            return
    measure(options)


def measure(options: argparse.Namespace) -> None:
    """Measure the rows that were asked for, saving after each."""
    machine = facts()["processor"]
    kept = [line for line in read_table(options.out) if line["machine"] == machine]
    finished = {line["row"] for line in kept} if options.unfinished else set()
    for name in [name for name in options.rows if name not in finished]:
        with tempfile.TemporaryDirectory(prefix="dualframe_peers_") as folder:
            lines = measure_row(
                ROWS[name], short=options.short, turns=options.turns, folder=Path(folder)
            )
        about = {"date": datetime.date.today().isoformat(), "machine": machine}
        kept = [line for line in kept if line["row"] != name] + [line | about for line in lines]
        save_table(kept, options.out)


if __name__ == "__main__":
    main()
