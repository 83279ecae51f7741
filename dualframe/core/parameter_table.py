"""The parameters of a model: which there are, of which dimension, and the equations they enter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from brian2.units.fundamentalunits import Dimension, get_dimensions

from dualframe.core.quantity import quantity

AnyDimension: TypeAlias = "str | Dimension"
Dimensions: TypeAlias = Mapping[str, AnyDimension]


def dimension_of_unit(unit: str) -> Dimension:
    """Return the dimension of a text such as "nS/mV".

    Parameters
    ----------
    unit
        Product of units, such as ``"nS/mV"``.
    """
    return get_dimensions(quantity(f"1 {unit}"))


@dataclass(frozen=True)
class ParameterTable:
    """Required and optional parameters of a model with their dimensions, and its equations as text.

    Attributes
    ----------
    required, optional
        Name -> dimension: a name of `dualframe.core.quantity.DIMENSIONS`, or a Brian2 dimension.
    equations
        For readers; what is built stands with the model.
    positive
        Names of the parameters that must be greater than zero.
    """

    required: Dimensions
    optional: Dimensions = field(default_factory=dict)
    equations: str = ""
    positive: frozenset[str] = frozenset()

    @property
    def dimensions(self) -> dict[str, AnyDimension]:
        """Dimension of every parameter."""
        return {**self.required, **self.optional}
