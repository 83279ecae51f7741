"""Neurons whose spikes are crossings: the same spikes on every target, to the step."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, pA
from compare import SPIKE, Trains
from ours import COMPILED, assert_runtime_equals, run_ours

import dualframe as df
from dualframe.network import Network

DURATION = 200 * ms
CELLS = {
    "fitzhugh_nagumo": ("epsilon 0.08", (50, 90)),
    "morris_lecar": ("class 2", (950, 1100)),
    "hodgkin_huxley": ("squid axon", (700, 1500)),
    "hindmarsh_rose": ("r 0.005", (300, 500)),
    "wilson": ("RS", (500, 1000)),
    "mixed_feedback": ("bursting", (-150, 0)),
}


@pytest.fixture(scope="module")
def network() -> Network:
    populations = [
        df.neuron(model, label).make_population(model, 2) for model, (label, _) in CELLS.items()
    ]
    steps = [
        df.CurrentInput(model, np.array(currents) * pA, 5 * ms)
        for model, (_, currents) in CELLS.items()
    ]
    return Network(populations=tuple(populations), inputs=tuple(steps), name="membranes")


@pytest.fixture(scope="module")
def reference(network: Network) -> Trains:
    return run_ours(network, "runtime", duration=DURATION)


def test_there_is_something_to_compare(reference: Trains) -> None:
    for model in CELLS:
        neurons, _ = reference[model, SPIKE]
        assert len(neurons) >= 3, model


@pytest.mark.parametrize("target", COMPILED)
def test_targets_equal_the_runtime(network: Network, reference: Trains, target: str) -> None:
    assert_runtime_equals(reference, network, target, duration=DURATION)
