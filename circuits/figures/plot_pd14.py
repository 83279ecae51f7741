"""
A cortical column: published rates
==================================

The column of Potjans and Diesmann (2014), with one leaky integrate-and-fire neuron for all cells.
Nothing is calibrated: weights, input and in-degrees are those of the source.
"""

# %%
# A smaller column
# ----------------
# A scaled column keeps the number of synapses that each neuron receives. Its neurons share more of
# their input than those of the full column, which synchronises them and raises the rates, most
# of all in layer 2/3: `benchmarks/results/pd14.md` has several sizes, here and in NEST.

from __future__ import annotations

import argparse
from pathlib import Path

from brian2 import Hz, second
from matplotlib.figure import Figure

import dualframe as df


def against_source(result: df.Results, circuit, start: float) -> Figure:
    """Draw the mean rate of each population, and what the source reports at full size."""
    figure = df.plots.rates(result, start=start, title="The column: rates and the full-size model")
    ax = figure.axes[0]
    by_name = {population.name: float(population.rate / Hz) for population in circuit.populations}
    published = [by_name[label.get_text()] for label in ax.get_xticklabels()]  # as drawn
    marks = {"color": "black", "markersize": 26, "markeredgewidth": 2.5}
    ax.plot(range(len(published)), published, "_", label="published, full size", **marks)
    ax.set_ylim(top=max(1.15 * max(published), ax.get_ylim()[1]))
    ax.legend(loc="upper left", frameon=False)
    return figure


# %%
# Run and draw
# ------------


def main(duration=2 * second, target="auto", scale=0.05, out=None, thalamus=False):
    """Run the column; return the figures, save all if ``out`` is given."""
    circuit = df.circuit("pd14").scaled(scale)
    if thalamus:  # 902 neurons at 120 Hz for 10 ms, 0.7 s after the start
        circuit = circuit.with_input("thalamus")
    result = df.run(df.task_driven.build(circuit), duration, target=target, seed=1)
    settled = min(0.5, float(duration) / 2)
    until = min(settled + 0.3, float(duration))
    figures: dict[str, Figure] = {
        "raster": df.plots.raster(result, t0=settled, t1=until, title="The column, 300 ms"),
        "rates": against_source(result, circuit, settled),
    }
    table = result.rates(start=settled)
    table["published_Hz"] = [float(population.rate / Hz) for population in circuit.populations]
    print(table.round(3).to_string(index=False))
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="The column of Potjans and Diesmann.")
    arguments.add_argument("--out", default=None, help="folder for the figures")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.05)
    arguments.add_argument("--thalamus", action="store_true", help="switch its input on")
    given = arguments.parse_args()
    figures = main(target=given.target, scale=given.scale, out=given.out, thalamus=given.thalamus)
