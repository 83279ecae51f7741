"""
An action potential that travels
================================

Hodgkin and Huxley (1952, J. Physiol. 117:500) computed from the currents of one patch of membrane
how fast an action potential runs along the giant axon of the squid: 18.8 m/s at 18.5 °C, where
21.2 m/s had been measured. Here is their axon as a chain of compartments.
"""

# %%
# The axon
# --------
# Every compartment is a neuron of the model ``hodgkin_huxley``, with the capacitance and the
# conductances of its own area, and ``phi`` for the temperature. Diameter and resistivity of the
# axoplasm are those of the paper. A projection with a summed variable carries what flows between
# neighbours: the axial conductance times the difference of their potentials.

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from brian2 import cm, meter, metre, mm, ms, ohm, second, uA, um, us
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

import dualframe as df

DIAMETER = 476 * um
RESISTIVITY = 35.4 * ohm * cm
TEMPERATURE = 18.5  # degrees Celsius
COMPUTED, MEASURED = 18.8, 21.2  # m/s
PATCH = 10_000 * um**2  # the area of the published set: 1 uF/cm^2 is 100 pF
STIMULATED = 1 * mm


def build_axon(length=60 * mm, compartment=0.5 * mm) -> df.Network:
    """Return the axon, with a current of 0.4 ms into its first millimetre."""
    n = round(float(length / compartment))
    areas = float(np.pi * DIAMETER * compartment / PATCH)
    squid = df.neuron("hodgkin_huxley", "squid axon").parameters
    sizes = {name: areas * squid[name] for name in ("C", "g_Na", "g_K", "g_L")}
    factor = 3 ** ((TEMPERATURE - 6.3) / 10)
    patch = df.neuron("hodgkin_huxley", "squid axon", phi=factor, **sizes)
    currents = patch.input_equation(("I_axial", "I_ext"))
    axon = df.Population(
        "axon",
        n,
        f"{patch.equations}\n{currents}\nI_axial : amp\nI_ext : amp",
        threshold=patch.threshold,
        reset=patch.reset,
        parameters=patch.parameters,
        initial=patch.initial,
        voltage="V",
    )
    left = np.arange(n - 1)
    neighbours = np.concatenate([left, left + 1]), np.concatenate([left + 1, left])
    conductance = np.pi * DIAMETER**2 / 4 / (RESISTIVITY * compartment)
    axial = df.Projection(
        "axon",
        "axon",
        equations="I_axial_post = g_axial*(V_pre - V_post) : amp (summed)",
        parameters={"g_axial": conductance},
        pairs=neighbours,
    )
    first = np.arange(n) * compartment < STIMULATED - 1 * um
    step = df.CurrentInput("axon", first * 20 * uA / first.sum(), 0.2 * ms, 0.6 * ms)
    return df.Network(populations=(axon,), inputs=(step,), projections=(axial,), name="squid_axon")


# %%
# The velocity
# ------------
# Between a third and three quarters of the way, where the action potential no longer depends on how
# it was started and does not feel the end. The coupling is taken at the beginning of a step, so
# that steps must be shorter than the time constant of the axial current: 7 us for 0.5 mm.


def run_axon(length=60 * mm, compartment=0.5 * mm, dt=1 * us, target="auto", longest=4 * ms):
    """Return the results and the positions (metres) of the compartments."""
    network = build_axon(length, compartment)
    time = min(length / (15 * metre / second) + 0.5 * ms, longest)
    done = df.run(
        network, time, dt=dt, target=target, record={"axon": df.Recording("V")}, progress=False
    )
    return done, (np.arange(network.population("axon").n) + 0.5) * float(compartment / meter)


def arrival_times(done, positions):
    """Return when each compartment first spikes, in seconds; NaN where it does not."""
    neurons, times = done.spike_trains("axon")
    arrivals = np.full(len(positions), np.nan)
    for k in range(len(positions)):
        arrivals[k] = min(times[neurons == k], default=np.nan)
    return arrivals


def conduction_velocity(done, positions) -> float:
    """Return the velocity in m/s."""
    arrivals = arrival_times(done, positions)
    near, far = (int(share * len(positions)) for share in (1 / 3, 3 / 4))
    return float((positions[far] - positions[near]) / (arrivals[far] - arrivals[near]))


# %%
# The figure
# ----------
# The potential at six places, and the arrival at every place. With compartments of 0.5 mm and steps
# of 1 us the velocity is 18.5 m/s, with 0.25 mm and 0.25 us 18.7, with half of both 18.7.


def draw_axon(done, positions) -> Figure:
    """Return the figure: traces at the left, arrival by place at the right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    times, volts = done.traces["axon"].t * 1e3, done.traces["axon"].values["V"] * 1e3
    for k in np.linspace(0, len(positions) - 1, 6).astype(int):
        (line,) = left.plot(times, volts[k], lw=1)
        peak = np.argmax(volts[k])
        place = f"{1e3 * positions[k]:.0f} mm"
        left.text(times[peak], volts[k][peak] + 3, place, fontsize=7, color=line.get_color())
    left.set(xlabel="time (ms)", ylabel="potential (mV)")
    left.set_ylim(top=65)
    right.plot(1e3 * arrival_times(done, positions), 1e3 * positions, lw=1.5)
    right.set(xlabel="first spike (ms)", ylabel="place (mm)")
    right.set_title(
        f"{conduction_velocity(done, positions):.2f} m/s here; {COMPUTED} computed in 1952, "
        f"{MEASURED} measured",
        fontsize=8,
    )
    return figure


def main(duration=4 * ms, target="auto", scale=1.0, out=None):
    """Run the axon, print its velocity, return the figure. ``scale`` makes it shorter."""
    done, positions = run_axon(max(60 * mm * scale, 3 * mm), target=target, longest=duration)
    print(f"{conduction_velocity(done, positions):.2f} m/s ({COMPUTED} computed in 1952)")
    figures: dict[str, Figure] = {"squid_axon": draw_axon(done, positions)}
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            df.plots.savefig(figure, Path(out) / f"{name}.png")
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Conduction velocity of the squid giant axon.")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--out", default=None, help="folder for the figure")
    given = arguments.parse_args()
    figures = main(target=given.target, out=given.out)
