"""Conditions compared: what agents as samples can show, corrected for their number."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import scipy

import dualframe as df
from dualframe.analysis.pages import html_table
from dualframe.analysis.significance import (
    fewest_agents,
    fewest_pairs,
    holm_adjusted,
    smallest_rank_sum_p,
)
from dualframe.analysis.statistics import share_interval, wilson_interval
from dualframe.core.errors import DualframeError
from dualframe.experiments.branch_runs import SEEDS
from dualframe.training.condition_comparison import lacking_agents_text
from dualframe.training.learning_record import LearningRecord


@pytest.mark.parametrize(("a", "b"), [(3, 3), (4, 4), (3, 7), (10, 10)])
def test_the_smallest_p_is_that_of_separated_groups(a: int, b: int) -> None:
    test = scipy.stats.mannwhitneyu(np.arange(a), a + np.arange(b), method="exact")
    assert smallest_rank_sum_p(a, b) == pytest.approx(test.pvalue, rel=1e-12)


def test_it_is_the_share_of_orders() -> None:
    """Of all ways to choose three ranks of seven, two are the extreme ones."""
    assert smallest_rank_sum_p(3, 4) == 2 / len(list(combinations(range(7), 3)))


@pytest.mark.parametrize(("tests", "agents"), [(1, 4), (2, 5), (3, 5), (6, 5), (7, 6)])
def test_as_many_agents_as_a_significant_difference_needs(tests: int, agents: int) -> None:
    """2/C(8, 4) = 0.029, 2/C(10, 5) = 0.0079, 2/C(12, 6) = 0.0022, times the tests."""
    assert fewest_agents(tests) == agents


def test_the_default_seeds_reach_significance() -> None:
    """Rows of `dualframe compare`: six populations of `ca1` under four modulators."""
    rows = 4 * len(df.circuit("ca1").populations)
    assert rows == 24
    smallest = scipy.stats.wilcoxon(1 + np.arange(len(SEEDS))).pvalue  # all of one sign
    assert smallest * rows < 0.05
    assert fewest_pairs(rows) <= len(SEEDS)
    assert fewest_pairs(1) == 6  # 2/2^5 is 0.0625


def test_a_share_counts_agents() -> None:
    assert share_interval(0.4, 5) == wilson_interval(2, 5)
    of_trials, of_agents = wilson_interval(40, 100), share_interval(0.4, 20)
    assert of_agents.low < of_trials.low < 0.4 < of_trials.high < of_agents.high
    with pytest.raises(DualframeError, match="expected 0 to 1"):
        share_interval(1.1, 3)


def test_shares_of_alike_trials_are_covered() -> None:
    """Each agent always succeeds or always fails: at least 95 % of such draws hold the true 0.7."""
    successes = np.random.default_rng(1).binomial(20, 0.7, 4000)
    ends = {k: share_interval(k / 20, 20) for k in set(successes.tolist())}
    held = np.mean([ends[k].low <= 0.7 <= ends[k].high for k in successes])
    exact = 0.9752  # the binomial probability of the counts whose interval holds it
    assert held == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))


# --- tables -------------------------------------------------------------------------------------


def agents(rates: list[float]) -> LearningRecord:
    """Agents that succeeded in so many of their last five trials."""
    trials = pd.DataFrame(
        [
            {"agent": k, "trial": t + 1, "success": t < round(5 * rate)}
            for k, rate in enumerate(rates)
            for t in range(5)
        ]
    )
    outcomes = pd.DataFrame({"agent": range(len(rates)), "last_success_rate": rates})
    return LearningRecord(
        task=df.task("cartpole"),
        n=len(rates),
        trials=trials,
        outcomes=outcomes.assign(mean_reward=rates, last_reward=rates),
        curves=pd.DataFrame(),
    )


def test_p_is_adjusted_for_the_conditions() -> None:
    low, high, alike = [0.0, 0.2, 0.0, 0.2], [1.0, 0.8, 1.0, 0.8], [0.2, 0.0, 0.4, 0.0]
    table = df.compare_conditions({"none": agents(low), "DA": agents(high), "NA": agents(alike)})
    assert np.isnan(table["p_holm"][0])
    by_hand = sorted(table["p"][1:])
    assert sorted(table["p_holm"][1:]) == pytest.approx(
        [2 * by_hand[0], max(2 * by_hand[0], by_hand[1])]
    )
    assert table["smallest_p"][1:].tolist() == pytest.approx([2 * 2 / 70] * 2)
    text = lacking_agents_text(table)
    assert text.startswith("With 4 agents no difference between conditions can reach p < 0.05")
    assert "for 2 tests: the smallest p is 0.057; at least 5 agents" in text
    assert lacking_agents_text(df.compare_conditions({"a": agents(low), "b": agents(high)})) == ""
    assert lacking_agents_text(df.compare_conditions({"a": agents(low)})) == ""


def test_successes_have_the_interval_of_agents() -> None:
    (row,) = df.compare_conditions({"DA": agents([1.0, 0.0, 1.0, 0.0])}).to_dict("records")
    assert (row["successes"], row["of"]) == (10, 20)
    assert (row["rate_low"], row["rate_high"]) == wilson_interval(2, 4)


def test_holm_of_a_published_kind_of_table() -> None:
    """By hand: 0.01 x 4, then 0.013 x 3 (not less than 0.04), 0.014 x 2, 0.19 x 1."""
    assert holm_adjusted([0.014, 0.19, 0.01, 0.013]) == pytest.approx([0.04, 0.19, 0.04, 0.04])


def test_whole_numbers_are_shown_as_such() -> None:
    """Trials and times in whole seconds have no decimals; shares keep theirs."""
    table = pd.DataFrame(
        {
            "agent": [0, 1, 2],
            "time_to_criterion_s": [1268.0, np.nan, np.inf],
            "rate": [1.0, 0.0, 1.0],
            "last_duration_s": [2.5, 3.0, 4.0],
            "p": [0.0031, 1.0, np.nan],
        }
    )
    rows = [[text for _, text in row] for row in html_table(table)["body"]]
    assert rows == [
        ["0", "1268", "1.00", "2.50", "0.0031"],
        ["1", "–", "0.00", "3.00", "1.00"],
        ["2", "inf", "1.00", "4.00", "–"],
    ]
