"""Rates of every circuit at a time step and at half of it, and of one cell at four time steps.

    python benchmarks/time_step.py                      # writes results/time_step.*
    python benchmarks/time_step.py --circuits l23 --branches biological --seeds 1 2

A circuit is run with every seed at both time steps. Seeds draw connectivity, parameters and input;
the standard error of a mean rate is that over seeds, so differences of this size are those between
two networks of the same kind.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import ms, second
from measure import RESULTS, save
from scipy import stats

import dualframe as df

DT = 0.1  # ms
SETTLE = 0.5  # s
#: Scale and simulated time (s). The first four are those of the stored calibrations.
CIRCUITS = {
    "l23": (0.05, 3.0),
    "l23_human": (1.0, 3.0),
    "ca1": (0.4, 3.0),
    "striatum": (0.4, 3.0),
    "pd14": (0.02, 1.5),
}
BRANCHES = ("biological", "glif")
CELL_STEPS = (0.1, 0.05, 0.025, 0.0125)  # ms
CELLS = 200


def circuit_network(circuit: Any, branch: str) -> df.Network:
    """Return a circuit in a branch; its point neurons are ``branch`` otherwise."""
    if branch == "biological":
        return df.biological.build(circuit)
    return df.task_driven.build(circuit, model=branch)


def mean_rates(net: df.Network, duration: float, seed: int, dt: float) -> dict[str, float]:
    """Run in C++; return the mean rate (Hz) of each population after the onset."""
    done = df.run(
        net, duration * second, seed=seed, dt=dt * ms, target="cpp_standalone", progress=False
    )
    table = done.rates(start=SETTLE * second)
    return dict(zip(table.population, table.mean_rate_Hz, strict=True))


def has_branch(name: str, branch: str) -> bool:
    """Whether a circuit is built in a branch: ``pd14`` states its own point neurons."""
    return name != "pd14" or branch != "biological"


def rows_of_circuit(
    name: str, branch: str, seeds: Sequence[int], duration: float | None, scale: float | None
) -> Iterator[dict[str, Any]]:
    """Compare a circuit at two time steps; yield a row for each population."""
    circuit = df.circuit(name).scaled(scale or CIRCUITS[name][0])
    net = circuit_network(circuit, branch)
    length = duration or CIRCUITS[name][1]
    rates = {}
    for dt in (DT, DT / 2):
        rates[dt] = [mean_rates(net, length, seed, dt) for seed in seeds]
        print(name, branch, dt, rates[dt], flush=True)
    for population in circuit.populations:
        coarse, fine = (np.array([r[population.name] for r in rates[dt]]) for dt in rates)
        error = float(np.hypot(*(standard_error(values) for values in (coarse, fine))))
        yield {
            "circuit": name,
            "branch": branch,
            "population": population.name,
            "n": population.n,
            f"Hz at {DT:g} ms": with_error(coarse),
            f"Hz at {DT / 2:g} ms": with_error(fine),
            "difference Hz": f"{fine.mean() - coarse.mean():.3g}",
            "in standard errors": f"{(fine.mean() - coarse.mean()) / error:.1f}" if error else "",
            "p": f"{stats.ttest_ind(coarse, fine, equal_var=False).pvalue:.2g}" if error else "",
        }


def standard_error(values: np.ndarray) -> float:
    """Return the standard error of the mean over seeds."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0


def with_error(values: np.ndarray) -> str:
    """Return a mean over seeds with its standard error."""
    return f"{values.mean():.3g} +- {standard_error(values):.2g}"


def cell_rows(cells: int, duration: float, steps: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Run layer 2/3 pyramidal cells under their background alone; yield a row for each step."""
    circuit = df.circuit("l23")
    net = df.biological.build(circuit.scaled(cells / circuit.sizes["pyr"]))
    for stock in (False, True):
        (pyr,) = (p for p in net.populations if p.name == "pyr")
        cell = with_stock_durations(pyr) if stock else pyr
        alone = df.Network((cell,), name="pyr_alone")
        for dt in steps:
            done = df.run(
                alone, duration * second, seed=1, dt=dt * ms, target="cpp_standalone",
                progress=False,
            )  # fmt: skip
            table = done.rates(start=SETTLE * second)
            row = {
                "falling phase": "a step longer, as in Dendrify" if stock else "as stated",
                "time step ms": f"{dt:g}",
                "n": pyr.n,
                "rate Hz": f"{table.mean_rate_Hz.iloc[0]:.2f}",
                "standard error Hz": f"{table.sd_rate_Hz.iloc[0] / np.sqrt(pyr.n):.2f}",
            }
            print(row, flush=True)
            yield row


def with_stock_durations(cells: df.Population) -> df.Population:
    """Return a population whose dendritic spikes open ``g_fall`` a step early, as Dendrify does."""
    early = cells.equations.replace("t_in_timesteps > spiketime", "t_in_timesteps >= spiketime")
    return replace(cells, equations=early)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and save both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--circuits", nargs="*", default=tuple(CIRCUITS), choices=CIRCUITS)
    parser.add_argument("--branches", nargs="+", default=BRANCHES)
    parser.add_argument("--seeds", type=int, nargs="+", default=(1, 2, 3, 4, 5))
    parser.add_argument("--duration", type=float, help="simulated time in s")
    parser.add_argument("--scale", type=float)
    parser.add_argument("--cells", type=int, default=CELLS)
    parser.add_argument("--steps", type=float, nargs="+", default=CELL_STEPS, help="in ms")
    parser.add_argument("--name", default="time_step")
    parser.add_argument("--out", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    if given.cells:
        rows = list(cell_rows(given.cells, given.duration or 10.0, given.steps))
        note = (
            "Pyramidal cells of `l23` under their background alone, which is that of the whole "
            "circuit. The standard error is that over neurons."
        )
        save(f"{given.name}_cell", "One cell at several time steps", rows, [note], given.out)
    rows = [
        row
        for branch in given.branches
        for name in given.circuits
        if has_branch(name, branch)
        for row in rows_of_circuit(name, branch, given.seeds, given.duration, given.scale)
    ]
    if rows:
        note = (
            f"Mean rates from {SETTLE:g} s on of {len(given.seeds)} networks (seeds), with the "
            f"standard error over networks; p of Welch's test of the two. Scale and simulated "
            f"time (s): " + ", ".join(f"{k} {CIRCUITS[k]}" for k in given.circuits) + "."
        )
        save(given.name, "Rates at two time steps", rows, [note], given.out)


if __name__ == "__main__":
    main()
