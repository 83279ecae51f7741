"""What agents of one condition did: the task, their number and the tables of their outcomes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dualframe.analysis.learning import learning_curve
from dualframe.task import Task
from dualframe.training.outcomes import MainOutcome, OutcomeTables, outcome_of


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class LearningRecord(OutcomeTables):
    """Tables of agents that did a task side by side.

    Attributes
    ----------
    task
        The task.
    n
        Number of agents.
    trials
        DataFrame (agent, trial, success, timed_out, duration_s, reward, ..., end_s); trials count
        from one. Empty for tasks without trials.
    outcomes
        DataFrame with a row per agent.
    curves
        DataFrame (agent, t_s, ...) of what a task without trials follows in time.
    """

    task: Task
    n: int

    @property
    def main_outcome(self) -> MainOutcome:
        """The column of `outcomes` by which conditions are compared."""
        outcome, entries = outcome_of(self.task)
        return outcome.main(entries)

    @property
    def main_values(self) -> np.ndarray:
        """The main outcome by agent; where less is better, a missing value is infinite."""
        main = self.main_outcome
        values = self.outcomes[main.column].to_numpy(dtype=float)
        return np.where(np.isnan(values), np.inf, values) if main.less_is_better else values

    def count_unclear_agents(self) -> int:
        """Return of how many agents a reward, or the main outcome, is no finite number.

        Such a reward is what the environment's equations gave.
        """
        unclear = np.zeros(self.n, dtype=bool)
        unclear[: len(self.outcomes)] = np.isnan(self.main_values)
        if "reward" in self.trials:
            wrong = ~np.isfinite(self.trials["reward"].to_numpy(dtype=float))
            unclear[self.trials["agent"].to_numpy(dtype=int)[wrong]] = True
        return int(unclear.sum())

    def count_successes(self) -> tuple[int, int]:
        """Return the number of successes, and of how many, as the task's outcome counts them."""
        return outcome_of(self.task)[0].count_successes(self)

    def learning_curve(self, value: str = "success", **options: Any) -> pd.DataFrame:
        """Return quartiles over agents, trial by trial.

        Parameters
        ----------
        value
            Column of `trials`.
        **options
            As in `dualframe.analysis.learning.learning_curve`.
        """
        return learning_curve(self.trials, value, **options)
