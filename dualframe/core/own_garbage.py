"""Collection of garbage that costs what a run has made, not what the whole process holds.

Brian2 collects garbage at every run, and what it has made refers to itself: nothing else frees it.
A full collection looks at every object of the process, though: with the libraries of a session and
an hour of results in memory it takes longer than many a run.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def collects_own_garbage(function: Callable[P, R]) -> Callable[P, R]:
    """Let collections during a call, and one at its end, look at the objects made by it only.

    Objects that a user has frozen stay frozen: then nothing is frozen or released here.

    Parameters
    ----------
    function
        A function that makes Brian2 objects and returns none of them.
    """

    @wraps(function)
    def call(*arguments: P.args, **options: P.kwargs) -> R:
        if gc.get_freeze_count():
            return function(*arguments, **options)
        gc.freeze()
        try:
            return function(*arguments, **options)
        finally:
            gc.collect()
            gc.unfreeze()

    return call
