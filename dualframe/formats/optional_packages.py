"""Packages of other formats, each behind an extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from dualframe.core.errors import DualframeError


def import_optional(module: str, extra: str) -> Any:
    """Return a module of an optional package.

    Parameters
    ----------
    module
        Its name.
    extra
        The extra of dualframe that installs it.

    Raises
    ------
    DualframeError
        If it is not installed: the message has the command that installs it.
    """
    try:
        return import_module(module)
    except ImportError as problem:
        package = module.partition(".")[0]
        raise DualframeError(
            f"{package!r} is not installed ({problem}): pip install 'dualframe[{extra}]'"
        ) from problem
