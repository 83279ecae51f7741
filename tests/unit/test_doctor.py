"""The machine is made of stand-in programs in a folder that is the whole PATH."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from dualframe.targets.genn import requirements as genn_requirements
from dualframe.targets.genn5 import requirements as genn5_requirements

doctor = import_module(
    "dualframe.simulation.diagnose_installation"
)  # `dualframe.doctor` itself is the function

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a program that prints a text onto an otherwise empty PATH."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "no cuda"))
    for name in ("CXX", "GENN_PATH"):
        monkeypatch.delenv(name, raising=False)

    def put(name: str, prints: str, status: int = 0, folder: Path = programs) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(f"#!/bin/sh\necho '{prints}'\nexit {status}\n")
        path.chmod(0o755)
        return path

    return put


@pytest.fixture
def genn(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "a folder of genn"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "genn-buildmodel.sh").write_text("")
    (root / "version.txt").write_text("4.9.0\n")
    monkeypatch.setenv("GENN_PATH", str(root))
    return root


@pytest.fixture
def brian2genn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the Python side of the target genn is complete."""
    monkeypatch.setattr(genn_requirements.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(genn_requirements.np, "__version__", "1.26.4")


@pytest.fixture
def pygenn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that PyGeNN is installed, with its CUDA back end."""
    monkeypatch.setattr(genn5_requirements, "pygenn_version", lambda: "5.4.0")
    monkeypatch.setattr(genn5_requirements, "has_cuda_backend", lambda: True)


@pytest.fixture
def no_pygenn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genn5_requirements, "pygenn_version", lambda: None)
    monkeypatch.setattr(genn5_requirements, "has_cuda_backend", lambda: False)


def usable(facts: dict[str, Any]) -> set[str]:
    return {target for target, found in facts["targets"].items() if found["usable"]}


def gaps(facts: dict[str, Any], target: str) -> str:
    return "\n".join(facts["targets"][target]["missing"])


def test_an_empty_machine_runs_only_the_runtime(install: Install) -> None:
    facts = doctor.doctor()
    assert facts["compiler"] is facts["make"] is facts["genn"] is facts["cuda"] is None
    assert facts["gpus"] == []
    assert usable(facts) == {"runtime"}
    assert "no C++ compiler" in gaps(facts, "cpp_standalone")


@pytest.mark.usefixtures("brian2genn", "genn", "pygenn")
def test_a_complete_machine_runs_every_target(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("g++", "g++ 12.2.0")
    install("make", "GNU Make 4.3")
    install("nvidia-smi", "NVIDIA H100")
    nvcc = install("nvcc", "release 12.4, V12.4.131", folder=tmp_path / "cuda" / "bin")
    headers = tmp_path / "cuda" / "include"
    headers.mkdir()
    for name in ("cuda.h", "cuda_runtime.h", "curand_kernel.h"):
        (headers / name).touch()
    monkeypatch.setenv("CUDA_PATH", str(nvcc.parents[1]))
    facts = doctor.doctor()
    assert usable(facts) == set(doctor.TARGETS)
    assert facts["genn"]["version"] == "4.9.0"
    assert facts["cuda"] == {"path": str(tmp_path / "cuda"), "version": "12.4"}
    assert facts["gpus"] == ["NVIDIA H100"]
    assert "not usable" not in doctor.render_diagnosis(facts)


@pytest.mark.usefixtures("brian2genn", "genn", "pygenn")
def test_without_a_gpu_genn_runs_on_the_cpu(install: Install) -> None:
    install("g++", "g++ 12.2.0")
    install("make", "GNU Make 4.3")
    facts = doctor.doctor()
    assert usable(facts) == {"runtime", "cpp_standalone", "genn (CPU)", "genn5 (CPU)"}
    assert gaps(facts, "genn (GPU)").startswith("no CUDA toolkit")


@pytest.mark.usefixtures("no_pygenn")
def test_without_pygenn_its_installation_page_is_named(install: Install) -> None:
    install("g++", "g++ 12.2.0")
    install("make", "GNU Make 4.3")
    facts = doctor.doctor()
    assert genn5_requirements.INSTALLATION in gaps(facts, "genn5 (CPU)")
    assert "genn5 (CPU)" not in usable(facts)


def test_a_pygenn_of_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genn5_requirements, "pygenn_version", lambda: "4.9.0")
    assert "PyGeNN is 4.9.0" in genn5_requirements.missing_requirements()[0]


def test_facts_are_json(install: Install) -> None:
    facts = doctor.doctor()
    assert json.loads(json.dumps(facts)) == facts


def test_programs_are_found_with_path_and_version(install: Install) -> None:
    make = install("make", "GNU Make 4.3")
    assert doctor.program_facts("make") == {"path": str(make), "version": "4.3"}


def test_a_program_that_fails_is_not_there(install: Install) -> None:
    install("make", "GNU Make 4.3", status=1)
    assert doctor.program_facts("make") is None


def test_cxx_may_have_arguments(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    ccache = install("ccache", "g++ 12.2.0")
    monkeypatch.setenv("CXX", "ccache g++ -m64")
    found = doctor.compiler_facts()
    assert found is not None
    assert (found["command"], found["version"]) == (f"{ccache} g++ -m64", "g++ 12.2.0")
    assert found["openmp"] is False  # it "compiles" but leaves no program


def test_a_wrong_cxx_is_named(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("g++", "g++ 12.2.0")
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert "no-such-compiler" in gaps(doctor.doctor(), "cpp_standalone")


def test_a_driver_that_fails_has_no_gpu(install: Install) -> None:
    install("nvidia-smi", "Failed to initialize NVML", status=9)
    assert doctor.doctor()["gpus"] == []


@pytest.mark.skipif(shutil.which("sleep") is None, reason="no sleep")
def test_a_probe_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    assert doctor.command_output("sleep", "60") is None


@pytest.mark.usefixtures("brian2genn")
@pytest.mark.parametrize(
    ("version", "tool", "what"),
    [
        ("4.9.0", "no-tool", "holds no GeNN 4.9.0 tree"),
        ("5.1.0", "genn-buildmodel.sh", "GENN_PATH holds GeNN 5.1.0"),
    ],
)
def test_a_wrong_genn_is_named(
    install: Install, genn: Path, version: str, tool: str, what: str
) -> None:
    (genn / "version.txt").write_text(version)
    (genn / "bin" / "genn-buildmodel.sh").rename(genn / "bin" / tool)
    assert what in gaps(doctor.doctor(), "genn (CPU)")


@pytest.mark.parametrize(
    ("lacking", "numpy", "what"),
    [
        ("brian2genn", "1.26.4", "Brian2GeNN is not installed (pip install 'dualframe[genn]'"),
        ("pkg_resources", "1.26.4", "pip install 'setuptools<81'"),
        ("", "2.3.5", "does not work with NumPy 2.3.5"),
    ],
)
def test_a_wrong_python_side_of_genn_is_named(
    install: Install,
    genn: Path,
    monkeypatch: pytest.MonkeyPatch,
    lacking: str,
    numpy: str,
    what: str,
) -> None:
    find = {lacking: None}
    monkeypatch.setattr(
        genn_requirements.importlib.util, "find_spec", lambda name: find.get(name, name)
    )
    monkeypatch.setattr(genn_requirements.np, "__version__", numpy)
    assert what in gaps(doctor.doctor(), "genn (CPU)")


def test_the_text_names_what_is_there_and_what_is_missing(install: Install) -> None:
    install("make", "GNU Make 4.3")
    install("nvidia-smi", "NVIDIA H100, 81559 MiB, 580.1")
    text = doctor.render_diagnosis(doctor.doctor())
    assert "  runtime         ready\n" in text
    assert "  cpp_standalone  not usable\n" in text
    assert "    - no C++ compiler" in text
    assert "NVIDIA H100" in text
    assert "4.3 (" in text


@pytest.mark.cpp
@pytest.mark.skipif(
    shutil.which("g++") is None or sys.platform == "darwin", reason="no g++ with OpenMP"
)
def test_openmp_of_a_real_compiler_is_probed() -> None:
    assert doctor.has_openmp(["g++"])
    assert not doctor.has_openmp(["g++", "-fsyntax-only"])
