"""
Two microcircuits of the same cells, with and without acetylcholine
===================================================================

Layer 2/3 of mouse visual cortex from one circuit file, built twice: with dendrites, and as point
neurons (GLIF). In both, acetylcholine acts through the receptors that each cell type expresses.

The level of acetylcholine is a parameter: each branch is compiled once and run twice. Whether the
two branches agree on what acetylcholine does to each cell type is then tested with several seeds.
"""

# %%
# One file, two branches, two levels
# ----------------------------------
# A twentieth of the circuit is enough to look at. ``scaled`` keeps the mean drive of every cell.

from __future__ import annotations

import argparse
import time
from pathlib import Path

from brian2 import ms, second
from matplotlib.figure import Figure

import dualframe as df
from dualframe.analysis.style import cell_type_colours, house_style, new_figure, readable_colour

BRANCHES = {"dendrites": df.biological.build, "point neurons": df.task_driven.build}
LEVELS = {"control": 0.0, "ACh": 0.8}
SETTLED = 0.5 * second
Runs = dict[str, dict[str, df.Results]]


def simulate(duration=2 * second, target="auto", scale=0.05, seed=1) -> Runs:
    """Return the results by branch and condition."""
    circuit = df.circuit("l23").scaled(scale)
    runs: Runs = {}
    for branch, build in BRANCHES.items():
        runs[branch] = {}
        for condition, level in LEVELS.items():
            network = build(circuit.with_modulation("ACh", level=level))
            print(f"{branch}, {condition} ...", flush=True)
            runs[branch][condition] = df.run(
                network, duration, target=target, seed=seed, record=voltages(network)
            )
    return runs


def voltages(network: df.Network) -> dict[str, df.Recording]:
    """Record the membrane potential of ten neurons of each population."""
    return {
        p.name: df.Recording((p.voltage,), neurons=range(min(10, p.n)), every=0.2 * ms)
        for p in network.populations
    }


# %%
# What acetylcholine changes
# --------------------------
# Rasters of a second, and the rates of each cell type.


def spikes_and_rates(runs: Runs) -> Figure:
    """Draw rasters of the last second, and rates."""
    end = min(result.duration for row in runs.values() for result in row.values())
    return df.plots.compare(
        runs, max(end - 1, 0), end, title="Mouse V1 layer 2/3: two branches, one circuit"
    )


# %%
# One neuron of each type
# -----------------------
# Grey: control. Colour: with acetylcholine. Point neurons have no spike shape; theirs are drawn.

SPACING, PEAK, GREY = 115, 20, "#8a8a8a"  # mV between traces, mV of a drawn spike's peak


@house_style
def potentials(runs: Runs, shown=1.0) -> Figure:
    """Draw the membrane potential of one neuron of each population, by branch and condition."""
    first = next(iter(next(iter(runs.values())).values()))
    shown = min(shown, first.duration)
    kinds = first.populations.set_index("population").cell_type
    shades = {name: readable_colour(cell_type_colours(kinds)[kind]) for name, kind in kinds.items()}
    figure = new_figure(13, 1.7 * len(shades) + 1.4)
    axes = figure.subplots(len(shades), len(runs), sharex=True, sharey=True, squeeze=False)
    for column, (branch, row) in enumerate(runs.items()):
        for ax, (name, colour) in zip(axes[:, column], shades.items(), strict=True):
            neuron = typical(row, name)
            for level, result in enumerate(row.values()):
                shade = colour if level else GREY
                draw(ax, result, name, neuron, level * SPACING, shade, shown)
            ax.set(xlim=(0, 1e3 * shown), ylim=(-95, SPACING * (len(row) - 1) + 30))
            ax.set_axis_off()
        axes[0, column].set_title(branch)
    for ax, (name, colour) in zip(axes[:, 0], shades.items(), strict=True):
        label_traces(ax, name, colour, list(next(iter(runs.values()))))
    scale_bar(axes[-1, -1], shown)
    figure.suptitle("One neuron of each type", fontweight="bold", fontsize=16, x=0.01, ha="left")
    return figure


def label_traces(ax, name, colour, conditions):
    """Write the population and the conditions left of their traces."""
    place = {"ha": "right", "va": "center", "annotation_clip": False}
    for level, condition in enumerate(conditions):
        ax.annotate(
            condition, (-15, level * SPACING - 60), color=colour if level else GREY, **place
        )
    middle = SPACING * (len(conditions) - 1) / 2 - 60
    ax.annotate(name, (-140, middle), color=colour, fontweight="bold", fontsize=15, **place)


def typical(row: dict[str, df.Results], population: str) -> int:
    """Return the recorded neuron whose rate is nearest to the mean in both conditions."""
    distance = 0
    for result in row.values():
        rate = result.neuron_rates(population)
        distance = distance + abs(rate - rate.mean()) / (rate.mean() + 1)
    recorded = next(iter(row.values())).traces[population].neurons
    return int(recorded[distance[recorded].argmin()])


