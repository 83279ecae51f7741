"""GeNN: flags for CUDA 13, what a toolkit lacks, and why a build failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dualframe.targets.genn import requirements
from dualframe.targets.genn.build_log import find_cause
from dualframe.targets.genn.run import cuda13_flags
from dualframe.targets.genn5 import requirements as genn5_requirements


def make_toolkit(folder: Path, headers: tuple[str, ...]) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "include").mkdir()
    (folder / "bin" / "nvcc").touch()
    for name in headers:
        (folder / "include" / name).touch()
    return folder


def test_the_header_of_cuda_13_finds_those_of_the_toolkit(tmp_path: Path) -> None:
    flags = cuda13_flags(Path("/x/cuda13_compat.h"), tmp_path)
    assert flags == f"-I{tmp_path}/include -include /x/cuda13_compat.h"


@pytest.mark.cpp
def test_code_for_the_host_compiles_with_the_header_alone(tmp_path: Path) -> None:
    toolkit = make_toolkit(tmp_path / "cuda toolkit", ())
    (toolkit / "include" / "cuda.h").write_text(
        "typedef int CUresult, CUdevice, *CUcontext;\n#define CUDAAPI\n#define cuCtxCreate v4\n"
    )
    header = Path(requirements.__file__).parent / "cuda13_compat.h"
    (tmp_path / "host.cc").write_text("int main() { return 0; }\n")
    command = f"g++ {cuda13_flags(header, toolkit)} -fsyntax-only host.cc"
    subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True)


def test_headers_that_a_toolkit_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toolkit = make_toolkit(tmp_path / "cuda", ("cuda.h", "cuda_runtime.h"))
    monkeypatch.setenv("CUDA_PATH", str(toolkit))
    assert requirements.missing_headers() == ["curand_kernel.h"]
    for target in (requirements, genn5_requirements):
        assert any("curand_kernel.h" in text for text in target.missing_requirements(True))
    (toolkit / "include" / "curand_kernel.h").touch()
    assert requirements.missing_headers() == []


OUTPUT = """
make: Entering directory 'x'
magicnetwork_model_CODE/synapseUpdate.cc:20:3: error: 'i_post' was not declared in this scope
make[1]: *** [Makefile:18: synapseUpdate.o] Error 1
make: *** [Makefile:13: generated_code] Error 2
"""


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        (OUTPUT, "'i_post' was not declared"),
        (
            "main.cc:(.text+0x5): undefined reference to `f'\nmake: *** Error 1",
            "undefined reference",
        ),
        ("make: *** [Makefile:13: main] Error 2", "Error 2"),
        ("killed", "killed"),
        ("", "no reason"),
    ],
)
def test_cause_of_a_failed_build(output: str, cause: str) -> None:
    assert cause in find_cause(output)


def test_output_of_children_is_kept_aside(tmp_path: Path) -> None:
    script = (
        "import subprocess, pathlib, sys\n"
        "from dualframe.targets.genn.build_log import output_into\n"
        "with output_into(pathlib.Path('log')):\n"
        "    subprocess.run(['sh', '-c', 'echo inside; echo wrong >&2'])\n"
        "print('outside')\n"
    )
    path = str(Path(requirements.__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "outside\n"
    assert (tmp_path / "log").read_text() == "inside\nwrong\n"
