"""A run leaves the session of a script as it was, and is not changed by it or by threads."""

from __future__ import annotations

import gc
import os
import signal
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    StateMonitor,
    defaultclock,
    get_device,
    prefs,
    seed,
    set_device,
)
from brian2.codegen import translation
from brian2.codegen.generators import base as generators
from brian2.core.tracking import Trackable
from brian2.devices.device import reset_device
from brian2.units import Hz, ms, mV
from brian2.utils.logger import std_silent
from small_task import small

import dualframe as df
from dualframe.core.errors import DualframeWarning
from dualframe.targets.brian import run as runtime
from dualframe.targets.cpp import run as cpp

Runner = Callable[..., df.Results]
THREADS, SEEDS = 4, (1, 2, 3, 1, 2, 3)


@pytest.fixture
def noisy(tiny: df.Network, request: pytest.FixtureRequest) -> df.Network:
    """The tiny network with noise that the target draws, where a seed fixes it (not on GeNN)."""
    names = request.fixturenames
    on_genn = "target" in names and request.getfixturevalue("target") == "genn"
    noise = df.PoissonInput("noise", 5, 400 * Hz, drawn="host" if on_genn else "target")
    onto = df.Projection("noise", "cells", "V += w", weight=9 * mV, pairs="all_to_all")
    return df.Network(tiny.populations, (*tiny.inputs, noise), (*tiny.projections, onto))


# --- threads ------------------------------------------------------------------------------------


def in_threads(call: Callable[[Any], Any], items: Any) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(call, items))


def test_runs_in_threads(noisy: df.Network, run_on_target: Runner) -> None:
    def spikes(number: int) -> Any:
        return run_on_target(noisy, 50 * ms, seed=number, record={"cells": df.Recording("V")})

    found = in_threads(spikes, SEEDS)  # first: no program is known
    expected = {number: spikes(number) for number in set(SEEDS)}
    assert min(len(results.spikes) for results in found) > 10
    for number, results in zip(SEEDS, found, strict=True):
        assert results.spikes.equals(expected[number].spikes)
        found_V, expected_V = (r.traces["cells"].values["V"] for r in (results, expected[number]))
        # GeNN differs in the last bit from run to run
        np.testing.assert_allclose(found_V, expected_V, rtol=1e-14)


def test_training_in_threads(tmp_path: Path) -> None:
    task = small(tmp_path)

    def train(number: int) -> Any:
        agents = df.train(task, agents=1, duration=100 * ms, seed=number, target="runtime")
        df.evaluate(agents, duration=5 * ms, seed=number, target="runtime")
        return agents.weights["learned"]["weight"].to_numpy()

    found = in_threads(train, (1, 2))
    assert not np.array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], train(1))


def test_checks_exports_and_brian2_objects_in_threads(noisy: df.Network, tmp_path: Path) -> None:
    def everything(number: int) -> Any:
        assert df.check(noisy, "runtime") == []
        made = df.assemble(noisy, seed=1)
        df.run(noisy, 5 * ms, target="runtime", seed=number)
        folder = df.export(noisy, 5 * ms, tmp_path / str(number), seed=number)
        return made["cells"].tau[:] / ms, [path.read_text() for path in folder.rglob("*.cpp")]

    found = in_threads(everything, range(2))
    for tau, source in found:
        assert tau == pytest.approx(np.linspace(10, 20, 6))
        assert source
        assert source == found[0][1]


def test_a_forked_process_does_not_wait_for_a_thread_of_its_parent() -> None:
    from dualframe.core.brian_lock import BRIAN_LOCK

    with ThreadPoolExecutor(1) as pool:
        pool.submit(BRIAN_LOCK.__enter__).result()
        child = os.fork()
        if child == 0:
            with BRIAN_LOCK:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        pool.submit(BRIAN_LOCK.__exit__).result()


# --- the session --------------------------------------------------------------------------------


