"""How a projection states its connection rule: in a field of its own, or in ``connect``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import set_frozen_field
from dualframe.network.connection_rules.connection_rule import ConnectionRule, Values
from dualframe.network.connection_rules.named_pairs import EXPLICIT_PAIRS
from dualframe.network.connection_rules.registry import CONNECTION_RULES
from dualframe.network.distributions import GaussianKernel

#: Fields of projections, in a network or circuit, of which exactly one states the rule.
RULE_FIELDS = ("probability", "kernel", "in_degree", "out_degree", "number", "pairs", "connect")
NAMED_PAIRS = ("one_to_one", "all_to_all")


@dataclass(frozen=True)
class Connection:
    """A connection rule with the values of its parameters."""

    rule: ConnectionRule
    values: Values

    @property
    def fields(self) -> dict[str, Any]:
        """Fields of a projection that state the rule: one of them, and None for the others."""
        return {**dict.fromkeys(RULE_FIELDS), **self._stated_field()}

    def _stated_field(self) -> dict[str, Any]:
        rule = self.rule
        if not rule.projection_field:
            return {"connect": {"rule": rule.name, **self.values}}
        if rule.write_field is not None:
            return {rule.projection_field: rule.write_field(self.values)}
        return {rule.projection_field: self.values[rule.projection_field]}


def connection_of(projection: Any) -> Connection:
    """Return the rule that a checked projection states, and its values.

    Parameters
    ----------
    projection
        A `Projection`, or the projection of a circuit.
    """
    name = _stated_fields(projection)[0]
    value = getattr(projection, name)
    if name == "connect":
        values = {key: item for key, item in value.items() if key != "rule"}
        return Connection(CONNECTION_RULES[value["rule"]], values)
    if name == "pairs" and not isinstance(value, str):
        return Connection(EXPLICIT_PAIRS, {"pairs": value})
    rule = CONNECTION_RULES[value if name == "pairs" else name]
    return Connection(rule, {name: value} if rule.read_field is None else rule.read_field(value))


def check_connection(projection: Any, label: str) -> None:
    """Refuse a projection of which not exactly one field states a rule, or its values are wrong.

    Values are brought into their one form, and a rule in ``connect`` that has a field of its own
    into that field.

    Parameters
    ----------
    projection
        A frozen record that is being made.
    label
        What an error calls it.

    Raises
    ------
    NetworkError, UnknownName, QuantityError
        Naming the projection and what was expected.
    """
    fields = [name for name in RULE_FIELDS if hasattr(projection, name)]
    stated = _stated_fields(projection)
    if len(stated) != 1:
        raise NetworkError(
            f"{label} gives {' and '.join(stated) or 'no rule'}: expected exactly one of "
            f"{', '.join(fields)}."
        )
    [name] = stated
    if name == "pairs":
        if isinstance(projection.pairs, str) and projection.pairs not in NAMED_PAIRS:
            raise UnknownName("pairs rule", projection.pairs, NAMED_PAIRS)
        return
    if name == "kernel":
        if not isinstance(projection.kernel, GaussianKernel):
            raise NetworkError(
                f"kernel of {label} is {projection.kernel!r}: expected a GaussianKernel."
            )
        return
    connection = _named_rule(projection, label) if name == "connect" else connection_of(projection)
    values = connection.rule.checked_values(connection.values, label)
    for key, value in Connection(connection.rule, values).fields.items():
        if key in fields:
            set_frozen_field(projection, key, value)


def _stated_fields(projection: Any) -> list[str]:
    return [name for name in RULE_FIELDS if getattr(projection, name, None) is not None]


def _named_rule(projection: Any, label: str) -> Connection:
    connect = projection.connect
    if not isinstance(connect, Mapping) or "rule" not in connect:
        raise NetworkError(
            f"connect of {label} is {connect!r}: expected the name of a rule and its parameters, "
            f'like {{"rule": "in_degree", "in_degree": 10}}.'
        )
    connection = connection_of(projection)
    field = connection.rule.projection_field
    if field and not hasattr(projection, field):
        raise NetworkError(f"{label}: circuits do not use the rule {connection.rule.name!r}.")
    return connection
