"""What PyGeNN 5 needs of a machine, and what of it is here."""

from __future__ import annotations

import importlib.util
import shutil
from importlib import metadata

from dualframe.targets.genn.requirements import missing_of_gpu

INSTALLATION = "https://genn-team.github.io/genn/"


def missing_requirements(use_gpu: bool | None = None) -> list[str]:
    """What keeps PyGeNN from running here, each with its remedy; empty if nothing does.

    Parameters
    ----------
    use_gpu
        Whether a GPU is asked for.
    """
    missing = []
    version = pygenn_version()
    if version is None:
        missing.append(f"PyGeNN 5 is not installed (see {INSTALLATION})")
    elif not version.startswith("5."):
        missing.append(f"PyGeNN is {version} (install version 5: see {INSTALLATION})")
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        missing.append("no C++ compiler was found (install g++)")
    if shutil.which("make") is None:
        missing.append("no make was found (install GNU make)")
    if use_gpu:
        missing += missing_of_gpu()
        if version is not None and not has_cuda_backend():
            missing.append(
                f"PyGeNN was built without CUDA (build it with CUDA_PATH: {INSTALLATION})"
            )
    return missing


def pygenn_version() -> str | None:
    """Version of the package pygenn, if it is installed."""
    if importlib.util.find_spec("pygenn") is None:
        return None
    try:
        return metadata.version("pygenn")
    except metadata.PackageNotFoundError:
        return None


def has_cuda_backend() -> bool:
    """Whether pygenn was built where there was a CUDA toolkit."""
    return importlib.util.find_spec("pygenn.cuda_backend") is not None