def session() -> dict[str, Any]:
    """What a run could change in the process of a script."""
    gc.collect()
    legacy = np.random.get_state(legacy=False)  # noqa: NPY002
    return {
        "numpy": (legacy["state"]["key"].tolist(), legacy["state"]["pos"], legacy["gauss"]),
        "bit generator": id(np.random.get_bit_generator()),
        "buffers": {k: str(v) for k, v in get_device().get_random_state().items() if "_b" in k},
        "device": get_device(),
        "clock": (
            float(defaultclock.dt),
            float(defaultclock.t_[:]),
            id(defaultclock.variables["t"]),
        ),
        "preferences": {name: str(prefs[name]) for name in prefs},
        "objects": {k: len(v) for k, v in Trackable.__instancefollower__.instance_sets.items()},
        "statements": (translation.make_statements, generators.make_statements),
        "frozen": gc.get_freeze_count(),
        "running": {k: v for k, v in vars(Network).items() if k.startswith("_globally_")},
        "warnings": list(warnings.filters),
        "hooks": (
            sys.excepthook,
            signal.getsignal(signal.SIGINT),
            signal.getsignal(signal.SIGTERM),
        ),
        "files": len(list(Path("/proc/self/fd").iterdir())) if Path("/proc").exists() else 0,
        "temporary": sorted(Path(tempfile.gettempdir()).iterdir()),
        "folder": Path.cwd(),
        "environment": dict(os.environ),
    }


def draw() -> float:
    return float(np.random.normal())  # noqa: NPY002 - the global generator


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Any]]:
    """A script's own Brian2 network with noise, as it goes on after 10 of its 20 ms."""
    with std_silent():
        pass  # Brian2 opens its log of what compilers print once in a process
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    defaultclock.dt = 0.25 * ms
    prefs.codegen.target = "numpy"
    seed(7)
    draw()  # NumPy keeps the second number of a pair
    group = NeuronGroup(3, "dv/dt = -v/(5*ms) + xi/sqrt(ms) : 1", method="euler", name="cells")
    group.v = "rand()"
    monitor = StateMonitor(group, "v", record=True)
    network = Network(group, monitor)
    network.run(10 * ms)

    def go_on() -> Any:
        network.run(10 * ms)
        return np.asarray(monitor.t), np.asarray(monitor.v), draw()

    yield go_on
    prefs.codegen.target = "auto"


def test_a_run_leaves_the_session_as_it_was(
    script: Callable[[], Any], noisy: df.Network, run_on_target: Runner
) -> None:
    # twice: programs of standalone targets are built in the first, and known in the second
    for number in (1, 2):
        with warnings.catch_warnings(record=True):
            before = session()
            run_on_target(noisy, 20 * ms, seed=number)
            after = session()
        assert after == before


def undisturbed() -> Any:
    seed(7)
    draw()
    group = NeuronGroup(3, "dv/dt = -v/(5*ms) + xi/sqrt(ms) : 1", method="euler")
    group.v = "rand()"
    monitor = StateMonitor(group, "v", record=True)
    network = Network(group, monitor)
    network.run(10 * ms)
    network.run(10 * ms)
    return np.asarray(monitor.t), np.asarray(monitor.v), draw()


