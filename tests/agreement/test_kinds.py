"""Every kind of effect in one network: the same spikes on every target, to the step."""

from __future__ import annotations

import kinds
import numpy as np
import pytest
from brian2 import ms
from compare import SPIKE, Trains, assert_same
from ours import GENN, run_ours

from dualframe.network import Network
from dualframe.receptor_effects import EFFECT_KINDS
from dualframe.targets.target_support import missing_requirements

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
