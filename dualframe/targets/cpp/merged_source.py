"""One translation unit from a project that Brian2's ``cpp_standalone`` device has generated.

Brian2 compiles one file per code object, and each of them parses the same headers. Merged into one
file the same program builds in a fraction of the time. The merged source includes system headers
only, holds no path and no seed, and therefore serves as the key of the cache of executables.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from dualframe.targets.cpp.literal_free_source import (
    Values,
    lift_code_object,
    lift_main,
    lift_objects,
)

_GENERATED = ("objects.cpp", "network.cpp", "synapses_classes.cpp", "run.cpp")
_LIBRARY = re.compile(r"brianlib/[\w/]+\.(c|cpp)")  # randomkit.c to 2.5, spikequeue.cpp from 2.10
_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
_FUNCTION = re.compile(r"^(void _\w+\(\)\s*\{)", re.MULTILINE)
_COMMENT = r"(?:/\*(?:[^*]|\*(?!/))*\*/|//[^\n]*\n)"
_GUARD = re.compile(rf"\s*(?:{_COMMENT}\s*)*#ifndef (\w+)\s+#define \1\b")
_DEFINE = re.compile(r"^\s*#\s*define\s+(\w+)", re.MULTILINE)


class NotMergeable(Exception):
    """A project holds something unexpected: the stock build has to be used (internal)."""


@dataclass(frozen=True)
class MergedProgram:
    """A merged program: its source and the values it reads at start, as texts by name."""

    source: str
    parameters: dict[str, str]
    layout: dict[str, str]

    @property
    def uses_openmp(self) -> bool:
        """Whether the source was generated for OpenMP and needs it to compile."""
        return "#include <omp.h>" in self.source


@dataclass(frozen=True)
class Makefile:
    """What Brian2 wrote into the project's makefile."""

    sources: tuple[str, ...]
    headers: tuple[str, ...]
    compiler_flags: tuple[str, ...]
    linker_flags: tuple[str, ...]


def read_makefile(project: Path) -> Makefile:
    """Return the sources and flags of a generated project.

    Raises
    ------
    NotMergeable
        If there is no makefile (Windows), or it does not have the expected variables.
    """
    try:
        text = (project / "makefile").read_text(encoding="utf-8")
    except OSError as error:
        raise NotMergeable(f"no makefile: {error}") from error
    values = dict(re.findall(r"^(SRCS|H_SRCS|OPTIMISATIONS|LFLAGS) = ?(.*)$", text, re.MULTILINE))
    if len(values) != 4:
        raise NotMergeable("the makefile lacks one of SRCS, H_SRCS, OPTIMISATIONS, LFLAGS")
    names = ("SRCS", "H_SRCS", "OPTIMISATIONS", "LFLAGS")
    return Makefile(*(tuple(shlex.split(values[name])) for name in names))


def merge_project(project: Path) -> MergedProgram:
    """Return the whole project as one unit.

    Parameters
    ----------
    project
        The folder given to ``device.build(directory=..., compile=False)``.

    Raises
    ------
    NotMergeable
        If the project is not of the known shape.
    """
    makefile = read_makefile(project)
    code_objects = _check_sources(makefile.sources)
    values = Values()
    inliner = _Inliner(project, makefile)
    library = sorted(name for name in makefile.sources if _LIBRARY.fullmatch(name))
    bodies = [_end_macros(inliner.body(name)) for name in library]
    objects, main = _drop_run_arguments(inliner.body("objects.cpp"), inliner.body("main.cpp"))
    network, main = _make_interruptible(inliner.body("network.cpp"), main)
    bodies += [_results_folder(lift_objects(objects, values)), network]
    bodies += [inliner.body(name) for name in _GENERATED[2:]]
    for name in code_objects:
        source = _isolate(name, lift_code_object(_independent(name, inliner.body(name)), values))
        bodies.append(_end_macros(source))
    bodies.append(_start(lift_main(main, values)))
    return MergedProgram("\n".join([*inliner.prelude(), *bodies]), values.parameters, values.layout)


def _check_sources(sources: tuple[str, ...]) -> list[str]:
    code_objects = sorted(s for s in sources if re.fullmatch(r"code_objects/\w+\.cpp", s))
    known = {*code_objects, *_GENERATED, "main.cpp"}
    others = [name for name in sources if name not in known]
    if unknown := [name for name in others if not _LIBRARY.fullmatch(name)]:
        raise NotMergeable(f"unknown sources {unknown}")
    if missing := [name for name in (*_GENERATED, "main.cpp") if name not in sources]:
        raise NotMergeable(f"missing sources {missing}")
    return code_objects


