"""Figures of results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dualframe.results import Results


def standard_figures(results: Results) -> dict[str, Callable[[], Any]]:
    """Return the figures that are saved with every run, as functions by file name."""
    return {}
