"""CPU time of C++ programs with and without state updates and thresholds that vectorise.

    python benchmarks/vectorised.py               # writes results/vectorised.*

Each network is exported twice: as dualframe writes it, and with the loops over neurons as Brian2
writes them and without vector functions. The two programs run in turns and must give the same
spikes; what is timed is the whole program, with its files.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dspike_network
from brian2 import ms, mV, nS, pA, pF, second
from measure import RESULTS, cost, save

import dualframe as df
from dualframe.targets.cpp import compiler, merged_source

SIDES = ("stock", "vectorised")
STOCK_FLAGS = ("-ffast-math", "-fno-finite-math-only")
HODGKIN_HUXLEY = """
    dv/dt = (I + gNa*m**3*h*(50*mV - v) + gK*n**4*(-77*mV - v) + gL*(-54*mV - v))/C : volt
    dm/dt = (1 - m)/exprel(-(v + 40*mV)/(10*mV))/ms - 4*m*exp(-(v + 65*mV)/(18*mV))/ms : 1
    dh/dt = 0.07*(1 - h)*exp(-(v + 65*mV)/(20*mV))/ms - h/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1
    dn/dt = 0.1*(1 - n)/exprel(-(v + 55*mV)/(10*mV))/ms - 0.125*n*exp(-(v + 65*mV)/(80*mV))/ms : 1
"""


def dspikes(cells: int) -> df.Network:
    """Cells with dendritic spikes (dspike_network.py)."""
    return dspike_network.ours(dspike_network.draw(cells, 1.0 * second, seed=1))


def hodgkin_huxley(cells: int) -> df.Network:
    """Cells of Hodgkin and Huxley under a steady current."""
    population = df.Population(
        "cells",
        cells,
        HODGKIN_HUXLEY,
        threshold="v > 0*mV",
        refractory="v > 0*mV",
        method="exponential_euler",
        parameters={"I": 200 * pA, "gNa": 2400 * nS, "gK": 720 * nS, "gL": 6 * nS, "C": 20 * pF},
        initial={"v": -65 * mV},
    )
    return df.Network((population,), name="hodgkin_huxley")


NETWORKS: dict[str, Callable[[], df.Network]] = {
    "1000 cells with dendritic spikes": lambda: dspikes(1000),
    "10 000 of them": lambda: dspikes(10_000),
    "layer 2/3 with dendrites at 0.05": lambda: df.biological.build(_layer23()),
    "layer 2/3 of GLIF cells at 0.05": lambda: df.task_driven.build(_layer23()),
    "1000 Hodgkin-Huxley cells, exponential Euler": lambda: hodgkin_huxley(1000),
}


def _layer23() -> Any:
    return df.circuit("l23").scaled(0.05)


@contextmanager
def stock_loops() -> Iterator[None]:
    """Leave the loops over neurons as Brian2 writes them, without vector functions."""
    as_it_is = {"side_effect": lambda source: source}
    with (
        patch.object(merged_source, "vectorisable_update", **as_it_is),
        patch.object(merged_source, "vectorisable_threshold", **as_it_is),
        patch.object(compiler, "_FAST", STOCK_FLAGS),
    ):
        yield


def compile_sides(network: df.Network, duration: float, folder: Path) -> None:
    """Export and compile a network both ways, each into a folder of its own."""
    arguments = {"dt": 0.1 * ms, "seed": 1}
    with stock_loops():
        df.export(network, duration * second, folder / SIDES[0], **arguments)
    df.export(network, duration * second, folder / SIDES[1], **arguments)
    for side in SIDES:
        subprocess.run(["make", "-s"], cwd=folder / side, check=True)


def take_turns(folder: Path, turns: int) -> dict[str, list[float]]:
    """Run both programs in turns; return the CPU seconds of each turn."""
    seconds: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(turns):
        for side in SIDES:
            with cost() as spent:
                subprocess.run(["./main"], cwd=folder / side, check=True, capture_output=True)
            seconds[side].append(spent.children)
    return seconds


def spikes_of(folder: Path) -> list[bytes]:
    """Return the bytes of all files of spikes."""
    files = sorted((folder / "results").glob("spikes_*.bin"))
    return [path.read_bytes() for path in files]


def measure(name: str, duration: float, turns: int) -> dict[str, str]:
    """Return the row of a network."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        compile_sides(NETWORKS[name](), duration, folder)
        seconds = take_turns(folder, turns)
        found = [spikes_of(folder / side) for side in SIDES]
    if not found[0]:
        raise SystemExit(f"{name}: no file of spikes was found")
    middle = [statistics.median(seconds[side]) for side in SIDES]
    return {
        "network": name,
        "stock CPU s": f"{middle[0]:.3g}",
        "vectorised CPU s": f"{middle[1]:.3g}",
        "ratio": f"{middle[0] / middle[1]:.1f}",
        "spikes": "the same" if found[0] == found[1] else "other",
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", nargs="+", default=tuple(NETWORKS), choices=tuple(NETWORKS))
    parser.add_argument("--duration", type=float, default=1.0, help="simulated time in s")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    table = [measure(name, options.duration, options.turns) for name in options.networks]
    notes = [f"{options.duration:g} s of model time at 0.1 ms; medians of {options.turns} turns."]
    save("vectorised", "State updates and thresholds that vectorise", table, notes, options.out)


if __name__ == "__main__":
    main()
