"""
Layer 2/3: which receptor does what
===================================

Acetylcholine acts in layer 2/3 through muscarinic M1 receptors and through nicotinic a4b2
receptors, which different cell types express. Antagonists take the two apart, as in a slice. At a
tonic level most a4b2 receptors are desensitised, so that little is lost with them.
"""

# %%
# Four conditions
# ---------------
# The dose of a competitive antagonist is its concentration in units of its K_B: at ten thousand,
# the modulator needs ten thousand times its concentration for the same effect. Doses and levels are
# parameters: the circuit is compiled once for all four conditions.

from __future__ import annotations

import argparse
from pathlib import Path

from brian2 import second
from matplotlib.figure import Figure

import dualframe as df

BUILD = {"biological": df.biological.build, "task_driven": df.task_driven.build}


def conditions(circuit):
    """Return the circuit with acetylcholine and antagonists, by condition."""

    def with_doses(level, m1, nicotinic):
        return (
            circuit.with_modulation("ACh", level=level)
            .with_drug("antagonist", "M1", dose=m1)
            .with_drug("antagonist", "nACh_a4b2", dose=nicotinic)
        )

    return {
        "control": with_doses(0.0, 0.0, 0.0),
        "ACh": with_doses(0.8, 0.0, 0.0),
        "ACh, M1 blocked": with_doses(0.8, 1e4, 0.0),
        "ACh, a4b2 blocked": with_doses(0.8, 0.0, 1e4),
    }


# %%
# Run and draw
# ------------


def main(duration=2 * second, target="auto", scale=0.05, out=None, branch="biological"):
    """Run the four conditions in one branch; return the figures, save all if ``out`` is given."""
    circuit = df.circuit("l23").scaled(scale)
    results = {
        label: df.run(BUILD[branch](changed), duration, target=target, seed=1)
        for label, changed in conditions(circuit).items()
    }
    settled = min(0.5, float(duration) / 2)
    figures: dict[str, Figure] = {
        "rates": df.plots.rates(results, start=settled, title="Layer 2/3: ACh and its receptors"),
        "raster": df.plots.raster(results["ACh"], t0=settled, title="ACh"),
    }
    for label, result in results.items():
        print(f"\n{label}\n{result.rates(start=settled).to_string(index=False)}")
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
        df.report(results, Path(out) / "report.html", title="Layer 2/3: ACh and its receptors")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(
        description="Layer 2/3 with acetylcholine, and with its receptors blocked."
    )
    arguments.add_argument("--out", default=None, help="folder for figures and a report")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.05)
    arguments.add_argument("--branch", default="biological", choices=list(BUILD))
    given = arguments.parse_args()
    figures = main(target=given.target, scale=given.scale, out=given.out, branch=given.branch)
