"""The longest trial that a protocol allows for must be that of its world."""

from __future__ import annotations

from dualframe.core.errors import CatalogueError
from dualframe.core.quantity import text
from dualframe.environments import World
from dualframe.task import Task


def check_trial_limit(task: Task, own: World) -> None:
    """Refuse a protocol that would end before its trials are over.

    Raises
    ------
    CatalogueError
        If ``protocol.trial_limit`` is shorter than the world's longest trial.
    """
    given = task["protocol"]["trial_limit"]
    longest = None if own.limit is None else own.limit * own.interval
    if longest is not None and float(given) < float(longest) * (1 - 1e-9):
        raise CatalogueError(
            f"task {task.name!r}: protocol.trial_limit is {text(given)}, but a trial of world "
            f"{own.name!r} lasts up to {text(longest)}: raise the one, or shorten the other."
        )
