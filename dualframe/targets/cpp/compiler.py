"""The C++ compiler of this machine: where it is, what it is, and the flags it is called with."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dualframe.core.errors import BuildError, TargetError

CANDIDATES = ("g++", "clang++", "c++")

_COMMON = ("-O3", "-march=native", "-std=c++11", "-w")
# -fno-finite-math-only undefines the macro with which glibc offers log() and others on vectors,
# and by which vector_functions.h knows that numbers may be reordered
_FAST = ("-ffast-math", "-fno-finite-math-only", "-D__FAST_MATH__")
_STRICT = ("-ffp-contract=off",)
_ERROR = re.compile(r"\berror\b|undefined reference|cannot find -l", re.IGNORECASE)


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler.

    Parameters
    ----------
    command
        The program and the arguments that belong to it (``$CXX`` may be ``"ccache g++"``).
    version
        The first line that it prints for ``--version``.
    """

    command: tuple[str, ...]
    version: str

    @property
    def identity(self) -> str:
        """What distinguishes its output from another compiler's, on this machine."""
        return "\n".join([*self.command, self.version, _processor_features(), *platform.libc_ver()])

    @property
    def shell_text(self) -> str:
        """The command as a shell and a makefile spell it."""
        return shlex.join(self.command)


def find_compiler(environment: Mapping[str, str] | None = None) -> Compiler:
    """Return the C++ compiler: ``$CXX``, else the first of `CANDIDATES` on the path.

    Parameters
    ----------
    environment
        Environment variables; the default is those of this process.

    Raises
    ------
    TargetError
        If there is none, or it does not run.
    """
    environment = os.environ if environment is None else environment
    path = environment.get("PATH", os.defpath)
    chosen = environment.get("CXX", "").strip()
    commands = [_split_command(chosen)] if chosen else [[name] for name in CANDIDATES]
    for command in commands:
        if found := _locate(command[0], path):
            return _probe_compiler((found, *command[1:]))
    looked = f"CXX={chosen!r}" if chosen else ", ".join(CANDIDATES)
    raise TargetError(
        f"no C++ compiler found (looked for {looked} on the path). "
        "Install g++ or clang++, or use target='runtime'."
    )


def _locate(name: str, path: str) -> str | None:
    """Return where a program is; what was found before is looked at, not searched for."""
    found = _search(name, path)
    if found is None or not os.access(found, os.X_OK):
        _search.cache_clear()
        found = _search(name, path)
    return found


_search = cache(lambda name, path: shutil.which(name, path=path))


def _split_command(chosen: str) -> list[str]:
    try:
        return shlex.split(chosen)
    except ValueError as error:
        raise TargetError(
            f"CXX={chosen!r} is no command ({error}): expected a compiler such as g++."
        ) from error


def has_compiler() -> bool:
    """Whether `find_compiler` finds one."""
    try:
        find_compiler()
    except TargetError:
        return False
    return True


def compile_flags(*, strict: bool = False, debug: bool = False) -> tuple[str, ...]:
    """Return the compiler's optimisation flags.

    Parameters
    ----------
    strict
        ``False``: Brian2's own flags, which let the compiler reorder sums and round subnormal
        numbers to zero, and functions that vectorise, which may differ in the last bits.
        ``True``: IEEE arithmetic as written, so that the result does not depend on how the source
        is cut into files.
    debug
        Adds debugging symbols and Brian2's debugging output.
    """
    return _COMMON + (_STRICT if strict else _FAST) + (("-g", "-DDEBUG") if debug else ())


def static_link_flags(compiler: Compiler, libraries: Sequence[str]) -> tuple[str, ...]:
    """Return the flag that links the standard libraries into the program, where that can be.

    A program that finds its libraries at start spends 1.5 ms of CPU on it, as much as many a small
    network takes.

    Parameters
    ----------
    compiler
        The compiler that links.
    libraries
        Other linker flags of the project: a library of its own may exist as a shared one only.
    """
    own = (flag for flag in libraries if not flag.startswith(("-L", "-Wl,")))
    if platform.system() != "Linux" or set(own) - {"-lm"}:
        return ()
    return ("-static",) if _has_static_libraries(compiler.command) else ()


@cache
def _has_static_libraries(command: tuple[str, ...]) -> bool:
    """Ask a compiler for its archives: it prints a path for those that it has."""
    for archive in ("libc.a", "libm.a", "libstdc++.a"):
        try:
            done = subprocess.run(
                [*command, f"-print-file-name={archive}"],
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        if not Path(done.stdout.strip()).is_absolute():
            return False
    return True


def run_compiler(command: Sequence[str], folder: Path, sources: Path) -> None:
    """Run a compiler, or make, in a folder.

    Parameters
    ----------
    command
        The command and its arguments.
    folder
        The folder to run it in.
    sources
        What an error names as the place of the sources.

    Raises
    ------
    BuildError
        If it fails: with the first errors that it printed and the place of the sources.
    """
    try:
        # in a session of its own: make and the compiler's parts end with it at an interrupt
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise BuildError(f"cannot run {command[0]!r}: {error.strerror}") from error
    try:
        printed, complaints = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode:
        raise BuildError(
            f"the generated C++ does not compile with {command[0]} "
            f"(exit status {process.returncode}). Sources: {sources}\n"
            + first_errors(complaints or printed)
        )


def first_errors(output: str, count: int = 3) -> str:
    """Return the first lines of a compiler's output that name an error, else its last lines.

    Parameters
    ----------
    output
        What the compiler has printed.
    count
        How many lines at most.
    """
    lines = [line for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _ERROR.search(line)]
    return "\n".join(f"  {line.strip()}" for line in errors[:count] or lines[-count:])


@cache
def _probe_compiler(command: tuple[str, ...]) -> Compiler:
    try:
        done = subprocess.run(
            [*command, "--version"], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetError(f"the C++ compiler {command[0]!r} does not run: {error}") from error
    if done.returncode:
        raise TargetError(
            f"the C++ compiler {command[0]!r} does not run: "
            + first_errors(done.stderr or done.stdout, 1).strip()
        )
    return Compiler(command, (done.stdout.splitlines() or ["unknown"])[0])


@cache
def _processor_features() -> str:
    """Identify the processor, because ``-march=native`` code may not run on another one."""
    fields = {"model name", "flags", "Features", "CPU implementer", "CPU part"}
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = {line for line in lines if line.split(":")[0].strip() in fields}
    return "\n".join([platform.machine(), platform.processor(), *sorted(found)])
