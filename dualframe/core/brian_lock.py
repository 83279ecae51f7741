"""One thread at a time in Brian2: its device, clock, preferences and objects are the process's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class BrianLock:
    """A re-entrant lock, open in a forked process whatever the other threads did at that time."""

    def __init__(self) -> None:
        self._open()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._open)

    def _open(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *problem: object) -> None:
        self._lock.release()


BRIAN_LOCK = BrianLock()


def one_thread_at_a_time(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function run in one thread at a time, and while no other one uses Brian2.

    Parameters
    ----------
    function
        The function.
    """

    @wraps(function)
    def run_alone(*arguments: P.args, **options: P.kwargs) -> R:
        with BRIAN_LOCK:
            return function(*arguments, **options)

    return run_alone
