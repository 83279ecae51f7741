"""Distributions of weights and delays, and distance-dependent connection probability."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf
from typing import Any, Protocol

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions
from numpy.typing import NDArray

from dualframe.core.errors import NetworkError
from dualframe.core.validation import (
    as_finite,
    as_not_negative,
    as_positive,
    as_variation,
    set_frozen_field,
)

Array = NDArray[np.float64]
SMALLEST_SHARE = 1e-3  # of values within bounds: others are drawn again


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
        label = "of a normal distribution"
        _convert_fields(self, label, "mean", "sd", "low", "high")
        as_not_negative(self.sd, get_dimensions(self.mean), f"standard deviation {label}")
        if self._accepted_share() < SMALLEST_SHARE:
            raise NetworkError(
                f"fewer than {SMALLEST_SHARE:g} of the values of {self} lie within its bounds: "
                f"widen them."
            )

    def _accepted_share(self) -> float:
        """Return the probability that a value before truncation lies within the bounds."""
        mean, sd = float(np.asarray(self.mean)), float(np.asarray(self.sd))
        low = -np.inf if self.low is None else float(np.asarray(self.low))
        high = np.inf if self.high is None else float(np.asarray(self.high))
        if sd == 0:
            return float(low <= mean <= high)
        below, above = ((end - mean) / (sd * np.sqrt(2)) for end in (low, high))
        return (erf(above) - erf(below)) / 2

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values."""
        mean, sd = float(np.asarray(self.mean)), float(np.asarray(self.sd))
        low = -np.inf if self.low is None else float(np.asarray(self.low))
        high = np.inf if self.high is None else float(np.asarray(self.high))
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
        _convert_fields(self, "of a log-normal distribution", "mean")
        cv = as_variation(self.cv, "coefficient of variation of a log-normal distribution")
        set_frozen_field(self, "cv", cv)

    def draw(self, rng: np.random.Generator, size: int) -> Any:
        """Return ``size`` values."""
        return self.mean * lognormal_factor(rng, self.cv, size)


@dataclass(frozen=True)
class Uniform:
    """Uniform distribution between ``low`` and ``high``."""

    low: Any
    high: Any

    def __post_init__(self) -> None:
        _convert_fields(self, "of a uniform distribution", "low", "high")
        if np.asarray(self.high) < np.asarray(self.low):
            raise NetworkError(
                f"high of a uniform distribution is {self.high}: expected {self.low} or more."
            )

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

    def __post_init__(self) -> None:
        _convert_fields(self, "of a limited distribution", "low", "high")

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
        sigma = as_positive(self.sigma, "length", "sigma of a kernel")
        set_frozen_field(self, "sigma", sigma)
        p_max = as_not_negative(self.p_max, "dimensionless", "p_max of a kernel")
        set_frozen_field(self, "p_max", p_max)

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


def _convert_fields(record: Any, label: str, first: str, *others: str) -> None:
    """Make finite quantities of one dimension of fields; None stays None in those after two."""
    set_frozen_field(record, first, as_finite(getattr(record, first), None, f"{first} {label}"))
    dimension = get_dimensions(getattr(record, first))
    for name in others:
        if getattr(record, name) is not None:
            word = "standard deviation" if name == "sd" else name
            value = as_finite(getattr(record, name), dimension, f"{word} {label}")
            set_frozen_field(record, name, value)


def _same_dimension(first: Any, *others: Any) -> None:
    for other in others:
        if other is not None and get_dimensions(other) is not get_dimensions(first):
            raise NetworkError(f"{first} and {other} have different dimensions: expected one.")
