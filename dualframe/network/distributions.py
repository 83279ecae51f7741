"""Distributions of weights and delays, and distance-dependent connection probability."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions
from numpy.typing import NDArray

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity

Array = NDArray[np.float64]


class Distribution(Protocol):
    """Something that weights or delays can be drawn from."""

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values with the distribution's dimension."""
        ...


@dataclass(frozen=True)
class Normal:
    """Normal distribution, redrawn outside ``[low, high]``.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation before truncation; same dimension.
    low, high
        Bounds, optional; same dimension.
    """

    mean: Any
    sd: Any
    low: Any = None
    high: Any = None

    def __post_init__(self) -> None:
        _same_dimension(self.mean, self.sd, self.low, self.high)
        if np.asarray(self.sd) < 0:
            raise NetworkError(f"standard deviation is {self.sd}: expected zero or more.")

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values."""
        mean, sd = float(np.asarray(self.mean)), float(np.asarray(self.sd))
        low = -np.inf if self.low is None else float(np.asarray(self.low))
        high = np.inf if self.high is None else float(np.asarray(self.high))
        if not (low < high and low <= mean + 6 * sd and high >= mean - 6 * sd):
            raise NetworkError(f"no value of {self} lies within its bounds: widen them.")
        values = rng.normal(mean, sd, size)
        while (outside := (values < low) | (values > high)).any():
            values[outside] = rng.normal(mean, sd, int(outside.sum()))
        return _with_unit(values, self.mean)


@dataclass(frozen=True)
class LogNormal:
    """Log-normal distribution given by its mean and coefficient of variation.

    Parameters
    ----------
    mean
        Arithmetic mean, of any dimension.
    cv
        Coefficient of variation (standard deviation over mean), dimensionless.
    """

    mean: Any
    cv: float

    def __post_init__(self) -> None:
        if self.cv < 0:
            raise NetworkError(f"coefficient of variation is {self.cv}: expected zero or more.")

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values."""
        return self.mean * lognormal_factor(rng, self.cv, size)


@dataclass(frozen=True)
class Uniform:
    """Uniform distribution between ``low`` and ``high``."""

    low: Any
    high: Any

    def __post_init__(self) -> None:
        _same_dimension(self.low, self.high)

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values."""
        low, high = float(np.asarray(self.low)), float(np.asarray(self.high))
        return _with_unit(rng.uniform(low, high, size), self.low)


@dataclass(frozen=True)
class Limited:
    """Another distribution, of which draws beyond a bound are set to the bound.

    Parameters
    ----------
    drawn
        The distribution.
    low, high
        Bounds; same dimension as its values.
    """

    drawn: Normal | LogNormal | Uniform | Limited
    low: Any
    high: Any

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values."""
        values = self.drawn.draw(rng, size)
        _same_dimension(self.low, self.high, values)
        limited = np.clip(np.asarray(values), float(self.low), float(self.high))
        return _with_unit(limited, self.low)


DISTRIBUTIONS = (Normal, LogNormal, Uniform, Limited)


@dataclass(frozen=True)
class GaussianKernel:
    r"""Connection probability :math:`p(d) = \min(1, p_{max} e^{-d^2 / 2 \sigma^2})`.

    Parameters
    ----------
    p_max
        Probability at distance zero. A scaled circuit may ask for more than one; the
        probability of a pair is then cut at one.
    sigma
        Width, a length.
    """

    p_max: float
    sigma: Any

    def __post_init__(self) -> None:
        quantity(self.sigma, "length", "sigma of a kernel")
        if self.p_max < 0:
            raise NetworkError(f"p_max of a kernel is {self.p_max}: expected zero or more.")

    def probability(self, distance: Array) -> Array:
        """Probability of a pair at each ``distance`` (metres)."""
        sigma = float(np.asarray(self.sigma))
        probability: Array = self.p_max * np.exp(-(distance**2) / (2 * sigma**2))
        return np.minimum(1.0, probability)


def lognormal_factor(rng: np.random.Generator, cv: float, size: int) -> Array:
    """Draw positive factors of mean one and coefficient of variation ``cv``."""
    variance = np.log1p(cv**2)
    return np.exp(rng.normal(-variance / 2, np.sqrt(variance), size))


def _with_unit(values: Array, like: Any) -> Any:
    dimension = get_dimensions(like)
    return values if dimension.is_dimensionless else Quantity(values, dim=dimension)


def _same_dimension(first: Any, *others: Any) -> None:
    for other in others:
        if other is not None and get_dimensions(other) is not get_dimensions(first):
            raise NetworkError(f"{first} and {other} have different dimensions.")
