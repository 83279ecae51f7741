"""
Twenty features of one neuron model
===================================

Izhikevich (2004, IEEE Trans. Neural Netw. 15:1063, figure 1) lists twenty things that cortical
neurons do, and shows that his model does each with some choice of four numbers. Here are his
numbers and stimuli, run by dualframe, with a criterion for each feature instead of a look.
"""

# %%
# The model
# ---------
# The equations are those of the model ``izhikevich2003``, with what the author's script changes:
# another polynomial for two panels, and another recovery for accommodation (u' = ab(V + 65)). His
# script lets u see the V of the end of the step (``newer`` one), and its steps are 0.1 to 0.5 ms.
# ``newer`` zero is one Euler step of both from the same state, as in ``izhikevich2003``.

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from brian2 import ms, second
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import dualframe as df
from dualframe.experiments.neuron_features import PANELS, Panel, check_features

EQUATIONS = """
slope = 0.04*V**2 + linear*V + offset - u + I : 1
dV/dt = slope/ms : 1
du/dt = a*(b*(V + newer*slope*dt/ms + from_rest) - relaxes*u)/ms : 1
I = {pieces} : 1
"""
PIECE = (
    "int(t/ms > on{k} + 0.1*dt/ms)*int(t/ms < off{k} - 0.1*dt/ms)"
    "*(size{k} + ramp{k}*(t/ms - on{k}))"
)
PIECES = 4


# %%
# The numbers and the criteria
# ----------------------------
# ``PANELS`` holds (a, b, c, d), V at the start, time of the panel, its step, and the current of the
# author's ``figure1.m``, and ``check_features`` a criterion for each feature:
# ``dualframe.experiments.neuron_features``.

# %%
# The network
# -----------
# Every panel is a neuron. Those of one time step lie in one population.


def population(panels: Sequence[Panel], newer: float) -> df.Population:
    """Return a neuron for each panel, with its own numbers and its own current."""
    a, b, c, d = np.array([panel.numbers for panel in panels]).T
    linear, offset = np.array([panel.polynomial for panel in panels]).T
    special = np.array([panel.name == "accommodation" for panel in panels])
    start = np.array([panel.start for panel in panels])
    current = {"constant": np.array([panel.constant for panel in panels])}
    for k in range(PIECES):
        piece = [([*panel.pieces, *[(0, 0, 0, 0)] * PIECES])[k] for panel in panels]
        for name, values in zip(
            ("size", "ramp", "on", "off"), np.array(piece, float).T, strict=True
        ):
            current[f"{name}{k}"] = values
    pieces = " + ".join(["constant", *(PIECE.format(k=k) for k in range(PIECES))])
    numbers = {"a": a, "b": b, "c": c, "d": d, "linear": linear, "offset": offset}
    numbers |= {"newer": newer, "relaxes": 1.0 - special, "from_rest": 65.0 * special}
    return df.Population(
        "cells",
        len(panels),
        EQUATIONS.format(pieces=pieces),
        threshold="V > 30",
        reset="V = c\nu += d",
        parameters={**numbers, **current},
        initial={"V": start, "u": np.where(special, -16.0, b * start)},
    )


def run_panels(newer=1.0, dt=None, target="auto", longest=1 * second):
    """Return spikes, voltage and times (ms) of every panel, in the author's steps or in ``dt``."""
    found = {}
    for step in sorted({dt or panel.dt for panel in PANELS}):
        panels = [panel for panel in PANELS if (dt or panel.dt) == step]
        time = min(max(panel.length for panel in panels), longest / ms)
        net = df.Network(populations=(population(panels, newer),), name="features")
        done = df.run(
            net,
            time * ms,
            target=target,
            dt=step * ms,
            seed=1,
            record={"cells": df.Recording("V")},
            progress=False,
        )
        times, volts = done.traces["cells"].t * 1e3, done.traces["cells"].values["V"]
        neurons, spike_times = done.spike_trains("cells")
        for k, panel in enumerate(panels):
            seen = times <= panel.length
            spikes = spike_times[neurons == k] * 1e3
            found[panel.name] = (spikes[spikes <= panel.length], volts[k][seen], times[seen])
    return found


# %%
# The figure
# ----------
# A tick after the name says that the criterion is met. The table says it for both schemes: with
# steps so small that they no longer matter (0.05 ms) five are lost. They hang on the step of 0.1 to
# 0.5 ms: the after-potential becomes more spikes, class 2 begins at less than half of its last
# rate, the second pulse of bistability comes at another phase, and of the two that inhibition
# induces one has a spike after its end, and the other never stops.


def draw_panels(found, met) -> Figure:
    """Return the figure: voltage above, current below."""
    figure, axes = plt.subplots(5, 4, figsize=(9, 8), layout="constrained")
    for axis, panel in zip(axes.flat, PANELS, strict=True):
        spikes, v, t = found[panel.name]
        axis.plot(t, np.minimum(v, 30), lw=0.6, color="C0")
        axis.vlines(spikes, -20, 30, lw=0.6, color="C0")
        current = np.full(t.shape, float(panel.constant))
        for amplitude, ramp, on, off in panel.pieces:
            inside = (t > on) & (t < off)
            current[inside] += amplitude + ramp * (t[inside] - on)
        shown = current - current.min()
        axis.plot(t, -100 + 12 * shown / max(shown.max(), 1e-9), lw=0.8, color="0.4")
        axis.set(ylim=(-105, 35), title=f"{panel.name} {'✓' if met[panel.name] else '✗'}")
        axis.title.set_fontsize(7)
        axis.set_axis_off()
    return figure


def main(duration=1 * second, target="auto", scale=1.0, out=None):
    """Run all panels, print which features are met, return the figure. ``scale`` is not used."""
    found = run_panels(target=target, longest=duration)
    met = check_features(found)
    fine = check_features(run_panels(newer=0.0, dt=0.05, target=target, longest=duration))
    for name in met:
        print(f"{name:30} {'yes' if met[name] else 'no':4} {'yes' if fine[name] else 'no'}")
    print(f"{sum(met.values())} of 20 in the author's steps, {sum(fine.values())} at 0.05 ms")
    figures: dict[str, Figure] = {"features": draw_panels(found, met)}
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Twenty features of Izhikevich's model.")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--out", default=None, help="folder for the figure")
    given = arguments.parse_args()
    figures = main(target=given.target, out=given.out)
