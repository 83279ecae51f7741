"""Full disks, killed runs, compilers that are none: one clear line, and nothing left behind."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from dualframe.cli import main
from dualframe.core.errors import BuildError, OutputError, TargetError
from dualframe.core.temporary_folders import temporary_folder
from dualframe.targets.cpp.compiler import find_compiler, run_compiler


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_temporary_folder_is_removed_at_its_end(place: Path) -> None:
    with temporary_folder() as folder:
        (folder / "file").touch()
        with temporary_folder() as other:  # which leaves what is in use
            assert folder.is_dir()
            assert other.is_dir()
    assert not list(place.iterdir())


def test_the_folder_of_a_killed_run_is_removed_by_the_next(place: Path) -> None:
    child = os.fork()
    if child == 0:
        with temporary_folder():
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    (place / "dualframe_of_a_user").mkdir()
    assert len(list(place.iterdir())) == 2
    with temporary_folder():
        pass
    assert [path.name for path in place.iterdir()] == ["dualframe_of_a_user"]


def test_a_full_disk_is_named(place: Path) -> None:
    with pytest.raises(OutputError, match="set TMPDIR"), temporary_folder():
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not list(place.iterdir())


def test_quotes_that_do_not_close() -> None:
    with pytest.raises(TargetError, match="is no command"):
        find_compiler({"CXX": '"g++', "PATH": os.environ["PATH"]})


def test_an_interrupt_ends_the_compiler_with_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(process: subprocess.Popen[str]) -> None:
        while not (tmp_path / "started").exists():
            time.sleep(0.01)
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupt)
    script = "sleep 60 & echo $! > part; mv part started; wait"
    with pytest.raises(KeyboardInterrupt):
        run_compiler(["sh", "-c", script], tmp_path, tmp_path)
    part = int((tmp_path / "started").read_text())
    for _ in range(500):  # until its new parent has taken note
        try:
            os.kill(part, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{part}/stat").read_text().split()[2] == "Z":
            return
        time.sleep(0.01)
    pytest.fail("the compiler's part goes on")


def test_a_compiler_that_makes_no_program(tmp_path: Path) -> None:
    from dualframe.targets.cpp.build import _check_program
    from dualframe.targets.cpp.compiler import Compiler

    with pytest.raises(BuildError, match="/bin/true"):
        _check_program(tmp_path / "main", Compiler(("/bin/true",), "true 1.0"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_standard_output() -> None:
    words = [sys.executable, "-m", "dualframe.cli", "list", "targets"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "dualframe: error: cannot write to the standard output: No space left on device."
    ]


def test_a_closed_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["list", "targets"]) == 0
