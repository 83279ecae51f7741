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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from brian2 import ms, second
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import dualframe as df

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
FOREVER = 1e6  # ms


# %%
# The numbers
# -----------
# (a, b, c, d), V at the start, time of the panel, its step, and the current: a constant, and pieces
# of amplitude, slope, start and end. All are those of the author's ``figure1.m`` (times in ms).


class Panel(NamedTuple):
    """A panel of the figure."""

    name: str
    numbers: tuple[float, float, float, float]
    start: float
    length: float
    pieces: Sequence[tuple[float, float, float, float]]
    constant: float = 0.0
    dt: float = 0.25
    polynomial: tuple[float, float] = (5.0, 140.0)


def pulses(amplitude: float, length: float, *starts: float) -> list[tuple[float, ...]]:
    """Return equal pulses as pieces of a current."""
    return [(amplitude, 0.0, start, start + length) for start in starts]


OTHER = (4.1, 108.0)
T = 100 / 11
PANELS = (
    Panel("tonic spiking", (0.02, 0.2, -65, 6), -70, 100, [(14, 0, 10, FOREVER)]),
    Panel("phasic spiking", (0.02, 0.25, -65, 6), -64, 200, [(0.5, 0, 20, FOREVER)]),
    Panel("tonic bursting", (0.02, 0.2, -50, 2), -70, 220, [(15, 0, 22, FOREVER)]),
    Panel("phasic bursting", (0.02, 0.25, -55, 0.05), -64, 200, [(0.6, 0, 20, FOREVER)], dt=0.2),
    Panel("mixed mode", (0.02, 0.2, -55, 4), -70, 160, [(10, 0, 16, FOREVER)]),
    Panel("frequency adaptation", (0.01, 0.2, -65, 8), -70, 85, [(30, 0, 8.5, FOREVER)]),
    Panel(
        "class 1 excitable",
        (0.02, -0.1, -55, 6),
        -60,
        300,
        [(0, 0.075, 30, FOREVER)],
        polynomial=OTHER,
    ),
    Panel("class 2 excitable", (0.2, 0.26, -65, 0), -64, 300, [(0, 0.015, 30, FOREVER)], -0.5),
    Panel("spike latency", (0.02, 0.2, -65, 6), -70, 100, pulses(7.04, 3, 10), dt=0.2),
    Panel("subthreshold oscillations", (0.05, 0.26, -60, 0), -62, 200, pulses(2, 5, 20)),
    Panel("resonator", (0.1, 0.26, -60, -1), -62, 400, pulses(0.65, 4, 40, 60, 280, 320)),
    Panel(
        "integrator",
        (0.02, -0.1, -55, 6),
        -60,
        100,
        pulses(9, 2, T, T + 5, 70, 80),
        polynomial=OTHER,
    ),
    Panel("rebound spike", (0.03, 0.25, -60, 4), -64, 200, pulses(-15, 5, 20), dt=0.2),
    Panel("rebound burst", (0.03, 0.25, -52, 0), -64, 200, pulses(-15, 5, 20), dt=0.2),
    Panel(
        "threshold variability",
        (0.03, 0.25, -60, 4),
        -64,
        100,
        [*pulses(1, 5, 10, 80), *pulses(-6, 5, 70)],
    ),
    Panel("bistability", (0.1, 0.26, -60, 0), -61, 300, pulses(1, 5, 37.5, 216), 0.24),
    Panel("depolarising after-potential", (1, 0.2, -60, -21), -70, 50, pulses(20, 2, 9), dt=0.1),
    Panel(
        "accommodation",
        (0.02, 1, -55, 4),
        -65,
        400,
        [(0, 1 / 25, 0, 200), (0, 4 / 12.5, 300, 312.5)],
        dt=0.5,
    ),
    Panel(
        "inhibition-induced spiking",
        (-0.02, -1, -60, 8),
        -63.8,
        350,
        [(-5, 0, 49.9, 250.1)],
        80,
        dt=0.5,
    ),
    Panel(
        "inhibition-induced bursting",
        (-0.026, -1, -45, -2),
        -63.8,
        350,
        [(-5, 0, 49.9, 250.1)],
        80,
        dt=0.5,
    ),
)


# %%
# The criteria
# ------------
# What is asked of the spike times (ms), the voltage and its times. A burst is spikes less than
# 10 ms apart.


def bursts(spikes):
    """Return the spikes in groups, each less than 10 ms from the one before."""
    return np.split(spikes, np.flatnonzero(np.diff(spikes) >= 10) + 1) if len(spikes) else []


def gaps(spikes, start=0.0, end=FOREVER):
    """Return the intervals between the spikes of a time."""
    return np.diff(spikes[(spikes > start) & (spikes < end)])


def between(spikes, start, end=FOREVER):
    """Return how many spikes there are in a time."""
    return int(np.sum((spikes > start) & (spikes < end)))


def is_tonic(spikes, v, t):
    """Go on to the end of the step at equal intervals, one spike at a time."""
    last = gaps(spikes)[-2:]
    return (
        len(spikes) >= 5
        and np.ptp(last) < 0.05 * last[0]
        and last[0] > 10
        and t[-1] - spikes[-1] < last[-1]
    )


def is_phasic(spikes, v, t):
    """One spike at the start of a step that goes on."""
    return len(spikes) == 1 and 20 < spikes[0] < 60 and t[-1] > 150


