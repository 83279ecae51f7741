"""Neurons whose spikes are crossings: the same spikes on every target, to the step."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, pA
from compare import SPIKE, Trains, assert_same
from ours import GENN, run_ours

import dualframe as df
from dualframe.network import Network
from dualframe.targets.target_support import missing_requirements

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


@pytest.mark.cpp
def test_cpp_equals_runtime(network: Network, reference: Trains) -> None:
    if reasons := missing_requirements("cpp_standalone"):
        pytest.skip("; ".join(reasons))
    cpp = run_ours(network, "cpp_standalone", strict=True, duration=DURATION)
    assert_same(reference, cpp, ("the runtime", "C++"))


@pytest.mark.parametrize("where", GENN)
def test_genn_equals_runtime(network: Network, reference: Trains, where: str) -> None:
    if reasons := missing_requirements(where, use_gpu=False):
        pytest.skip("; ".join(reasons))
    genn = run_ours(network, where, strict=True, use_gpu=False, duration=DURATION)
    assert_same(reference, genn, ("the runtime", where))
