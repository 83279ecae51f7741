"""What GeNN and Brian2GeNN need of a machine, and what of it is here."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np

GENN_VERSION = "4.9.0"
_HEADERS = ("cuda.h", "cuda_runtime.h", "curand_kernel.h")


def missing_requirements(use_gpu: bool | None = None) -> list[str]:
    """What keeps GeNN from running here, each with its remedy; empty if nothing does.

    Parameters
    ----------
    use_gpu
        Whether a GPU is asked for.
    """
    missing = [*_missing_packages(), *_missing_genn()]
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        missing.append("no C++ compiler was found (install g++)")
    if shutil.which("make") is None:
        missing.append("no make was found (install GNU make)")
    return [*missing, *missing_of_gpu()] if use_gpu else missing


def missing_of_gpu() -> list[str]:
    """What of CUDA is missing on this machine, with its remedy."""
    if cuda_path() is None:
        return ["no CUDA toolkit was found (install it, or set CUDA_PATH)"]
    if absent := missing_headers():
        return [
            f"the CUDA toolkit in {str(cuda_path())!r} has no {', '.join(absent)} (install its "
            f"development files, such as libcurand-dev)"
        ]
    if not has_gpu():
        return ["no CUDA device was found (run with use_gpu=False for GeNN's CPU)"]
    return []


def _missing_packages() -> Iterator[str]:
    extra = "pip install 'dualframe[genn]' in an environment of Python 3.11"
    if importlib.util.find_spec("brian2genn") is None:
        yield f"Brian2GeNN is not installed ({extra})"
        return
    if importlib.util.find_spec("pkg_resources") is None:
        yield "Brian2GeNN needs pkg_resources (pip install 'setuptools<81')"
    if int(np.__version__.split(".")[0]) >= 2:
        yield f"Brian2GeNN does not work with NumPy {np.__version__} ({extra})"


def _missing_genn() -> Iterator[str]:
    path = os.environ.get("GENN_PATH")
    if not path:
        yield f"GENN_PATH is not set (point it to a GeNN {GENN_VERSION} tree)"
    elif not (Path(path) / "bin" / "genn-buildmodel.sh").exists():
        yield f"GENN_PATH is {path!r}, which holds no GeNN {GENN_VERSION} tree"
    elif not (genn_version() or "4.").startswith("4."):
        yield f"GENN_PATH holds GeNN {genn_version()} (point it to a GeNN {GENN_VERSION} tree)"


def genn_version() -> str | None:
    """Version of the GeNN tree that ``GENN_PATH`` names, if it says one."""
    try:
        return (Path(os.environ["GENN_PATH"]) / "version.txt").read_text().strip()
    except (KeyError, OSError):
        return None


def cuda_path() -> Path | None:
    """Folder of the CUDA toolkit, from ``CUDA_PATH`` or the place of ``nvcc``."""
    if given := os.environ.get("CUDA_PATH"):
        return Path(given) if (Path(given) / "bin" / "nvcc").exists() else None
    nvcc = shutil.which("nvcc")
    if nvcc is None:
        return None
    answer = _command_output([nvcc, "--dryrun", "-c", "-x", "cu", os.devnull], stderr=True)
    top = re.search(r"TOP=(\S+)", answer)
    return Path(top[1]).resolve() if top else Path(nvcc).resolve().parent.parent


def missing_headers() -> list[str]:
    """Headers of the CUDA toolkit that GeNN's code includes and that are not there."""
    folder = cuda_path()
    if folder is None:
        return []
    return [name for name in _HEADERS if not (folder / "include" / name).exists()]


def cuda_version() -> tuple[int, int] | None:
    """Version of the CUDA compiler."""
    folder = cuda_path()
    if folder is None:
        return None
    found = re.search(
        r"release (\d+)\.(\d+)", _command_output([str(folder / "bin" / "nvcc"), "--version"])
    )
    return (int(found[1]), int(found[2])) if found else None


def has_gpu() -> bool:
    """Whether a CUDA toolkit and at least one device are here."""
    return cuda_path() is not None and bool(gpu_names())


def gpu_names() -> list[str]:
    """Names of the CUDA devices."""
    if shutil.which("nvidia-smi") is None:
        return []
    answer = _command_output(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])
    return [line.strip() for line in answer.splitlines() if line.strip()]


def _command_output(command: list[str], stderr: bool = False) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=not stderr)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + (done.stderr if stderr else "")
