"""A self-contained C++ project: ``make && ./main``, with a compiler and without Python."""

from __future__ import annotations

import shutil
import sys
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.errors import BuildError, OutputError
from dualframe.core.output_folder import check_output, replaced_output, write_manifest
from dualframe.targets.cpp.build import PROGRAM, SOURCE, project_flags
from dualframe.targets.cpp.checked_reads import DATA_FOLDER
from dualframe.targets.cpp.compiler import compile_flags
from dualframe.targets.cpp.external_values import (
    EXPORT,
    LAYOUT,
    PARAMETERS,
    layout_text,
    values_text,
)
from dualframe.targets.cpp.merged_source import (
    Makefile,
    MergedProgram,
    NotMergeable,
    merge_project,
    read_makefile,
)

Row = tuple[str, str, str, str]
FORMAT = "dualframe export"


@dataclass(frozen=True)
class ExportReadme:
    """The words of an exported project that its program cannot know.

    Parameters
    ----------
    title
        The heading of the README.
    introduction
        What the network is and where it comes from: Markdown.
    parameters
        Name in ``parameters.txt`` to its meaning and unit.
    arrays
        Name of an array (``population_variable``) to its meaning and unit.
    results
        How to read the results: Markdown.
    """

    title: str
    introduction: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, str] = field(default_factory=dict)
    results: str = ""


def export_project(
    project: Path,
    out: Path,
    description: ExportReadme,
    *,
    record: Mapping[str, Any] = MappingProxyType({}),
    strict: bool = False,
    force: bool = False,
) -> Path:
    """Write a generated project as a folder that needs a C++ compiler and ``make`` only.

    The folder holds the source, a makefile, ``parameters.txt`` (every single-valued parameter,
    delay, the duration and the seed: edited by hand, read at start), the arrays as binary files,
    and a README that describes all of them and the results.

    Parameters
    ----------
    project
        The folder that ``device.build(directory=..., compile=False)`` has written.
    out
        The folder to write.
    description
        Title, meaning of parameters, arrays and results.
    record
        What the manifest says besides, for who reads the results.
    strict
        As in `compile_flags`.
    force
        As in `check_export_folder`.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        As in `check_export_folder`, or if a file of somebody else has the name of one of these.
    BuildError
        If ``project`` is not a generated project.
    """
    out = check_export_folder(out, force=force).absolute()
    with replaced_output(out, force=force) as stage:
        _write_project(project, stage, description, strict)
        write_manifest(stage, FORMAT, record)
    return out


def check_export_folder(directory: str | Path, *, force: bool = False) -> Path:
    """Return the folder of an export; refuse one that holds anything, unless that is asked for.

    Parameters
    ----------
    directory
        The folder; it need not exist.
    force
        Whether it may hold something: an earlier output is replaced, the rest stays as it is.

    Raises
    ------
    OutputError
        If it holds something and ``force`` is not given, or cannot be written.
    """
    folder = check_output(directory, force=force)
    if not force and folder.is_dir() and any(folder.iterdir()):
        raise OutputError(
            f"cannot export into {str(folder)!r}: it is not empty. Choose a new or an empty "
            "folder, or give --force (force=True in Python): what is there stays."
        )
    return folder


def _write_project(project: Path, out: Path, description: ExportReadme, strict: bool) -> None:
    try:
        makefile = read_makefile(project)
    except NotMergeable as error:
        raise BuildError(f"{project} is not a generated C++ project: {error}") from error
    flags, libraries = _portable_flags(makefile)
    flags = (*compile_flags(strict=strict), *flags)
    try:
        unit = merge_project(project)
    except NotMergeable:
        _write_stock(project, out, makefile, flags, libraries)
        write_text_atomically(out / "README.md", _readme_text(description, [], [], merged=False))
        return
    flags += ("-fopenmp",) if unit.uses_openmp else ()
    write_text_atomically(out / SOURCE, unit.source)
    write_text_atomically(out / PARAMETERS, values_text(unit.parameters, description.parameters))
    data = _data_rows(project, unit)
    paths = [project / DATA_FOLDER / name for name, *_ in data]
    layout = {**unit.layout, EXPORT: str(_checksum(unit, paths))}
    write_text_atomically(
        out / LAYOUT,
        "# Lengths of the arrays and internal state. Do not edit.\n" + layout_text(layout),
    )
    write_text_atomically(
        out / "Makefile",
        _MAKEFILE.format(
            flags=" ".join(flags),
            libraries=" ".join(libraries),
            source=SOURCE,
            program=PROGRAM,
        ),
    )
    (out / DATA_FOLDER).mkdir()
    for path in paths:
        shutil.copy2(path, out / DATA_FOLDER / path.name)
    write_text_atomically(out / "README.md", _readme_text(description, data, _result_rows(unit)))


def _checksum(program: MergedProgram, arrays: Iterable[Path]) -> int:
    """Return a checksum of all that decides what a program computes."""
    texts = (program.source, values_text(program.parameters), values_text(program.layout))
    checksum = zlib.crc32("".join(texts).encode())
    for path in arrays:
        checksum = zlib.crc32(path.read_bytes(), checksum)
    return checksum


