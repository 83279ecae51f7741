"""The longest trial that a protocol allows for must be that of its environment."""

from __future__ import annotations

from dualframe.core.errors import CatalogueError
from dualframe.core.quantity import quantity_text
from dualframe.environments import Environment
from dualframe.task import Task


def check_trial_limit(task: Task, environment: Environment) -> None:
    """Refuse a protocol that would end before its trials are over.

    Raises
    ------
    CatalogueError
        If ``protocol.trial_limit`` is shorter than the environment's longest trial.
    """
    trial_limit = task["protocol"]["trial_limit"]
    longest = None if environment.limit is None else environment.limit * environment.interval
    if longest is not None and float(trial_limit) < float(longest) * (1 - 1e-9):
        raise CatalogueError(
            f"task {task.name!r}: protocol.trial_limit is {quantity_text(trial_limit)}, but a "
            f"trial of environment {environment.name!r} lasts up to {quantity_text(longest)}: "
            f"raise the one, or shorten the other."
        )
