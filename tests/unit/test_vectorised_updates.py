"""State updates are vectorised: read from the report of g++."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from brian2 import ms, nS, pF

import dualframe as df
from dualframe.core.errors import TargetError
from dualframe.network import Network, Population
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp.compiler import compile_flags, find_compiler
from dualframe.targets.cpp.merged_source import merge_project
from dualframe.targets.cpp.run import cpp_session, generate_project
from dualframe.targets.cpp.vectorisable_updates import vectorisable_source
from dualframe.targets.lowering.lower_network import lower_network

LOOP = "for(int _idx=0; _idx<_N; _idx++)"
SECTION = re.compile(r"(?m)^(?=// \S+\.(?:cpp|c)$)")
RUN_ONCE = re.compile(r"(?m)^#pragma GCC (?:push_options|pop_options|optimize).*$")
UPDATE = re.compile(r"// code_objects/(\w+)_stateupdater_codeobject\.cpp\n")
HODGKIN_HUXLEY = """
    dv/dt = (gNa*m**3*h*(50*mV - v) + gK*n**4*(-77*mV - v) + gL*(-54*mV - v))/C : volt
    dm/dt = (1 - m)/exprel(-(v + 40*mV)/(10*mV))/ms - 4*m*exp(-(v + 65*mV)/(18*mV))/ms : 1
    dh/dt = 0.07*(1 - h)*exp(-(v + 65*mV)/(20*mV))/ms - h/(1 + exp(-(v + 35*mV)/(10*mV)))/ms : 1
    dn/dt = 0.1*(1 - n)/exprel(-(v + 55*mV)/(10*mV))/ms - 0.125*n*exp(-(v + 65*mV)/(80*mV))/ms : 1
"""


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
    """Cells with dendritic spikes, with passive dendrites, of GLIF, of Hodgkin and Huxley."""
    circuit = df.circuit("l23").scaled(0.05)
    dendrites = {cell.name: cell for cell in df.biological.build(circuit).populations}
    points = {cell.name: cell for cell in df.task_driven.build(circuit).populations}
    glif = replace(points["pyr"], name="glif")
    return (dendrites["pyr"], dendrites["pv"], glif, hodgkin_huxley_cells())


def state_updates(cells: tuple[Population, ...], folder: Path) -> str:
    """The part of the generated source that updates states: no other is compiled here."""
    net = Network(cells, name="cells_alone")
    lowered = lower_network(net, dt=0.1 * ms, duration=1 * ms, seed=1)
    with cpp_session(folder, RunOptions()) as device:
        generate_project(lowered, device, folder)
    headers, *sections = SECTION.split(RUN_ONCE.sub("", merge_project(folder).source))
    return "\n".join([headers, *(section for section in sections if UPDATE.match(section))])


def vectorised_updates(source: str, folder: Path, flags: Iterable[str]) -> dict[str, bool]:
    """Whether g++ says of the loop of each state update that it is vectorised."""
    (folder / "updates.cpp").write_text(source)
    command = [*gnu_compiler(), *flags, "-fopt-info-vec-optimized", "-c", "updates.cpp"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = {int(n) for n in re.findall(r"updates\.cpp:(\d+):\d+: optimized", done.stderr)}
    found, name = {}, ""
    for number, line in enumerate(source.splitlines(keepends=True), 1):
        if start := UPDATE.match(line):
            name = start[1]
        if line.startswith(LOOP):
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


def test_state_updates_of_the_flagships_are_vectorised(tmp_path):
    gnu_compiler()
    cells = flagships()
    source = state_updates(cells, tmp_path / "project")
    # every processor with AVX2, whatever this one has
    flags = [flag.replace("=native", "=haswell") for flag in compile_flags()]
    assert vectorised_updates(source, tmp_path, flags) == {cell.name: True for cell in cells}


UPDATE_NAME = "code_objects/cells_stateupdater_codeobject.cpp"
STEPS = """static inline int64_t _timestep(double t, double dt)
    {
        return (int64_t)((t + 1e-3*dt)/dt);
    }"""
BODY = f"{STEPS}\nvoid _run_cells()\n{{\n    {LOOP}\n  x = (a > b) && (c || d);\n}}"


class TestSource:
    def test_conditions_steps_and_independence(self):
        source = vectorisable_source(UPDATE_NAME, BODY)
        assert "x = (a > b) & (c | d);" in source
        assert "double _timestep(double t, double dt) { return trunc((t + 1e-3*dt)/dt); }" in source
        assert source.count("#pragma GCC ivdep") == 1

    def test_other_code_stays(self):
        assert vectorisable_source("code_objects/cells_thresholder.cpp", BODY) == BODY

    def test_the_order_of_draws_stays(self):
        draws = BODY.replace("d)", "_rand(_vectorisation_idx)*3 > 1)") + 2 * "_vectorisation_idx"
        assert vectorisable_source(UPDATE_NAME, draws) == draws

    def test_a_guarded_division_of_whole_numbers_stays_guarded(self):
        guarded = BODY.replace("d)", "_brian_mod(n, k) == 0)")
        source = vectorisable_source(UPDATE_NAME, guarded)
        assert "(a > b) && (c || _brian_mod(n, k) == 0)" in source
        assert STEPS in source