@dataclass
class _Inliner:
    """Replaces includes of project headers by their text, once, and collects system headers."""

    project: Path
    makefile: Makefile
    system: dict[str, None] = field(default_factory=dict)
    headers: dict[Path, str] = field(default_factory=dict)

    def prelude(self) -> Iterator[str]:
        """Yield the system includes, dualframe's own header and the project's headers."""
        yield "// Merged by dualframe from the sources that Brian2 generated."
        yield from self.system
        yield files("dualframe.targets.cpp").joinpath("values.h").read_text(encoding="utf-8")
        yield from self.headers.values()

    def body(self, name: str) -> str:
        """Return a source file without its includes."""
        return f"// {name}\n" + self._without_includes(self.project / name)

    def _without_includes(self, path: Path) -> str:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotMergeable(f"cannot read {path}: {error}") from error
        depth = -1 if _GUARD.match(text) else 0
        lines = []
        for line in text.splitlines():
            depth += _nesting(line)
            include = _INCLUDE.match(line)
            if include is None or not self._take(include, line, path, depth):
                lines.append(line)
        return "\n".join(lines)

    def _take(self, include: re.Match[str], line: str, path: Path, depth: int) -> bool:
        """Take an include out of its file; one that depends on a condition stays if it can."""
        header = self._find(include[2], path)
        if depth == 0:
            if header is None:
                self.system.setdefault(f"#include {include[1]}{include[2]}{_close(include[1])}")
            elif header not in self.headers:
                text = self._without_includes(header)  # first what it includes itself
                self.headers[header] = text
        elif header is not None and header not in self.headers:
            raise NotMergeable(f"{path.name} includes {include[2]} under a condition")
        return header is not None or depth == 0

    def _find(self, name: str, includer: Path) -> Path | None:
        local = [flag[2:] for flag in self.makefile.compiler_flags if flag.startswith("-I")]
        folders = [includer.parent, self.project]
        folders += [self.project / folder for folder in local if not Path(folder).is_absolute()]
        for folder in folders:
            if (folder / name).is_file():
                return (folder / name).resolve()
        return None


def _close(opening: str) -> str:
    return ">" if opening == "<" else opening


def _nesting(line: str) -> int:
    """Return by how much a line changes the depth of preprocessor conditions."""
    match = re.match(r"\s*#\s*(if|ifdef|ifndef|endif)\b", line)
    return 0 if match is None else -1 if match[1] == "endif" else 1


def _isolate(name: str, source: str) -> str:
    """Give a code object's support code a namespace of its own."""
    if source.count("namespace {") > 1 or not _FUNCTION.search(source):
        raise NotMergeable(f"{name} is not of the expected form")
    support = "support_" + Path(name).stem
    if "namespace {" in source:
        source = source.replace("namespace {", f"namespace {support} {{", 1)
        source = _FUNCTION.sub(rf"\1\n    using namespace {support};", source)
    return source


def _independent(name: str, source: str) -> str:
    """Say that the neurons of a state update do not depend on each other.

    Their arrays are globals that the compiler cannot tell apart, so it would not vectorise the
    loop. A random number depends on the one before: such a loop stays as it is.
    """
    draws = source.count("_vectorisation_idx") > 2  # its two declarations
    if not name.endswith("_stateupdater_codeobject.cpp") or draws or "#pragma omp" in source:
        return source
    loop = r"^([ \t]*)(for\(int _idx=0; _idx<_N; _idx\+\+\))"
    return re.sub(loop, r"\1#pragma GCC ivdep\n\1\2", source, flags=re.MULTILINE)


def _end_macros(source: str) -> str:
    """Undefine the macros of one file at its end, as the end of a file would."""
    macros = dict.fromkeys(_DEFINE.findall(source))
    return "\n".join([source, *(f"#undef {macro}" for macro in macros)])


def _results_folder(source: str) -> str:
    """Define ``results_dir``, which Brian2 has from 2.6 on."""
    if "std::string results_dir" in source:
        return source
    return 'namespace brian { std::string results_dir = "results/"; }\n' + source


def _start(source: str) -> str:
    """Read the command line before the arrays are loaded."""
    call = "brian::results_dir = dualframe::results_folder(argc, argv);"
    source, count = re.subn(r"^(\s*)brian_start\(\);", rf"\1{call}\n\g<0>", source, flags=re.M)
    if count != 1:
        raise NotMergeable("main.cpp does not call brian_start once")
    return source


def _make_interruptible(network: str, main: str) -> tuple[str, str]:
    """Let an interrupt end the run with its results written, as Brian2 does from 2.6 on."""
    loop, end = "clock->running())", "if(!did_break_early) t = t_end;"
    if "_int_handler" in main or loop not in network or end not in network:
        return network, main
    network = network.replace(loop, "clock->running() && !dualframe::stopped())")
    stop = "if(dualframe::stopped() && clock) { did_break_early = true; t = clock->t[0]; }"
    start = "brian_start();"
    return network.replace(end, f"{stop}\n    {end}"), main.replace(
        start, f"std::signal(SIGINT, dualframe::stop);\n    {start}", 1
    )


def _drop_run_arguments(objects: str, main: str) -> tuple[str, str]:
    """Remove Brian2's ``name=value`` arguments: a sixth of the build, and files do it here."""
    setters = re.compile(r"^void set_variable_from_value\(.*?(?=^/+ arrays /+$)", re.M | re.S)
    parser = re.compile(r"^void set_from_command_line\(.*?^\}\n", re.M | re.S)
    call = re.compile(r"^\s*set_from_command_line\(args\);\n", re.M)
    if not (setters.search(objects) and parser.search(main)):
        return objects, main
    return setters.sub("", objects, 1), call.sub("", parser.sub("", main, 1))
