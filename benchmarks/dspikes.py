"""Cells with dendritic spikes: dualframe's C++ against stock Dendrify on Brian2's runtime.

    python benchmarks/dspikes.py               # 1000 cells, 1 s; writes results/dspikes.*

The network is that of Dendrify's example `comp_network.py`, see dspike_network.py. Stock Dendrify
compiles with Cython at its first run, which can take minutes and is not counted: what is timed is
Brian2's loop over time steps. dualframe's time is the whole program, with reading and writing its
files. The ways of running take turns, and every ratio belongs to one turn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brian2 as b
import numpy as np
from brian2 import second
from dspike_network import DT, Drawn, draw, ours, stock
from measure import RESULTS, cost, save, spread

import dualframe as df

WAYS: dict[str, dict[str, Any]] = {
    "dualframe, 1 thread": {},
    "dualframe, 1 thread, strict floating point": {"strict": True},
    "dualframe, 2 threads": {"threads": 2},
}


@dataclass(frozen=True)
class Turn:
    """One run: seconds, and the spikes as neurons and time steps in order."""

    run_wall: float
    run_cpu: float
    total_wall: float
    spikes: Any


@contextmanager
def preference(name: str, value: Any) -> Iterator[None]:
    """Set one of Brian2's preferences meanwhile."""
    before, b.prefs[name] = b.prefs[name], value
    try:
        yield
    finally:
        b.prefs[name] = before


class Stock:
    """Stock Dendrify, built once; every turn starts from the stored state."""

    def __init__(self, drawn: Drawn, duration: Any, codegen: str) -> None:
        self.duration, self.codegen = duration, codegen
        self.network, self.monitor = stock(drawn)
        self.network.store()

    def turn(self) -> Turn:
        """Run from the start."""
        self.network.restore()
        clocks: list[tuple[float, float]] = []

        def now(*_: Any) -> None:
            clocks.append((time.perf_counter(), time.process_time()))

        with preference("codegen.target", self.codegen), cost() as spent:
            # Brian2 reports at the start and at the end of its loop, after code generation
            self.network.run(self.duration, report=now, report_period=1e6 * second)
        wall, cpu = (last - first for first, last in zip(clocks[0], clocks[-1], strict=True))
        spikes = in_order(np.asarray(self.monitor.i), np.asarray(self.monitor.t))
        return Turn(wall, cpu, spent.wall, spikes)


def turn(net: df.Network, duration: Any, options: dict[str, Any]) -> Turn:
    """Run dualframe's network."""
    with cost() as spent:
        results = df.run(
            net, duration, target="cpp_standalone", seed=1, dt=DT, progress=False, **options
        )
    spikes = in_order(results.spikes["neuron"].to_numpy(), results.spikes["t"].to_numpy())
    return Turn(results.provenance["run_s"], spent.children, spent.wall, spikes)


def in_order(neurons: Any, times: Any) -> Any:
    """Return neurons and time steps of spikes, ordered by step and neuron."""
    steps = np.rint(times / float(DT)).astype(int)
    order = np.lexsort((neurons, steps))
    return np.array([neurons[order], steps[order]])


def difference(spikes: Any, reference: Any) -> str:
    """Say whether spikes are the same, or where they part first."""
    if np.array_equal(spikes, reference):
        return "the same"
    shared = min(spikes.shape[1], reference.shape[1])
    unequal = np.flatnonzero((spikes[:, :shared] != reference[:, :shared]).any(axis=0))
    first = unequal[0] if unequal.size else max(shared - 1, 0)
    step = min(train[1, first] for train in (spikes, reference) if train.shape[1] > first)
    return f"part at {step * float(DT) * 1e3:.1f} ms"


def rows(cells: int, duration: Any, repeats: int, codegen: str) -> list[dict[str, Any]]:
    """Run all ways in turn; the first turn compiles and is not counted."""
    drawn = draw(cells, duration, seed=1)
    brian, net = Stock(drawn, duration, codegen), ours(drawn)
    name = f"stock Dendrify, {codegen}"
    turns: dict[str, list[Turn]] = {way: [] for way in (name, *WAYS)}
    for _ in range(repeats + 1):
        turns[name].append(brian.turn())
        for way, options in WAYS.items():
            turns[way].append(turn(net, duration, options))
    return [_row(way, own[1:], turns[name][1:]) for way, own in turns.items()]


def _row(way: str, own: Sequence[Turn], reference: Sequence[Turn]) -> dict[str, Any]:
    pairs = list(zip(own, reference, strict=True))
    return {
        "way": way,
        "spikes": own[0].spikes.shape[1],
        "against stock": difference(own[0].spikes, reference[0].spikes),
        "run CPU s": spread([turn.run_cpu for turn in own]),
        "run wall s": spread([turn.run_wall for turn in own]),
        "second run, total wall s": spread([turn.total_wall for turn in own]),
        "stock / this, run CPU": spread([other.run_cpu / this.run_cpu for this, other in pairs]),
        "stock / this, run wall": spread([other.run_wall / this.run_wall for this, other in pairs]),
        "stock / this, total": spread(
            [stock.total_wall / this.total_wall for this, stock in pairs]
        ),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--duration", type=float, default=1.0, help="simulated time in s")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--stock-target", default="cython", choices=("cython", "numpy"))
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    table = rows(given.cells, given.duration * second, given.repeats, given.stock_target)
    notes = [
        f"{given.cells} two-compartment cells, {given.duration:g} s at {float(DT) * 1e3:g} ms, "
        f"driven in blocks of 50 ms. Median (lowest to highest) of {given.repeats} turns after one "
        "that compiles.",
        "Run times: Brian2's loop over time steps for stock Dendrify, the whole program for "
        "dualframe. Total: `Network.run` and `df.run` at their second call, nothing compiled.",
        "Brian2's Cython target and dualframe without `strict` compile with fast-math.",
    ]
    title = "1000 cells with dendritic spikes" if given.cells == 1000 else "Dendritic spikes"
    save("dspikes", title, table, notes, given.out)


if __name__ == "__main__":
    main()
