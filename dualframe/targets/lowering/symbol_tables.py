"""What the names in equations stand for, where units are checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.units import second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

TIME = second.dim


@dataclass(frozen=True)
class Symbol:
    """What a name stands for: its dimension, and whether it is a truth."""

    dim: Dimension
    is_boolean: bool = False


Symbols = Mapping[str, Any]


class Table(tuple[tuple[str, Symbol], ...]):
    """Names and what they stand for, with their hash: those of a population are often looked up."""

    _hash: int

    def __hash__(self) -> int:
        try:
            return self._hash
        except AttributeError:
            self._hash = super().__hash__()
            return self._hash


GLOBALS: Symbols = {
    **{name: Symbol(get_dimensions(unit)) for name, unit in DEFAULT_UNITS.items()},
    **{name: Symbol(value.dim) for name, value in DEFAULT_CONSTANTS.items()},
    **DEFAULT_FUNCTIONS,
    **dict.fromkeys(("t", "dt", "lastspike"), Symbol(TIME)),
    **dict.fromkeys(("i", "j", "N", "t_in_timesteps"), Symbol(DIMENSIONLESS)),
    "not_refractory": Symbol(DIMENSIONLESS, is_boolean=True),
}
