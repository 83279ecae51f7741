"""CPU time to prepare a run, with Brian2's collections and cache of statements and without.

    python benchmarks/run_preparation.py        # writes results/run_preparation.*

Both ways alternate in one process: Brian2's, which collects the garbage of the whole process at
every run and looks up statements in a cache; and dualframe's, where a run looks at its own objects
and translates anew. The network is layer 2/3 with dendrites, for 10 ms on the runtime, so that
preparation is nearly all of the time; the process holds more and more objects besides.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from brian2 import ms
from measure import RESULTS, cost, save, spread

import dualframe as df
from dualframe.core import own_garbage
from dualframe.targets.brian import device_session

HELD = (0, 1_000_000, 3_000_000)
SCALE, DURATION, TURNS = 0.02, 10 * ms, 5


@contextmanager
def brians_own_way() -> Iterator[None]:
    """Let Brian2 look at every object of the process, and keep the statements of every group."""
    everything = SimpleNamespace(get_freeze_count=lambda: 1)  # as if a user had frozen: leave it
    with (
        mock.patch.object(own_garbage, "gc", everything),
        mock.patch.object(device_session, "_uncached_statements", nullcontext),
    ):
        yield


def cpu_of(run: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    with cost() as spent:
        run()
    return spent.cpu


def measure(held: int, turns: int, scale: float) -> dict[str, object]:
    """Return a row of the table: both ways in turns, beside so many objects."""
    network = df.biological.build(df.circuit("l23").scaled(scale))
    objects = [[index] for index in range(held)]

    def run() -> df.Results:
        return df.run(network, DURATION, target="runtime", seed=1, progress=False)

    run()  # what is parsed once per process
    theirs, ours = [], []
    for _ in range(turns):
        with brians_own_way():
            theirs.append(cpu_of(run))
        ours.append(cpu_of(run))
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return {
        "objects held": len(objects),
        "Brian2's way, CPU s": spread(theirs),
        "CPU s": spread(ours),
        "ratio": f"{statistics.median(ratios):.2g} ({min(ratios):.2g} to {max(ratios):.2g})",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--held", nargs="+", type=int, default=HELD, help="objects in memory")
    parser.add_argument("--turns", type=int, default=TURNS, help="pairs of runs a row")
    parser.add_argument("--scale", type=float, default=SCALE, help="share of the circuit")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the table")
    options = parser.parse_args(arguments)
    table = [measure(held, options.turns, options.scale) for held in options.held]
    notes = [
        f"Layer 2/3 with dendrites at {options.scale:g} of its size, {DURATION} on the runtime: "
        f"median (lowest to highest) of {options.turns} turns, and of the ratios within a turn."
    ]
    save("run_preparation", "Preparing a run", table, notes, options.out)


if __name__ == "__main__":
    main()