def is_bursting(spikes, v, t):
    """Several bursts of several spikes, up to the end."""
    found = bursts(spikes)
    return len(found) >= 3 and all(len(burst) >= 3 for burst in found) and t[-1] - spikes[-1] < 40


def is_phasic_bursting(spikes, v, t):
    """One burst, and silence during the rest of the step."""
    return (
        len(bursts(spikes)) == 1 and len(spikes) >= 3 and spikes[0] > 20 and t[-1] - spikes[-1] > 80
    )


def is_mixed(spikes, v, t):
    """A burst, then single spikes."""
    first, *rest = bursts(spikes) or [[]]
    return (
        len(first) >= 2
        and len(rest) >= 3
        and all(len(burst) == 1 for burst in rest)
        and first[0] < 30
    )


def adapts(spikes, v, t):
    """Intervals that only grow, to more than three times the first."""
    found = gaps(spikes)
    return (
        len(found) >= 4
        and np.all(np.diff(found) > 0)
        and found[-1] > 3 * found[0]
        and len(bursts(spikes)) <= 3
    )


def is_class_1(spikes, v, t):
    """On a ramp, a rate that begins low, grows all the way, and to more than twice as much."""
    found = gaps(spikes)
    return (
        len(found) >= 6
        and np.all(np.diff(found) < 0)
        and found[0] > 2 * found[-1]
        and found[0] > 30
    )


def is_class_2(spikes, v, t):
    """On a ramp, a rate that begins high (above 40 Hz) and grows to less than twice as much."""
    found = gaps(spikes)
    return (
        len(found) >= 6
        and np.all(np.diff(found) < 1)
        and found[0] < 2 * found[-1]
        and found[0] < 25
    )


def is_late(spikes, v, t):
    """One spike, after the pulse of 3 ms has ended."""
    return len(spikes) == 1 and 13 < spikes[0] < 60 and t[-1] < 150


def oscillates(spikes, v, t):
    """One spike, and after it three or more crossings of the mean, ever smaller."""
    if len(spikes) != 1 or t[-1] < spikes[0] + 100:
        return False
    rest = v[t > spikes[0] + 25]
    side = np.sign(rest - rest[-len(rest) // 4 :].mean())
    half = len(rest) // 2
    return np.sum(np.diff(side) != 0) >= 3 and np.ptp(rest[half:]) < 0.8 * np.ptp(rest[:half])


def resonates(spikes, v, t):
    """Two pulses make a spike 40 ms apart and none 20 ms apart."""
    return between(spikes, 0, 280) == 0 and between(spikes, 320, 360) == 1 and len(spikes) == 1


def integrates(spikes, v, t):
    """Two pulses make a spike 5 ms apart and none 10 ms apart."""
    return between(spikes, T + 5, 30) == 1 and between(spikes, 30) == 0 and len(spikes) == 1


def rebounds(spikes, v, t):
    """One spike, after inhibition has ended."""
    return len(spikes) == 1 and spikes[0] > 25 and v[t < 26].min() < v[0] - 5


def rebounds_with_burst(spikes, v, t):
    """A burst, after inhibition has ended."""
    return (
        len(bursts(spikes)) == 1
        and len(spikes) >= 3
        and spikes[0] > 25
        and v[t < 26].min() < v[0] - 5
    )


def threshold_varies(spikes, v, t):
    """A pulse makes no spike, and the same pulse after an inhibitory one does."""
    return between(spikes, 0, 80) == 0 and between(spikes, 80, 100) == 1


def is_bistable(spikes, v, t):
    """One pulse starts it spiking, another one stops it."""
    return (
        between(spikes, 0, 37) == 0 and between(spikes, 43, 216) >= 3 and between(spikes, 221) == 0
    )


def after_potential(spikes, v, t):
    """One spike, after which V stays above rest for 5 ms, and then returns."""
    if len(spikes) != 1:
        return False
    after = v[(t > spikes[0] + 0.5) & (t < spikes[0] + 5)]
    return after.min() > v[0] + 5 and abs(v[-1] - v[0]) < 2


def accommodates(spikes, v, t):
    """A slow ramp makes no spike, a fast one to half as much does."""
    return between(spikes, 0, 300) == 0 and between(spikes, 300, 320) == 1


def spikes_by_inhibition(spikes, v, t):
    """Single spikes while a steady current is less, and none before and after."""
    inside = between(spikes, 50, 250)
    return inside == len(spikes) >= 3 and gaps(spikes).min() > 20


def bursts_by_inhibition(spikes, v, t):
    """Bursts while a steady current is less, and none before and after."""
    found = bursts(spikes)
    inside = between(spikes, 50, 250)
    return inside == len(spikes) and len(found) >= 2 and all(len(burst) >= 3 for burst in found)


CRITERIA = dict(
    zip(
        (panel.name for panel in PANELS),
        (
            is_tonic,
            is_phasic,
            is_bursting,
            is_phasic_bursting,
            is_mixed,
            adapts,
            is_class_1,
            is_class_2,
            is_late,
            oscillates,
            resonates,
            integrates,
            rebounds,
            rebounds_with_burst,
            threshold_varies,
            is_bistable,
            after_potential,
            accommodates,
            spikes_by_inhibition,
            bursts_by_inhibition,
        ),
        strict=True,
    )
)


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


def check_features(found) -> Mapping[str, bool]:
    """Return for every feature whether the panel of that name has it."""
    return {name: bool(CRITERIA[name](*traces)) for name, traces in found.items()}


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
