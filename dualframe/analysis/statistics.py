"""Statistics of groups of agents: medians, intervals, effect sizes and tests, as pure functions.

Values may be infinite (a criterion that was never reached) where ranks alone decide; NaN, which
has no rank, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from dualframe.analysis.rank_tests import rank_sum_test, signed_rank_test
from dualframe.analysis.significance import check_level
from dualframe.core.errors import DualframeError

Floats = NDArray[np.float64]
_RESAMPLES = 2000


class Quartiles(NamedTuple):
    """Median, lower and upper quartile."""

    median: float
    q25: float
    q75: float


class Interval(NamedTuple):
    """Two ends of a confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a test of two conditions says.

    Attributes
    ----------
    test
        ``"Mann-Whitney U"`` or ``"Wilcoxon signed-rank"``, two-sided.
    statistic, p
        The test's statistic (U of the first condition; the smaller sum of signed ranks) and its
        p-value.
    delta
        Cliff's delta of the first condition over the second.
    median_a, median_b
        Medians of the conditions.
    n_a, n_b
        Their sizes.
    """

    test: str
    statistic: float
    p: float
    delta: float
    median_a: float
    median_b: float
    n_a: int
    n_b: int


def median_iqr(values: ArrayLike) -> Quartiles:
    """Median and quartiles, by linear interpolation between order statistics.

    Parameters
    ----------
    values
        At least one number; infinite ones are larger (smaller) than all others. A quartile
        between a finite and an infinite value is infinite.

    Raises
    ------
    DualframeError
        If there is no value, or one is NaN.
    """
    ordered = np.sort(_as_sample(values, "values"))
    return Quartiles(*(_interpolated_quantile(ordered, q) for q in (0.5, 0.25, 0.75)))


def wilson_interval(successes: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's score interval of a proportion, without continuity correction.

    With p = successes/n and the normal quantile z, the ends are
    ``(p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n)`` (Wilson 1927, JASA 22:209;
    method 3 of Newcombe 1998, Stat Med 17:857).

    Parameters
    ----------
    successes, n
        Whole numbers, ``0 <= successes <= n`` and ``n >= 1``.
    level
        Coverage, between 0 and 1.

    Raises
    ------
    DualframeError
        If the counts or the level are not that.
    """
    if successes != int(successes) or n != int(n) or not 0 <= successes <= n or n < 1:
        raise DualframeError(
            f"{successes} successes of {n}: expected whole numbers, from zero to at least one."
        )
    return share_interval(successes / n, n, level)


def share_interval(share: float, n: int, level: float = 0.95) -> Interval:
    """Return an interval of the mean of shares between 0 and 1, one of each independent agent.

    Trials of one agent are not independent, so that agents are counted, not their trials. It is
    Wilson's interval with the number of agents, which holds however alike the trials of an agent
    are: no values between 0 and 1 with mean p vary more than p (1 - p), their variance where all
    trials of an agent end alike (Bhatia and Davis 2000, Am Math Mon 107:353; from memory).

    Parameters
    ----------
    share
        Mean of the shares.
    n
        Number of agents.
    level
        Coverage, between 0 and 1.

    Raises
    ------
    DualframeError
        If the share or the level is not between 0 and 1, or there is no agent.
    """
    if not 0 <= share <= 1 or n < 1:
        raise DualframeError(f"a share of {share} of {n}: expected 0 to 1, of one agent or more.")
    z = float(scipy.stats.norm.ppf(0.5 + check_level(level) / 2))
    weight = z * z / n
    centre = share + weight / 2
    reach = np.sqrt(weight * (share * (1 - share) + weight / 4))
    # nought and all of n have their bound exactly; rounding would leave 1e-17 of it
    low = 0.0 if share == 0 else (centre - reach) / (1 + weight)
    high = 1.0 if share == 1 else (centre + reach) / (1 + weight)
    return Interval(float(low), float(high))


