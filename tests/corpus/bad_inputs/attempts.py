"""Tries one bad or hostile input in a child process of its own, and says what came of it.

The child has its own folder, its own temporary folder, at most `MEMORY` of address space and at
most `LIMIT` seconds. `judgement` names what came of it.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dualframe.core.errors import DualframeError

MEMORY = 5 << 30
LIMIT = 60
CLEAR, OK, EITHER = "clear", "ok", "either"
STREAMS = ((1, ".corpus_out"), (2, ".corpus_err"))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One input: how it is made, what may come of it.

    Parameters
    ----------
    id
        Name of the case.
    run
        What the child does in the case's folder; commands return their exit status.
    expect
        ``"clear"``: a clear refusal; ``"ok"``: it is legal; ``"either"`` of them.
    culprit
        Regular expressions: one must be found in the message.
    api
        Whether it is a call of the API, and not a command.
    verify
        Says what is wrong with something that was accepted, or ``""``.
    lost
        Says which of the user's files were lost, or ``""``.
    setup
        Makes the files that the case needs.
    limit, memory
        Seconds, and bytes of address space.
    writes
        Whether files may be left behind although it is refused.
    """

    id: str
    run: Callable[[Path], Any]
    expect: str = CLEAR
    culprit: tuple[str, ...] = ()
    api: bool = False
    verify: Callable[[Path, str, str], str] | None = None
    lost: Callable[[Path], str] | None = None
    setup: Callable[[Path], Any] | None = None
    limit: int = LIMIT
    memory: int = MEMORY
    writes: bool = False


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What a child left behind."""

    folder: Path
    status: int
    seconds: float
    hung: bool
    out: str
    err: str
    written: tuple[str, ...]
    executed: bool


def attempt_case(case: Case, place: Path) -> Attempt:
    """Run a case in a folder of its own below a place."""
    folder, temporary = (
        place / kind / re.sub(r"[^A-Za-z0-9._-]", "_", case.id) for kind in ("cases", "tmp")
    )
    for path in (folder, temporary):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    if case.setup is not None:
        case.setup(folder)
    before = files_below(folder)
    canary = place / "canary"
    canary.unlink(missing_ok=True)
    started = time.monotonic()
    child = os.fork()
    if child == 0:
        _run_child(case, folder, temporary)
    status, hung = _wait_for(child, case.limit)
    after = files_below(folder)
    shutil.rmtree(temporary, ignore_errors=True)
    return Attempt(
        folder=folder,
        status=status,
        seconds=time.monotonic() - started,
        hung=hung,
        out=_text_of(folder / ".corpus_out"),
        err=_text_of(folder / ".corpus_err"),
        written=tuple(sorted(name for name, facts in after.items() if before.get(name) != facts)),
        executed=canary.exists(),
    )


def files_below(folder: Path) -> dict[str, tuple[int, float]]:
    """Return size and time of every file below a folder, those of the corpus left out."""
    facts = {}
    for path in folder.rglob("*"):
        if path.name.startswith(".corpus") or (path.is_dir() and not path.is_symlink()):
            continue
        with contextlib.suppress(OSError):
            status = path.lstat()
            facts[str(path.relative_to(folder))] = (status.st_size, status.st_mtime)
    return facts


def _run_child(case: Case, folder: Path, temporary: Path) -> None:
    status = 99
    faulthandler.disable()
    try:
        os.setsid()
        os.chdir(folder)
        os.environ["TMPDIR"] = str(temporary)
        tempfile.tempdir = None
        for number, name in STREAMS:
            os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), number)
        sys.stdout, sys.stderr = (_open_stream(number) for number, _ in STREAMS)
        resource.setrlimit(resource.RLIMIT_AS, (case.memory, case.memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        status = _exit_status(case, folder)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _open_stream(number: int) -> Any:
    return open(number, "w", errors="backslashreplace", closefd=False)


def _exit_status(case: Case, folder: Path) -> int:
    try:
        result = case.run(folder)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException as problem:  # noqa: BLE001 - whatever comes of it
        if case.api and isinstance(problem, DualframeError):
            sys.stderr.write(f"ERROR {type(problem).__name__}: {problem}\n")
            return 2
        traceback.print_exc()
        return 1
    if case.api:
        sys.stdout.write(f"RETURNED {result!r:.300}\n")
    return result if not case.api and isinstance(result, int) else 0


def _wait_for(child: int, limit: int) -> tuple[int, bool]:
    """Return the exit status, and whether the child had to be ended."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        process, status = os.waitpid(child, os.WNOHANG)
        if process:
            _end_session(child)
            return os.waitstatus_to_exitcode(status), False
        time.sleep(0.005)
    _end_session(child)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), True


def _end_session(child: int) -> None:
    """End what the session of a child left running."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
