"""
The CA1 pyramidal cell: validation protocols
============================================

The nine-compartment cell of the catalogue goes through the protocols with which Dendrify's authors
validated it (Pagkalos et al. 2023, Figure 4), all in one network: input resistance, membrane time
constant, f-I curve, attenuation in both directions, back-propagating action potentials and the
input-output curve of a dendrite. Circles are the published model's own values, read off the figures
that its notebook stores.

Below the threshold of dendritic spikes the two are the same. The spikes themselves are taller here:
the published cell was made with Dendrify 1, whose dendritic conductances decay exponentially.
Dendrify 2, and the catalogue with it, keeps them on for the same times and then closes them.
"""

# %%
# One cell of each kind
# ---------------------
# Copies 0 to 7 get currents into the soma. One synapse each is activated on copies 8 to 10, on
# three dendrites at 100, 250 and 400 um. Copies 11 to 34 get 1 to 24 synapses onto an oblique
# dendrite, 0.1 ms apart.

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from brian2 import ms, mV, nS, pA, second
from matplotlib.figure import Figure
from scipy.optimize import curve_fit

import dualframe as df
from dualframe.building.dendritic_neurons import dendritic_cell

CURRENTS = np.array([-350, -10, 100, 150, 200, 250, 300, 350])  # pA
PLACES = {"prox": ("validation", 100), "med": ("ca3", 250), "dist1": ("ec", 400)}
SYNAPSES = np.arange(1, 25)
ONSET = 50.0  # ms: of the currents
RECORDED = ("soma", "prox", "med", "dist1", "ob1")
REST = -65.0  # mV

# Read off the stored figures of paper_figures/Fig4_notebook.ipynb by the centres of their markers.
PUBLISHED = {
    "spikes": (0, 1, 10, 13, 17, 20),  # in 1 s, at 100, 150, ... 350 pA: whole numbers
    "attenuation": (1.0, 0.8481, 0.7075, 0.6062),  # soma to 0, 100, 250, 400 um; a pixel is 0.0019
    "psp": (0.6777, 0.2642, 0.0881),  # dendrite to soma, from 100, 250, 400 um; a pixel is 0.0031
    # of 10 to 24 synapses (mV); a pixel is 0.27
    "depsp": (17.33, 18.67, 20.27, 21.60, 63.47, 63.73, 63.73, 64.00, 64.27, 64.53, 64.53, 64.80,
              64.80, 64.80, 64.80),
    "unitary": 48.52 / 24,  # mV: the last marker's abscissa is 24 of them; a pixel is 0.16/24
    "dvdt": (1.02, 1.09, 3.07, 3.12, 3.14),  # V/s at the soma, 12 to 16 synapses; a pixel is 0.014
    "hyperpolarised": (-101.1, -96.0),  # mV: minimum and end at -350 pA; a pixel is 0.44
    "backpropagated": {"prox": -0.4, "med": 3.2},  # mV: peaks at 200 pA; a pixel is 0.53
}  # fmt: skip


class Protocol(NamedTuple):
    """What the copies did: times in ms, voltages in mV with shape (copies, times)."""

    t: np.ndarray
    volts: dict[str, np.ndarray]
    spikes: dict[int, np.ndarray]
    step: float


def synapses(cell) -> tuple[dict[str, list[str]], str]:
    """Return the published synapses of the cell as currents by dendrite, and their equations."""
    layout = cell.compartments
    kinds = [
        (d.name, c.synapse, c.pathway, c.numbers.value("g") / nS, c.numbers.value("decay") / ms)
        for d in layout.dendrites
        for c in d.contacts
    ]
    # the notebook has one more, "used only for validation purposes"
    kinds += [("prox", "AMPA", "validation", 0.6, 2.5), ("prox", "NMDA", "validation", 0.4, 50.0)]
    number = layout.globals.value
    ratio, alpha = float(number("Mg") / number("beta")), float(number("alpha") * mV)
    block = f"(1 + {ratio!r}*exp(-{alpha!r}*(V_{{0}}/mV + {float(number('gamma') / mV)!r})))"
    potential = {"AMPA": "0*mV", "NMDA": f"{float(number('E_NMDA') / mV)!r}*mV"}
    currents: dict[str, list[str]] = {}
    lines = []
    for name, kind, pathway, g, decay in kinds:
        key = f"{kind}_{pathway}_{name}"
        currents.setdefault(name, []).append(f"I_{key}")
        gate = "/" + block.format(name) if kind == "NMDA" else ""
        lines += [
            f"I_{key} = {float(g)!r}*nS*({potential[kind]} - V_{name})*s_{key}{gate} : amp",
            f"ds_{key}/dt = -s_{key}/({float(decay)!r}*ms) : 1",
        ]
    return currents, "\n".join(lines)


