"""CPU time and memory against the number of neurons, of synapses and of agents, with slopes.

    python benchmarks/scaling.py               # writes results/scaling.*

Three series: GLIF neurons with a hundred synapses each, ten thousand neurons with ever more
synapses, and agents of the task ``navigation``. Each size runs in a process of its own, once to
compile what is new and once that counts. A slope is that of the
logarithms, by least squares over the upper half of the sizes: one is linear.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms, pA, second
from matplotlib.figure import Figure
from measure import RESULTS, cost, save

import dualframe as df
from dualframe.building.task_builder import build_task

SIZES = {
    "neurons": (1_000, 3_000, 10_000, 30_000, 100_000),
    "synapses": (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000),
    "agents": (1, 2, 5, 10, 20, 50, 100, 200),
}
DURATIONS = {"neurons": 0.2, "synapses": 0.2, "agents": 5.0}
DEGREE, NEURONS = 100, 10_000
WEIGHT = 5.0  # pA


def network(series: str, size: int) -> df.Network:
    """Return the network of a size."""
    if series == "agents":
        return df.replicate(build_task(df.task("navigation").with_modulators("DA", "ACh")), size)
    n = size if series == "neurons" else NEURONS
    degree = DEGREE if series == "neurons" else size // NEURONS
    return glif_network(n, degree)


def glif_network(n: int, degree: int) -> df.Network:
    """Neurons under steady currents; weights keep the sum of a neuron's input."""
    neuron = df.cell("ctx_l23_pyr").choose_point_neuron("glif1").make_neuron()
    rheobase = float(neuron.parameters["th_inf"] / neuron.parameters["R"] / pA)
    cells = df.Population(
        "cells",
        n,
        f"{neuron.equations}\nI = I_ext + I_syn : amp\ndI_syn/dt = -I_syn/(5*ms) : amp",
        threshold=neuron.threshold,
        reset=neuron.reset,
        refractory=neuron.refractory,
        parameters={**neuron.parameters, "I_ext": rheobase * np.linspace(0.9, 1.3, n) * pA},
        initial=neuron.initial,
    )
    contacts = df.Projection(
        "cells",
        "cells",
        on_pre="I_syn += w",
        weight=WEIGHT * DEGREE / degree * pA,
        delay=1.5 * ms,
        in_degree=degree,
    )
    return df.Network((cells,), (), (contacts,), name="scaling")


def one(series: str, size: int, duration: float) -> dict[str, Any]:
    """Run a size in this process; return seconds of Python and of the program."""
    step = (1.0 if series == "agents" else 0.1) * ms
    with cost() as spent:
        done = df.run(
            network(series, size),
            duration * second,
            target="cpp_standalone",
            seed=1,
            dt=step,
            progress=False,
            spikes=() if series == "agents" else None,
        )
    return {
        "build and draw CPU s": spent.own,
        "program CPU s": spent.children,
        "spikes": len(done.spikes),
        "build": done.provenance["build_cache"],
    }


def apart(series: str, size: int, duration: float) -> dict[str, Any]:
    """Run a size in a new process; return its costs and its memory (MB)."""
    words = [sys.executable, __file__, "--one", series, str(size), str(duration)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    printed = process.stdout.read() if process.stdout else ""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{series} {size} stopped")
    return json.loads(printed.splitlines()[-1]) | {"memory MB": used.ru_maxrss / 1e3}


def measure(series: str, sizes: Sequence[int], duration: float) -> list[dict[str, Any]]:
    """Return a row for each size."""
    rows = []
    for size in sizes:
        if series != "synapses" or not rows:  # else the program is known
            apart(series, size, min(duration, 0.01))
        found = apart(series, size, duration)
        rows.append({"series": series, "size": size, "simulated s": duration, **found})
        print(rows[-1], flush=True)
    return rows


def slope(rows: Sequence[dict[str, Any]], column: str) -> float:
    """Return the slope of a column over the upper half of the sizes, in logarithms."""
    upper = rows[len(rows) // 2 :] if len(rows) > 3 else rows
    x, y = (np.log([max(row[key], 1e-3) for row in upper]) for key in ("size", column))
    return float(np.polyfit(x, y, 1)[0]) if len(upper) > 1 else float("nan")


def draw_figure(table: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw time and memory over size, a column for each series."""
    names = list(dict.fromkeys(row["series"] for row in table))
    figure = Figure(figsize=(3 * len(names), 4.5), layout="constrained")
    axes = figure.subplots(2, len(names), squeeze=False)
    for k, name in enumerate(names):
        rows = [row for row in table if row["series"] == name]
        size = [row["size"] for row in rows]
        for column in ("program CPU s", "build and draw CPU s"):
            axes[0, k].loglog(size, [row[column] for row in rows], "o-", label=column)
        axes[1, k].semilogx(size, [row["memory MB"] for row in rows], "o-", color="k")
        axes[1, k].set_ylim(bottom=0)
        axes[1, k].set_xlabel(name)
    axes[0, 0].set_ylabel("CPU time (s)")
    axes[1, 0].set_ylabel("memory (MB)")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=120)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table and the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", nargs="+", default=tuple(SIZES), choices=tuple(SIZES))
    parser.add_argument("--largest", type=int, help="leave out larger sizes")
    parser.add_argument("--duration", type=float, help="simulated time in s")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        series, size, duration = options.one
        print(json.dumps(one(series, int(size), float(duration))))
        return
    table, slopes = [], []
    for series in options.series:
        sizes = [s for s in SIZES[series] if options.largest is None or s <= options.largest]
        rows = measure(series, sizes, options.duration or DURATIONS[series])
        found = {c: slope(rows, c) for c in ("program CPU s", "memory MB")}
        slopes += [f"{series}: " + ", ".join(f"{c} {v:.2f}" for c, v in found.items())]
        table += rows
    shown = [
        {key: f"{value:.3g}" if isinstance(value, float) else value for key, value in row.items()}
        for row in table
    ]
    notes = [
        "Slopes of the logarithms over the upper half of the sizes: " + "; ".join(slopes) + ".",
        "Memory is the largest of one process: Python that draws, or the program.",
    ]
    save("scaling", "Time and memory against size", shown, notes, options.out)
    draw_figure(table, options.out / "scaling.png")


if __name__ == "__main__":
    main()
