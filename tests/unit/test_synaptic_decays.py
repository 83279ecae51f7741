"""Decays of synapses since their last event: in blocks, vectorised, with the same results."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp.compiler import compile_flags, find_compiler
from dualframe.targets.cpp.merged_source import merge_project
from dualframe.targets.cpp.run import cpp_session, generate_project
from dualframe.targets.cpp.synaptic_decays import decays_in_blocks
from dualframe.targets.cpp.synaptic_pathways import LOOP_OVER_RUNS
from dualframe.targets.lowering.lower_network import lower_network

N_TARGETS = 150  # two blocks, and some
RECORD = {"learn": ["w"]}
DECAY = re.compile(r"^ *_decay_\d+\[_k\] = _exp\(.*lastupdate.*\);$", re.MULTILINE)
STATEMENTS = f"""
        double _unused;
        {LOOP_OVER_RUNS}
            double lastupdate = _ptr_array_s_lastupdate[_idx];
            const double tau = _ptr_array_s_tau[_idx];
            const double _x = x * _exp(_lio_1 * (- (t - lastupdate)));
            const double _y = y * _exp(_lio_1 * (- (t - lastupdate)));
            const double _z = z * _exp(1.0f*(- (t - lastupdate))/tau);
            const double _u = _exp(_lio_2) + my_exp(lastupdate);
            lastupdate = t;
            w = _exp(_lio_1 * (- (t - lastupdate)));
        }}
    }}
"""


def plastic_network() -> df.Network:
    """Two sources that both ends of 150 synapses follow; spikes of both meet in one step."""
    times = np.array([1.0, 3.0, 3.5, 9.0, 9.1, 14.0])
    pre = df.SpikeInput("pre", 2, indices=[0, 1, 0, 1, 0, 0], times=times * ms)
    cells = df.Population(
        "cells",
        N_TARGETS,
        "dv/dt = (2 - v)/(5*ms) : 1\ng : 1",
        threshold="v > 1",
        reset="v = 0",
        initial={"v": np.linspace(0, 0.99, N_TARGETS)},
    )
    learn = df.Projection(
        "pre",
        "cells",
        "g += w",
        name="learn",
        weight=0.5,
        probability=1,
        plasticity=df.plasticity_rule("pair_stdp", w_max=1.0),
    )
    return df.Network((cells,), (pre,), (learn,))


def generated_source(folder: Path) -> str:
    lowered = lower_network(plastic_network(), dt=0.1 * ms, duration=1 * ms, seed=1)
    with cpp_session(folder, RunOptions()) as device:
        generate_project(lowered, device, folder)
    return merge_project(folder).source


class TestSource:
    def test_equal_decays_are_computed_once_and_those_of_single_synapses_stay(self):
        source = decays_in_blocks(STATEMENTS)
        assert len(DECAY.findall(source)) == 1
        assert "_x = x * _decay_0[_place - _first];" in source
        assert "_y = y * _decay_0[_place - _first];" in source
        assert "_exp(1.0f*(- (t - lastupdate))/tau)" in source
        assert "_exp(_lio_2) + my_exp(lastupdate)" in source
        assert "w = _exp(_lio_1 * (- (t - lastupdate)));" in source  # of the new last event
        opened, closed = (source.count(b) - STATEMENTS.count(b) for b in "{}")
        assert opened == closed == 2

    @pytest.mark.parametrize("part", ["lastupdate = t;", LOOP_OVER_RUNS, "_lio_1 * "])
    def test_code_of_another_form_stays(self, part):
        other = STATEMENTS.replace(part, "tau * " if part == "_lio_1 * " else "")
        assert decays_in_blocks(other) == other


@pytest.mark.cpp
def test_weights_are_those_of_the_runtime() -> None:
    runtime, ours = (
        df.run(plastic_network(), 20 * ms, target=target, seed=1, progress=False, record=RECORD)
        for target in ("runtime", "cpp_standalone")
    )
    weights = runtime.weights["learn"]["weight"].to_numpy()
    assert len(np.unique(weights)) > 50  # by the time step in which a cell fires
    # an exponential of vectors may differ in its last bits, a spike adds a few of them
    np.testing.assert_allclose(ours.weights["learn"]["weight"], weights, rtol=1e-13)
    assert len(runtime.spikes) == len(ours.spikes) > 2 * N_TARGETS


@pytest.mark.cpp
def test_both_ends_have_decays_that_the_compiler_vectorises(tmp_path) -> None:
    try:
        command = find_compiler().command
    except TargetError:
        pytest.skip("no C++ compiler")
    macros = [*command, "-dM", "-E", "-x", "c++", "/dev/null"]
    macros = subprocess.run(macros, capture_output=True, text=True, check=False).stdout
    if "__clang__" in macros or "__x86_64__" not in macros or "__gnu_linux__" not in macros:
        pytest.skip("reads the report of g++ on Linux and x86-64")
    source = generated_source(tmp_path / "project")
    (tmp_path / "all.cpp").write_text(source)
    flags = [flag.replace("=native", "=haswell") for flag in compile_flags()]
    command = [*command, *flags, "-fopt-info-vec-optimized", "-c", "all.cpp"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    vectorised = {int(n) for n in re.findall(r"all\.cpp:(\d+):\d+: optimized: loop", done.stderr)}
    lines = source.splitlines()
    loops = [
        number
        for number, line in enumerate(lines, 1)
        if "for(int32_t _k=0; _k<_filled; _k++)" in line
    ]
    assert len(loops) == 2
    assert vectorised >= set(loops)
