"""
CartPole: a spiking actor and a spiking critic
==============================================

Two groups of neurons push a cart left or right, a third one tells how good the state of the pole
is. Their synapses keep an eligibility, and dopamine, the difference between what the critic
expected and what came, turns it into weights. Without dopamine nothing is learned.
"""

# %%
# Training, and a test without exploration
# ----------------------------------------
# While they learn, agents draw their actions; in evaluation plasticity is frozen, and they take the
# action whose neurons fire more.

from __future__ import annotations

import argparse
from pathlib import Path

from brian2 import second

import dualframe as df
from dualframe.training.figures import plot_curves, plot_outcomes_of


def learn(modulators, duration, agents, target):
    """Return agents that have learned, or had no dopamine to learn with."""
    task = df.task("cartpole").with_modulators(*modulators)
    return df.train(task, agents=agents, seed=1, duration=duration, target=target)


# %%
# Run and draw
# ------------
# CartPole gives a reward of one for every 20 ms that the pole stands, for at most 500 of them.


def main(duration=600 * second, target="auto", scale=0.2, out=None):
    """Train ``scale`` times 20 agents with and without dopamine; return the figures."""
    agents = max(1, round(20 * scale))
    conditions = {
        name: learn(modulators, duration, agents, target)
        for name, modulators in {"none": (), "DA": ("DA",)}.items()
    }
    tested = {
        name: df.evaluate(own, duration=duration / 4, seed=2, target=target)
        for name, own in conditions.items()
    }
    figures = {"evaluation": plot_outcomes_of(tested)}
    if all(len(own.trials) for own in conditions.values()):
        figures["training"] = plot_curves(conditions, "reward", window=10)
    print(df.compare_conditions(tested).to_string(index=False))
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="CartPole by a spiking actor and critic.")
    arguments.add_argument("--out", default=None, help="folder for figures")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.2, help="of 20 agents")
    arguments.add_argument("--duration", type=float, default=600, help="seconds of training")
    given = arguments.parse_args()
    figures = main(given.duration * second, given.target, given.scale, given.out)