def draw(ax, result, population, neuron, offset, colour, shown):
    """Draw the last part of a trace; spikes of point neurons get a stroke."""
    trace = result.traces[population]
    (voltage,) = trace.values.values()
    since = trace.t >= result.duration - shown
    t = 1e3 * (trace.t[since] - result.duration + shown)
    values = 1e3 * voltage[trace.row(neuron)][since]
    ax.plot(t, values + offset, color=colour, linewidth=1.1)
    neurons, times = result.spike_trains(population)
    spikes = 1e3 * (times[neurons == neuron] - result.duration + shown)
    foot = values.max() if values.max() < 0 else PEAK
    ax.vlines(spikes[spikes >= 0], foot + offset, PEAK + offset, color=colour, linewidth=1.1)


def scale_bar(ax, shown):
    """Draw 50 mV and a tenth of the time below the last trace."""
    x, y, width = 1e3 * shown, -135, 100 * shown
    ax.plot([x - width, x, x], [y, y, y + 50], color="black", linewidth=2, clip_on=False)
    ax.annotate(
        f"{width:.0f} ms", (x - width - 8, y), ha="right", va="center", annotation_clip=False
    )
    ax.annotate("50 mV", (x + 8, y + 25), ha="left", va="center", annotation_clip=False)


# %%
# Do the branches agree?
# ----------------------
# The same with several seeds, each of which draws connections, parameters and input anew. The table
# has the shift of each population in both branches with its interval, a verdict, and, where they
# differ, what differs between the two networks. Eight seeds are the fewest that can reach p < 0.05
# in four populations at once.

SEEDS = 8


def agreement(duration=2 * second, target="auto", scale=0.05, seeds=SEEDS):
    """Return the comparison of the branches."""
    circuit = df.circuit("l23").scaled(scale)
    print(f"both branches with {seeds} seed{'s' * (seeds != 1)} ...", flush=True)
    # a control at level zero has the equations of the other: one program for both
    control, *others = (circuit.with_modulation("ACh", level=level) for level in LEVELS.values())
    return df.compare_branches(
        control,
        dict(zip(list(LEVELS)[1:], others, strict=True)),
        models=tuple(BRANCHES),
        builders=BRANCHES,
        seeds=range(seeds),
        duration=duration,
        start=min(SETTLED, duration / 2),
        target=target,
        progress=False,
    )


def summary(runs: Runs, report) -> str:
    """Return the rates, how acetylcholine shifts them in both branches, and their ranges."""
    lines = [
        f"{branch}, control: {' '.join(row['control'].state_lines())}"
        for branch, row in runs.items()
    ]
    return "\n".join(["", report.describe(), "", *lines])


# %%
# Everything at once
# ------------------


def save(runs: Runs, figures: dict[str, Figure], out: Path, force: bool) -> None:
    """Write figures, and the data of each run in a folder of its own."""
    for branch, row in runs.items():
        for condition, result in row.items():
            result.save(out / branch.replace(" ", "_") / condition, figures=False, force=force)
    for name, figure in figures.items():
        df.plots.savefig(figure, out / f"{name}.png")


def main(
    duration=2 * second, target="auto", scale=0.05, seeds=SEEDS, out=None, force=False
) -> dict[str, Figure]:
    """Run both branches in both conditions; return the figures, save all if ``out`` is given."""
    started = time.perf_counter()
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
    runs = simulate(duration, target, scale)
    report = agreement(duration, target, scale, seeds)
    figures = {
        "spikes_and_rates": spikes_and_rates(runs),
        "potentials": potentials(runs),
        "agreement": report.plot(),
    }
    print(summary(runs, report))
    if out is not None:
        save(runs, figures, Path(out), force)
        report.save(Path(out) / "agreement", force=force)
        print(f"\nFigures: {', '.join(str(Path(out) / f'{name}.png') for name in figures)}")
        print(f"Tables of the agreement: {out}/agreement/ (agreement.md explains them)")
        print(f"Data of each run: {out}/BRANCH/CONDITION/ (rates.csv, spikes.h5, manifest.json)")
    print(f"{time.perf_counter() - started:.0f} s in all.")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(
        description="One circuit in both branches, with and without acetylcholine."
    )
    arguments.add_argument("--out", default=None, help="folder for figures and data")
    arguments.add_argument("--force", action="store_true", help="replace an earlier output")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.05)
    arguments.add_argument("--seeds", type=int, default=SEEDS)
    given = arguments.parse_args()
    figures = main(
        target=given.target, scale=given.scale, seeds=given.seeds, out=given.out, force=given.force
    )
