"""The machine is made of stand-in programs in a folder that is the whole PATH."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dualframe import doctor

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
def genn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "a folder of genn"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "genn-buildmodel.sh").write_text("")
    (root / "version.txt").write_text("4.9.0\n")
    monkeypatch.setenv("GENN_PATH", str(root))
    return root


def complete(**changes: Any) -> dict[str, Any]:
    """Facts of a machine on which every target runs, but for the changes."""
    packages = {"brian2": "2.5.4", "brian2genn": "1.7.0", "numpy": "1.26.4"}
    packages |= changes.pop("packages", {})
    tool = {"path": "/x", "version": "12.0", "openmp": True}
    machine = dict.fromkeys(("compiler", "make", "cuda"), tool) | {
        "packages": packages,
        "genn": {"path": "/genn", "version": "4.9.0"},
        "gpus": ["A GPU"],
    }
    return machine | changes


@pytest.fixture
def pkg_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: name)


def test_an_empty_machine_runs_only_the_runtime(install: Install) -> None:
    facts = doctor.doctor()
    assert facts["compiler"] is facts["make"] is facts["genn"] is facts["cuda"] is None
    assert facts["gpus"] == []
    assert facts["targets"]["runtime"] == {"usable": True, "missing": []}
    whats = [gap["what"] for gap in facts["targets"]["cpp_standalone"]["missing"]]
    assert whats == ["no C++ compiler", "no make"]


def test_facts_are_json(install: Install) -> None:
    facts = doctor.doctor()
    assert json.loads(json.dumps(facts)) == facts


def test_programs_are_found_with_path_and_version(install: Install) -> None:
    make = install("make", "GNU Make 4.3")
    assert doctor.program("make") == {"path": str(make), "version": "4.3"}


def test_a_program_that_fails_is_not_there(install: Install) -> None:
    install("make", "GNU Make 4.3", status=1)
    assert doctor.program("make") is None


def test_cxx_may_have_arguments(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    ccache = install("ccache", "g++ 12.2.0")
    monkeypatch.setenv("CXX", "ccache g++ -m64")
    found = doctor.compiler()
    assert found is not None
    assert (found["command"], found["version"]) == (f"{ccache} g++ -m64", "g++ 12.2.0")
    assert found["openmp"] is False  # it "compiles" but leaves no program


def test_a_wrong_cxx_is_named(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    install("g++", "g++ 12.2.0")
    monkeypatch.setenv("CXX", "no-such-compiler")
    (gap, *_) = doctor.doctor()["targets"]["cpp_standalone"]["missing"]
    assert "no-such-compiler" in gap["what"]
    assert "unset CXX" in gap["remedy"]


def test_cuda_comes_from_cuda_path(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvcc = install(
        "nvcc", "Cuda compilation tools, release 13.0, V13.0.88", folder=tmp_path / "cuda" / "bin"
    )
    monkeypatch.setenv("CUDA_PATH", str(tmp_path / "cuda"))
    found = doctor.cuda()
    assert found is not None
    assert (found["path"], found["version"]) == (str(nvcc), "13.0")


def test_gpus_are_listed(install: Install) -> None:
    install("nvidia-smi", "NVIDIA H100, 81559 MiB, 580.1")
    assert doctor.gpus() == ["NVIDIA H100, 81559 MiB, 580.1"]


def test_a_driver_that_fails_has_no_gpu(install: Install) -> None:
    install("nvidia-smi", "Failed to initialize NVML", status=9)
    assert doctor.gpus() == []


@pytest.mark.skipif(shutil.which("sleep") is None, reason="no sleep")
def test_a_probe_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    assert doctor.output("sleep", "60") is None


def test_genn_is_found_with_its_version(install: Install, genn: Path) -> None:
    assert doctor.genn() == {"path": str(genn), "version": "4.9.0"}


@pytest.mark.usefixtures("pkg_resources")
def test_a_folder_without_genn_is_named(install: Install, genn: Path) -> None:
    (genn / "version.txt").unlink()
    found = doctor.genn()
    gap = doctor.diagnosis("genn (CPU)", complete(genn=found))["missing"][0]
    assert gap["what"] == f"GENN_PATH ({genn}) is not a GeNN folder"


@pytest.mark.usefixtures("pkg_resources")
def test_a_complete_machine_runs_every_target() -> None:
    for target in doctor.NEEDS:
        assert doctor.diagnosis(target, complete()) == {"usable": True, "missing": []}


@pytest.mark.usefixtures("pkg_resources")
@pytest.mark.parametrize(
    ("changes", "what", "blocked"),
    [
        ({"compiler": None}, "C++ compiler", {"cpp_standalone", "genn (CPU)", "genn (GPU)"}),
        ({"make": None}, "no make", {"cpp_standalone", "genn (CPU)", "genn (GPU)"}),
        ({"genn": None}, "GENN_PATH is not set", {"genn (CPU)", "genn (GPU)"}),
        (
            {"genn": {"path": "/genn", "version": "5.1.0"}},
            "GeNN 5.1.0 is not supported",
            {"genn (CPU)", "genn (GPU)"},
        ),
        (
            {"packages": {"brian2genn": None}},
            "brian2genn is not installed",
            {"genn (CPU)", "genn (GPU)"},
        ),
        ({"packages": {"numpy": "2.3.5"}}, "NumPy 2", {"genn (CPU)", "genn (GPU)"}),
        ({"cuda": None}, "no CUDA toolkit", {"genn (GPU)"}),
        ({"gpus": []}, "no NVIDIA GPU", {"genn (GPU)"}),
    ],
)
def test_each_gap_blocks_the_targets_that_need_it(
    changes: dict[str, Any], what: str, blocked: set[str]
) -> None:
    found = {target: doctor.diagnosis(target, complete(**changes)) for target in doctor.NEEDS}
    assert {target for target, result in found.items() if not result["usable"]} == blocked
    for target in blocked:
        (gap,) = found[target]["missing"]
        assert what in gap["what"]
        assert gap["remedy"]


def test_brian2genn_needs_pkg_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    (gap,) = doctor.diagnosis("genn (CPU)", complete())["missing"]
    assert gap["remedy"] == 'pip install "setuptools<81"'


def test_the_text_names_what_is_there_and_what_is_missing(install: Install) -> None:
    install("make", "GNU Make 4.3")
    install("nvidia-smi", "NVIDIA H100, 81559 MiB, 580.1")
    text = doctor.render(doctor.doctor())
    assert "  runtime         ready\n" in text
    assert "  cpp_standalone  not usable\n" in text
    assert "    - no C++ compiler: install g++" in text
    assert "NVIDIA H100" in text
    assert "4.3 (" in text


@pytest.mark.cpp
@pytest.mark.skipif(
    shutil.which("g++") is None or sys.platform == "darwin", reason="no g++ with OpenMP"
)
def test_openmp_of_a_real_compiler_is_probed() -> None:
    assert doctor.has_openmp(["g++"])
    assert not doctor.has_openmp(["g++", "-fsyntax-only"])
