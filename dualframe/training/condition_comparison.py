"""Conditions of an experiment, compared: the same task with other modulators or cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dualframe.analysis.statistics import compare_groups, median_iqr, wilson_interval
from dualframe.core.errors import DualframeError
from dualframe.training.agents import TrainedAgents
from dualframe.training.outcome_tables import measure


def compare_conditions(
    conditions: Mapping[str, TrainedAgents], reference: str = ""
) -> pd.DataFrame:
    """Return a row per condition: median, quartiles, successes, and the test against a reference.

    The main outcome of the task is compared: time to the criterion (never is later than any time),
    or the success rate of the last five trials. Successes are agents that reached the criterion,
    or successful trials among the last five of every agent, with Wilson's interval at 95 % (trials
    of one agent are not independent: the interval is then too narrow, and says so in the name).

    Parameters
    ----------
    conditions
        Agents by the label of their condition; all of one task.
    reference
        The condition that others are tested against, with Mann-Whitney's U; the first by default.

    Returns
    -------
    pandas.DataFrame
        ``condition, agents, outcome, median, q25, q75, successes, of, rate, rate_low, rate_high,
        against, p, cliffs_delta``; with a positive delta the condition does better than the
        reference.

    Raises
    ------
    DualframeError
        If there are no conditions, or they belong to different tasks.
    """
    if not conditions:
        raise DualframeError("there are no conditions to compare: give at least one, by its label.")
    if len({agents.task.name for agents in conditions.values()}) > 1:
        raise DualframeError("conditions of different tasks cannot be compared.")
    first = reference or next(iter(conditions))
    if first not in conditions:
        raise DualframeError(
            f"there is no condition {first!r}: the conditions are {', '.join(conditions)}."
        )
    return pd.DataFrame(
        [_row(label, own, first, conditions[first]) for label, own in conditions.items()]
    )


def main_outcome(agents: TrainedAgents) -> tuple[str, Any, bool]:
    """Return the main outcome's name and values by agent, and whether less is better."""
    name, less = measure(agents.task).main
    values = agents.outcomes[name].to_numpy(dtype=float)
    return name, np.where(np.isnan(values), np.inf, values) if less else values, less


def _row(label: str, own: TrainedAgents, first: str, reference: TrainedAgents) -> dict[str, Any]:
    name, values, less = main_outcome(own)
    middle = median_iqr(values)
    successes, of = _successes(own)
    low, high = wilson_interval(successes, of) if of else (np.nan, np.nan)
    row = {
        "condition": label,
        "agents": own.n,
        "outcome": name,
        "median": middle[0],
        "q25": middle[1],
        "q75": middle[2],
        "successes": successes,
        "of": of,
        "rate": successes / of if of else np.nan,
        "rate_low": low,
        "rate_high": high,
        "against": "",
        "p": np.nan,
        "cliffs_delta": np.nan,
    }
    if label == first:
        return row
    test = compare_groups(values, main_outcome(reference)[1])
    better = -test.delta if less else test.delta
    return {**row, "against": first, "p": test.p, "cliffs_delta": better}


def _successes(agents: TrainedAgents) -> tuple[int, int]:
    if "reached" in agents.outcomes:
        kept = agents.outcomes["reached"] & ~agents.outcomes["collapsed"]
        return int(kept.sum()), agents.n
    last = agents.trials.groupby("agent").tail(5)
    return int(last["success"].sum()), len(last)