def _write_stock(
    project: Path,
    out: Path,
    makefile: Makefile,
    flags: tuple[str, ...],
    libraries: tuple[str, ...],
) -> None:
    """Copy the sources as Brian2 wrote them, with its makefile freed from this machine's paths."""
    for name in (*makefile.sources, *makefile.headers):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project / name, out / name)
    for name in (PARAMETERS, LAYOUT):
        if (project / name).exists():
            shutil.copy2(project / name, out / name)
    for header in (project / "brianlib").rglob("*.h"):
        shutil.copy2(header, out / header.relative_to(project))
    shutil.copytree(project / DATA_FOLDER, out / DATA_FOLDER)
    (out / "results").mkdir()
    (out / "results" / ".keep").touch()
    text = (project / "makefile").read_text(encoding="utf-8")
    openmp = " -fopenmp" if "-fopenmp" in makefile.linker_flags else ""
    values = {"OPTIMISATIONS": " ".join(flags), "LFLAGS": " ".join(libraries) + openmp}
    names = [(line, line.partition(" =")[0]) for line in text.splitlines()]
    lines = [f"{name} = {values[name]}" if name in values else line for line, name in names]
    write_text_atomically(out / "makefile", "\n".join(lines) + "\n")


def _portable_flags(makefile: Makefile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Leave out what belongs to this Python installation, and what merging made superfluous."""
    compiling, linking = project_flags(makefile)
    kept = tuple(flag for flag in compiling if not flag.startswith("-I") or _is_foreign(flag))
    libraries = (flag for flag in linking if flag.startswith(("-l", "-L")))
    return kept, tuple(f for f in libraries if f.startswith("-l") or _is_foreign(f))


def _is_foreign(flag: str) -> bool:
    folder = Path(flag[2:])
    inside = any(folder.is_relative_to(prefix) for prefix in (sys.prefix, sys.base_prefix))
    return folder.is_absolute() and not inside


def _data_rows(project: Path, program: MergedProgram) -> list[Row]:
    """Return name, dtype, shape and the array that it fills, for every file that is read."""
    rows = []
    for data in program.data:
        count = (project / DATA_FOLDER / data["file"]).stat().st_size // np.dtype(
            data["dtype"]
        ).itemsize
        rows.append((data["file"], data["dtype"], f"({count},)", data["array"]))
    return rows


def _result_rows(program: MergedProgram) -> list[Row]:
    """Return the same for what is written, without the simulator's bookkeeping."""
    shapes = {"rows": "(time, recorded)", "vector": "(any,)", "spikes": "(any,)"}
    return [
        (
            result["file"],
            result["dtype"],
            shapes.get(result["layout"], f"({result['size']},)"),
            result["array"],
        )
        for result in program.results
        if not result["bookkeeping"]
    ]


def _readme_text(
    description: ExportReadme,
    data: list[Row],
    results: list[Row],
    *,
    merged: bool = True,
) -> str:
    parts = [f"# {description.title}", description.introduction, _BUILD]
    if merged:
        parts += [
            _RUN,
            _ARRAYS,
            _markdown_table("Data files", data, description.arrays, DATA_FOLDER),
        ]
        parts += [_RESULTS, _markdown_table("Result files", results, description.arrays, "results")]
    else:
        parts += [_STOCK]
    return "\n\n".join(part.strip() for part in [*parts, description.results] if part) + "\n"


def _markdown_table(title: str, rows: list[Row], notes: Mapping[str, str], folder: str) -> str:
    lines = [f"## {title} (`{folder}/`)", "", "| array | file | dtype | shape | meaning |"]
    lines += ["|---|---|---|---|---|"]
    for name, kind, shape, array in rows:
        lines.append(f"| `{array}` | `{name}` | {kind} | {shape} | {notes.get(array, '')} |")
    return "\n".join(lines)


_MAKEFILE = """\
# make            builds the program (CXX=clang++ chooses another compiler)
# make clean      removes it
CXXFLAGS ?= {flags}
LDLIBS ?= {libraries}

{program}: {source}
\t$(CXX) $(CXXFLAGS) {source} -o {program} $(LDLIBS)

.PHONY: clean
clean:
\trm -f {program}
"""

_BUILD = """
## Build and run

```
make
./main
```

A C++ compiler and `make` are all that is needed. The program reads its data from the folder in
which it is started."""

_RUN = """
`./main --results_dir DIR` writes the results into another folder, which is made if need be.

## Parameters

`parameters.txt` holds the duration, the seed and every parameter and delay that is one number, in
SI base units, as lines `name = value  # meaning`. Edit them and run again: nothing has to be
compiled. A potential beyond 0.2 volt is warned of, a negative seed refused. `layout.txt` holds the
lengths of the arrays and is not for editing."""

_ARRAYS = """
Parameters that differ between neurons or synapses are arrays: binary files without a header, in
the byte order of this machine, in SI base units. In Python: `numpy.fromfile(file, dtype)`. An
array may be replaced by another of the same length."""

_RESULTS = """
## Results

Binary files without a header, as above; `(any,)` grows with what was recorded, and `(time,
recorded)` is stored row by row, one row per recorded time. `last_run_info.txt` holds the seconds
that the run took and the completed fraction of it, `run_record.txt` the parameters as they were
read and the number of spikes of each population."""

_STOCK = """
The sources are those that Brian2 generated. Parameters that are one number are lines of
`parameters.txt`, or constants in `main.cpp`; arrays are binary files in `static_arrays/`, and
results are written to `results/`."""