def standard_error(values: ArrayLike) -> float:
    """Return the standard error of a mean, from the sample's variance; NaN below two values.

    Parameters
    ----------
    values
        Independent values.
    """
    sample = _as_sample(values, "values")
    return float(sample.std(ddof=1) / np.sqrt(sample.size)) if sample.size > 1 else np.nan


def bootstrap_intervals(values: ArrayLike, level: float = 0.95) -> tuple[Floats, Floats]:
    """Return percentile bootstrap intervals of the means of columns.

    Rows (agents) are drawn with replacement, 2000 times, with a seed of their own: the same table
    has the same intervals (Efron 1979, Ann Stat 7:1).

    Parameters
    ----------
    values
        Shape ``(rows, columns)``; NaN is a value that is not there.
    level
        Coverage, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends; NaN for columns with fewer than two values.
    """
    table = np.asarray(values, dtype=float)
    if not len(table):
        return np.full(table.shape[1], np.nan), np.full(table.shape[1], np.nan)
    there, infinite = ~np.isnan(table), np.isinf(table)
    drawn = np.random.default_rng(0).multinomial(
        len(table), np.full(len(table), 1 / len(table)), size=_RESAMPLES
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (drawn @ np.where(there & ~infinite, table, 0.0)) / (drawn @ there)
    means[(drawn @ infinite) > 0] = np.inf
    outside = (1 - check_level(level)) / 2
    ends = np.full((2, table.shape[1]), np.nan)
    enough = there.sum(axis=0) >= 2
    if enough.any():
        quantiles = [outside, 1 - outside]
        # order statistics: between a finite and an infinite value there is nothing to interpolate
        ends[:, enough] = np.nanquantile(means[:, enough], quantiles, axis=0, method="nearest")
        mean = np.nanmean(table[:, enough], axis=0)  # rounding alone would leave it outside
        ends[:, enough] = np.minimum(ends[0, enough], mean), np.maximum(ends[1, enough], mean)
    return ends[0], ends[1]


def mean_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Return Student's t interval of a mean; NaN with fewer than two values.

    Parameters
    ----------
    values
        Independent values, such as one paired difference for each seed.
    level
        Coverage, between 0 and 1.
    """
    sample = _as_sample(values, "values")
    if sample.size < 2:
        return Interval(np.nan, np.nan)
    reach = _student_quantile(sample.size, level) * standard_error(sample)
    return Interval(float(sample.mean() - reach), float(sample.mean() + reach))


def ratio_interval(numerators: ArrayLike, denominators: ArrayLike, level: float = 0.95) -> Interval:
    """Return Fieller's interval of the ratio of two means of paired values.

    The ratios r for which the mean of ``numerator - r denominator`` does not differ from zero
    (Fieller 1954, J R Stat Soc B 16:175; from memory). There is no bounded interval, and NaN is
    returned, with fewer than two pairs, or where the denominator's mean does not differ from zero.

    Parameters
    ----------
    numerators, denominators
        Value k of both is of the same seed.
    level
        Coverage, between 0 and 1.
    """
    above, below = _as_sample(numerators, "numerators"), _as_sample(denominators, "denominators")
    if above.size != below.size:
        raise DualframeError(
            f"{above.size} and {below.size} values cannot be paired: give as many."
        )
    if above.size < 2:
        return Interval(np.nan, np.nan)
    variances = _student_quantile(above.size, level) ** 2 * np.cov(above, below) / above.size
    # r^2 a - 2 r b + c = 0, from (mean of numerator - r denominator)^2 = t^2 its variance
    a, b, c = (
        below.mean() ** 2 - variances[1, 1],
        above.mean() * below.mean() - variances[0, 1],
        above.mean() ** 2 - variances[0, 0],
    )
    if not a > 0:
        return Interval(np.nan, np.nan)
    root = np.sqrt(max(b * b - a * c, 0.0))
    return Interval(float((b - root) / a), float((b + root) / a))


def _student_quantile(n: int, level: float) -> float:
    return float(scipy.stats.t.ppf(0.5 + check_level(level) / 2, n - 1))


def cliffs_delta(a: ArrayLike, b: ArrayLike) -> float:
    """Cliff's delta: how much more often a value of ``a`` exceeds one of ``b`` than the reverse.

    ``(#(a_i > b_j) - #(a_i < b_j)) / (n_a n_b)``, between -1 and 1; zero if neither dominates
    (Cliff 1993, Psychol Bull 114:494). It is ``2 U/(n_a n_b) - 1`` with the U of Mann and Whitney.

    Raises
    ------
    DualframeError
        If a group is empty or contains NaN.
    """
    first, second = _as_sample(a, "a"), _as_sample(b, "b")
    ranks = scipy.stats.rankdata(np.concatenate([first, second]))[: first.size]
    u = ranks.sum() - first.size * (first.size + 1) / 2
    return float(2 * u / (first.size * second.size) - 1)


def delta_interval(a: ArrayLike, b: ArrayLike, level: float = 0.95) -> Interval:
    """Return the percentile bootstrap interval of Cliff's delta; equal for equal values.

    Both groups are resampled 2000 times, always with the same random numbers.

    Parameters
    ----------
    a, b
        One value per agent; infinite ones are larger (smaller) than all others.
    level
        Coverage, between 0 and 1.
    """
    first, second = _as_sample(a, "a"), _as_sample(b, "b")
    generator = np.random.default_rng(0)
    deltas = [
        cliffs_delta(generator.choice(first, first.size), generator.choice(second, second.size))
        for _ in range(_RESAMPLES)
    ]
    tail = (1 - check_level(level)) / 2
    low, high = np.quantile(deltas, [tail, 1 - tail])
    return Interval(float(low), float(high))


def compare_groups(a: ArrayLike, b: ArrayLike, paired: bool = False) -> Comparison:
    """Compare two conditions: a two-sided rank test, its p-value and the effect size.

    Parameters
    ----------
    a, b
        One value per agent; with ``paired``, value k of both is of the same agent (seed).
    paired
        Wilcoxon's signed-rank test of the differences instead of the Mann-Whitney U test. Cliff's
        delta is that of the two groups in either case.

    Returns
    -------
    Comparison
        p is 1 where all values (all pairs) are equal. It is exact in small samples, also with
        ties, and asymptotic otherwise (`dualframe.analysis.rank_tests`).

    Raises
    ------
    DualframeError
        If a group is empty or contains NaN, or paired values are infinite or not as many.
    """
    first, second = _as_sample(a, "a"), _as_sample(b, "b")
    test, (statistic, p) = (
        ("Wilcoxon signed-rank", signed_rank_test(_paired_differences(first, second)))
        if paired
        else ("Mann-Whitney U", rank_sum_test(first, second))
    )
    return Comparison(
        test=test,
        statistic=statistic,
        p=p,
        delta=cliffs_delta(first, second),
        median_a=median_iqr(first).median,
        median_b=median_iqr(second).median,
        n_a=first.size,
        n_b=second.size,
    )


def _paired_differences(a: Floats, b: Floats) -> Floats:
    if a.size != b.size:
        raise DualframeError(f"{a.size} and {b.size} values cannot be paired: give as many.")
    return _require_finite(a, "a signed-rank test") - _require_finite(b, "a signed-rank test")


def _interpolated_quantile(ordered: Floats, q: float) -> float:
    place = q * (ordered.size - 1)
    low = int(place)
    below, above = ordered[low], ordered[min(low + 1, ordered.size - 1)]
    # equal neighbours may be infinite, whose difference is no number
    between = place > low and below != above
    return float(below + (place - low) * (above - below) if between else below)


def _as_sample(values: ArrayLike, name: str) -> Floats:
    sample = np.asarray(values, dtype=float).ravel()
    if sample.size == 0:
        raise DualframeError(f"{name}: expected at least one value, found none.")
    if np.isnan(sample).any():
        raise DualframeError(f"{name}: a value is NaN; leave it out, or write inf for 'never'.")
    return sample


def _require_finite(sample: Floats, purpose: str) -> Floats:
    if not np.isfinite(sample).all():
        raise DualframeError(f"{purpose} needs finite values: replace inf by a largest value.")
    return sample
