"""Every Dendrify model spikes in the same steps on every target.

All models are populations of one network, so that each target builds one program. ``strict`` turns
off fast-math in C++ (and fused multiply-add in GeNN's CPU back end). That is when equality is
promised; without it these networks, which are not chaotic, turn out to agree as well.
"""

from __future__ import annotations

import pytest
from compare import Trains, assert_same
from ours import run_ours

from dualframe.network import Network
from dualframe.targets.capability import missing


@pytest.mark.cpp
@pytest.mark.parametrize("strict", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_cpp_equals_runtime(models_network: Network, runtime: Trains, strict: bool) -> None:
    if reasons := missing("cpp_standalone"):
        pytest.skip("; ".join(reasons))
    cpp = run_ours(models_network, "cpp_standalone", strict=strict)
    assert_same(runtime, cpp, ("the runtime", "C++"))


@pytest.mark.genn
@pytest.mark.slow
def test_genn_equals_runtime(models_network: Network, runtime: Trains) -> None:
    if reasons := missing("genn", use_gpu=False):
        pytest.skip("; ".join(reasons))
    genn = run_ours(models_network, "genn", strict=True, use_gpu=False)
    assert_same(runtime, genn, ("the runtime", "GeNN"))
