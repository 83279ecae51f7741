"""State updates, thresholds and what is drawn for them are vectorised: read from g++'s report."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from brian2 import Hz, ms, nS, pF

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.network import Network, Population
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp.compiler import compile_flags, find_compiler
from dualframe.targets.cpp.draws_before_loops import draw_before_loop
from dualframe.targets.cpp.merged_source import merge_project
from dualframe.targets.cpp.run import cpp_session, generate_project
from dualframe.targets.cpp.vectorisable_thresholds import LOOP as BLOCK
from dualframe.targets.cpp.vectorisable_thresholds import vectorisable_threshold
from dualframe.targets.cpp.vectorisable_updates import vectorisable_update
from dualframe.targets.lowering.lower_network import lower_network

LOOP = "for(int _idx=0; _idx<_N; _idx++)"
SECTION = re.compile(r"(?m)^(?=// \S+\.(?:cpp|c)$)")
RUN_ONCE = re.compile(r"(?m)^#pragma GCC (?:push_options|pop_options|optimize).*$")
PARTS = ("stateupdater", "spike_thresholder", "subexpression_update")
LOOPS = re.compile(rf"// code_objects/(\w+_(?:{'|'.join(PARTS)}))_codeobject\.cpp\n")
HODGKIN_HUXLEY = """
    dv/dt = (gNa*m**3*h*(50*mV - v) + gK*n**4*(-77*mV - v) + gL*(-54*mV - v))/C : volt
    dm/dt = (1 - m)/exprel(-(v + 40*mV)/(10*mV))/ms - 4*m*exp(-(v + 65*mV)/(18*mV))/ms : 1
    dh/dt = 0.07*(1 - h)*exp(-(v + 65*mV)/(20*mV))/ms - h/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1
    dn/dt = 0.1*(1 - n)/exprel(-(v + 55*mV)/(10*mV))/ms - 0.125*n*exp(-(v + 65*mV)/(80*mV))/ms : 1
"""


NOISY = """
    dv/dt = (current*noise - v)/(10*ms) : 1
    noise = 2*rand() - 1 + counts : 1 (constant over dt)
    counts = poisson(rate*dt) : 1 (constant over dt)
