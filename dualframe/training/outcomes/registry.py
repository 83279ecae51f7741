"""The outcomes that a task file can name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.core.registry import Registry
from dualframe.task import Task
from dualframe.training.outcomes.outcome import Outcome
from dualframe.training.outcomes.time_to_criterion import TIME_TO_CRITERION
from dualframe.training.outcomes.trials import TRIALS

OUTCOMES: Registry[Outcome] = Registry("outcome", Outcome, (TRIALS, TIME_TO_CRITERION))


def outcome_of(task: Task) -> tuple[Outcome, Mapping[str, Any]]:
    """Return the kind of a task's outcome, and the entries of its table ``[outcome]``.

    Parameters
    ----------
    task
        The task.
    """
    return OUTCOMES[task.outcome.kind], task.outcome.values
