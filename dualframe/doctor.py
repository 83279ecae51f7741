"""What this machine has and what each target still needs: the facts of ``dualframe doctor``."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from dualframe.errors import TargetError
from dualframe.targets.toolchain import find_compiler

Facts = Mapping[str, Any]

PACKAGES = (
    "dualframe", "brian2", "brian2genn", "dendrify", "numpy", "scipy", "pandas",
    "matplotlib", "h5py", "cython", "setuptools",
)  # fmt: skip

SHOWN = ("brian2", "brian2genn", "dendrify", "numpy", "cython")

GENN_SUPPORTED = "4.9"

OPENMP_PROGRAM = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"

PATIENCE = 20.0  # seconds for one probe: a driver that hangs must not hang the doctor


class Missing(NamedTuple):
    """One thing that keeps a target from running, and what to do about it."""

    what: str
    remedy: str


def doctor() -> dict[str, Any]:
    """Inspect the machine; nothing is changed and no network is used.

    Returns
    -------
    dict
        Facts made of text, numbers, lists and dicts, so that they can be written as JSON:
        ``python``, ``packages`` (name -> version or None), ``compiler``, ``make``, ``genn``,
        ``cuda``, ``gpus``, and ``targets`` (name -> ``usable`` and ``missing``, a list of
        ``{"what", "remedy"}``).
    """
    facts: dict[str, Any] = {
        "python": python(),
        "packages": {name: package_version(name) for name in PACKAGES},
        "compiler": compiler(),
        "make": program("make"),
        "genn": genn(),
        "cuda": cuda(),
        "gpus": gpus(),
    }
    facts["targets"] = {target: diagnosis(target, facts) for target in NEEDS}
    return facts


# --- probes -------------------------------------------------------------------------------------


def python() -> dict[str, str]:
    """Return the interpreter's version and path, and the platform."""
    return {
        "version": platform.python_version(),
        "executable": sys.executable,
        "platform": f"{platform.system()} {platform.machine()}",
    }


def package_version(name: str) -> str | None:
    """Return the version of an installed distribution, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def compiler() -> dict[str, Any] | None:
    """Return the C++ compiler that the targets use, and whether it has OpenMP, or None."""
    try:
        found = find_compiler()
    except TargetError:
        return None
    return {
        "command": found.text,
        "path": found.command[0],
        "version": found.version,
        "openmp": has_openmp(found.command),
    }


def has_openmp(command: Sequence[str]) -> bool:
    """Compile and run a program that asks OpenMP for its number of threads."""
    with tempfile.TemporaryDirectory() as folder:
        source, binary = Path(folder, "omp.cpp"), Path(folder, "omp")
        source.write_text(OPENMP_PROGRAM)
        built = output(*command, "-fopenmp", str(source), "-o", str(binary))
        return built is not None and output(str(binary)) is not None


def genn() -> dict[str, str | None] | None:
    """Return the folder and version of GeNN that ``GENN_PATH`` names, or None."""
    path = os.environ.get("GENN_PATH", "")
    if not path:
        return None
    version = Path(path, "version.txt")
    complete = Path(path, "bin", "genn-buildmodel.sh").is_file() and version.is_file()
    return {"path": path, "version": version.read_text().strip() if complete else None}


def cuda() -> dict[str, str] | None:
    """Return the CUDA toolkit of ``CUDA_PATH``, else of the usual places, or None."""
    named = os.environ.get("CUDA_PATH")
    places = [named] if named else ["/usr/local/cuda"]
    compilers = [str(Path(place, "bin", "nvcc")) for place in places] + ["nvcc"]
    for nvcc in compilers:
        found = program(nvcc, pattern=r"release (\d+\.\d+)")
        if found is not None:
            return found
    return None


def gpus() -> list[str]:
    """Return the NVIDIA GPUs that the driver reports: name, memory, driver version."""
    query = "--query-gpu=name,memory.total,driver_version"
    text = output("nvidia-smi", query, "--format=csv,noheader")
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def program(*command: str, pattern: str = r"(\d+\.\d+(?:\.\d+)?)") -> dict[str, str] | None:
    """Return the path and version of a command that answers ``--version``, or None."""
    path = shutil.which(command[0])
    text = output(*command, "--version") if path else None
    if path is None or text is None:
        return None
    version = re.search(pattern, text)
    return {
        "path": path,
        "version": version[1] if version else "unknown version",
    }


def output(*command: str) -> str | None:
    """Return what a command prints, or None if it cannot run, fails or takes too long."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


