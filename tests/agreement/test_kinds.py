"""Every kind of effect in one network: the same spikes on every target, to the step."""

from __future__ import annotations

import kinds
import numpy as np
import pytest
from brian2 import ms
from compare import SPIKE, Trains
from ours import COMPILED, assert_runtime_equals, run_ours

from dualframe.network import Network
from dualframe.receptor_effects import EFFECT_KINDS

DURATION = 200 * ms


@pytest.fixture(scope="module")
def network() -> Network:
    return kinds.network()


@pytest.fixture(scope="module")
def reference(network: Network) -> Trains:
    return run_ours(network, "runtime", strict=True, duration=DURATION)


def test_every_kind_acts(network: Network) -> None:
    compiled = [name for name, kind in EFFECT_KINDS.items() if kind.add_equations]
    assert set(kinds.EFFECTS) == set(compiled)
    text = {p.name: p.equations for p in network.populations}
    tags = [f"nACh_a7_{k}" for k, kind in enumerate(compiled) if kind != "plasticity"]
    found = {tag for tag in tags for name in text if tag in text[name]}
    assert found == set(tags)
    assert all("ltp_factor" in text[name] for name in text if name.endswith("_inh"))
    assert sum("*release_" in p.on_pre for p in network.projections) >= 4


def test_there_is_something_to_compare(reference: Trains, network: Network) -> None:
    for population in network.populations:
        neurons, _ = reference[population.name, SPIKE]
        assert len(np.unique(neurons)) >= 2


@pytest.mark.parametrize("target", COMPILED)
def test_targets_equal_the_runtime(network: Network, reference: Trains, target: str) -> None:
    assert_runtime_equals(reference, network, target, duration=DURATION)
