"""What p-values can be: adjusted for their number, and the smallest that a design can reach."""

from __future__ import annotations

from itertools import count
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dualframe.core.errors import DualframeError

Floats = NDArray[np.float64]


def holm_adjusted(p: ArrayLike) -> Floats:
    """Return p-values adjusted for their number by Holm's step-down method.

    The k-th smallest of m is multiplied by m - k + 1, and none becomes smaller than the one before
    it or larger than 1 (Holm 1979, Scand J Stat 6:65; from memory). NaN stays NaN and does not
    count.

    Parameters
    ----------
    p
        The p-values of a family of tests.
    """
    values = np.asarray(p, dtype=float).ravel()
    adjusted = np.full(values.shape, np.nan)
    (tested,) = np.nonzero(~np.isnan(values))
    ordered = tested[np.argsort(values[tested], kind="stable")]
    factors = np.arange(ordered.size, 0, -1)
    adjusted[ordered] = np.minimum(np.maximum.accumulate(values[ordered] * factors), 1.0)
    return adjusted


def fewest_pairs(tests: int = 1, alpha: float = 0.05) -> int:
    """Return how many pairs a signed-rank test needs to be able to reach significance.

    With n pairs that all differ in one direction its exact two-sided p is ``2 / 2^n``, which is
    multiplied by the number of tests (Holm, Bonferroni).

    Parameters
    ----------
    tests
        How many tests the p-values are adjusted for.
    alpha
        The level of significance, between 0 and 1.
    """
    return int(np.ceil(1 + np.log2(tests / check_level(alpha))))


def smallest_rank_sum_p(n_a: int, n_b: int) -> float:
    """Return the smallest p that the exact two-sided Mann-Whitney test of two groups can reach.

    All values of one group are then above those of the other, which ``2 / C(n_a + n_b, n_a)`` of
    the orders are: three against three agents reach 0.1, four against four 0.029.

    Parameters
    ----------
    n_a, n_b
        Sizes of the groups.
    """
    return min(2 / comb(n_a + n_b, n_a), 1.0)


def fewest_agents(tests: int = 1, alpha: float = 0.05) -> int:
    """Return how many agents each of two groups needs to be able to reach significance.

    Parameters
    ----------
    tests
        How many tests the p-values are adjusted for (Holm, Bonferroni).
    alpha
        The level of significance, between 0 and 1.
    """
    level = check_level(alpha)
    return next(n for n in count(1) if tests * smallest_rank_sum_p(n, n) <= level)


def check_level(level: float) -> float:
    """Return a level, such as 0.95 or 0.05, that is between 0 and 1.

    Parameters
    ----------
    level
        The level.

    Raises
    ------
    DualframeError
        If it is not.
    """
    if not 0 < level < 1:
        raise DualframeError(f"level is {level}: expected a number between 0 and 1, like 0.95.")
    return level
