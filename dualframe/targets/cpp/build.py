"""From a generated C++ project to its executable: merged, compiled once, taken from the cache."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from dualframe.core.atomic_files import atomic_replacement, write_text_atomically
from dualframe.core.errors import BuildError
from dualframe.targets.cpp.compiler import Compiler, compile_flags, find_compiler, run_compiler
from dualframe.targets.cpp.merged_source import (
    Makefile,
    NotMergeable,
    merge_project,
    read_makefile,
)
from dualframe.targets.cpp.program_cache import ExecutableCache, default_cache, key_of

PROGRAM, SOURCE = "main", "program.cpp"


@dataclass(frozen=True)
class Build:
    """How an executable came about.

    Parameters
    ----------
    executable
        The program; it runs in its own folder, where its data files are.
    cache
        ``"hit"`` if nothing had to be compiled.
    seconds
        Wall-clock time that it took to get it.
    flags
        What the compiler was called with.
    unity
        Whether the merged source was used, or Brian2's own makefile.
    key
        The program's key in the cache of executables.
    """

    executable: Path
    cache: Literal["hit", "miss"]
    seconds: float
    flags: tuple[str, ...]
    unity: bool
    key: str = ""


def compile_project(
    directory: Path,
    *,
    threads: int = 1,
    strict: bool = False,
    debug: bool = False,
    unity: bool = True,
    cache: ExecutableCache | None = None,
) -> Build:
    """Compile a project that ``device.build(directory=..., compile=False)`` has written.

    Parameters
    ----------
    directory
        The project's folder; it receives the program ``main`` and, where the sources can be
        merged, ``program.cpp``.
    threads
        More than one compiles for OpenMP, for which the sources must have been generated too
        (``prefs.devices.cpp_standalone.openmp_threads``).
    strict, debug
        As in `compile_flags`.
    unity
        ``False`` uses Brian2's own makefile, as happens by itself where merging is not possible.
    cache
        Where compiled programs are kept, by default `default_cache`.

    Raises
    ------
    TargetError
        If there is no C++ compiler.
    BuildError
        If the sources do not compile.
    """
    started = time.perf_counter()
    compiler = find_compiler()
    flags = compile_flags(strict=strict, debug=debug) + (("-fopenmp",) if threads > 1 else ())
    job = _Job(directory.absolute(), compiler, flags, cache or default_cache())
    hit, merged, used, key = _build(job, unity)
    seconds = time.perf_counter() - started
    return Build(job.directory / PROGRAM, "hit" if hit else "miss", seconds, used, merged, key)


def project_flags(makefile: Makefile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the compiler's and the linker's flags that a project needs whatever the optimisation.

    These are the folders, macros and libraries that Brian2 or a user's function asked for.
    """
    compiling = tuple(flag for flag in makefile.compiler_flags if flag[:2] in ("-I", "-D", "-U"))
    linking = tuple(flag for flag in makefile.linker_flags if flag != "-fopenmp")
    return compiling, linking


@dataclass(frozen=True)
class _Job:
    directory: Path
    compiler: Compiler
    flags: tuple[str, ...]
    cache: ExecutableCache


def _build(job: _Job, unity: bool) -> tuple[bool, bool, tuple[str, ...], str]:
    """Return whether the cache had it, whether it was merged, the flags, and the key."""
    if unity:
        try:
            return _build_unit(job)
        except NotMergeable:
            pass
    return _build_stock(job)


def _build_unit(job: _Job) -> tuple[bool, bool, tuple[str, ...], str]:
    unit = merge_project(job.directory)
    compiling, linking = project_flags(read_makefile(job.directory))
    openmp = ("-fopenmp",) if unit.uses_openmp and "-fopenmp" not in job.flags else ()
    flags = (*job.flags, *openmp, *compiling)
    write_text_atomically(job.directory / SOURCE, unit.source)
    command = (*job.compiler.command, *flags, SOURCE, "-o", "{program}", *linking)
    key = key_of([job.compiler.identity, *command, unit.source])
    try:
        hit = _fetch_or_build(job, key, partial(_compile_unit, job, command))
    except BuildError as error:
        raise NotMergeable(f"the merged source does not compile: {error}") from error
    return hit, True, (*flags, *linking), key


def _build_stock(job: _Job) -> tuple[bool, bool, tuple[str, ...], str]:
    try:
        makefile = read_makefile(job.directory)
    except NotMergeable as error:
        raise BuildError(f"{job.directory} is not a generated C++ project: {error}") from error
    compiling, _ = project_flags(makefile)
    flags = (*job.flags, *compiling)
    names = sorted({*makefile.sources, *makefile.headers, "makefile"})
    texts = [(job.directory / name).read_text(encoding="utf-8") for name in names]
    key = key_of([job.compiler.identity, *flags, *names, *texts])
    hit = _fetch_or_build(job, key, partial(_compile_stock, job, flags))
    return hit, False, flags, key


def _fetch_or_build(job: _Job, key: str, build: Callable[[Path], None]) -> bool:
    target = job.directory / PROGRAM
    if job.cache.fetch(key, target):
        return True
    build(target)
    try:
        job.cache.insert(key, target)
    except OSError as error:
        warnings.warn(
            f"the cache of compiled programs in {job.cache.folder} cannot be written "
            f"({error.strerror}); this program will be compiled again. Set DUALFRAME_CACHE.",
            RuntimeWarning,
            stacklevel=6,
        )
    return False


def _compile_unit(job: _Job, command: tuple[str, ...], target: Path) -> None:
    with atomic_replacement(target) as draft:
        words = [str(draft) if word == "{program}" else word for word in command]
        run_compiler(words, job.directory, job.directory / SOURCE)


def _compile_stock(job: _Job, flags: tuple[str, ...], target: Path) -> None:
    target.unlink(missing_ok=True)  # make would take a program of other flags for this one
    for stale in job.directory.rglob("*.o"):
        stale.unlink()
    command = [
        "make",
        f"-j{os.cpu_count() or 1}",
        f"CXX={job.compiler.text}",
        f"OPTIMISATIONS={' '.join(flags)}",
    ]
    run_compiler(command, job.directory, job.directory)
