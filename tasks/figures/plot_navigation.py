"""
Navigation: acetylcholine explores, dopamine remembers
======================================================

Place cells teach action cells the way to a hidden goal, which moves after half of the trials
(Zannone et al. 2018). Within a trial acetylcholine depresses the synapses that were used; at a
goal, dopamine turns that around. Serotonin depresses what led nowhere (Wert-Carvajal et al. 2022).
"""

# %%
# Conditions
# ----------
# Environment, cells and modulators of all agents are one network: nothing leaves it
# while it runs. A condition is a set of modulators, and only a number in the synapses, so that one
# program serves all of them.

from __future__ import annotations

import argparse
from pathlib import Path

import dualframe as df
from dualframe.training.figures import plot_curves, plot_outcomes_of

CONDITIONS = {"none": (), "DA": ("DA",), "DA, ACh": ("DA", "ACh"), "DA, 5-HT": ("DA", "5-HT")}


def learn(modulators, trials, duration, agents, target):
    """Return agents that have learned under some modulators."""
    task = df.task("navigation").with_modulators(*modulators)
    return df.train(task, agents=agents, seed=1, trials=trials, duration=duration, target=target)


# %%
# Run and draw
# ------------
# Success is the share of agents that find the goal within 15 s; at trial 21 the goal moves.


def main(duration=None, target="auto", scale=0.25, out=None, trials=40):
    """Train ``scale`` times 20 agents in each condition; return the figures."""
    agents = max(1, round(20 * scale))
    conditions = {k: learn(own, trials, duration, agents, target) for k, own in CONDITIONS.items()}
    figures = {"outcomes": plot_outcomes_of(conditions)}
    if all(len(own.trials) for own in conditions.values()):
        marks = {"goal moves": 20.5}
        figures["success"] = plot_curves(conditions, "success", marks=marks)
        figures["duration"] = plot_curves(conditions, "duration_s", marks=marks)
    print(df.compare_conditions(conditions, "DA").to_string(index=False))
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Navigation under four sets of modulators.")
    arguments.add_argument("--out", default=None, help="folder for figures")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.25, help="of 20 agents")
    arguments.add_argument("--trials", type=int, default=40)
    given = arguments.parse_args()
    figures = main(None, given.target, given.scale, given.out, given.trials)
