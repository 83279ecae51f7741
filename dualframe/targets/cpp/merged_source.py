"""One translation unit from a project that `LiteralFreeDevice` has generated.

Brian2 compiles one file per code object, and each of them parses the same headers. Merged into one
file the same program builds in a fraction of the time. The merged source includes system headers
only, holds no path and no seed, and therefore serves as the key of the cache of executables.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from dualframe.targets.cpp.external_values import CONTENTS, LAYOUT, PARAMETERS, read_values
from dualframe.targets.cpp.vector_functions import with_vector_powers
from dualframe.targets.cpp.vectorisable_thresholds import THRESHOLDS, vectorisable_threshold
from dualframe.targets.cpp.vectorisable_updates import UPDATES, vectorisable_update

_GENERATED = ("objects.cpp", "network.cpp", "synapses_classes.cpp", "run.cpp")
_MAIN = "main.cpp"
_RUN_ONCE = ("objects.cpp", _MAIN, "_synapses_create_array_codeobject.cpp")
_CLOSING = {"<": ">", '"': '"'}
_NESTING = {"if": 1, "ifdef": 1, "ifndef": 1, "endif": -1}


class NotMergeable(Exception):
    """A project holds something unexpected: the stock build has to be used (internal)."""


@dataclass(frozen=True, kw_only=True)
class MergedProgram:
    """A program in one source, and what it reads and writes.

    Attributes
    ----------
    source
        The translation unit.
    parameters, layout
        The values that it reads at start, as texts by name.
    data, results
        Its binary files: ``file``, ``array``, ``dtype``, and of results ``layout``, ``size`` and
        ``bookkeeping``.
    """

    source: str
    parameters: dict[str, str]
    layout: dict[str, str]
    data: tuple[Mapping[str, Any], ...]
    results: tuple[Mapping[str, Any], ...]

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

    Parameters
    ----------
    project
        Folder of the project.

    Raises
    ------
    NotMergeable
        If there is no makefile (Windows), or it does not have the expected variables.
    """
    try:
        lines = (project / "makefile").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise NotMergeable(f"no makefile: {error}") from error
    values = {name: value for name, sign, value in (x.partition(" =") for x in lines) if sign}
    names = ("SRCS", "H_SRCS", "OPTIMISATIONS", "LFLAGS")
    if not values.keys() >= set(names):
        raise NotMergeable(f"the makefile lacks one of {', '.join(names)}")
    return Makefile(*(tuple(shlex.split(values[name])) for name in names))


def merge_project(project: Path) -> MergedProgram:
    """Return the whole project as one program.

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
    code_objects, library = _check_sources(makefile.sources)
    contents = _read_contents(project)
    inliner = _Inliner(project, makefile)
    bodies = [_end_macros(inliner.file_body(name)) for name in library]
    bodies += [_leave_unoptimised(name, inliner.file_body(name)) for name in _GENERATED]
    for name in code_objects:
        source = with_vector_powers(inliner.file_body(name))
        if name.endswith(UPDATES):
            source = vectorisable_update(source)
        elif name.endswith(THRESHOLDS):
            source = vectorisable_threshold(source)
        source = _end_macros(_isolate_support_code(name, source))
        bodies.append(_leave_unoptimised(name, source))
    bodies.append(_leave_unoptimised(_MAIN, inliner.file_body(_MAIN)))
    return MergedProgram(
        source="\n".join([*inliner.system_and_headers(), *bodies]),
        parameters=read_values(project / PARAMETERS),
        layout=read_values(project / LAYOUT),
        data=tuple(contents["data"]),
        results=tuple(contents["results"]),
    )


def _check_sources(sources: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the code objects and the library's sources; refuse any other."""
    code_objects = sorted(name for name in sources if name.startswith("code_objects/"))
    # randomkit.c until 2.5, spikequeue.cpp from 2.10 on
    library = sorted(name for name in sources if name.startswith("brianlib/"))
    expected = {*_GENERATED, _MAIN}
    if unknown := set(sources) - expected - {*code_objects, *library}:
        raise NotMergeable(f"unknown sources {sorted(unknown)}")
    if missing := expected - set(sources):
        raise NotMergeable(f"missing sources {sorted(missing)}")
    return code_objects, library


