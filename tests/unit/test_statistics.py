"""Statistics of conditions, against published numbers, other implementations and brute force."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, mannwhitneyu, norm, permutation_test, rankdata, wilcoxon

from dualframe.analysis.significance import smallest_rank_sum_p
from dualframe.analysis.statistics import (
    cliffs_delta,
    compare_groups,
    median_iqr,
    wilson_interval,
)
from dualframe.core.errors import DualframeError

numbers = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=12)  # many ties


# --- Wilson's interval --------------------------------------------------------------------------

# Newcombe (1998) Stat Med 17:857, table I, method 3 (score, no continuity correction)
NEWCOMBE = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]


@pytest.mark.parametrize(("successes", "n", "low", "high"), NEWCOMBE)
def test_wilson_intervals_are_those_that_newcombe_published(
    successes: int, n: int, low: float, high: float
) -> None:
    # printed with four digits
    assert wilson_interval(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 300), st.data(), st.floats(0.5, 0.999))
def test_wilson_intervals_are_those_of_scipy(n: int, data: st.DataObject, level: float) -> None:
    k = data.draw(st.integers(0, n))
    theirs = binomtest(k, n).proportion_ci(level, method="wilson")
    # both evaluate the formula in doubles
    assert wilson_interval(k, n, level) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@given(st.integers(1, 200), st.data())
def test_the_ends_of_wilsons_interval_solve_the_score_equation(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    z = norm.ppf(0.975)
    for end in wilson_interval(k, n):
        # |p - end| = z sqrt(end (1 - end)/n); a rounding of `end` near 0 or 1 enters as its root
        assert abs(k / n - end) == pytest.approx(z * np.sqrt(end * (1 - end) / n), abs=1e-7)


@given(st.integers(1, 200), st.data())
def test_wilsons_interval_contains_the_proportion_and_mirrors(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    low, high = wilson_interval(k, n)
    assert 0 <= low <= k / n <= high <= 1
    assert wilson_interval(n - k, n) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(("k", "n", "level"), [(-1, 5, 0.9), (6, 5, 0.9), (0, 0, 0.9), (1, 2, 1)])
def test_wilsons_interval_refuses_what_is_no_count_or_level(k: int, n: int, level: float) -> None:
    with pytest.raises(DualframeError, match="expected"):
        wilson_interval(k, n, level)


# --- Cliff's delta ------------------------------------------------------------------------------


@given(numbers, numbers)
def test_cliffs_delta_is_the_count_over_all_pairs(a: list[float], b: list[float]) -> None:
    signs = np.sign(np.subtract.outer(a, b))
    # a quotient of whole numbers, up to the rounding of two operations
    assert cliffs_delta(a, b) == pytest.approx(signs.mean(), abs=1e-15)


@given(numbers, numbers)
def test_cliffs_delta_turns_around_with_its_arguments(a: list[float], b: list[float]) -> None:
    assert cliffs_delta(a, b) == pytest.approx(-cliffs_delta(b, a), abs=1e-15)
    assert -1 <= cliffs_delta(a, b) <= 1
    assert cliffs_delta(a, a) == pytest.approx(0, abs=1e-15)


def test_one_group_wholly_above_another_has_delta_one() -> None:
    assert cliffs_delta([3, 4, np.inf], [0, 1, 2]) == 1


# --- medians and quartiles ----------------------------------------------------------------------


@given(numbers)
def test_quartiles_are_those_of_numpy(values: list[float]) -> None:
    expected = np.quantile(values, (0.5, 0.25, 0.75))
    assert median_iqr(values) == pytest.approx(expected, abs=1e-12)


def test_a_criterion_that_was_never_reached_is_later_than_all_others() -> None:
    assert median_iqr([1, 2, 3, np.inf, np.inf]) == (3, 2, np.inf)
    assert median_iqr([np.inf] * 4) == (np.inf, np.inf, np.inf)
    assert median_iqr([1, np.inf]).median == np.inf


@pytest.mark.parametrize("values", [[], [1.0, np.nan]])
def test_no_value_and_nan_are_refused(values: list[float]) -> None:
    with pytest.raises(DualframeError, match="values: "):
        median_iqr(values)


# --- comparisons --------------------------------------------------------------------------------


def test_mann_whitney_gives_the_exact_p_of_separated_groups() -> None:
    # one of the C(8, 4) = 70 orders on each side
    found = compare_groups([5, 6, 7, 8], [1, 2, 3, 4])
    assert found.test == "Mann-Whitney U"
    assert (found.statistic, found.delta) == (16, 1)
    assert (found.median_a, found.median_b, found.n_a, found.n_b) == (6.5, 2.5, 4, 4)
    assert found.p == pytest.approx(2 / 70)


def test_separated_groups_with_ties_have_the_smallest_p() -> None:
    """SciPy's normal approximation gives 0.0247 here, less than one order of 70 on each side."""
    found = compare_groups([1.0, 1, 1, 0.8], [0.2, 0, 0, 0])
    assert found.p == smallest_rank_sum_p(4, 4) == pytest.approx(2 / 70)


