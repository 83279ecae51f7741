"""A model form: which parameters it has, of which dimension, and its equations as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from brian2.units.fundamentalunits import Dimension, get_dimensions

from dualframe.core.quantity import quantity

Kind: TypeAlias = "str | Dimension"
Kinds: TypeAlias = Mapping[str, Kind]


def dimension_of_unit(unit: str) -> Dimension:
    """Return the dimension of a text such as "nS/mV"."""
    return get_dimensions(quantity(f"1 {unit}"))


@dataclass(frozen=True)
class Form:
    """A model form: its required and optional parameters, and its equations as text."""

    required: Kinds
    optional: Kinds = field(default_factory=dict)
    equations: str = ""

    @property
    def kinds(self) -> dict[str, Kind]:
        """Dimension of every parameter."""
        return {**self.required, **self.optional}
