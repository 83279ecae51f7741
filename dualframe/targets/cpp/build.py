"""From a generated C++ project to its executable: merged, compiled once, taken from the cache."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from dualframe.core.atomic_files import atomic_replacement, write_text_atomically
from dualframe.core.errors import BuildError
from dualframe.targets.cpp.compiler import (
    Compiler,
    compile_flags,
    find_compiler,
    run_compiler,
    static_link_flags,
)
from dualframe.targets.cpp.merged_source import (
    Makefile,
    NotMergeable,
    merge_project,
    read_makefile,
)
from dualframe.targets.cpp.program_cache import ExecutableCache, default_cache, key_of

PROGRAM, SOURCE = "main", "program.cpp"


@dataclass(frozen=True, kw_only=True)
class BuiltProgram:
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
    is_merged
        Whether the merged source was used, or Brian2's own makefile.
    key
        The program's key in the cache of executables.
    """

    executable: Path
    cache: Literal["hit", "miss"]
    seconds: float = 0.0
    flags: tuple[str, ...]
    is_merged: bool
    key: str = ""


def compile_project(
    directory: Path,
    *,
    threads: int = 1,
    strict: bool = False,
    debug: bool = False,
    merged: bool = True,
    cache: ExecutableCache | None = None,
) -> BuiltProgram:
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
    merged
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
    job = _BuildJob(directory.absolute(), compiler, flags, cache or default_cache())
    built = _build_merged_or_stock(job) if merged else _build_stock(job)
    return replace(built, seconds=time.perf_counter() - started)


def project_flags(makefile: Makefile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the compiler's and the linker's flags that a project needs whatever the optimisation.

    These are the folders, macros and libraries that Brian2 or a user's function asked for.

    Parameters
    ----------
    makefile
        What Brian2's makefile says.
    """
    compiling = tuple(flag for flag in makefile.compiler_flags if flag[:2] in ("-I", "-D", "-U"))
    linking = tuple(flag for flag in makefile.linker_flags if flag != "-fopenmp")
    return compiling, linking


@dataclass(frozen=True)
class _BuildJob:
    directory: Path
    compiler: Compiler
    flags: tuple[str, ...]
    cache: ExecutableCache


def _build_merged_or_stock(job: _BuildJob) -> BuiltProgram:
    try:
        return _build_merged(job)
    except NotMergeable:
        return _build_stock(job)


def _build_merged(job: _BuildJob) -> BuiltProgram:
    merged = merge_project(job.directory)
    compiling, linking = project_flags(read_makefile(job.directory))
    openmp = ("-fopenmp",) if merged.uses_openmp and "-fopenmp" not in job.flags else ()
    flags = (*job.flags, *openmp, *compiling)
    if "-fopenmp" not in flags:
        linking = (*linking, *static_link_flags(job.compiler, linking))
    write_text_atomically(job.directory / SOURCE, merged.source)
    command = (*job.compiler.command, *flags, SOURCE, "-o", "{program}", *linking)
    key = key_of([job.compiler.identity, *command, merged.source])
    try:
        cache = _fetch_or_build(job, key, partial(_compile_merged, job, command))
    except BuildError as error:
        raise NotMergeable(f"the merged source does not compile: {error}") from error
    return BuiltProgram(
        executable=job.directory / PROGRAM,
        cache=cache,
        flags=(*flags, *linking),
        is_merged=True,
        key=key,
    )


def _build_stock(job: _BuildJob) -> BuiltProgram:
    try:
        makefile = read_makefile(job.directory)
    except NotMergeable as error:
        raise BuildError(f"{job.directory} is not a generated C++ project: {error}") from error
    compiling, _ = project_flags(makefile)
    flags = (*job.flags, *compiling)
    names = sorted({*makefile.sources, *makefile.headers, "makefile"})
    texts = [(job.directory / name).read_text(encoding="utf-8") for name in names]
    key = key_of([job.compiler.identity, *flags, *names, *texts])
    cache = _fetch_or_build(job, key, partial(_compile_stock, job, flags))
    return BuiltProgram(
        executable=job.directory / PROGRAM, cache=cache, flags=flags, is_merged=False, key=key
    )


def _fetch_or_build(
    job: _BuildJob, key: str, build: Callable[[Path], None]
) -> Literal["hit", "miss"]:
    target = job.directory / PROGRAM
    if job.cache.fetch(key, target):
        return "hit"
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
    return "miss"


def _compile_merged(job: _BuildJob, command: tuple[str, ...], target: Path) -> None:
    with atomic_replacement(target) as draft:
        words = [str(draft) if word == "{program}" else word for word in command]
        run_compiler(words, job.directory, job.directory / SOURCE)
        _check_program(draft, job.compiler)


def _compile_stock(job: _BuildJob, flags: tuple[str, ...], target: Path) -> None:
    target.unlink(missing_ok=True)  # make would take a program of other flags for this one
    for stale in job.directory.rglob("*.o"):
        stale.unlink()
    command = [
        "make",
        f"-j{os.cpu_count() or 1}",
        f"CXX={job.compiler.shell_text}",
        f"OPTIMISATIONS={' '.join(flags)}",
    ]
    run_compiler(command, job.directory, job.directory)
    _check_program(target, job.compiler)


def _check_program(program: Path, compiler: Compiler) -> None:
    if not os.access(program, os.X_OK):
        raise BuildError(
            f"{compiler.shell_text!r} says nothing and makes no program: it is no C++ compiler. "
            f"Set CXX to one, such as g++, or use target='runtime'."
        )
