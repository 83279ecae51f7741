"""Two-sided rank tests of small samples with ties: their exact distributions.

Under the null hypothesis every choice of ``n_a`` of the ranks is as probable as any other
(Mann-Whitney), or every pattern of signs of the ranks (Wilcoxon). Equal values have their mean
rank, so that the distributions are those of the sample at hand, as of a permutation test. p is
twice the smaller tail, and at most 1.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from dualframe.analysis.significance import smallest_rank_sum_p

Floats = NDArray[np.float64]
# sizes up to which SciPy is exact where there are no ties
_SMALL_GROUP = 8
_FEW_PAIRS = 50
_FEW_VALUES = 400  # of both groups together: more take seconds


def rank_sum_test(a: Floats, b: Floats) -> tuple[float, float]:
    """Return Mann and Whitney's U of the first group, and its two-sided p.

    p is exact without ties as SciPy chooses, and with ties where the smaller group has at most 8
    values. Otherwise it is that of the normal approximation, but not less than the smallest p that
    groups of these sizes can reach.

    Parameters
    ----------
    a, b
        One value per agent; infinite ones are larger (smaller) than all others.
    """
    ranks = scipy.stats.rankdata(np.concatenate([a, b]))
    u = float(ranks[: a.size].sum() - a.size * (a.size + 1) / 2)
    if np.all(ranks == ranks[0]):
        return u, 1.0
    tied = np.unique(ranks).size < ranks.size
    if tied and min(a.size, b.size) <= _SMALL_GROUP and ranks.size <= _FEW_VALUES:
        smaller = ranks[: a.size] if a.size <= b.size else ranks[a.size :]
        return u, _two_sided_p(_choices_by_rank_sum(ranks, smaller.size), smaller.sum())
    test = scipy.stats.mannwhitneyu(ranks[: a.size], ranks[a.size :], alternative="two-sided")
    return u, max(float(test.pvalue), smallest_rank_sum_p(a.size, b.size))


def signed_rank_test(differences: Floats) -> tuple[float, float]:
    """Return Wilcoxon's smaller sum of signed ranks, and its two-sided p.

    Differences of zero are left out (Wilcoxon's way). p is exact of up to 50 others, and that of
    the normal approximation of more.

    Parameters
    ----------
    differences
        One finite value per pair.
    """
    others = differences[differences != 0]
    if others.size == 0:
        return 0.0, 1.0
    if others.size > _FEW_PAIRS:
        test = scipy.stats.wilcoxon(others)
        return float(test.statistic), float(test.pvalue)
    ranks = scipy.stats.rankdata(np.abs(others))
    rises = ranks[others > 0].sum()
    return float(min(rises, ranks.sum() - rises)), _two_sided_p(_signs_by_rank_sum(ranks), rises)


def _choices_by_rank_sum(ranks: Floats, size: int) -> Floats:
    """Return in how many ways so many of the ranks are chosen, by twice their sum."""
    doubled = _doubled(ranks)
    largest = int(np.sort(doubled)[-size:].sum())
    ways = np.zeros((size + 1, largest + 1))
    ways[0, 0] = 1
    for rank in doubled:
        ways[1:, rank:] += ways[:-1, : largest + 1 - rank].copy()
    return np.asarray(ways[size])


def _signs_by_rank_sum(ranks: Floats) -> Floats:
    """Return how many patterns of signs there are, by twice the sum of the positive ranks."""
    doubled = _doubled(ranks)
    ways = np.zeros(int(doubled.sum()) + 1)
    ways[0] = 1
    for rank in doubled:
        ways[rank:] += ways[: ways.size - rank].copy()
    return ways


def _doubled(ranks: Floats) -> NDArray[np.int64]:
    """Return twice the ranks: whole numbers, also where values are equal."""
    return np.rint(2 * ranks).astype(np.int64)


def _two_sided_p(ways: Floats, rank_sum: float) -> float:
    place = round(2 * rank_sum)
    tail = min(ways[: place + 1].sum(), ways[place:].sum())
    return float(min(2 * tail / ways.sum(), 1.0))
