"""CUDA code of GeNN's targets, compiled by nvcc on machines without a device.

GeNN writes CUDA code only for a device that the driver names. A shim answers in the driver's
place (`cuda_without_device.cc`), so that what is shown is that the code is written and compiles for
compute capability 8.0, as `strict=True` asks; not that it runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cuda_code import NETWORKS

from dualframe.targets.genn.requirements import cuda_path, missing_headers
from dualframe.targets.genn5.requirements import has_cuda_backend
from dualframe.targets.target_support import missing_requirements

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
HERE = Path(__file__).parent
#: What Brian2GeNN does not have is in the others.
OF_BRIAN2GENN = ("plain", "l23_points")


def missing_for_cuda_code(target: str) -> list[str]:
    """Return what keeps CUDA code from being written and compiled; a device is not needed."""
    gaps = missing_requirements(target, use_gpu=False)
    if cuda_path() is None:
        gaps.append("no nvcc was found")
    gaps += [f"the CUDA toolkit has no {name}" for name in missing_headers()]
    if target == "genn5" and not gaps and not has_cuda_backend():
        gaps.append("PyGeNN was built without CUDA")
    return gaps


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What takes the place of a driver and a device."""
    if cuda_path() is None:
        pytest.skip("no nvcc was found")
    library = tmp_path_factory.mktemp("shim") / "libcuda.so"
    compiler = ["g++", "-shared", "-fPIC", f"-I{cuda_path()}/include", "-Wl,-soname,libcuda.so.1"]
    source = str(HERE / "cuda_without_device.cc")
    subprocess.run([*compiler, source, "-o", str(library)], check=True)
    return library


def compile_cuda(shim: Path, folder: Path, *what: str) -> subprocess.CompletedProcess[str]:
    """Write and compile the code of a network in a process that believes in a device."""
    if gaps := missing_for_cuda_code(what[0]):
        pytest.skip(f"{what[0]}: {'; '.join(gaps)}")
    runtime = f"{cuda_path()}/lib64"
    environment = os.environ | {
        "LD_PRELOAD": str(shim),
        "LD_LIBRARY_PATH": os.pathsep.join([runtime, os.environ.get("LD_LIBRARY_PATH", "")]),
        "LIBRARY_PATH": os.pathsep.join([str(shim.parent), os.environ.get("LIBRARY_PATH", "")]),
        "CUDA_PATH": str(cuda_path()),
        "DUALFRAME_CACHE": str(folder / "cache"),
    }
    target, network, precision, *spoil = what
    command = [sys.executable, str(HERE / "cuda_code.py"), target, network, precision, str(folder)]
    return subprocess.run(
        [*command, *spoil], env=environment, capture_output=True, text=True, check=False
    )


def compiled_library(done: subprocess.CompletedProcess[str]) -> Path:
    """Return the library, after a look at what it is."""
    assert done.returncode == 0, done.stderr
    library = Path(done.stdout.strip().splitlines()[-1])
    assert b".nv_fatbin" in library.read_bytes()  # where nvcc puts code of devices
    makefile = (library.parent / "Makefile").read_text()
    assert re.search(r"^NVCCFLAGS :?= ?.*-arch sm_80 .*-fmad=false", makefile, re.MULTILINE)
    return library


@pytest.mark.genn5
@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("network", [name for name in NETWORKS if name != "plain"])
def test_code_of_pygenn_compiles(shim: Path, tmp_path: Path, network: str, precision: str) -> None:
    library = compiled_library(compile_cuda(shim, tmp_path, "genn5", network, precision))
    code = (library.parent / "neuronUpdate.cc").read_text()
    assert ("float* " in code) == (precision == "float32")


@pytest.mark.genn
@pytest.mark.parametrize("network", OF_BRIAN2GENN)
def test_code_of_brian2genn_compiles(shim: Path, tmp_path: Path, network: str) -> None:
    compiled_library(compile_cuda(shim, tmp_path, "genn", network, "float64"))


@pytest.mark.genn5
def test_code_that_does_not_compile_is_seen(shim: Path, tmp_path: Path) -> None:
    done = compile_cuda(shim, tmp_path, "genn5", "noisy", "float64", "--spoil")
    assert done.returncode != 0
    assert "spoilt" in done.stderr
