"""Compiled PyGeNN models by their source, so that nothing is compiled twice.

GeNN writes its code at every build, which is quick. What is shared by all members of a population,
weights, connections and input are data of the model; sizes and delays stand in the code, as does
the longest row of synapses, which is therefore rounded up. So does the seed: it is replaced by what
the environment says when the library is loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError, check_call
from typing import Any, Literal
from unittest.mock import patch

from dualframe.core.errors import BuildError
from dualframe.targets.cpp.compiler import compile_flags, find_compiler
from dualframe.targets.cpp.program_cache import ExecutableCache, default_cache, key_of
from dualframe.targets.genn.build_log import find_cause, output_into
from dualframe.targets.genn.requirements import cuda_version, gpu_names
from dualframe.targets.genn5.requirements import pygenn_version

LIBRARY = "librunner.so"
SEED = "DUALFRAME_GENN_SEED"
_SOURCES = (".cc", ".h", ".cu")
_MAKEFILE = "Makefile"
# of the host's and the device's generators
_SEEDED = re.compile(r"(std::seed_seq seeds\{|deviceRNGSeed = )\d+(?=[};])")


def build_model(
    model: Any,
    folder: Path,
    *,
    strict: bool,
    use_gpu: bool,
    cache: ExecutableCache | None = None,
) -> Literal["hit", "miss"]:
    """Build a model, and return ``"hit"`` if nothing was compiled.

    Parameters
    ----------
    model
        The `GeNNModel`.
    folder
        Where its code goes.
    strict
        Strict floating point.
    use_gpu
        Whether it is compiled for a GPU.
    cache
        Where compiled models lie; the default is that of all programs.

    Raises
    ------
    BuildError
        If the code does not compile.
    """
    programs = default_cache() if cache is None else cache
    found: list[Literal["hit", "miss"]] = []

    def compile_sources(command: list[str]) -> None:
        sources = Path(command[-1])
        for path in sources.iterdir():
            if path.suffix in _SOURCES:
                path.write_text(seedless_source(path.read_text(encoding="utf-8")), "utf-8")
        if use_gpu and strict:
            makefile = sources / _MAKEFILE
            makefile.write_text(unfused_makefile(makefile.read_text("utf-8")), "utf-8")
        key = source_key(sources, strict=strict, use_gpu=use_gpu)
        if programs.fetch(key, sources / LIBRARY):
            found.append("hit")
            return
        check_call(command)
        found.append("miss")
        _insert_library(programs, key, sources / LIBRARY)

    log = folder / "build.log"
    try:
        with (
            _compiler_environment(strict),
            patch("pygenn.genn_model.check_call", compile_sources),
            output_into(log),
        ):
            model.build(str(folder))
    except (CalledProcessError, RuntimeError) as error:
        cause = find_cause(log.read_text(encoding="utf-8", errors="replace"))
        raise BuildError(f"GeNN could not build the network: {cause} ({error})") from error
    return found[0]


def seedless_source(text: str) -> str:
    """Return a source that takes its seed from the environment.

    Parameters
    ----------
    text
        The source as GeNN has written it.
    """
    seed = f'(unsigned int)std::strtoul(std::getenv("{SEED}"), nullptr, 10)'
    changed, count = _SEEDED.subn(lambda match: match[1] + seed, text)
    return f"#include <cstdlib>\n{changed}" if count else text


def unfused_makefile(text: str) -> str:
    """Return a makefile by which nvcc rounds every product, as `compile_flags` does on a CPU.

    By default it fuses a product and a sum into one operation with one rounding.

    Parameters
    ----------
    text
        The makefile as GeNN has written it.
    """
    return re.sub(r"^(NVCCFLAGS :=.*)$", r"\1 -fmad=false", text, flags=re.MULTILINE)


@contextmanager
def seeded_library(seed: int) -> Iterator[None]:
    """Give a library its seed while it is loaded.

    Parameters
    ----------
    seed
        The seed.
    """
    with patch.dict(os.environ, {SEED: str(seed)}):
        yield


def source_key(sources: Path, *, strict: bool, use_gpu: bool) -> str:
    """Return the key of the code that GeNN has written.

    Parameters
    ----------
    sources
        The folder of the code.
    strict
        Strict floating point.
    use_gpu
        Whether it is compiled for a GPU.
    """
    files = [path for path in sorted(sources.iterdir()) if path.suffix in _SOURCES]
    tools = [find_compiler().identity, str(pygenn_version()), *compile_flags(strict=strict)]
    if use_gpu:
        tools += [str(cuda_version()), *gpu_names(), os.environ.get("CUDA_PATH", "")]
    texts = (f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in files)
    makefile = (sources / _MAKEFILE).read_text(encoding="utf-8")
    return key_of(["genn5", *tools, *texts, makefile])


@contextmanager
def _compiler_environment(strict: bool) -> Iterator[None]:
    """Let GeNN's makefile call the compiler of the other targets, with their flags."""
    command = f"{find_compiler().shell_text} {' '.join(compile_flags(strict=strict))}"
    with patch.dict(os.environ, {"CXX": command}):
        yield


def _insert_library(programs: ExecutableCache, key: str, library: Path) -> None:
    try:
        programs.insert(key, library)
    except OSError:  # a cache that cannot be written costs time, not the result
        return
