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

_BUILDERS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "navigation": ("trials", {"main": "last_success_rate"}),
    "actor_critic": ("trials", {"main": "last_reward"}),
    "distal_reward": (
        "time_to_criterion",
        {
            "criterion": "criterion",
            "reward": "reward",
            "synapse": "tagged",
            "learned": ("exc_to_exc", "exc_to_inh"),
        },
    ),
}


def outcome_of(task: Task) -> tuple[Outcome, Mapping[str, Any]]:
    """Return the kind of a task's outcome, and the entries of its table ``[outcome]``.

    Parameters
    ----------
    task
        The task.
    """
    kind, entries = _BUILDERS[task.builder]
    if kind == "time_to_criterion":
        entries = {**entries, "collapse": float(task["reward"]["collapse"])}
    return OUTCOMES[kind], entries
