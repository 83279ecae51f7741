"""One cell-type catalogue and two branches: dendritic microcircuits and trained point neurons.

Catalogue: `cells`, `cell`, `receptors`, `receptor`, `plasticity_rules`, `circuits`, `circuit`,
`tasks`, `task`, `targets`.
Building: `biological`, `task_driven`, or by hand `Network`, `Population`, `Projection` and inputs;
`plasticity_rule` is how weights learn.
Running: `run`, `check`, `export`, `assemble`, `calibrate`, `doctor`; then `plots` and `report`.
Learning: `new_task`, `environments`, `environment`, `train`, `evaluate`, `TrainedAgents`,
`compare_conditions`.
One cell: `current_clamp`, `validate` (compartments and point neuron), `fit_point`, `dose_response`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from dualframe.core import errors as errors  # Brian2, imported next, reads no file of the folder

if TYPE_CHECKING:
    from dualframe.public_api import *  # noqa: F403

__version__ = "0.1.0"

_API = "dualframe.public_api"
_HIDDEN_FOLDERS = ("circuit", "environments", "targets", "task")
_FOLDERS = {path.parent.name for path in Path(__file__).parent.glob("*/__init__.py")}


def __getattr__(name: str) -> Any:
    """Return a folder or a name of the API; the first one imports the package, and Brian2."""
    if name in _FOLDERS and name not in _HIDDEN_FOLDERS:
        return import_module(f"{__name__}.{name}")
    if name == "__all__" or not name.startswith("_"):
        api = import_module(_API)
        if name == "__all__" or name in api.__all__:
            globals()[name] = value = getattr(api, name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module(_API).__all__})


class _Package(ModuleType):
    """The package, in which a function of the API hides the folder of the same name.

    Python makes every module that is imported an attribute of its package: `dualframe.circuit`
    would be the folder or the function, by the order of imports.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HIDDEN_FOLDERS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
