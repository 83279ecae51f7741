"""Warnings that point at the user's own line."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from pathlib import Path

from dualframe.core.errors import DualframeWarning

_PACKAGE = str(Path(__file__).parents[1])


def warn_user(texts: Iterable[str]) -> list[str]:
    """Warn of each text once, at the line outside dualframe that called it.

    Parameters
    ----------
    texts
        A sentence each: the culprit, a number, and what to try.

    Returns
    -------
    list of str
        The texts, each once.
    """
    lines = list(dict.fromkeys(texts))
    for line in lines:
        warnings.warn(line, DualframeWarning, stacklevel=_user_level())
    return lines


def _user_level() -> int:
    """Return the stack level of the first caller outside the package, as `warn_user` counts."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level
