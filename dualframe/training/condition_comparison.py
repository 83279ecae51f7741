"""Conditions of an experiment, compared: the same task with other modulators or cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dualframe.analysis.significance import fewest_agents, holm_adjusted, smallest_rank_sum_p
from dualframe.analysis.statistics import compare_groups, median_iqr, share_interval
from dualframe.core.errors import DualframeError
from dualframe.core.user_warnings import warn_user
from dualframe.core.validation import expect_type
from dualframe.training.learning_record import LearningRecord

SIGNIFICANT = 0.05
_TESTED = ("against", "p", "p_holm", "smallest_p", "cliffs_delta")


def compare_conditions(
    conditions: Mapping[str, LearningRecord], reference: str = ""
) -> pd.DataFrame:
    """Return a row per condition: median, quartiles, successes, and the test against a reference.

    The main outcome of the task is compared: time to the criterion (never is later than any time),
    or the success rate of the last five trials. Successes are agents that reached the criterion,
    or successful trials among the last five of every agent. Agents are the samples, also of the
    interval of the share of successes (`dualframe.analysis.statistics.share_interval`, 95 %):
    trials of one agent are not independent.

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
        against, p, p_holm, smallest_p, cliffs_delta``. ``p_holm`` is p adjusted for the number of
        conditions (Holm), ``smallest_p`` what it would be if all agents of a condition were above
        those of the reference: with too few agents it cannot reach 0.05. With a positive delta
        the condition does better than the reference.

    Warns
    -----
    DualframeWarning
        Where rewards or outcomes of agents are not finite: median, quartiles, p and delta are NaN
        there.

    Raises
    ------
    DualframeError
        If there are no conditions, or they belong to different tasks.
    """
    expect_type(conditions, Mapping, "conditions", "TrainedAgents by label")
    for label, agents in conditions.items():
        expected = "TrainedAgents, as dualframe.train returns them"
        expect_type(agents, LearningRecord, f"conditions[{label!r}]", expected)
    if not conditions:
        raise DualframeError("there are no conditions to compare: give at least one, by its label.")
    if len({agents.task.name for agents in conditions.values()}) > 1:
        raise DualframeError("conditions of different tasks cannot be compared.")
    label = reference or next(iter(conditions))
    if label not in conditions:
        names = ", ".join(conditions)
        raise DualframeError(f"there is no condition {label!r}: the conditions are {names}.")
    warn_user(_describe_unclear_agents(conditions))
    table = pd.DataFrame(
        [
            {
                "condition": condition,
                **_summarise_agents(agents),
                **_test_against(label, conditions[label], condition, agents),
            }
            for condition, agents in conditions.items()
        ]
    )
    table["p_holm"] = holm_adjusted(table["p"])
    table["smallest_p"] = np.minimum(table["smallest_p"] * (len(conditions) - 1), 1.0)
    return table


def lacking_agents_text(table: pd.DataFrame) -> str:
    """Return a sentence where there are too few agents for any difference to be significant.

    Parameters
    ----------
    table
        From `compare_conditions`.

    Returns
    -------
    str
        Empty where there are enough, or nothing is compared.
    """
    if not (table["smallest_p"] > SIGNIFICANT).any():
        return ""
    tests = int(table["p"].notna().sum())
    return (
        f"With {table['agents'].min()} agents no difference between conditions can reach "
        f"p < {SIGNIFICANT:g} after correction for {tests} test{'s' * (tests > 1)}: the smallest p "
        f"is {table['smallest_p'].max():.2g}; at least {fewest_agents(tests, SIGNIFICANT)} agents "
        f"of each condition are needed."
    )


def _describe_unclear_agents(conditions: Mapping[str, LearningRecord]) -> list[str]:
    return [
        f"condition {label!r}: rewards or outcomes of {unclear} of {agents.n} agents are not "
        f"finite, so that it cannot be compared: mend the environment's equations, and train again."
        for label, agents in conditions.items()
        if (unclear := agents.count_unclear_agents())
    ]


def _summarise_agents(agents: LearningRecord) -> dict[str, Any]:
    unclear = agents.count_unclear_agents()
    median, q25, q75 = (np.nan,) * 3 if unclear else median_iqr(agents.main_values)
    successes, of = agents.count_successes()
    low, high = share_interval(successes / of, agents.n) if of else (np.nan, np.nan)
    return {
        "agents": agents.n,
        "outcome": agents.main_outcome.column,
        "median": median,
        "q25": q25,
        "q75": q75,
        "successes": successes,
        "of": of,
        "rate": successes / of if of else np.nan,
        "rate_low": low,
        "rate_high": high,
    }


def _test_against(
    label: str, reference: LearningRecord, condition: str, agents: LearningRecord
) -> dict[str, Any]:
    if condition == label:
        return dict.fromkeys(_TESTED, np.nan) | {"against": ""}
    if agents.count_unclear_agents() or reference.count_unclear_agents():
        return dict.fromkeys(_TESTED, np.nan) | {"against": label}
    test = compare_groups(agents.main_values, reference.main_values)
    better = -test.delta if agents.main_outcome.less_is_better else test.delta
    least = smallest_rank_sum_p(agents.n, reference.n)
    return dict(zip(_TESTED, (label, test.p, np.nan, least, better), strict=True))
