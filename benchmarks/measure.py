"""Times of this process and its children, facts of the machine, and tables that are kept."""

from __future__ import annotations

import csv
import datetime
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dualframe as df
from dualframe.simulation.assemble_results import package_versions
from dualframe.targets.genn import requirements as genn

RESULTS = Path(__file__).resolve().parent / "results"
SHARED = (
    "The machine is shared with other work: wall times are noisy. Quote CPU times and the ratios, "
    "each of which was measured within one run of the script."
)


@dataclass
class Cost:
    """Seconds: wall clock, CPU of this process and CPU of the programs that it started."""

    wall: float = 0.0
    own: float = 0.0
    children: float = 0.0

    @property
    def cpu(self) -> float:
        """CPU time of this process and its children."""
        return self.own + self.children


@contextmanager
def cost() -> Iterator[Cost]:
    """Measure what a ``with`` block costs."""
    measured = Cost()
    wall, own, children = time.perf_counter(), *_cpu()
    yield measured
    measured.wall = time.perf_counter() - wall
    measured.own, measured.children = (b - a for a, b in zip((own, children), _cpu(), strict=True))


def _cpu() -> tuple[float, float]:
    """User and system time of this process, and of its children that have ended."""
    uses = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, children = (use.ru_utime + use.ru_stime for use in uses)
    return own, children


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return ``median (lowest to highest)``."""
    middle, low, high = (
        f"{v:.{digits}g}" for v in (statistics.median(values), min(values), max(values))
    )
    return f"{middle} ({low} to {high})"


def facts() -> dict[str, str]:
    """Return what the times depend on."""
    found = {"dualframe": df.__version__} | package_versions()
    return {
        "date": datetime.date.today().isoformat(),
        "command": _command(sys.argv),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()} {platform.machine()}",
        "compiler": _first_line(["g++", "--version"]),
        "GPU": ", ".join(genn.gpu_names()) or "none",
        "CUDA": ".".join(map(str, genn.cuda_version() or ())) or "none",
        "GeNN": genn.genn_version() or "none",
        "versions": ", ".join(f"{name} {version}" for name, version in found.items()),
    }


def save(
    name: str,
    title: str,
    rows: Sequence[dict[str, Any]],
    notes: Sequence[str] = (),
    folder: Path = RESULTS,
    body: Sequence[str] | None = None,
) -> None:
    """Write a table as CSV and as Markdown with the facts of the machine, and print it.

    ``body`` are blocks of Markdown that stand there in place of the table.
    """
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    lines = [f"# {title}", "", "| | |", "|---|---|"]
    lines += [f"| {key} | {value} |" for key, value in facts().items()]
    lines += ["", "\n\n".join(body) if body else grid(columns, rows)]
    for note in (*notes, SHARED):
        lines += ["", note]
    text = "\n".join(lines) + "\n"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")
    print(text)


def grid(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    lines += [f"| {' | '.join(str(row.get(c, '')) for c in columns)} |" for row in rows]
    return "\n".join(lines)


def _command(arguments: Sequence[str]) -> str:
    """Return the command without the folders that it wrote to."""
    words = [f"benchmarks/{Path(arguments[0]).name}", *arguments[1:]]
    for option in ("--out", "--keep", "--base", "--figures"):
        if option in words:
            where = words.index(option)
            del words[where : where + 2]
    return shlex.join(["python", *words])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return "none"
    return (done.stdout.splitlines() or ["none"])[0]
