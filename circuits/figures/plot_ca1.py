"""
CA1: acetylcholine arrives
==========================

Pyramidal cells and five types of interneurons of rat CA1, in both branches. Acetylcholine comes
half way: a schedule of levels instead of a constant one. The published wiring has no steady state
with these cells: the circuit is without its O-LM to CCK contact, and its pyramidal cells have 31
partners instead of 197.
"""

# %%
# A schedule
# ----------
# Each level holds until the next time. Concentration and receptors follow with their own kinetics.

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import second
from matplotlib.figure import Figure

import dualframe as df

BRANCHES = {"dendrites": df.biological.build, "point neurons": df.task_driven.build}


def simulate(duration, target, scale):
    """Return the results by branch; acetylcholine comes half way."""
    schedule = [(0 * second, 0.0), (duration / 2, 0.8)]
    circuit = df.circuit("ca1").scaled(scale).with_modulation("ACh", schedule=schedule)
    return {
        branch: df.run(build(circuit), duration, target=target, seed=1)
        for branch, build in BRANCHES.items()
    }


# %%
# Spikes before and after
# -----------------------


def spikes(result: df.Results, branch: str) -> Figure:
    """Draw a raster and the population rates, with the time at which acetylcholine comes."""
    figure = df.plots.raster(result, title=f"CA1, {branch}")
    onset = result.duration / 2
    unit = 1e3 if "ms" in "".join(ax.get_xlabel() for ax in figure.axes) else 1.0
    for ax in figure.axes:
        ax.axvline(unit * onset, color="black", linestyle=(0, (4, 3)), linewidth=1.5)
    figure.axes[0].annotate(
        "ACh", (unit * onset, 1.0), xycoords=("data", "axes fraction"), xytext=(4, 2),
        textcoords="offset points", fontsize=13, fontweight="bold",
    )  # fmt: skip
    return figure


def changes(result: df.Results) -> str:
    """Return the rates before and after, leaving out the first quarter of either half."""
    half = result.duration / 2
    before, after = (result.rates(start + half / 4, start + half) for start in (0.0, half))
    table = before[["population", "cell_type"]].assign(
        before_Hz=before.mean_rate_Hz, after_Hz=after.mean_rate_Hz,
        change_Hz=after.mean_rate_Hz - before.mean_rate_Hz,
    )  # fmt: skip
    return str(table.round(2).replace(np.nan, "-").to_string(index=False))


# %%
# Both branches
# -------------


def main(duration=4 * second, target="auto", scale=0.1, out=None, force=False) -> dict[str, Figure]:
    """Run both branches; return the figures, and save all if ``out`` is given."""
    results = simulate(duration, target, scale)
    figures = {name.replace(" ", "_"): spikes(result, name) for name, result in results.items()}
    for branch, result in results.items():
        print(f"\n{branch}\n{changes(result)}")
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
        for branch, result in results.items():
            result.save(Path(out) / "data" / branch.replace(" ", "_"), figures=False, force=force)
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(
        description="CA1 in both branches while acetylcholine arrives."
    )
    arguments.add_argument("--out", default=None, help="folder for figures and data")
    arguments.add_argument("--force", action="store_true", help="replace an earlier output")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.1)
    given = arguments.parse_args()
    figures = main(target=given.target, scale=given.scale, out=given.out, force=given.force)