@pytest.mark.filterwarnings("ignore::dualframe.core.errors.DualframeWarning")
def test_a_network_of_the_script_goes_on(
    script: Callable[[], Any], noisy: df.Network, run_on_target: Runner
) -> None:
    run_on_target(noisy, 20 * ms, seed=1)
    found = script()
    for ours, theirs in zip(found, undisturbed(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("module", "target"),
    [(runtime, "runtime"), pytest.param(cpp, "cpp_standalone", marks=pytest.mark.cpp)],
)
@pytest.mark.filterwarnings("ignore::dualframe.core.errors.DualframeWarning")
def test_a_run_that_fails_leaves_it_too(
    script: Callable[[], Any],
    tiny: df.Network,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    target: str,
    problem: type[BaseException],
) -> None:
    def fail(*arguments: Any) -> None:
        raise problem

    monkeypatch.setattr(module, "collect_results", fail)
    monkeypatch.setattr(cpp.plans, "load_program", lambda key: None)
    before = session()
    with pytest.raises(problem):
        df.run(tiny, 5 * ms, target=target, seed=1)
    assert session() == before


@pytest.fixture
def standalone(tmp_path: Path) -> Iterator[Any]:
    """A script that has chosen C++ for a network of its own."""
    set_device("cpp_standalone", build_on_run=False, directory=str(tmp_path / "script"))
    device = get_device()
    device.reinit()
    device.activate(build_on_run=False, directory=str(tmp_path / "script"))
    yield device
    device.reinit()
    reset_device("runtime")


def source_of_script(device: Any, folder: Path, between: Callable[[], Any]) -> str:
    device.reinit()
    gc.collect()
    device.activate(build_on_run=False, directory=str(folder))
    defaultclock.dt = 0.5 * ms
    group = NeuronGroup(3, "dv/dt = -v/(5*ms) : 1", method="euler", name="own")
    group.v = 3
    between()
    assert (get_device(), float(defaultclock.dt)) == (device, 0.0005)
    Network(group, name="whole").run(10 * ms)
    device.build(directory=str(folder), compile=False, run=False)
    return (folder / "main.cpp").read_text()


@pytest.mark.filterwarnings("ignore::dualframe.core.errors.DualframeWarning")
def test_a_program_that_the_script_is_building(
    standalone: Any, noisy: df.Network, run_on_target: Runner, tmp_path: Path
) -> None:
    def run() -> None:
        run_on_target(noisy, 10 * ms, seed=1)

    alone = source_of_script(standalone, tmp_path / "alone", lambda: None)
    assert source_of_script(standalone, tmp_path / "with", run) == alone


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("core.default_float_dtype", np.float32),
        ("legacy.refractory_timing", True),
        ("codegen.cpp.headers", ["<no_such_header>"]),
    ],
)
def test_preferences_of_the_script_do_not_decide_results(
    name: str, value: Any, noisy: df.Network, run_on_target: Runner
) -> None:
    expected = run_on_target(noisy, 50 * ms, seed=1)
    before = prefs[name]
    prefs[name] = value
    try:
        found = run_on_target(noisy, 50 * ms, seed=1)
        assert prefs[name] == value
    finally:
        prefs[name] = before
    assert found.spikes.equals(expected.spikes)


def test_a_clock_that_is_not_used_is_named(tiny: df.Network) -> None:
    defaultclock.dt = 0.05 * ms
    with pytest.warns(DualframeWarning, match=r"defaultclock\.dt is 50. us.*dt=0.05\*ms"):
        results = df.run(tiny, 5 * ms, target="runtime", seed=1)
    assert any("defaultclock" in text for text in results.provenance["warnings"])


@pytest.mark.parametrize(("clock", "step"), [(0.05 * ms, 0.05 * ms), (0.1 * ms, 0.2 * ms)])
def test_a_clock_that_agrees_or_was_never_set(tiny: df.Network, clock: Any, step: Any) -> None:
    defaultclock.dt = clock
    results = df.run(tiny, 6 * ms, target="runtime", seed=1, dt=step)
    assert not results.provenance["warnings"]


def memory() -> float:
    """Resident memory in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.cpp
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc")
def test_a_hundred_runs_take_no_more_memory_than_a_few(noisy: df.Network) -> None:
    def run(number: int) -> None:
        df.run(noisy, 5 * ms, target="cpp_standalone", seed=number, progress=False)

    for number in range(10):
        run(number)
    gc.collect()
    before = memory()
    for number in range(100):
        run(number)
    gc.collect()
    assert memory() - before < 5
