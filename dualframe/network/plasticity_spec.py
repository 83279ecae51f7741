"""What a plastic projection says of its learning: a rule by name, its numbers and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.core.errors import NetworkError
from dualframe.core.validation import as_finite, as_not_negative, check_name, set_frozen_field
from dualframe.network.value_record import ValueRecord


@dataclass(frozen=True, eq=False, kw_only=True)
class Plasticity(ValueRecord):
    """A plasticity rule with all its numbers; usually made by `dualframe.plasticity_rule`.

    A plastic weight is a magnitude: it stays between ``w_min`` and ``w_max``, both of them zero or
    more, so no update changes the sign of a synapse. Whether it excites or inhibits is said by
    the projection's statement (``g_exc += w``, or ``V -= w``).

    Parameters
    ----------
    rule
        Name of a rule of `dualframe.plasticity`.
    numbers
        All numbers of the rule by name.
    w_max, w_min
        Bounds of the weight, of its dimension. ``w_min`` is zero unless given.
    scale
        Change of the weight that an amplitude of one makes, of the weight's dimension; ``None``
        is what ``relative_to`` says.
    relative_to
        ``"w_max"``, ``"initial"`` (the projection's weight, one for all synapses) or
        ``"absolute"`` (for weights without dimension).
    options
        Choices of the rule by name, such as ``{"pairing": "nearest"}``.
    learning_rate
        Multiplies every change.
    frozen
        Evaluation without learning: the learning rate is zero. Nothing is compiled for it.
    factors
        What modulators may scale: any of ``"ltp"``, ``"ltd"``, ``"rate"``, ``"eligibility"``. Where
        the postsynaptic neuron has a variable ``ltp_factor``, the rule reads it.
    signals
        What the rule reads of the postsynaptic neuron, by the rule's names: variables of the
        neuron, or expressions of them (``{"level_DA": "DA"}``). A name that is missing is itself
        the variable.
    origin, assumptions
        Where the numbers come from, for the reader, and a line on those that are assumed.

    Raises
    ------
    NetworkError
        If a bound is negative, or the bounds are not in order.
    """

    rule: str
    numbers: Mapping[str, Any]
    w_max: Any
    w_min: Any = None
    scale: Any = None
    relative_to: str = "w_max"
    options: Mapping[str, str] = field(default_factory=dict)
    learning_rate: float = 1.0
    frozen: bool = False
    factors: tuple[str, ...] = ()
    signals: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    assumptions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_name(self.rule, "plasticity rule")
        for table in ("numbers", "signals", "options"):
            for name in getattr(self, table):
                check_name(name, f"{table} of {self.rule}:")
        set_frozen_field(self, "w_max", as_finite(self.w_max, None, f"w_max of {self.rule}"))
        dimension = get_dimensions(self.w_max)
        if self.w_min is None:
            zero = 0.0 if dimension.is_dimensionless else Quantity(0.0, dim=dimension)
            object.__setattr__(self, "w_min", zero)
        for name in ("w_min", "w_max", "scale"):
            if getattr(self, name) is not None:
                value = as_finite(getattr(self, name), dimension, f"{name} of {self.rule}")
                object.__setattr__(self, name, value)
        if not 0 <= np.asarray(self.w_min) < np.asarray(self.w_max):
            raise NetworkError(
                f"{self.rule} keeps weights between {self.w_min} and {self.w_max}: expected zero "
                f"or more, and w_min below w_max. A plastic weight is a magnitude; the sign of a "
                f"synapse belongs into its statement, like 'V -= w'."
            )
        rate = as_not_negative(self.learning_rate, "dimensionless", f"learning_rate of {self.rule}")
        object.__setattr__(self, "learning_rate", float(rate))
        self._freeze()

    @property
    def rate(self) -> float:
        """The learning rate that acts: zero where learning is frozen."""
        return 0.0 if self.frozen else self.learning_rate

    def times(self, weight: Any) -> Plasticity:
        """Return the same rule with bounds and scale multiplied by a weight."""
        scale = None if self.scale is None else self.scale * weight
        if scale is None and self.relative_to == "initial":
            scale = weight
        return replace(self, w_min=self.w_min * weight, w_max=self.w_max * weight, scale=scale)