def network(step: float, *, stock_durations: bool = False) -> df.Network:
    """Return all copies with their inputs; ``step`` is the length of the currents in ms."""
    cell = df.cell("ca1_pyr")
    made = dendritic_cell(cell, *synapses(cell))
    rule = made.spike
    copies = df.biological.from_dendrify(
        made.model, len(CURRENTS) + len(PLACES) + len(SYNAPSES), name="cells",
        threshold=rule.threshold, reset=rule.reset, second_reset=rule.second_reset,
        spike_width=rule.spike_width, refractory=rule.refractory, parameters=rule.parameters,
        stock_durations=stock_durations,
    )  # fmt: skip
    amplitude = np.zeros(copies.n)
    amplitude[: len(CURRENTS)] = CURRENTS
    current = df.CurrentInput(
        "cells", amplitude * pA, start=ONSET * ms, stop=(ONSET + step) * ms, variable="I_ext_soma"
    )
    one = df.SpikeInput("one", 1, [0], [10] * ms)
    train = df.SpikeInput("train", len(SYNAPSES), SYNAPSES - 1, (5 + 0.1 * (SYNAPSES - 1)) * ms)
    contacts = []
    for i, (name, (pathway, _)) in enumerate(PLACES.items()):
        for kind in ("AMPA", "NMDA"):
            onto = f"s_{kind}_{pathway}_{name} += 1"
            pair = ([0], [len(CURRENTS) + i])
            contacts.append(df.Projection("one", "cells", onto, pairs=pair, name=f"{kind}_{name}"))
    # the copy with n synapses has those of the first n sources
    sources, targets = np.array([(i, j) for j in range(24) for i in range(j + 1)]).T
    first = len(CURRENTS) + len(PLACES)
    for kind in ("AMPA", "NMDA"):
        onto = f"s_{kind}_ca3_ob1 += 1"
        pairs = (sources, targets + first)
        contacts.append(df.Projection("train", "cells", onto, pairs=pairs, name=f"{kind}_ob1"))
    return df.Network((copies,), (current, one, train), tuple(contacts), name="ca1_pyr")


def protocol(duration=1 * second, target="auto", *, stock_durations=False) -> Protocol:
    """Run all copies at once: currents of ``duration``, synapses at the beginning.

    With ``stock_durations`` dendritic spikes last as long as those of Dendrify 2, whose falling
    phase is a time step longer than stated.
    """
    step = float(duration / ms)
    copies = network(step, stock_durations=stock_durations)
    results = df.run(
        copies, (ONSET + step + 100) * ms, target=target, dt=0.1 * ms, progress=False,
        record={"cells": df.Recording([f"V_{name}" for name in RECORDED])},
    )  # fmt: skip
    values = results.traces["cells"].values
    volts = {name: np.asarray(values[f"V_{name}"]) * 1e3 for name in RECORDED}
    neurons, times = results.spike_trains("cells")
    spikes = {i: times[neurons == i] * 1e3 for i in range(len(CURRENTS))}
    return Protocol(0.1 * np.arange(volts["soma"].shape[1]), volts, spikes, step)


# %%
# What is measured
# ----------------
# As in the notebook: changes from rest, minima and maxima.


def measures(run: Protocol) -> dict[str, object]:
    """Return every number of the figure, and the input resistance and time constant."""
    soma = run.volts["soma"]
    hyper = np.array([abs(run.volts[n][1].min() - REST) for n in ("soma", "prox", "med", "dist1")])
    rows = range(len(CURRENTS), len(CURRENTS) + len(PLACES))
    psp = [
        (soma[row].max() - REST) / (run.volts[name][row].max() - REST)
        for row, name in zip(rows, PLACES, strict=True)
    ]
    first = len(CURRENTS) + len(PLACES)
    dendrite, at_soma = run.volts["ob1"][first:, :1500], soma[first:, :1500]  # 150 ms
    on, off = round(ONSET / 0.1), round((ONSET + run.step) / 0.1)
    return {
        "spikes": [len(run.spikes[i]) for i in range(2, len(CURRENTS))],
        "attenuation": hyper / hyper[0],
        "psp": np.array(psp),
        "depsp": dendrite.max(axis=1) - REST,
        "dvdt": np.diff(at_soma, axis=1).max(axis=1) / 0.1,
        "hyperpolarised": (soma[0].min(), soma[0, off - 1]),
        "backpropagated": {n: run.volts[n][4, on:off].max() for n in ("prox", "med")},
        "r_in": hyper[0] / abs(CURRENTS[1]) * 1e3,  # MOhm
        "tau": time_constant(soma[1, on:off]),
    }


