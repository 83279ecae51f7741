"""One recurrent circuit of dendritic and of point neurons: the same spikes on every target.

All runs are ``strict``: no fast-math in C++ (``-O3 -ffp-contract=off`` instead of Brian2's
``-ffast-math``), no fused multiply-add in GeNN's CPU back end, and no reordering of constant
factors by Brian2's code generator. The circuit has drawn weights, delays, connections and
parameters, but everything is drawn on the host, so equality is to the step.
"""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from circuit import circuit
from compare import SPIKE, Trains, assert_same, first_difference
from ours import GENN, run_ours

from dualframe.network import Network
from dualframe.targets.target_support import missing_requirements

DURATION = 500 * ms


@pytest.fixture(scope="module")
def network() -> Network:
    return circuit()


@pytest.fixture(scope="module")
def reference(network: Network) -> Trains:
    return run_ours(network, "runtime", strict=True, duration=DURATION)


def test_there_is_something_to_compare(reference: Trains) -> None:
    for population, least in (("pyr", 100), ("glif", 100), ("izhikevich", 50)):
        neurons, _ = reference[population, SPIKE]
        assert len(neurons) > least
        assert len(np.unique(neurons)) >= 5
    assert len(reference["pyr", "Na_dend"][0]) > 500


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


def test_another_seed_is_noticed(network: Network, reference: Trains) -> None:
    """Fails where it must: other noise, other spikes."""
    other = run_ours(network, "runtime", strict=True, duration=100 * ms, seed=2)
    early = {key: (n[s < 1000], s[s < 1000]) for key, (n, s) in reference.items()}
    assert first_difference(early, other) is not None
    same = run_ours(network, "runtime", strict=True, duration=100 * ms)
    cut = {key: (n[s < 998], s[s < 998]) for key, (n, s) in same.items()}
    early = {key: (n[s < 998], s[s < 998]) for key, (n, s) in reference.items()}
    assert first_difference(early, cut) is None
