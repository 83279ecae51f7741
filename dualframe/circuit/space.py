"""Where the neurons of a circuit lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from brian2.units import meter
from brian2.units.fundamentalunits import Quantity

from dualframe.catalogue.sourced_value import Sourced
from dualframe.core.errors import UnknownName
from dualframe.core.validation import as_positive, set_frozen_field
from dualframe.network import ValueRecord
from dualframe.network.distributions import GaussianKernel

SHAPES = ("disc",)
Sources = Mapping[str, Sourced]


@dataclass(frozen=True, eq=False)
class Space(ValueRecord):
    """Where the neurons lie: uniformly in a flat disc.

    Parameters
    ----------
    radius
        A length.
    shape
        ``"disc"``.
    note
        A remark for the reader.
    sources
        Origin of the numbers, by field.
    """

    radius: Any
    shape: str = "disc"
    note: str = ""
    sources: Sources = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.shape not in SHAPES:
            raise UnknownName("shape of the space", self.shape, SHAPES)
        set_frozen_field(self, "radius", as_positive(self.radius, "length", "radius of the space"))
        self._freeze()

    def draw(self, rng: np.random.Generator, n: int) -> Any:
        """Return positions of ``n`` neurons: a length of shape ``(n, 3)``, in the plane z = 0."""
        angle = rng.uniform(0, 2 * np.pi, n)
        distance = float(self.radius / meter) * np.sqrt(rng.uniform(0, 1, n))
        places = np.column_stack((distance * np.cos(angle), distance * np.sin(angle), 0 * angle))
        return Quantity(places, dim=meter.dim)

    def mean_probability(self, kernel: GaussianKernel, intervals: int = 40_000) -> float:
        r"""Return the probability of a random ordered pair, edge effects included.

        The integral of p(d) over the density of the distance of two points of a disc of radius R,

        .. math:: f(d) = \frac{4d}{\pi R^2} \arccos\frac{d}{2R}
                  - \frac{2d^2}{\pi R^3} \sqrt{1 - \frac{d^2}{4R^2}},

        by the midpoint rule, so that the result is deterministic.
        """
        radius = float(self.radius / meter)
        x = (np.arange(intervals) + 0.5) / intervals  # d / 2R
        density = (16 / np.pi) * x * (np.arccos(x) - x * np.sqrt(1 - x**2))
        return float((density * kernel.probability(2 * radius * x)).sum() / intervals)
