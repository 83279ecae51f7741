"""Dendritic spikes that hold a real number: their formula, and the same on every target."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF
from compare import Trains
from dendrify import Dendrite, NeuronModel, Soma
from ours import COMPILED, assert_runtime_equals, run_ours

import dualframe as df
from dualframe.core.errors import NetworkError, UnknownName

DURATION = 120 * ms
CURRENTS = np.array([450, 600, 1000, 2000])


def cells() -> df.Population:
    soma = Soma("soma", model="leakyIF", cm_abs=50 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=5 * nS)
    bare = df.biological.from_dendrify(
        NeuronModel([(soma, dend, 5 * nS)], v_rest=-75 * mV),
        4,
        name="cells",
        threshold="V_soma > -50*mV",
        reset="V_soma = -65*mV",
        refractory=3 * ms,
    )
    return df.biological.add_graded_spike(bare, "dend", 2000 * pA, refractory=35 * ms)


@pytest.fixture(scope="module")
def network() -> df.Network:
    step = df.CurrentInput("cells", CURRENTS * pA, 5 * ms, variable="I_ext_dend")
    return df.Network(populations=(cells(),), inputs=(step,), name="graded")


@pytest.fixture(scope="module")
def reference(network: df.Network) -> Trains:
    return run_ours(network, "runtime", duration=DURATION)


def test_their_size_is_that_of_the_formula(network: df.Network) -> None:
    """exp(-(V + 36 mV)/(0.3 * 39 mV)) where they start, exactly but for rounding."""
    results = df.run(
        network,
        DURATION,
        target="runtime",
        dt=0.1 * ms,
        progress=False,
        record={"cells": df.Recording(("V_dend", "size_dCaAP_dend", "spiketime_dCaAP_dend"))},
    )
    trace = results.traces["cells"].values
    V, size = 1e3 * trace["V_dend"], trace["size_dCaAP_dend"]
    times = trace["spiketime_dCaAP_dend"]
    started = np.diff(times, axis=1) > 0.5
    assert np.all(started.sum(axis=1)[1:] >= 2)
    for neuron, sample in zip(*np.nonzero(started), strict=True):
        # a spike of step n starts with the potential that the step arrives at: sample n + 1
        arrived = int(times[neuron, sample + 1]) + 1
        expected = np.exp(-np.maximum(V[neuron, arrived] + 36, 0) / 11.7)
        assert size[neuron, sample + 3] == pytest.approx(expected, rel=1e-9)
    last = size[:, -1]
    assert last[1] > 3 * last[2] > 9 * last[3]


def test_there_is_something_to_compare(reference: Trains) -> None:
    neurons, _ = reference["cells", "dCaAP_dend"]
    assert set(neurons) >= {1, 2, 3}


@pytest.mark.parametrize("target", COMPILED)
def test_targets_equal_the_runtime(network: df.Network, reference: Trains, target: str) -> None:
    assert_runtime_equals(reference, network, target, duration=DURATION)


def test_errors_name_the_culprit() -> None:
    population = cells()
    with pytest.raises(UnknownName, match="compartment of 'cells' 'tuft'"):
        df.biological.add_graded_spike(population, "tuft", 1000 * pA)
    with pytest.raises(NetworkError, match="has spikes 'dCaAP_dend' already"):
        df.biological.add_graded_spike(population, "dend", 1000 * pA)
    with pytest.raises(NetworkError, match="must be above rest"):
        df.biological.add_graded_spike(population, "dend", 1 * pA, threshold=-80 * mV, name="low")
    alone = replace(population, equations=population.equations.replace("I_dend =", "I_other ="))
    with pytest.raises(NetworkError, match="no sum of currents I_dend"):
        df.biological.add_graded_spike(alone, "dend", 1 * pA, name="second")