"""


def noisy_cells() -> Population:
    """Cells that draw for their states, and for whether they spike."""
    return Population(
        "noisy",
        100,
        NOISY,
        threshold="rand() < exp(v - 1)*dt/ms",
        reset="v = 0",
        method="euler",
        parameters={"rate": 300 * Hz, "current": 2.0},
    )


def hodgkin_huxley_cells() -> Population:
    constants = {"gNa": 2400 * nS, "gK": 720 * nS, "gL": 6 * nS, "C": 20 * pF}
    return Population(
        "hh",
        100,
        HODGKIN_HUXLEY,
        threshold="v > 0*mV",
        refractory="v > 0*mV",
        method="exponential_euler",
        parameters=constants,
    )


def flagships() -> tuple[Population, ...]:
    """Dendritic spikes, passive dendrites, GLIF, Hodgkin and Huxley, and cells that draw."""
    circuit = df.circuit("l23").scaled(0.05)
    dendrites = {cell.name: cell for cell in df.biological.build(circuit).populations}
    points = {cell.name: cell for cell in df.task_driven.build(circuit).populations}
    glif = replace(points["pyr"], name="glif")
    return (dendrites["pyr"], dendrites["pv"], glif, hodgkin_huxley_cells(), noisy_cells())


def loops_over_neurons(cells: tuple[Population, ...], folder: Path) -> str:
    """The generated source that updates states and finds spikes: no other is compiled here."""
    net = Network(cells, name="cells_alone")
    lowered = lower_network(net, dt=0.1 * ms, duration=1 * ms, seed=1)
    with cpp_session(folder, RunOptions()) as device:
        generate_project(lowered, device, folder)
    headers, *sections = SECTION.split(RUN_ONCE.sub("", merge_project(folder).source))
    return "\n".join([headers, *(section for section in sections if LOOPS.match(section))])


def vectorised_loops(source: str, folder: Path, flags: Iterable[str]) -> dict[str, bool]:
    """Whether g++ says of the loop of each state update or threshold that it is vectorised."""
    (folder / "loops.cpp").write_text(source)
    command = [*gnu_compiler(), *flags, "-fopt-info-vec-optimized", "-c", "loops.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = {int(n) for n in re.findall(r"loops\.cpp:(\d+):\d+: optimized", done.stderr)}
    found, name = {}, ""
    for number, line in enumerate(source.splitlines(keepends=True), 1):
        if start := LOOPS.match(line):
            name = start[1]
        if line.startswith((LOOP, BLOCK)):
            found[name] = number in lines
    return found


def gnu_compiler() -> tuple[str, ...]:
    try:
        compiler = find_compiler()
    except TargetError:
        pytest.skip("no C++ compiler")
    probe = [*compiler.command, "-dM", "-E", "-x", "c++", "/dev/null"]
    macros = subprocess.run(probe, capture_output=True, text=True, check=False).stdout
    if "__clang__" in macros or "__x86_64__" not in macros or "__gnu_linux__" not in macros:
        pytest.skip("reads the report of g++ on Linux and x86-64")
    return compiler.command


def test_loops_over_neurons_of_the_flagships_are_vectorised(tmp_path):
    gnu_compiler()
    cells = flagships()
    source = loops_over_neurons(cells, tmp_path / "project")
    # every processor with AVX2, whatever this one has
    flags = [flag.replace("=native", "=haswell") for flag in compile_flags()]
    names = [f"{cell.name}_{part}" for cell in cells for part in PARTS]
    names.remove("hh_subexpression_update")  # these cells draw nothing
    assert vectorised_loops(source, tmp_path, flags) == dict.fromkeys(names, True)


STEPS = """static inline int64_t _timestep(double t, double dt)
    {
        return (int64_t)((t + 1e-3*dt)/dt);
    }"""
BODY = f"{STEPS}\nvoid _run_cells()\n{{\n    {LOOP}\n  x = (a > b) && (c || d);\n}}"
THRESHOLD = """void _run_cells()
{
    const int _vectorisation_idx = -1;
    long _count = 0;
    for(size_t _idx=0; _idx<N; _idx++)
    {
        const size_t _vectorisation_idx = _idx;
        const double v = _ptr_array_v[_idx];
        const char _cond = (v > 1) && (v < 2);

        if(_cond) {
            _ptr_array_spikes[_count++] = _idx;
        }
    }
    _ptr_array_spikes[N] = _count;
}
"""
SPIKES = """
#include <cstddef>
#include <cstdio>
const long N = 150;
double _ptr_array_v[N];
int _ptr_array_spikes[N + 1];
{threshold}
int main()
{{
    const int places[] = {{0, 63, 64, 100, 149}};
    for (int place : places) _ptr_array_v[place] = 1.5;
    _run_cells();
    for (long k = 0; k < _ptr_array_spikes[N]; k++) std::printf("%d ", _ptr_array_spikes[k]);
}}
"""


class TestSource:
    def test_conditions_steps_and_independence(self):
        source = vectorisable_update(BODY)
        assert "x = (a > b) & (c | d);" in source
        assert "double _timestep(double t, double dt) { return trunc((t + 1e-3*dt)/dt); }" in source
        assert source.count("#pragma GCC ivdep") == 1

    def test_the_order_of_draws_stays(self):
        draws = BODY.replace("d)", "_rand(_vectorisation_idx)*3 > 1)") + 2 * "_vectorisation_idx"
        assert vectorisable_update(draws) == draws

    def test_a_guarded_division_of_whole_numbers_stays_guarded(self):
        guarded = BODY.replace("d)", "_brian_mod(n, k) == 0)")
        source = vectorisable_update(guarded)
        assert "(a > b) && (c || _brian_mod(n, k) == 0)" in source
        assert STEPS in source

    def test_conditions_become_doubles_and_numbers_do_not(self):
        counts = "int_((v >= a + int_(b > c)) & _lio_1) + int_(v*int_(b == c)) + point_(b > c)"
        source = vectorisable_update(BODY.replace("d)", f"d) + {counts}"))
        one = "((b > c) ? 1.0 : 0.0)"
        assert f"(((v >= a + {one}) & _lio_1) ? 1.0 : 0.0)" in source
        assert "int_(v*((b == c) ? 1.0 : 0.0)) + point_(b > c)" in source

    @pytest.mark.cpp
    def test_spikes_are_found_in_blocks(self, tmp_path):
        source = vectorisable_threshold(THRESHOLD)
        assert "(v > 1) & (v < 2)" in source
        (tmp_path / "spikes.cpp").write_text(SPIKES.format(threshold=source))
        subprocess.run([*gnu_compiler(), "spikes.cpp", "-o", "spikes"], cwd=tmp_path, check=True)
        printed = subprocess.run([tmp_path / "spikes"], capture_output=True, text=True, check=True)
        assert printed.stdout.split() == ["0", "63", "64", "100", "149"]

    def test_what_a_loop_draws_is_drawn_before_it(self):
        drawn = "a = _poisson(_lio_1, _vectorisation_idx)*_rand(_vectorisation_idx);"
        before, loop = draw_before_loop(BODY.replace("x = ", f"{drawn} x = ")).split(LOOP)
        assert "a = _drawn_0[_idx]*_drawn_1[_idx]; x = " in loop
        assert "_drawn_0 = _poisson_of_all(_lio_1, _numbers_0, _N);" in before
        assert "_drawn_1 = _rand_of_all(_numbers_1, _N);" in before
        draws = THRESHOLD.replace("v < 2", "_randn(_vectorisation_idx) < 2")
        assert "_drawn_0 = _randn_of_all(_numbers_0, N);" in draw_before_loop(draws)

    def test_counts_of_means_that_differ_and_other_loops_are_drawn_as_they_stand(self):
        of_neuron = BODY.replace("d)", "d) + _poisson(rate, _vectorisation_idx)")
        in_other_loop = BODY.replace("_N;", "_count;").replace("d)", "_rand(_vectorisation_idx))")
        for source in (BODY, of_neuron, in_other_loop):
            assert draw_before_loop(source) == source

    def test_a_threshold_that_draws_in_its_loop_stays(self):
        draws = THRESHOLD.replace("v < 2", "_rand(_vectorisation_idx) < 2")
        assert vectorisable_threshold(draws) == draws
