"""SONATA files of dualframe, run by BMTK PointNet (NEST).

NEST integrates exactly and dualframe takes Euler steps, hence other spike times; the same numbers
drive the same neurons, hence the same rates.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, pA, pF, second

import dualframe as df

for package in ("libsonata", "bmtk", "nest"):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed (extra 'peers')", allow_module_level=True)

# a process of its own: BMTK sets NEST's kernel and logging up for itself
POINTNET = """
import os, sys
os.chdir(sys.argv[1])
from bmtk.simulator import pointnet
config = pointnet.Config.from_json("simulation_config.json")
config.build_env(force=True)
network = pointnet.PointNetwork.from_config(config)
pointnet.PointSimulator.from_config(config, network).run()
"""
# standard deviations of four of its runs; their means were 5 and 6 % above those of six of ours,
# 1.7 and 2.0 standard errors: whether that is chance is not known
SPREAD_OF_NEST = {"L4E": 0.51, "L4I": 0.44}  # Hz
EQUATIONS = """dV/dt = (E_L - V)/tau_m + (g_e - g_i + I)/C : volt (unless refractory)
               dg_e/dt = -g_e/tau_s : amp
               dg_i/dt = -g_i/tau_s : amp
               I : amp"""


def run_in_pointnet(network: df.Network, folder: Path, duration: float) -> dict[str, df.SpikeInput]:
    df.formats.write_sonata(network, folder, duration=duration * second, seed=1)
    done = subprocess.run(
        [sys.executable, "-c", POINTNET, str(folder)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    path = folder / "output" / "spikes.h5"
    return {p.name: df.formats.read_sonata_spikes(path, p.name, n=p.n) for p in network.populations}


def test_the_same_input_gives_the_same_rates(tmp_path: Path) -> None:
    values = {"E_L": -65 * mV, "V_th": -50 * mV, "tau_m": 10 * ms, "tau_s": 0.5 * ms, "C": 250 * pF}
    populations = [
        df.Population(
            name,
            n,
            EQUATIONS,
            threshold="V > V_th",
            reset="V = E_L",
            refractory=2 * ms,
            parameters=values,
            initial={"V": -65 * mV},
        )
        for name, n in (("e", 60), ("i", 15))
    ]
    inputs = [
        df.PoissonInput("drive", 60, np.linspace(5000, 9000, 60) * Hz),
        df.CurrentInput("e", 50 * pA, variable="I", name="into_e"),
        df.CurrentInput("i", 400 * pA, variable="I", name="into_i"),
    ]
    weights, delays = df.Normal(150 * pA, 15 * pA), df.Uniform(1 * ms, 2 * ms)
    projections = [
        df.Projection("drive", "e", "g_e += w", weight=120 * pA, pairs="one_to_one", delay=1 * ms),
        df.Projection("e", "i", "g_e += w", weight=weights, delay=delays, probability=0.3),
        df.Projection("i", "e", "g_i += w", weight=350 * pA, delay=0.8 * ms, probability=0.5),
    ]
    network = df.Network(populations, inputs, projections, name="two")
    theirs = run_in_pointnet(network, tmp_path / "out", 1.0)
    ours = df.run(network, 1 * second, seed=1, progress=False)
    for name, spikes in theirs.items():
        neuron, t = ours.spike_trains(name)
        # measured: 0.3 % (e) and 0.9 % (i); recurrent spikes that differ make trains diverge
        assert len(spikes.indices) == pytest.approx(len(t), rel=0.03)
        first = [
            np.asarray(spikes.times)[spikes.indices == i].min() - t[neuron == i].min()
            for i in np.intersect1d(spikes.indices, neuron)
        ]
        # NEST hands a spike over one step later, and Euler's upstroke is short by dt/2
        assert abs(np.median(first)) <= 2.5e-4


@pytest.mark.slow
def test_two_populations_of_pd14_have_the_same_rates(tmp_path: Path) -> None:
    whole = df.task_driven.build(df.circuit("pd14").scaled(0.01))
    layer = ("L4E", "L4I")
    excerpt = replace(
        whole,
        populations=[p for p in whole.populations if p.name in layer],
        projections=[p for p in whole.projections if {p.source, p.target} <= set(layer)],
    )
    theirs = run_in_pointnet(excerpt, tmp_path / "out", 2.0)
    rates = np.array(
        [
            df.run(excerpt, 2 * second, seed=seed, network_seed=1, progress=False)
            .rates(start=0.5 * second)["mean_rate_Hz"]
            .to_numpy()
            for seed in range(1, 6)
        ]
    )
    for k, name in enumerate(layer):
        late = np.asarray(theirs[name].times) >= 0.5
        rate = late.sum() / 1.5 / theirs[name].n
        # the background is another draw; one run of theirs against five of ours, three deviations
        deviation = np.hypot(SPREAD_OF_NEST[name], rates[:, k].std(ddof=1) / np.sqrt(len(rates)))
        assert abs(rate - rates[:, k].mean()) < 3 * deviation