def _read_contents(project: Path) -> Any:
    try:
        return json.loads((project / CONTENTS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotMergeable(f"the project's numbers stand in its sources: {error}") from error


@dataclass
class _Inliner:
    """Replaces includes of project headers by their text, once, and collects system headers."""

    project: Path
    makefile: Makefile
    system: dict[str, None] = field(default_factory=dict)
    headers: dict[Path, str] = field(default_factory=dict)

    def system_and_headers(self) -> Iterator[str]:
        """Yield the system includes and the project's headers."""
        yield "// Merged by dualframe from the sources that Brian2 generated."
        yield from self.system
        yield from self.headers.values()

    def file_body(self, name: str) -> str:
        """Return a source file without its includes.

        Parameters
        ----------
        name
            Name of the file in the project.
        """
        return f"// {name}\n" + self._without_includes(self.project / name)

    def _without_includes(self, path: Path) -> str:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotMergeable(f"cannot read {path}: {error}") from error
        lines = text.splitlines()
        depth = -1 if _has_include_guard(lines) else 0
        kept = []
        for line in lines:
            name, rest = _preprocessor_directive(line)
            depth += _NESTING.get(name, 0)
            if name != "include" or not self._take_include(rest, path, depth):
                kept.append(line)
        return "\n".join(kept)

    def _take_include(self, quoted: str, path: Path, depth: int) -> bool:
        """Take an include out of its file; one that depends on a condition stays if it can."""
        opening = quoted[:1]
        included, closed, _ = quoted[1:].partition(_CLOSING.get(opening, "\n"))
        if not closed:
            return False
        header = self._find_header(included, path)
        if depth == 0:
            if header is None:
                self.system.setdefault(f"#include {opening}{included}{_CLOSING[opening]}")
            elif header not in self.headers:
                text = self._without_includes(header)  # first what it includes itself
                self.headers[header] = text
        elif header is not None and header not in self.headers:
            raise NotMergeable(f"{path.name} includes {included} under a condition")
        return header is not None or depth == 0

    def _find_header(self, name: str, includer: Path) -> Path | None:
        local = [flag[2:] for flag in self.makefile.compiler_flags if flag.startswith("-I")]
        folders = [includer.parent, self.project]
        folders += [self.project / folder for folder in local if not Path(folder).is_absolute()]
        for folder in folders:
            if (folder / name).is_file():
                return (folder / name).resolve()
        return None


def _preprocessor_directive(line: str) -> tuple[str, str]:
    """Return name and rest of a preprocessor line; two empty texts for another line."""
    mark, content = line.lstrip()[:1], line.lstrip()[1:].lstrip()
    if mark != "#":
        return "", ""
    name = "".join(takewhile(str.isalpha, content))
    return name, content[len(name) :].strip()


def _has_include_guard(lines: Iterable[str]) -> bool:
    directives = [directive for line in lines if (directive := _preprocessor_directive(line))[0]][
        :2
    ]
    names = [name for name, _ in directives]
    return names == ["ifndef", "define"] and directives[0][1] == directives[1][1]


def _isolate_support_code(name: str, source: str) -> str:
    """Give a code object's support code a namespace of its own."""
    support = f"support_{Path(name).stem}"
    lines, functions, in_signature = [], 0, False
    for line in source.splitlines():
        lines.append(line)
        in_signature = in_signature or (line.startswith("void _") and "()" in line)
        if in_signature and "{" in line:
            lines.append(f"    using namespace {support};")
            functions, in_signature = functions + 1, False
    if source.count("namespace {") > 1 or not functions:
        raise NotMergeable(f"{name} is not of the expected form")
    if "namespace {" not in source:
        return source
    return "\n".join(lines).replace("namespace {", f"namespace {support} {{", 1)


def _leave_unoptimised(name: str, source: str) -> str:
    """Tell g++ not to optimise what runs once, to copy numbers from and to files.

    It is a third of the source of a circuit, and 40 % of the time that the compiler takes. Nothing
    is computed there, so the numbers stay the same to the last bit. Other compilers ignore it.
    """
    if not name.endswith(_RUN_ONCE):
        return source
    before = '#pragma GCC push_options\n#pragma GCC optimize ("O0")\n'
    return f"{before}{source}\n#pragma GCC pop_options"


def _end_macros(source: str) -> str:
    """Undefine the macros of one file at its end, as the end of a file would."""
    defined = (
        rest for name, rest in map(_preprocessor_directive, source.splitlines()) if name == "define"
    )
    macros = dict.fromkeys(rest.split("(")[0].split()[0] for rest in defined if rest)
    return "\n".join([source, *(f"#undef {macro}" for macro in macros)])
