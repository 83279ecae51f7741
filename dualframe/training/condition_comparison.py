"""Arms of an experiment: the same task with other modulators or cells, compared statistically."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dualframe.analysis.statistics import compare_groups, median_iqr, wilson_interval
from dualframe.core.errors import DualframeError
from dualframe.training.agents import Agents
from dualframe.training.outcome_tables import measure


def compare_arms(arms: Mapping[str, Agents], reference: str = "") -> pd.DataFrame:
    """Return a row per arm: median, quartiles, successes, and the test against a reference.

    The main outcome of the task is compared: time to the criterion (never is later than any time),
    or the success rate of the last five trials. Successes are agents that reached the criterion,
    or successful trials among the last five of every agent, with Wilson's interval at 95 % (trials
    of one agent are not independent: the interval is then too narrow, and says so in the name).

    Parameters
    ----------
    arms
        Agents by the label of their arm; all of one task.
    reference
        The arm that others are tested against, with Mann-Whitney's U; the default is the first.

    Returns
    -------
    pandas.DataFrame
        ``arm, agents, outcome, median, q25, q75, successes, of, rate, rate_low, rate_high, against,
        p, cliffs_delta``; a positive delta means that the arm does better than the reference.

    Raises
    ------
    DualframeError
        If there are no arms, or they belong to different tasks.
    """
    if not arms:
        raise DualframeError("there are no arms to compare: give at least one, by its label.")
    if len({agents.task.name for agents in arms.values()}) > 1:
        raise DualframeError("arms of different tasks cannot be compared.")
    first = reference or next(iter(arms))
    if first not in arms:
        raise DualframeError(f"there is no arm {first!r}: the arms are {', '.join(arms)}.")
    return pd.DataFrame([_row(label, own, first, arms[first]) for label, own in arms.items()])


def main_outcome(agents: Agents) -> tuple[str, Any, bool]:
    """Return name and values of the outcome that arms are compared by, and if less is better."""
    name, less = measure(agents.task).main
    values = agents.outcomes[name].to_numpy(dtype=float)
    return name, np.where(np.isnan(values), np.inf, values) if less else values, less


def _row(label: str, own: Agents, first: str, reference: Agents) -> dict[str, Any]:
    name, values, less = main_outcome(own)
    middle = median_iqr(values)
    successes, of = _successes(own)
    low, high = wilson_interval(successes, of) if of else (np.nan, np.nan)
    row = {
        "arm": label,
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


def _successes(agents: Agents) -> tuple[int, int]:
    if "reached" in agents.outcomes:
        kept = agents.outcomes["reached"] & ~agents.outcomes["collapsed"]
        return int(kept.sum()), agents.n
    last = agents.trials.groupby("agent").tail(5)
    return int(last["success"].sum()), len(last)