def time_constant(trace: np.ndarray) -> float:
    """Return tau (ms) of a hyperpolarisation, as Dendrify's example measures it.

    The trace from the onset to its minimum, scaled to 0 and 1, fitted by a exp(-t/tau).
    """
    part = trace[: int(trace.argmin())]
    scaled = (part - part.min()) / np.ptp(part)
    t = 0.1 * np.arange(scaled.size)
    (_, tau), _ = curve_fit(lambda t, a, tau: a * np.exp(-t / tau), t, scaled, p0=(1, 20))
    return float(tau)


# %%
# The panels of Figure 4
# ----------------------


def figure(run: Protocol) -> Figure:
    """Draw the panels, with the published values as circles."""
    found = measures(run)
    made, axes = plt.subplots(2, 3, figsize=(11, 6.4), layout="constrained")
    published = {"marker": "o", "ls": "none", "mfc": "none", "mec": "tab:red", "ms": 8}
    ax = axes[0, 0]
    for i, colour in ((7, "0.7"), (3, "tab:purple"), (1, "tab:green"), (0, "tab:blue")):
        ax.plot(run.t, run.volts["soma"][i], color=colour, lw=1, label=f"{CURRENTS[i]} pA")
    ax.set(xlabel="Time (ms)", ylabel="Soma (mV)", title="Current steps")
    ax.legend(fontsize=8, ncols=2, loc="center right", bbox_to_anchor=(0.98, 0.27))
    curves = (
        (axes[0, 1], CURRENTS[2:], found["spikes"], "spikes", "Current (pA)", "Spikes in the step"),
        (axes[0, 2], [0, 100, 250, 400], found["attenuation"], "attenuation",
         "Distance from soma (um)", "dV dendrite / dV soma"),
        (axes[1, 0], [100, 250, 400], found["psp"], "psp", "Distance from soma (um)",
         "PSP soma / dendrite"),
    )  # fmt: skip
    for ax, x, y, key, xlabel, ylabel in curves:
        ax.plot(x, y, "k.-", label="this cell")
        ax.plot(x, PUBLISHED[key], **published, label="published")
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.legend(fontsize=8)
    axes[0, 1].set_title("f-I curve")
    axes[0, 2].set_title("From the soma")
    axes[1, 0].set_title("To the soma")
    ax = axes[1, 1]
    expected = SYNAPSES * found["depsp"][0]
    ax.plot(expected, found["depsp"], "k.-", label="this cell")
    ax.plot(SYNAPSES[9:] * PUBLISHED["unitary"], PUBLISHED["depsp"], **published, label="published")
    ax.plot(expected, expected, "k:", lw=1)
    ax.set(xlabel="Expected dEPSP (mV)", ylabel="Actual dEPSP (mV)", title="Oblique dendrite")
    ax.legend(fontsize=8)
    ax = axes[1, 2]
    around = np.arange(-2, 3)
    ax.plot(around, found["dvdt"][11:16], "k.-", label="this cell")
    ax.plot(around, PUBLISHED["dvdt"], **published, label="published")
    ax.set(xlabel="Synapses from threshold (14)", ylabel="dV/dt at the soma (V/s)")
    ax.set_title("Seen by the soma")
    ax.legend(fontsize=8)
    return made


def main(duration=1 * second, target="auto", scale=1.0, out=None) -> dict[str, Figure]:
    """Run the protocols; return the figure, and save it if ``out`` is given.

    ``scale`` has no meaning here: there is one cell of each kind.
    """
    run = protocol(duration, target)
    found = measures(run)
    print(f"input resistance at -10 pA  {found['r_in']:.1f} MOhm")
    print(f"membrane time constant      {found['tau']:.1f} ms")
    for name in ("spikes", "attenuation", "psp", "dvdt", "hyperpolarised", "backpropagated"):
        own = found[name][11:16] if name == "dvdt" else found[name]
        print(f"{name:27s} {_rounded(own)}   published {_rounded(PUBLISHED[name])}")
    figures = {"validation": figure(run)}
    if out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        for name, made in figures.items():
            df.plots.savefig(made, Path(out) / f"{name}.png")
    return figures


def _rounded(values):
    if isinstance(values, dict):
        return {name: round(float(value), 2) for name, value in values.items()}
    return [round(float(value), 3) for value in values]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Validation of the CA1 pyramidal cell.")
    parser.add_argument("--out", default="ca1_pyr_validation", help="folder of the figure")
    main(out=parser.parse_args().out)
