"""
One cell, two models
====================

A parvalbumin-positive basket cell with a soma and a dendrite, and the GLIF neuron that was fitted
to it. Both get the same current steps; the table says in which measures they are the same cell.
"""

# %%
# The same protocol for both
# --------------------------
# Copies of each model lie side by side in one network, each with its own current: three networks
# find the rheobase and the current for 40 Hz, a fourth takes the f-I curve in between.

from __future__ import annotations

import argparse
from pathlib import Path

from brian2 import second
from matplotlib.figure import Figure

import dualframe as df

# %%
# The figure
# ----------
# Above: both models at the same current. Below: what was fitted, by current. At the right: the
# measures, red where the two differ by more than is tolerated.


def main(duration=1 * second, target="auto", scale=1.0, out=None, cell="ctx_pv", model="glif"):
    """Validate one pair; return its figure, save it if ``out`` is given. ``scale`` is not used."""
    found = df.validate(cell, model, target=target, duration=duration)
    print(found.table.to_string(index=False))
    figures: dict[str, Figure] = {"pair": found.plot()}
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Two models of one cell, side by side.")
    arguments.add_argument("cell", nargs="?", default="ctx_pv")
    arguments.add_argument("--model", default="glif")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--out", default=None, help="folder for the figure")
    given = arguments.parse_args()
    figures = main(target=given.target, out=given.out, cell=given.cell, model=given.model)
