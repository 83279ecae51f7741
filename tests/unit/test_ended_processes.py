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
import dualframe as df
from brian2 import second
cells = df.Population(name="cells", n=1, equations="dv/dt = -v/second : 1")
df.run(df.Network([cells]), 1e5*second, target="cpp_standalone", seed=1, progress=False)
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
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_program_ends_with_the_process_that_started_it(number: signal.Signals) -> None:
    process = subprocess.Popen([sys.executable, "-c", LONG_RUN], stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: children_of(process.pid), 120)
        (program,) = children_of(process.pid)
        os.kill(process.pid, number)
        process.wait(60)
        assert wait_until(lambda: not is_running(program), 30)
    finally:
        process.kill()


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