few = st.lists(st.integers(0, 3).map(float), min_size=1, max_size=5)


@given(a=few, b=few)
def test_mann_whitney_with_ties_is_that_of_all_orders(a: list[float], b: list[float]) -> None:
    ranks = rankdata([*a, *b])
    choices = combinations(range(len(ranks)), len(a))
    sums = np.array([ranks[list(chosen)].sum() for chosen in choices])
    rank_sum = ranks[: len(a)].sum()
    tail = min((sums <= rank_sum).mean(), (sums >= rank_sum).mean())
    assert compare_groups(a, b).p == pytest.approx(min(2 * tail, 1))
    assert compare_groups(a, b).p >= smallest_rank_sum_p(len(a), len(b)) * (1 - 1e-12)


def test_it_is_that_of_a_permutation_test() -> None:
    a, b = np.array([3.0, 1, 1, 2]), np.array([0.0, 1, 0, 0, 2, 1])
    every = permutation_test(
        (a, b), lambda x, y: mannwhitneyu(x, y).statistic, n_resamples=np.inf, vectorized=False
    )
    assert compare_groups(a, b).p == pytest.approx(every.pvalue, rel=1e-12)
    assert compare_groups(a, b).statistic == every.statistic


@pytest.mark.parametrize(("n_a", "n_b"), [(9, 9), (9, 40), (30, 12)])
def test_no_p_is_below_the_smallest_of_its_groups(n_a: int, n_b: int) -> None:
    """Of 9 and 40 agents the normal approximation is 5e-12, one order of each side 1e-9."""
    found = compare_groups(np.ones(n_a), np.zeros(n_b))
    assert smallest_rank_sum_p(n_a, n_b) <= found.p < 1e-3


def test_infinite_values_count_by_their_rank() -> None:
    a, b = [1.0, 2, 3, 9], [4.0, 5, np.inf, np.inf]
    assert compare_groups(a, b).p == compare_groups(a, [4.0, 5, 10, 10]).p


def test_wilcoxon_gives_the_exact_p_of_pairs_that_all_rise() -> None:
    # one of 2^6 patterns of signs on each side
    a = np.array([1.0, 2, 3, 4, 5, 6])
    found = compare_groups(a + np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), a, paired=True)
    assert found.test == "Wilcoxon signed-rank"
    assert found.p == pytest.approx(2 / 64)


@given(differences=st.lists(st.integers(-3, 3).map(float), min_size=1, max_size=8))
def test_wilcoxon_with_ties_is_that_of_all_signs(differences: list[float]) -> None:
    ranks = rankdata([abs(x) for x in differences if x])
    signs = np.array(list(product((0, 1), repeat=len(ranks))))
    sums, rises = signs @ ranks, ranks[[x > 0 for x in differences if x]].sum()
    tail = min((sums <= rises).mean(), (sums >= rises).mean())
    found = compare_groups(differences, np.zeros(len(differences)), paired=True)
    assert found.p == pytest.approx(min(2 * tail, 1))


def test_wilcoxon_without_ties_is_that_of_scipy() -> None:
    differences = np.random.default_rng(3).normal(0.4, 1, 50)
    found = compare_groups(differences, np.zeros(50), paired=True)
    expected = wilcoxon(differences, method="exact")
    assert (found.statistic, found.p) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize("paired", [False, True])
@given(values=numbers)
def test_equal_conditions_do_not_differ(values: list[float], paired: bool) -> None:
    found = compare_groups(values, values, paired)
    assert found.p == pytest.approx(1)
    assert found.delta == pytest.approx(0, abs=1e-15)


def test_pairs_have_two_finite_values() -> None:
    with pytest.raises(DualframeError, match="cannot be paired"):
        compare_groups([1, 2], [1, 2, 3], paired=True)
    with pytest.raises(DualframeError, match="finite"):
        compare_groups([1, np.inf], [1, 2], paired=True)
