"""The layer 2/3 circuit at several sizes, in both branches: time to build and time to run.

    python benchmarks/scaling.py               # writes results/scaling.*

Each size is another structure, so its first run generates and compiles; the others find it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from brian2 import ms, second
from measure import RESULTS, cost, save, spread

import dualframe as df
from dualframe.targets.lowering.lower_network import lower_network

BRANCHES = {"biological": df.biological.build, "task_driven": df.task_driven.build}


def row(branch: str, scale: float, duration: float, repeats: int, target: str) -> dict[str, Any]:
    """Run a circuit several times, each with another seed."""
    circuit = df.circuit("l23").scaled(scale)
    net = BRANCHES[branch](circuit)
    length, dt = duration * second, 0.1 * ms
    lowered = lower_network(net, dt=dt, duration=length, seed=1)
    runs, costs = [], []
    for seed in range(1, repeats + 2):
        with cost() as spent:
            runs.append(df.run(net, length, target=target, seed=seed, dt=dt, progress=False))
        costs.append(spent)
    facts = [results.provenance for results in runs]
    return {
        "branch": branch,
        "scale": scale,
        "neurons": sum(population.n for population in net.populations),
        "synapses": sum(len(synapses.i) for synapses in lowered.synapses),
        "first build s": f"{facts[0]['build_s']:.3g}",
        "first build cache": facts[0]["build_cache"],
        "second build s": spread([fact["build_s"] for fact in facts[1:]]),
        "CPU s per simulated s": spread([spent.cpu / duration for spent in costs[1:]]),
        "run s per simulated s": spread([fact["run_s"] / duration for fact in facts[1:]]),
        "mean rate Hz": f"{_rate(net, runs[-1], duration):.3g}",
    }


def _rate(net: df.Network, results: df.Results, duration: float) -> float:
    return len(results.spikes) / sum(population.n for population in net.populations) / duration


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scales", type=float, nargs="+", default=(0.02, 0.05, 0.1, 0.2))
    parser.add_argument("--branches", nargs="+", default=tuple(BRANCHES), choices=tuple(BRANCHES))
    parser.add_argument("--duration", type=float, default=1.0, help="simulated time in s")
    parser.add_argument("--repeats", type=int, default=3, help="runs after the first")
    parser.add_argument("--target", default="cpp_standalone")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    settings = (given.duration, given.repeats, given.target)
    table = [row(name, scale, *settings) for name in given.branches for scale in given.scales]
    note = (
        f"One thread, {given.duration:g} s of simulated time; median (lowest to highest) of "
        f"{given.repeats} runs with other seeds after the first. CPU time is that of `df.run`: "
        "drawing the connections, the program and reading its results."
    )
    save("scaling", "Layer 2/3 at several sizes", table, [note], given.out)


if __name__ == "__main__":
    main()
