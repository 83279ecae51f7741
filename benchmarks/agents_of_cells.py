"""What agents of cells cost beside reference neurons: `navigation_cells` and `navigation`.

    python benchmarks/agents_of_cells.py    # writes results/agents_of_cells.*

Both networks have the same place cells and 40 action cells, and about as many synapses (the table
counts). They run in turns with dopamine and acetylcholine, as in training, and what is timed is the
CPU of the C++ program with its files. The spikes of action cells are kept by both, for their rates.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brian2 import second
from measure import RESULTS, cost, save, spread
from numpy.random import default_rng

import dualframe as df
from dualframe.network.draw_connections import draw_pairs

REFERENCE, CELLS = "navigation", "navigation_cells"
MODELS = ("glif", "izhikevich")
MODULATORS = ("DA", "ACh")
BAR = 3.0


@dataclass(frozen=True)
class Side:
    """Agents of a task, and how long they run."""

    name: str
    model: str | None
    agents: int
    seconds: float
    dt: Any = None  # that of its file

    @property
    def task(self) -> df.Task:
        """The task in the condition that is timed."""
        return df.task(self.name).with_modulators(*MODULATORS)

    @property
    def step(self) -> Any:
        """The time step."""
        return self.task.time_step("task_driven") if self.dt is None else self.dt

    def network(self) -> df.Network:
        """Return the agents side by side."""
        return df.task_driven.build(self.task, model=self.model, agents=self.agents)

    def run(self, network: df.Network) -> tuple[float, df.Results]:
        """Return the CPU seconds of the program, per simulated second, and the results."""
        with cost() as spent:
            results = df.run(
                network,
                self.seconds * second,
                dt=self.step,
                seed=1,
                target="cpp_standalone",
                spikes=["action"],
                progress=False,
            )
        return spent.children / self.seconds, results


def take_turns(sides: Sequence[Side], turns: int) -> tuple[list[list[float]], list[df.Results]]:
    """Run all sides in turns, after a run of each that compiles; return CPU and last results."""
    networks = [side.network() for side in sides]
    for side, network in zip(sides, networks, strict=True):
        side.run(network)
    seconds: list[list[float]] = [[] for _ in sides]
    results: list[Any] = [None for _ in sides]
    for _ in range(turns):
        for k, (side, network) in enumerate(zip(sides, networks, strict=True)):
            spent, results[k] = side.run(network)
            if results[k].provenance["build_cache"] != "hit":
                raise SystemExit(f"{side}: a program was compiled in a run that was timed")
            seconds[k].append(spent)
    return seconds, results


def rows(agents: int, length: float, turns: int) -> list[dict[str, object]]:
    """Return a row for the reference and each model of the cells."""
    step = df.task(CELLS).time_step("task_driven")
    sides = [Side(REFERENCE, None, agents, length), Side(REFERENCE, None, agents, length, step)]
    sides += [Side(CELLS, model, agents, length, step) for model in MODELS]
    seconds, results = take_turns(sides, turns)
    table = []
    for side, own, result in zip(sides, seconds, results, strict=True):
        one = replace(side, agents=1).network()
        rates = result.rates().set_index("population")["mean_rate_Hz"]
        table.append(
            {
                "network": f"{side.name}, {side.model or 'reference neurons'}",
                "dt (ms)": f"{float(side.step) * 1e3:g}",
                "agents": agents,
                "neurons of one": sum(p.n for p in one.populations),
                "synapses of one": count_synapses(one, side.task),
                "action cells (Hz)": f"{rates['action']:.1f}",
                "CPU ms per s of an agent": f"{1e3 * statistics.median(own) / agents:.3g}",
                "times the reference": ratio_text(own, seconds[0]),
                "at the same dt": ratio_text(own, seconds[1]),
            }
        )
        print(table[-1], flush=True)
    return table


def ratio_text(own: Sequence[float], reference: Sequence[float]) -> str:
    """Return the ratios of the turns, or nothing for the reference itself."""
    if own is reference:
        return ""
    return spread([a / b for a, b in zip(own, reference, strict=True)])


def count_synapses(network: df.Network, task: df.Task) -> int:
    """Return the synapses of one agent, without the wires to and from its environment."""
    names = {projection.name for projection in task.circuit.projections}
    pairs = (
        draw_pairs(p, network.source(p.source), network.population(p.target), default_rng(1))
        for p in network.projections
        if p.name in names
    )
    return sum(len(i) for i, _ in pairs)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, nargs="+", default=[1, 20])
    parser.add_argument("--seconds", type=float, default=100.0, help="of one agent")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    table = []
    for agents in options.agents:
        length = max(options.seconds / agents, min(options.seconds, 10.0))
        table += rows(agents, length, options.turns)
    notes = [
        f"With {' and '.join(MODULATORS)}. CPU of the C++ program with its files; medians of "
        f"{options.turns} turns, with the range of the ratios of each turn: to the reference at "
        f"the time step of its file, and at that of the cells. The bar was {BAR:g} times the "
        "reference.",
    ]
    save("agents_of_cells", "Agents of cells beside reference neurons", table, notes, options.out)


if __name__ == "__main__":
    main()
