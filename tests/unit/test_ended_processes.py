"""Runs that are ended from outside leave no program, and processes share one cache of programs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dualframe.targets.cpp.program_cache import ExecutableCache, key_of

pytestmark = pytest.mark.cpp
LINUX = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")

LONG_RUN = """
import signal
import sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in the background
import dualframe as df
from brian2 import second
from dualframe.targets.lowering import agent_blocks
agent_blocks.CACHE_BYTES = agent_blocks.STEP_BYTES = 1  # a block for every agent
cells = df.Population(name="cells", n=1, equations="dv/dt = -v/second : 1", initial={"v": 1.0})
network = df.replicate(df.Network([cells]), int(sys.argv[1]))
record = {"cells": df.Recording("v", every=1*second)}
run = {"target": "cpp_standalone", "seed": 1, "progress": False, "record": record}
results = df.run(network, 1e5*second, **run)
values = results.traces["cells"].values["v"]
print(results.provenance["completed"], *values.shape, bool((values == values[0]).all()))
"""


def children_of(parent: int) -> list[int]:
    """Return the processes named ``main`` below a process."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = status.read_text().rpartition(")")
        except OSError:
            continue
        if words[0].endswith("(main") and int(words[2].split()[1]) == parent:
            found.append(int(status.parent.name))
    return found


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition: object, seconds: float) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


@LINUX
@pytest.mark.parametrize("agents", [1, 3])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_programs_end_with_the_process_that_started_them(
    number: signal.Signals, agents: int
) -> None:
    """An interrupt keeps the results, up to the time that all agents have reached."""
    process = subprocess.Popen(
        [sys.executable, "-c", LONG_RUN, str(agents)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert wait_until(lambda: len(children_of(process.pid)) == agents, 120)
        programs = children_of(process.pid)
        time.sleep(1.0)
        os.kill(process.pid, number)
        printed, _ = process.communicate(timeout=60)
        assert wait_until(lambda: not any(map(is_running, programs)), 30)
    finally:
        process.kill()
    if number == signal.SIGINT:
        completed, rows, samples, are_equal = printed.split()
        assert (completed, int(rows), are_equal) == ("False", agents, "True")
        assert int(samples) > 1


@LINUX
def test_an_interrupt_of_a_command_in_the_background_keeps_its_results(tmp_path: Path) -> None:
    words = f"run l23 --scale 0.05 --branch task_driven --duration 20000s --out {tmp_path / 'out'}"
    command = f"trap '' INT; exec {sys.executable} -m dualframe.cli {words}"
    process = subprocess.Popen(
        ["bash", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert wait_until(lambda: len(children_of(process.pid)) == 1, 120)
        time.sleep(2.0)
        os.kill(process.pid, signal.SIGINT)
        _, printed = process.communicate(timeout=60)
    finally:
        process.kill()
    assert "Traceback" not in printed
    assert "interrupted after" in printed
    assert (tmp_path / "out" / "spikes.h5").exists()


INSERT = """
import sys
from pathlib import Path
from dualframe.targets.cpp.program_cache import ExecutableCache, key_of
cache, program, copy = ExecutableCache(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
for k in range(50):
    key = key_of([str(k % 3)])
    if cache.fetch(key, copy):
        assert copy.read_bytes() == program.read_bytes()
    else:
        cache.insert(key, program)
"""


def test_processes_that_insert_and_clear_at_once(tmp_path: Path) -> None:
    program, folder = tmp_path / "program", tmp_path / "cache"
    program.write_bytes(bytes(range(256)) * 100)
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", INSERT, str(folder), str(program), str(tmp_path / f"copy{k}")]
        )
        for k in range(2)
    ]
    cache, cleared = ExecutableCache(folder), 0
    while any(process.poll() is None for process in processes):
        cleared += cache.clear()
        time.sleep(0.01)
    assert [process.returncode for process in processes] == [0, 0]
    assert cleared > 0
    cache.insert(key_of(["last"]), program)
    assert cache.fetch(key_of(["last"]), tmp_path / "copy")
