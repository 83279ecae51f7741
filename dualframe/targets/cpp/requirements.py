"""What C++ programs need of a machine."""

from __future__ import annotations

from dualframe.core.errors import TargetError
from dualframe.targets.cpp.compiler import find_compiler


def missing_requirements(use_gpu: bool | None = None) -> list[str]:
    """Return that there is no C++ compiler, with the remedy, if there is none.

    Parameters
    ----------
    use_gpu
        Whether a GPU is asked for; it changes nothing.
    """
    try:
        find_compiler()
    except TargetError as error:
        return [str(error)]
    return []
