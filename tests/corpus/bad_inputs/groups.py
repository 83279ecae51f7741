"""The groups of cases by name, and how a process is made ready to try them."""

from __future__ import annotations

import importlib
import os
import pkgutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import matplotlib.pyplot  # noqa: F401 - once, before the children are made

import dualframe

from . import (
    circuit_files,
    commands,
    inputs,
    name_collisions,
    networks_and_runs,
    options,
    output_folders,
    populations,
    projections,
)
from .attempts import Case

GROUPS: Mapping[str, Callable[[Path], list[Case]]] = {
    module.__name__.rpartition(".")[2]: module.cases
    for module in (
        circuit_files,
        commands,
        inputs,
        name_collisions,
        networks_and_runs,
        options,
        output_folders,
        populations,
        projections,
    )
}


def prepare_process(place: Path) -> None:
    """Give the children caches of their own, and what all of them would import and read."""
    place.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(place / "cache")
    os.environ["MPLCONFIGDIR"] = str(place / "mpl")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.pop("DUALFRAME_CACHE", None)
    warnings.filterwarnings("ignore", category=DeprecationWarning)
    for module in pkgutil.walk_packages(dualframe.__path__, "dualframe."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in ("cells", "circuits", "receptors", "tasks"):
        getattr(dualframe, name)()  # reads the catalogue
