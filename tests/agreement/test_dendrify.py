"""Lowered Dendrify models spike, and fire dendritic spikes, in the steps of stock Dendrify.

They do so on the runtime, and then on every other target. All models are populations of one
network, so that each target builds one program. ``strict`` turns off fast-math in C++ (and fused
multiply-add in GeNN's CPU back end) and the reordering of products by Brian2's code generator. That
is when equality is promised; without it these networks, which are not chaotic, agree as well.
"""

from __future__ import annotations

import pytest
from compare import SPIKE, UNSEEN_STEPS, Trains, assert_same, before
from models import CASES, DT, DURATION, Case
from ours import GENN, assert_runtime_equals, network, run_ours
from stock import run_stock

from dualframe.network import Network
from dualframe.targets.target_support import missing_requirements

LAST = round(float(DURATION / DT)) - UNSEEN_STEPS


@pytest.fixture(scope="module")
def models() -> Network:
    """All models as populations of one network."""
    return network(CASES)


@pytest.fixture(scope="module")
def runtime(models: Network) -> Trains:
    """All models on the runtime, the reference of the other targets."""
    return run_ours(models, "runtime", strict=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_same_steps_as_stock_dendrify(case: Case, runtime: Trains) -> None:
    """Stock Dendrify as a user runs it, with Brian2's default settings, and no tolerance."""
    own = {key: value for key, value in runtime.items() if key[0] == case.name}
    stock = run_stock(case)
    assert_same(before(own, LAST), before(stock, LAST), ("dualframe", "Dendrify"))
    for key, (neurons, _) in stock.items():
        least = case.spikes if key[1] == SPIKE else case.dspikes
        assert len(neurons) >= least, f"{key}: too few events to compare"
        assert len(set(neurons.tolist())) >= 3, f"{key}: too few neurons to compare"


@pytest.mark.cpp
@pytest.mark.parametrize("strict", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_cpp_equals_runtime(models: Network, runtime: Trains, strict: bool) -> None:
    if reasons := missing_requirements("cpp_standalone"):
        pytest.skip("; ".join(reasons))
    cpp = run_ours(models, "cpp_standalone", strict=strict)
    assert_same(runtime, cpp, ("the runtime", "C++"))


@pytest.mark.parametrize("where", GENN)
def test_genn_equals_runtime(models: Network, runtime: Trains, where: str) -> None:
    assert_runtime_equals(runtime, models, where)
