"""One cell-type catalogue and two branches: dendritic microcircuits and trained point neurons.

Catalogue: `cells`, `cell`, `receptors`, `receptor`, `modulators`, `modulator`, `drugs`, `drug`,
`synapses`, `synapse`, `plasticity_rules`, `neurons`, `neuron`, `circuits`, `circuit`, `tasks`,
`task`, `targets`, `systems`; `schema`, `new_circuit`, `new_cell`,
`new_receptor`, `new_task` for your own.
Building: `biological`, `task_driven`, or by hand `Network`, `Population`, `Projection` and inputs;
`plasticity_rule` is how weights learn.
Running: `run`, `check`, `export`, `assemble`, `calibrate`, `doctor`; then `plots` and `report`.
Learning: `environments`, `environment`, `train`, `evaluate`, `TrainedAgents`,
`compare_conditions`.
One cell: `current_clamp`, `validate` (compartments and point neuron), `fit_point`, `dose_response`.
"""

from __future__ import annotations

import ast
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dualframe.core import errors as errors  # Brian2, imported next, reads no file of the folder

if TYPE_CHECKING:
    from dualframe.public_api import *  # noqa: F403

__version__ = "0.1.0"

_API = "dualframe.public_api"
_HIDDEN_FOLDERS = ("circuit", "environments", "neurons", "synapses", "targets", "task")
_FOLDERS = {path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")}


def __getattr__(name: str) -> Any:
    """Return a folder or a name of the API; the first one imports what it needs, and Brian2."""
    if name in _FOLDERS and name not in _HIDDEN_FOLDERS:
        return import_module(f"{__name__}.{name}")
    if name == "__all__":
        return import_module(_API).__all__
    if name.startswith("_") or name not in _places():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    _start()
    place = _places()[name]
    if place == __name__:  # a module
        return import_module(f"{place}.{name}")
    globals()[name] = value = getattr(import_module(place), name)
    return value


@lru_cache(maxsize=1)
def _start() -> None:
    """Import Brian2, whose hook for errors is then there, and put dualframe's before it."""
    import_module("brian2")
    import_module(f"{__name__}.core.error_display").show_errors_alone()


@lru_cache(maxsize=1)
def _places() -> dict[str, str]:
    """Return the module of each name of the API, as its statements of import say."""
    source = Path(__file__).with_name("public_api.py").read_text(encoding="utf-8")
    statements = [s for s in ast.parse(source).body if isinstance(s, ast.ImportFrom)]
    return {alias.name: str(s.module) for s in statements for alias in s.names}


def __dir__() -> list[str]:
    return sorted({*globals(), *_places()})


class _Package(ModuleType):
    """The package, in which a function of the API hides the folder of the same name.

    Python makes every module that is imported an attribute of its package: `dualframe.circuit`
    would be the folder or the function, by the order of imports.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HIDDEN_FOLDERS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
