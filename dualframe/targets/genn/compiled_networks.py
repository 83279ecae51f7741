"""Compiled GeNN networks by what they were compiled from, so that nothing is compiled twice.

GeNN makes a program and a library in a project's folder; both go into the cache of programs. Their
key is the source, the tools, and the data that GeNN's generator reads: it counts the synapses of a
neuron and writes the largest number into the code. All other data are read when the program starts.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from dualframe.targets.cpp.compiler import find_compiler
from dualframe.targets.cpp.program_cache import ExecutableCache, default_cache, key_of
from dualframe.targets.genn.requirements import cuda_version, genn_version, gpu_names

#: What a compilation makes, in the project's folder.
PRODUCTS = ("main", "magicnetwork_model_CODE/librunner.so")
_SOURCES = (".cpp", ".h", ".cc", ".c", ".cu")
_MAKEFILE = "Makefile"
_ENVIRONMENT = ("GENN_PATH", "CXX", "CXXFLAGS", "LDFLAGS", "CUDA_PATH")
# Brian2GeNN writes these in the order of a set, another one in every process
_DECLARATION = re.compile(r"(const int _num\w+ = |\w+\*\s*const _\w+ = )")


@dataclass
class Compilation:
    """How a network was compiled: ``build_cache`` is ``"hit"`` where it was not."""

    build_cache: str = "miss"


@contextmanager
def reuse_compilations(cache: ExecutableCache | None = None) -> Iterator[Compilation]:
    """Let Brian2GeNN take what it has compiled before, while the context lasts.

    Parameters
    ----------
    cache
        Where compiled networks lie; the default is that of all programs.
    """
    from brian2genn.device import GeNNDevice

    compilation, before = Compilation(), GeNNDevice.compile_source
    programs = default_cache() if cache is None else cache

    def compile_source(self: Any, debug: bool, directory: str, use_gpu: bool) -> None:
        folder = Path(directory)
        key = compilation_key(folder, use_gpu)
        if _fetch_products(programs, key, folder):
            compilation.build_cache = "hit"
            return
        before(self, debug, directory, use_gpu)
        _insert_products(programs, key, folder)

    GeNNDevice.compile_source = compile_source
    try:
        yield compilation
    finally:
        GeNNDevice.compile_source = before


def compilation_key(folder: Path, use_gpu: bool) -> str:
    """Return the key of a project that Brian2GeNN has written.

    Parameters
    ----------
    folder
        The project's folder.
    use_gpu
        Whether it is compiled for a GPU.
    """
    sources = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8", errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.suffix in _SOURCES
    }
    tools = [find_compiler().identity, str(genn_version()), str(use_gpu)]
    if use_gpu:
        tools += [str(cuda_version()), *gpu_names()]
    return key_of(
        [
            *tools,
            *(f"{name}={os.environ.get(name, '')}" for name in _ENVIRONMENT),
            *(f"{name}\n{ordered_source(text)}" for name, text in sources.items()),
            *sorted((folder / _MAKEFILE).read_text(encoding="utf-8").split()),
            *_data_of_the_generator(folder, sources),
        ]
    )


def ordered_source(text: str) -> str:
    """Return a source with neighbouring declarations of sizes and arrays in order.

    Parameters
    ----------
    text
        The source.
    """
    lines = [line.strip() for line in text.splitlines()]
    blocks = groupby(lines, key=lambda line: bool(_DECLARATION.match(line)))
    return "\n".join(line for same, block in blocks for line in (sorted(block) if same else block))


def _data_of_the_generator(folder: Path, sources: dict[str, str]) -> Iterator[str]:
    """Yield the arrays whose names stand in the code that GeNN's generator runs."""
    code = "\n".join(
        text
        for name, text in sources.items()
        if name == "magicnetwork_model.cpp" or name.endswith("_max_row_length.cpp")
    )
    for path in sorted((folder / "static_arrays").iterdir()):
        if path.name.removeprefix("_static_array_") in code:
            yield f"{path.name} {path.read_bytes().hex()}"


def _fetch_products(cache: ExecutableCache, key: str, folder: Path) -> bool:
    for product in PRODUCTS:
        (folder / product).parent.mkdir(exist_ok=True)
        if not cache.fetch(key_of([key, product]), folder / product):
            return False
    return True


def _insert_products(cache: ExecutableCache, key: str, folder: Path) -> None:
    try:
        for product in PRODUCTS:
            cache.insert(key_of([key, product]), folder / product)
    except OSError:  # a cache that cannot be written costs time, not the result
        return
