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
from compare import SPIKE, Trains, first_difference
from ours import COMPILED, assert_runtime_equals, run_ours

from dualframe.network import Network

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


@pytest.mark.parametrize("target", COMPILED)
def test_targets_equal_the_runtime(network: Network, reference: Trains, target: str) -> None:
    assert_runtime_equals(reference, network, target, duration=DURATION)


def test_another_seed_is_noticed(network: Network, reference: Trains) -> None:
    """Fails where it must: other noise, other spikes."""
    other = run_ours(network, "runtime", strict=True, duration=100 * ms, seed=2)
    early = {key: (n[s < 1000], s[s < 1000]) for key, (n, s) in reference.items()}
    assert first_difference(early, other) is not None
    same = run_ours(network, "runtime", strict=True, duration=100 * ms)
    cut = {key: (n[s < 998], s[s < 998]) for key, (n, s) in same.items()}
    early = {key: (n[s < 998], s[s < 998]) for key, (n, s) in reference.items()}
    assert first_difference(early, cut) is None
