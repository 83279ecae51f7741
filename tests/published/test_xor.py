"""One neuron computes the exclusive or by graded dendritic spikes (Gidon et al. 2020).

The protocol is that of the authors' ModelDB 254217, xor.hoc: two pathways of 35 synapses (AMPA and
NMDA) and 100 background synapses (AMPA), each at 20 Hz; the spike's threshold, decay, refractory
period and waveform are theirs. Their morphology is reduced to a soma and a dendrite as in Ward and
Rhodes 2022, with capacitances, conductances and the current chosen here: one pathway brings the
dendrite to the threshold, the spike reaches the soma's threshold, two pathways without it do not.
Twenty seeds are twenty sets of input trains, which all cells share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF, second
from dendrify import Dendrite, NeuronModel, Soma

import dualframe as df
from dualframe.targets.target_support import missing_requirements

SEEDS = 20
CONDITIONS = ("0", "X", "Y", "XY")
SECONDS = 2.0
PATHWAYS = {"background": 100, "X": 35, "Y": 35}


def dendritic(name: str, decay: float) -> df.Population:
    soma = Soma("soma", model="leakyIF", cm_abs=50 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=5 * nS)
    dend.synapse("AMPA", tag="in", g=0.58 * nS, t_decay=2 * ms)
    dend.synapse("NMDA", tag="in", g=0.58 * nS, t_rise=2 * ms, t_decay=30 * ms)
    dend.synapse("AMPA", tag="background", g=0.3 * nS, t_decay=2 * ms)
    cells = df.biological.from_dendrify(
        NeuronModel([(soma, dend, 5 * nS)], v_rest=-75 * mV),
        SEEDS * len(CONDITIONS),
        name=name,
        threshold="V_soma > -50*mV",
        reset="V_soma = -65*mV",
        refractory=3 * ms,
    )
    return df.biological.add_graded_spike(cells, "dend", 2200 * pA, decay=decay)


def point() -> df.Population:
    """The soma alone; NMDA's time course is in one slow conductance."""
    return df.Population(
        "point",
        SEEDS * len(CONDITIONS),
        "dV/dt = (g_L*(E_L - V) - (g_fast*fast + g_slow*slow)*V)/C : volt (unless refractory)\n"
        "dfast/dt = -fast/(2*ms) : 1\ndslow/dt = -slow/(30*ms) : 1",
        "V > V_th",
        "V = V_reset",
        refractory=3 * ms,
        parameters={
            "C": 50 * pF,
            "g_L": 10 * nS,
            "g_fast": 0.3 * nS,
            "g_slow": 0.3 * nS,
            "E_L": -75 * mV,
            "V_th": -50 * mV,
            "V_reset": -65 * mV,
        },
        initial={"V": -75 * mV},
    )


def network(*cells: df.Population) -> df.Network:
    draws = np.random.default_rng(1)
    inputs, projections = [], []
    for pathway, synapses in PATHWAYS.items():
        sources = synapses * SEEDS
        counts = draws.poisson(20 * SECONDS, sources)
        steps = np.rint(draws.uniform(0, SECONDS, counts.sum()) * 1e4)
        index, step = np.unique([np.repeat(np.arange(sources), counts), steps], axis=1)
        inputs.append(df.SpikeInput(pathway, sources, index.astype(int), step * 0.1 * ms))
        active = [
            k for k, name in enumerate(CONDITIONS) if pathway == "background" or pathway in name
        ]
        i = np.tile(np.arange(sources), len(active))
        j = np.concatenate([np.repeat(np.arange(SEEDS), synapses) + SEEDS * k for k in active])
        for population in cells:
            for number, raised in enumerate(arrivals(population, pathway)):
                projections.append(
                    df.Projection(
                        pathway,
                        population.name,
                        f"{raised} += 1",
                        pairs=(i, j),
                        name=f"{pathway}_{population.name}_{number}",
                    )
                )
    return df.Network(populations=cells, inputs=tuple(inputs), projections=tuple(projections))


def arrivals(population: df.Population, pathway: str) -> tuple[str, ...]:
    if population.name == "point":
        return ("fast",) if pathway == "background" else ("fast", "slow")
    if pathway == "background":
        return ("s_AMPA_background_dend",)
    return ("s_AMPA_in_dend", "s_NMDA_in_dend")


@pytest.fixture(scope="module")
def rates() -> dict[str, Any]:
    """Rates in Hz by cell, of shape (condition, seed)."""
    if reasons := missing_requirements("cpp_standalone"):
        pytest.skip("; ".join(reasons))
    cells = (dendritic("graded", 0.3), dendritic("ordinary", np.inf), point())
    results = df.run(
        network(*cells), SECONDS * second, target="cpp_standalone", dt=0.1 * ms, progress=False
    )
    found = {}
    for population in cells:
        spikes = results.spikes[results.spikes.population == population.name]
        counts = np.bincount(spikes.neuron, minlength=population.n)
        found[population.name] = counts.reshape(len(CONDITIONS), SEEDS) / SECONDS
    return found


@pytest.mark.slow
@pytest.mark.cpp
def test_graded_spikes_compute_the_exclusive_or(rates: dict[str, Any]) -> None:
    """In every one of 20 seeds; XY has its one spike where both pathways start."""
    none, x, y, both = rates["graded"]
    highest = np.maximum(none, both)
    assert np.all(x >= 3 * highest)
    assert np.all(y >= 3 * highest)
    assert min(x.mean(), y.mean()) > 2


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.parametrize("cell", ["ordinary", "point"])
def test_spikes_of_one_size_and_a_point_do_not(rates: dict[str, Any], cell: str) -> None:
    none, x, y, both = rates[cell]
    assert min(x.mean(), y.mean()) > 2
    assert np.all(none == 0)
    assert np.all(both >= np.maximum(x, y))
