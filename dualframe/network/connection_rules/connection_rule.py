"""What a connection rule is: its parameters, the pairs that it draws, and how it scales.

A rule is one file of this folder, or a record of a user's own that `dualframe.register` has been
given. Projections and circuit files name it; nothing else has to know it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.parameter_table import AnyDimension
from dualframe.core.quantity import quantity_text
from dualframe.core.validation import as_finite, as_fraction, as_positive, check_count
from dualframe.network.distributions import GaussianKernel

Indices: TypeAlias = NDArray[np.int32]
Pairs: TypeAlias = tuple[Indices, Indices]
Values: TypeAlias = Mapping[str, Any]


class UniformSpace(Protocol):
    """Where neurons of a circuit lie, uniformly."""

    def mean_probability(self, kernel: GaussianKernel) -> float:
        """Return the probability of a random ordered pair."""
        ...


@dataclass(frozen=True, kw_only=True)
class ConnectionEnds:
    """The two ends that a rule connects.

    Parameters
    ----------
    source, target
        Names.
    n_source, n_target
        Numbers of members; of one block, where there are replicas.
    without_autapses
        Whether both ends are one population of which no neuron contacts itself.
    source_positions, target_positions
        Lengths of shape ``(n, 3)``, or None.
    space
        Where the neurons of a circuit lie, before they are placed; None otherwise.
    """

    source: str
    target: str
    n_source: int
    n_target: int
    without_autapses: bool = False
    source_positions: Any = None
    target_positions: Any = None
    space: UniformSpace | None = None

    @property
    def partners(self) -> int:
        """How many presynaptic partners a target neuron could have."""
        return self.n_source - int(self.without_autapses)


@dataclass(frozen=True)
class RuleParameter:
    """A parameter of a connection rule.

    Parameters
    ----------
    dimension
        Name of its dimension.
    sense
        ``"probability"``, ``"count"`` (a whole number above zero), ``"positive"`` or ``"number"``.
    """

    dimension: AnyDimension = "dimensionless"
    sense: str = "number"

    def checked_value(self, value: Any, label: str) -> Any:
        """Return a value of this dimension and sense; ``label`` is what an error calls it."""
        if self.sense == "probability":
            return as_fraction(value, label)
        if self.sense == "count":
            check_count(value, label)
            return value
        check = as_positive if self.sense == "positive" else as_finite
        return check(value, self.dimension, label)


PROBABILITY_VALUE = RuleParameter(sense="probability")
COUNT_VALUE = RuleParameter(sense="count")


def no_problem(values: Values, ends: ConnectionEnds) -> str:
    """Accept all ends."""
    return ""


def unchanged_values(values: Values, full: ConnectionEnds, scaled: ConnectionEnds) -> Values:
    """Keep the values in a scaled circuit."""
    return values


@dataclass(frozen=True, kw_only=True)
class ConnectionRule:
    """A connection rule.

    Parameters
    ----------
    name
        What ``connect = { rule = "..." }`` calls it.
    parameters
        Its parameters by name.
    draw_pairs
        From values, ends and a generator to presynaptic and postsynaptic indices (32 bit).
    describe
        What it says in words, from the values; the default lists them.
    projection_field
        Field of `Projection` that states it; rules of users have none and stand in ``connect``.
    needs_positions
        Whether both ends must have positions.
    draws_every_pair
        Whether it draws a number for every ordered pair, so that time grows with their number.
    multapses
        Whether both ends of a synapse are drawn independently, so that pairs and neurons may have
        several. In a scaled circuit such a rule keeps every in-degree, and weights stay.
    find_problem
        What is wrong with the ends, as the end of a sentence that begins with the projection;
        "" if nothing is.
    mean_in_degree
        Mean number of presynaptic partners of a target neuron; None says that it is not known,
        and scaled circuits keep the weight.
    scale_values
        From the values, the full ends and those of a scaled circuit to values that keep the mean
        in-degree as far as they can.
    weight_factors
        From the values and the ends to a factor of the weight for each pair, in the order of
        `draw_pairs`, for rules without chance; None where all weights are alike.
    read_field, write_field
        From the field of a projection to values, and back.
    """

    name: str
    draw_pairs: Callable[[Values, ConnectionEnds, np.random.Generator], Pairs]
    parameters: Mapping[str, RuleParameter] = field(default_factory=dict)
    describe: Callable[[Values], str] | None = None
    projection_field: str = ""
    needs_positions: bool = False
    draws_every_pair: bool = False
    multapses: bool = False
    find_problem: Callable[[Values, ConnectionEnds], str] = no_problem
    mean_in_degree: Callable[[Values, ConnectionEnds], float] | None = None
    scale_values: Callable[[Values, ConnectionEnds, ConnectionEnds], Values] = unchanged_values
    weight_factors: Callable[[Values, ConnectionEnds], Any] | None = None
    read_field: Callable[[Any], Values] | None = None
    write_field: Callable[[Values], Any] | None = None

    def checked_values(self, values: Values, label: str) -> dict[str, Any]:
        """Return the values of all parameters; ``label`` is what an error calls the projection.

        Raises
        ------
        UnknownName, NetworkError, QuantityError
            If a parameter is unknown or missing, or has another dimension or sense.
        """
        for name in values:
            if name not in self.parameters:
                raise UnknownName(
                    f"parameter of connection rule {self.name!r}", name, self.parameters
                )
        missing = [name for name in self.parameters if name not in values]
        if missing:
            raise NetworkError(
                f"connection rule {self.name!r} of {label} needs {', '.join(self.parameters)}: "
                f"{missing[0]} is missing."
            )
        return {
            name: parameter.checked_value(values[name], f"{name} of {label}")
            for name, parameter in self.parameters.items()
        }

    def rule_text(self, values: Values) -> str:
        """Return what the rule says, in words."""
        if self.describe is not None:
            return self.describe(values)
        words = [f"{k} {quantity_text(v).replace('. ', ' ')}" for k, v in values.items()]
        return " ".join([self.name, *words])
