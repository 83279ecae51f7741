"""What a plastic projection says of its learning: rules by name, their numbers and bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2.units import siemens
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.core.errors import NetworkError
from dualframe.core.serialisation import WHERE_GIVEN
from dualframe.core.validation import as_finite, as_not_negative, check_name, set_frozen_field
from dualframe.network.value_record import ValueRecord


@dataclass(frozen=True, eq=False, kw_only=True)
class Plasticity(ValueRecord):
    """A plasticity rule with all its numbers; usually made by `dualframe.plasticity_rule`.

    A plastic weight stays between ``w_min`` and ``w_max``. From zero on it is a magnitude: no
    update changes the sign of a synapse, and the projection's statement says whether it excites or
    inhibits (``g_exc += w``, or ``V -= w``). With ``w_min`` below zero it has a sign of its own,
    which Dale's law allows where the presynaptic neurons have none (an encoder, an input, a
    population without a sign); the network and the circuit refuse it elsewhere.

    A projection may have several rules, which share the weight and its bounds: see
    `combined_plasticity`.

    Parameters
    ----------
    rule
        Name of a rule of `dualframe.plasticity`.
    numbers
        All numbers of the rule by name.
    w_max, w_min
        Bounds of the weight, of its dimension, ``w_max`` above zero. ``w_min`` is zero unless it is
        stated.
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
    also
        Further rules of the same weight, in the order in which they act; None for none.

    Raises
    ------
    NetworkError
        If the bounds are not in order, or further rules have others.
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
    also: Any = field(default=None, metadata=WHERE_GIVEN)

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
        low, high = np.asarray(self.w_min), np.asarray(self.w_max)
        if not (low < high and high > 0):
            raise NetworkError(
                f"{self.rule} keeps weights between {self.w_min} and {self.w_max}: expected w_min "
                f"below w_max, and w_max above zero. Weights that only ever take away are "
                f"magnitudes, with a statement like 'V -= w'."
            )
        if self.is_signed and dimension is siemens.dim:
            raise NetworkError(
                f"{self.rule} keeps weights between {self.w_min} and {self.w_max}: a conductance "
                f"is a magnitude, and its reversal potential says whether it excites. Let w_min be "
                f"zero or more, or learn a current, a potential or a plain number."
            )
        rate = as_not_negative(self.learning_rate, "dimensionless", f"learning_rate of {self.rule}")
        object.__setattr__(self, "learning_rate", float(rate))
        self._check_further_rules()
        self._freeze()

    def _check_further_rules(self) -> None:
        """Refuse further rules that are none, or contradict the bounds."""
        for rule in self.also or ():
            if not isinstance(rule, Plasticity) or rule.also:
                raise NetworkError(
                    f"a rule beside {self.rule} is {rule!r}: expected what "
                    f"dualframe.plasticity_rule makes."
                )
            for bound in ("w_min", "w_max"):
                one, other = getattr(self, bound), getattr(rule, bound)
                if get_dimensions(one) is not get_dimensions(other) or one != other:
                    raise NetworkError(
                        f"rules {self.rule} and {rule.rule} of one weight have {bound} {one} and "
                        f"{other}: rules share bounds, so give both the same."
                    )

    @property
    def rules(self) -> tuple[Plasticity, ...]:
        """Its rules in the order in which they act, each on its own."""
        return (replace(self, also=None) if self.also else self, *(self.also or ()))

    @property
    def is_signed(self) -> bool:
        """Whether the weight may be below zero."""
        return bool(np.asarray(self.w_min) < 0)

    @property
    def rate(self) -> float:
        """The learning rate that acts: zero where learning is frozen."""
        return 0.0 if self.frozen else self.learning_rate

    def with_each_rule(self, change: Callable[[Plasticity], Plasticity]) -> Plasticity:
        """Return the plasticity with each of its rules changed.

        Parameters
        ----------
        change
            From a rule to the changed one.
        """
        first, *others = map(change, self.rules)
        return replace(first, also=tuple(others) or None)

    def times(self, weight: Any) -> Plasticity:
        """Return the same rules with bounds and scale multiplied by a weight."""
        return self.with_each_rule(
            lambda rule: replace(rule._with_scaled_bounds(weight), scale=rule._scale_times(weight))
        )

    def with_scaled_bounds(self, factor: float) -> Plasticity:
        """Return the same rules with bounds and stated scales multiplied by a factor.

        Parameters
        ----------
        factor
            Above zero.
        """
        return self.with_each_rule(lambda rule: rule._with_scaled_bounds(factor))

    def _with_scaled_bounds(self, factor: Any) -> Plasticity:
        scale = None if self.scale is None else self.scale * factor
        return replace(self, w_min=self.w_min * factor, w_max=self.w_max * factor, scale=scale)

    def _scale_times(self, weight: Any) -> Any:
        if self.scale is None:
            return weight if self.relative_to == "initial" else None
        return self.scale * weight


def combined_plasticity(rules: Any, label: str) -> Plasticity | None:
    """Return the plasticity of a projection from one rule, several or none.

    Several rules change one weight: at a spike one after the other in their order, each change cut
    to the bounds that they share; what they change at every step is summed before it is cut.

    Parameters
    ----------
    rules
        What `dualframe.plasticity_rule` makes, a tuple or list of it, or None.
    label
        What an error calls the projection.

    Raises
    ------
    NetworkError
        If it is something else, or the rules have different bounds.
    """
    if rules is None:
        return None
    several = tuple(rules) if isinstance(rules, (tuple, list)) else (rules,)
    if not several or not all(isinstance(rule, Plasticity) for rule in several):
        raise NetworkError(
            f"plasticity of {label} is {rules!r}: expected what dualframe.plasticity_rule makes, "
            f"like plasticity_rule('pair_stdp', w_max=2*nS), or several of it."
        )
    each: list[Plasticity] = [rule for member in several for rule in member.rules]
    try:
        return replace(each[0], also=tuple(each[1:]) or None)
    except NetworkError as error:
        raise NetworkError(f"{label}: {error}") from error