# --- what a target needs --------------------------------------------------------------------------


def diagnosis(target: str, facts: Facts) -> dict[str, Any]:
    """Return whether a target is usable and, if not, everything that is missing."""
    missing = [found._asdict() for need in NEEDS[target] if (found := need(facts)) is not None]
    return {"usable": not missing, "missing": missing}


def _needs_brian2(facts: Facts) -> Missing | None:
    if facts["packages"]["brian2"]:
        return None
    return Missing("brian2 is not installed", "pip install dualframe")


def _needs_compiler(facts: Facts) -> Missing | None:
    if facts["compiler"]:
        return None
    named = os.environ.get("CXX")
    if named:
        return Missing(f"the C++ compiler of CXX ({named}) does not run", "correct or unset CXX")
    return Missing("no C++ compiler", "install g++ or clang++, or name yours in CXX")


def _needs_make(facts: Facts) -> Missing | None:
    return None if facts["make"] else Missing("no make", "install GNU make")


def _needs_brian2genn(facts: Facts) -> Missing | None:
    if not facts["packages"]["brian2genn"]:
        return Missing(
            "brian2genn is not installed",
            'under Python 3.11, in an environment of its own: pip install "dualframe[genn]"',
        )
    if importlib.util.find_spec("pkg_resources") is None:
        return Missing("brian2genn needs pkg_resources", 'pip install "setuptools<81"')
    if int(facts["packages"]["numpy"].split(".")[0]) >= 2:
        return Missing("brian2genn does not work with NumPy 2", 'pip install "dualframe[genn]"')
    return None


def _needs_genn(facts: Facts) -> Missing | None:
    remedy = f"get GeNN {GENN_SUPPORTED}.0 (C++ sources) and set GENN_PATH to its folder"
    if facts["genn"] is None:
        return Missing("GENN_PATH is not set", remedy)
    path, version = facts["genn"]["path"], facts["genn"]["version"]
    if version is None:
        return Missing(f"GENN_PATH ({path}) is not a GeNN folder", remedy)
    if not version.startswith("4."):
        return Missing(f"GeNN {version} is not supported by brian2genn", remedy)
    return None


def _needs_cuda(facts: Facts) -> Missing | None:
    if facts["cuda"]:
        return None
    return Missing("no CUDA toolkit (nvcc)", "install it and set CUDA_PATH to its folder")


def _needs_gpu(facts: Facts) -> Missing | None:
    if facts["gpus"]:
        return None
    return Missing("no NVIDIA GPU (nvidia-smi reports none)", "use target genn with use_gpu=False")


_CPP = (_needs_brian2, _needs_compiler, _needs_make)
_GENN = (*_CPP, _needs_brian2genn, _needs_genn)

NEEDS: Mapping[str, tuple[Callable[[Facts], Missing | None], ...]] = {
    "runtime": (_needs_brian2,),
    "cpp_standalone": _CPP,
    "genn (CPU)": _GENN,
    "genn (GPU)": (*_GENN, _needs_cuda, _needs_gpu),
}


# --- text ---------------------------------------------------------------------------------------


def render(facts: Facts) -> str:
    """Return the facts of `doctor` as lines for a terminal."""
    here = facts["python"]
    version = facts["packages"]["dualframe"] or "(checkout, not installed)"
    lines = [f"dualframe {version}, Python {here['version']}, {here['platform']}", ""]
    lines += [f"  {name:<14}{text}" for name, text in _inventory(facts)]
    lines += ["", "targets"]
    for target, found in facts["targets"].items():
        lines.append(f"  {target:<16}{'ready' if found['usable'] else 'not usable'}")
        lines += [f"    - {gap['what']}: {gap['remedy']}" for gap in found["missing"]]
    return "\n".join(lines)


def _inventory(facts: Facts) -> list[tuple[str, str]]:
    rows = [(name, facts["packages"][name] or "-") for name in SHOWN]
    rows.append(("C++ compiler", _compiler_text(facts["compiler"])))
    rows += [(name, _program_text(facts[name.lower()])) for name in ("make", "GeNN", "CUDA")]
    rows.append(("GPU", "; ".join(facts["gpus"]) or "-"))
    return rows


def _compiler_text(found: Mapping[str, Any] | None) -> str:
    openmp = "" if not found else ", OpenMP" if found["openmp"] else ", no OpenMP (one thread only)"
    return _program_text(found) + openmp


def _program_text(found: Mapping[str, Any] | None) -> str:
    return f"{found['version'] or 'incomplete'} ({found['path']})" if found else "-"
