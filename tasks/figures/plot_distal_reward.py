"""
Distal reward: find the synapse behind a reward that comes seconds later
========================================================================

One synapse of a random network is rewarded: whenever its postsynaptic neuron fires shortly after
its presynaptic one, dopamine rises one to three seconds later (Izhikevich 2007). In the meantime
both neurons fire many times with others. Eligibility traces that dopamine turns into weights find
the synapse all the same; where noradrenaline makes the cells burst until it is found, and
acetylcholine brings regular spiking back, they find it sooner.
"""

# %%
# Three conditions
# ----------------
# Conditions are sets of modulators. Agents (seeds) run side by side in one network, which is
# compiled once; other conditions with the same equations are the same program with other numbers.
# This is the small network of 200 neurons and few agents; ``benchmarks/learning.py`` has the full
# tables.

from __future__ import annotations

import argparse
from pathlib import Path

from brian2 import second

import dualframe as df
from dualframe.training.figures import plot_outcomes_of, plot_weights

CONDITIONS = {"none": (), "DA": ("DA",), "DA, NA, then ACh": ("DA", "NA", "ACh")}


def learn(modulators, duration, agents, target):
    """Return agents that have learned under some modulators."""
    task = df.task("distal_reward").with_modulators(*modulators).with_neurons(200)
    return df.train(task, agents=agents, seed=1, duration=duration, target=target)


# %%
# Run and draw
# ------------


def main(duration=900 * second, target="auto", scale=0.2, out=None):
    """Train ``scale`` times 20 agents in each condition; return the figures."""
    agents = max(1, round(20 * scale))
    conditions = {label: learn(own, duration, agents, target) for label, own in CONDITIONS.items()}
    figures = {
        "rewarded_weight": plot_weights(conditions),
        "time_to_criterion": plot_outcomes_of(conditions),
    }
    print(df.compare_conditions(conditions).to_string(index=False))
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(
        description="The distal reward problem in three conditions."
    )
    arguments.add_argument("--out", default=None, help="folder for figures")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.2, help="of 20 agents")
    arguments.add_argument("--duration", type=float, default=900, help="seconds")
    given = arguments.parse_args()
    figures = main(given.duration * second, given.target, given.scale, given.out)
