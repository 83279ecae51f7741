"""What this machine has and what each target still needs: the facts of ``dualframe doctor``."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from dualframe.core.errors import TargetError
from dualframe.targets.cpp.compiler import find_compiler
from dualframe.targets.genn import requirements as genn_requirements
from dualframe.targets.target_support import missing_requirements

Facts = Mapping[str, Any]

PACKAGES = (
    "dualframe",
    "brian2",
    "brian2genn",
    "pygenn",
    "dendrify",
    "numpy",
    "scipy",
    "pandas",
    "matplotlib",
    "h5py",
    "cython",
    "setuptools",
)
SHOWN = ("brian2", "brian2genn", "pygenn", "dendrify", "numpy", "cython")

TARGETS: Mapping[str, tuple[str, bool | None]] = {
    "runtime": ("runtime", None),
    "cpp_standalone": ("cpp_standalone", None),
    "genn (CPU)": ("genn", False),
    "genn (GPU)": ("genn", True),
    "genn5 (CPU)": ("genn5", False),
    "genn5 (GPU)": ("genn5", True),
}

OPENMP_PROGRAM = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"

PATIENCE = 20.0  # seconds for one probe: a driver that hangs must not hang the doctor


def doctor() -> dict[str, Any]:
    """Inspect the machine; nothing is changed and no network is used.

    Returns
    -------
    dict
        Facts made of text, numbers, lists and dicts, so that they can be written as JSON:
        ``python``, ``packages`` (name -> version or None), ``compiler``, ``make``, ``genn``,
        ``cuda``, ``gpus``, and ``targets`` (name -> ``usable`` and ``missing``, a list of texts,
        each with its remedy).
    """
    return {
        "python": python_facts(),
        "packages": {name: package_version(name) for name in PACKAGES},
        "compiler": compiler_facts(),
        "make": program_facts("make"),
        "genn": genn_facts(),
        "cuda": cuda_facts(),
        "gpus": genn_requirements.gpu_names(),
        "targets": {name: diagnose_target(*arguments) for name, arguments in TARGETS.items()},
    }


# --- probes -------------------------------------------------------------------------------------


def python_facts() -> dict[str, str]:
    """Return the interpreter's version and path, and the platform."""
    return {
        "version": platform.python_version(),
        "executable": sys.executable,
        "platform": f"{platform.system()} {platform.machine()}",
    }


def package_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None.

    Parameters
    ----------
    name
        Name of the package or program.
    """
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def compiler_facts() -> dict[str, Any] | None:
    """Return the C++ compiler that the targets use, and whether it has OpenMP, or None."""
    try:
        compiler = find_compiler()
    except TargetError:
        return None
    return {
        "command": compiler.shell_text,
        "path": compiler.command[0],
        "version": compiler.version,
        "openmp": has_openmp(compiler.command),
    }


def has_openmp(command: Sequence[str]) -> bool:
    """Compile and run a program that asks OpenMP for its number of threads.

    Parameters
    ----------
    command
        The compiler.
    """
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "omp.cpp"), Path(folder, "omp")
        source.write_text(OPENMP_PROGRAM)
        built = command_output(*command, "-fopenmp", str(source), "-o", str(binary))
        return built is not None and command_output(str(binary)) is not None


def genn_facts() -> dict[str, str | None] | None:
    """Return the folder and version of GeNN that ``GENN_PATH`` names, or None."""
    path = os.environ.get("GENN_PATH")
    return {"path": path, "version": genn_requirements.genn_version()} if path else None


def cuda_facts() -> dict[str, str | None] | None:
    """Return the folder and version of the CUDA toolkit, or None."""
    path, version = genn_requirements.cuda_path(), genn_requirements.cuda_version()
    if path is None:
        return None
    return {"path": str(path), "version": "{}.{}".format(*version) if version else None}


def program_facts(name: str) -> dict[str, str] | None:
    """Return the path and version of a program that answers ``--version``, or None.

    Parameters
    ----------
    name
        Name of the package or program.
    """
    path = shutil.which(name)
    text = command_output(path, "--version") if path else None
    if path is None or text is None:
        return None
    version = re.search(r"\d+\.\d+(?:\.\d+)?", text)
    return {"path": path, "version": version[0] if version else "unknown version"}


def command_output(*command: str) -> str | None:
    """Return what a command prints, or None if it cannot run, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def diagnose_target(target: str, use_gpu: bool | None = None) -> dict[str, Any]:
    """Return whether a target is usable and, if not, everything that is missing.

    Parameters
    ----------
    target
        Name of a target.
    use_gpu
        GeNN only: ask for its CUDA back end.
    """
    gaps = missing_requirements(target, use_gpu)
    return {"usable": not gaps, "missing": gaps}


# --- text ---------------------------------------------------------------------------------------


def render_diagnosis(facts: Facts) -> str:
    """Return the facts of `doctor` as lines for a terminal.

    Parameters
    ----------
    facts
        The facts of `doctor`.
    """
    here = facts["python"]
    version = facts["packages"]["dualframe"] or "(checkout, not installed)"
    lines = [f"dualframe {version}, Python {here['version']}, {here['platform']}", ""]
    lines += [f"  {name:<14}{text}" for name, text in _inventory_rows(facts)]
    lines += ["", "targets"]
    for target, diagnosis in facts["targets"].items():
        lines.append(f"  {target:<16}{'ready' if diagnosis['usable'] else 'not usable'}")
        lines += [f"    - {gap}" for gap in diagnosis["missing"]]
    return "\n".join(lines)


def _inventory_rows(facts: Facts) -> list[tuple[str, str]]:
    rows = [(name, facts["packages"][name] or "-") for name in SHOWN]
    rows.append(("C++ compiler", _compiler_text(facts["compiler"])))
    rows += [(name, _program_text(facts[name.lower()])) for name in ("make", "GeNN", "CUDA")]
    rows.append(("GPU", "; ".join(facts["gpus"]) or "-"))
    return rows


def _compiler_text(facts: Mapping[str, Any] | None) -> str:
    openmp = "" if not facts else ", OpenMP" if facts["openmp"] else ", no OpenMP (one thread only)"
    return _program_text(facts) + openmp


def _program_text(facts: Mapping[str, Any] | None) -> str:
    return f"{facts['version'] or 'incomplete'} ({facts['path']})" if facts else "-"
