"""
Four neuromodulators in layer 2/3, in both branches
===================================================

Acetylcholine, serotonin, dopamine and noradrenaline act on layer 2/3 through the receptors that
each cell type expresses. The same circuit is built with dendrites and as point neurons, and both
are asked the same questions: whose rate rises or falls, do pairs of pyramidal cells become less
correlated, and does a stimulus stand out more clearly?
"""

# %%
# Input
# -----
# Every neuron has independent background input. Noise correlations need a common source: a fifth
# of the background events come from 20 sources that each reach half of all neurons (assumed; two
# neurons share half of their common sources). The stimulus adds 150 events/s to 30 % of the
# pyramidal cells for 200 ms in each second.

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from brian2 import Hz, second
from matplotlib.figure import Figure

import dualframe as df

MODULATORS = {"ACh": 0.8, "5-HT": 0.8, "DA": 0.8, "NA": 0.8}
MODELS = {"biological": df.biological.build, "glif": df.task_driven.build}
SHARED, SOURCES, REACH = 0.2, 20, 0.5
DRIVEN, STIMULUS = 0.3, 150 * Hz
PERIOD, LENGTH, STEP = 1.0, 0.2, 1e-4  # seconds


def with_shared_input(network):
    """Let a fifth of the background events come from sources that neurons share."""
    populations = {p.name: p for p in network.populations}
    inputs, common = [], []
    for background, place in network.meta["background"].items():
        name = place["population"]
        parameters = populations[name].parameters
        events = parameters[f"rate_{background}"]
        own = {**parameters, f"rate_{background}": (1 - SHARED) * events}
        populations[name] = replace(populations[name], parameters=own)
        inputs.append(
            df.PoissonInput(f"shared_{name}", SOURCES, SHARED * events / (SOURCES * REACH))
        )
        common.append(
            df.Projection(
                source=f"shared_{name}", target=name, name=f"shared_to_{name}",
                on_pre=f"{place['variable']} += w", weight=parameters[f"w_{background}"],
                probability=REACH,
            )
        )  # fmt: skip
    return replace(
        network,
        populations=tuple(populations.values()),
        inputs=(*network.inputs, *inputs),
        projections=(*network.projections, *common),
    )


def driven(network):
    """Number of pyramidal cells that the stimulus reaches: the first ones."""
    return round(DRIVEN * network.population("pyr").n)


def with_stimulus(network, trials, seed):
    """Add the stimulus: events to the first 30 % of the pyramidal cells."""
    rng = np.random.default_rng(seed)
    n = driven(network)
    steps = round(LENGTH / STEP)
    on = rng.random((n, trials, steps)) < float(STIMULUS) * STEP  # at most one event a step
    cells, trial, step = np.nonzero(on)
    times = (PERIOD * (1 + trial) - LENGTH + STEP * step) * second
    variable = network.meta["background"]["background_pyr"]["variable"]
    stimulus = df.SpikeInput("stimulus", n, cells, times)
    reach = df.Projection(
        source="stimulus", target="pyr", on_pre=f"{variable} += w",
        weight=network.population("pyr").parameters["w_background_pyr"],
        pairs=(np.arange(n), np.arange(n)), name="stimulus_to_pyr",
    )  # fmt: skip
    return network.with_inputs(stimulus, projections=[reach])


# %%
# Signal to noise
# ---------------
# For each driven cell, d' is the difference of its mean spike counts in the stimulus and in the
# 200 ms before it, divided by the root mean square of the two standard deviations over trials.


def discriminability(results, n, trials):
    """Return the mean d' of the driven cells, and the mean evoked and spontaneous count."""
    neuron, t = results.spike_trains("pyr")
    onsets = PERIOD * (1 + np.arange(trials)) - LENGTH
    edges = np.sort(np.concatenate([onsets - LENGTH, onsets, onsets + LENGTH]))
    counts = np.array([np.histogram(t[neuron == i], edges)[0] for i in range(n)])
    before, during = counts[:, 0::3][:, :trials], counts[:, 1::3][:, :trials]
    noise = np.sqrt((before.var(axis=1) + during.var(axis=1)) / 2)
    signal = during.mean(axis=1) - before.mean(axis=1)
    usable = noise > 0
    dprime = float((signal[usable] / noise[usable]).mean()) if usable.any() else np.nan
    return dprime, float(during.mean()), float(before.mean())


def evoked(circuit, conditions, seeds, trials, target):
    """Return d' by model, condition and seed."""
    rows = []
    for model, build in MODELS.items():
        for label, changed in {"control": circuit, **conditions}.items():
            network = with_shared_input(build(changed))
            n = driven(network)
            for seed in seeds:
                stimulated = with_stimulus(network, trials, seed)
                length = (PERIOD * trials + 0.1) * second
                done = df.run(stimulated, length, target=target, seed=seed, progress=False)
                found = discriminability(done, n, trials)
                rows.append((model, label, seed, *found))
    return pd.DataFrame(rows, columns=["model", "condition", "seed", "d_prime", "evoked", "before"])


# %%
# Run and draw
# ------------


def conditions(circuit):
    """Return the circuit with each modulator."""
    return {name: circuit.with_modulation(name, level=x) for name, x in MODULATORS.items()}


def main(duration=5 * second, target="auto", scale=0.05, seeds=1, out=None, force=False):
    """Run all conditions in both branches; return figures, save figures and tables in ``out``.

    The stimulus comes twice as often as the duration has seconds.
    """
    circuit = df.circuit("l23").scaled(scale)
    changed = conditions(circuit)
    report = df.compare_branches(
        circuit, changed, models=tuple(MODELS), seeds=range(seeds), duration=duration,
        start=float(duration) / 10 * second, target=target, progress=False,
        builders={
            model: lambda c, build=build: with_shared_input(build(c))
            for model, build in MODELS.items()
        },
    )  # fmt: skip
    print(report.summary().to_string(index=False))
    print("\nShifts of rate and correlation\n", report.shifts.to_string(index=False))
    print("\n" + report.describe())
    figures: dict[str, Figure] = {"agreement": report.plot()}
    if out is not None:
        report.save(out, force=force)
    if trials := round(2 * float(duration)):
        signal = evoked(circuit, changed, range(seeds), trials, target)
        median = signal.groupby(["model", "condition"], sort=False).median(numeric_only=True)
        print("\nSignal to noise (median over seeds)\n", median.drop(columns="seed").to_string())
        if out is not None:
            signal.to_csv(Path(out) / "signal.csv", index=False)
    return figures


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Layer 2/3 under four neuromodulators.")
    arguments.add_argument("--out", default=None, help="folder for figures and tables")
    arguments.add_argument("--force", action="store_true", help="replace an earlier output")
    arguments.add_argument("--target", default="auto")
    arguments.add_argument("--scale", type=float, default=0.05)
    arguments.add_argument("--seeds", type=int, default=2, help="seeds of the comparison")
    given = arguments.parse_args()
    figures = main(
        target=given.target, scale=given.scale, seeds=given.seeds, out=given.out, force=given.force
    )
