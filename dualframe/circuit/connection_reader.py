"""The connection rule of a projection, from its table in a circuit's file.

``probability``, ``in_degree``, ``out_degree``, ``pairs`` and the table ``kernel`` state a rule by
its own name; ``multapses`` makes a probability a number of synapses that are drawn with
replacement; any rule, a user's own too, may be named with its parameters in
``connect = { rule = "...", ... }``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.table_form import (
    Entry,
    TableForm,
    flag,
    number,
    subtable,
    table_by_kind,
    text,
)
from dualframe.catalogue.toml_table import Table
from dualframe.circuit.toml_helpers import (
    make_record,
    plain_values,
    read_count,
    read_positive,
    read_probability,
)
from dualframe.core.parameter_table import AnyDimension
from dualframe.network.connection_rules import CONNECTION_RULES, ConnectionRule, RuleParameter
from dualframe.network.connection_rules.connection import NAMED_PAIRS
from dualframe.network.connection_rules.number import synapses_for_probability
from dualframe.network.distributions import GaussianKernel


def _entries_of(rule: ConnectionRule) -> dict[str, Entry]:
    return {
        name: number(parameter.dimension, positive=parameter.sense in ("positive", "count"))
        for name, parameter in rule.parameters.items()
    }


def connect_form(rule: ConnectionRule) -> TableForm:
    """Return the form of the table ``connect`` that names a rule."""
    return TableForm({"rule": text(CONNECTION_RULES), **_entries_of(rule)})


KERNEL = TableForm(_entries_of(CONNECTION_RULES["kernel"]))
#: Keys of a projection's table that state its rule.
CONNECTION = TableForm(
    {},
    {
        "kernel": subtable(KERNEL),
        "probability": number("dimensionless"),
        "in_degree": number("dimensionless", positive=True),
        "out_degree": number("dimensionless", positive=True),
        "pairs": text(NAMED_PAIRS),
        "multapses": flag(),
        "connect": table_by_kind(
            "connection rule",
            "rule",
            lambda: {name: connect_form(rule) for name, rule in CONNECTION_RULES.items()},
        ),
    },
)
_READERS: Mapping[str, Callable[[Table, str, AnyDimension], Sourced]] = MappingProxyType(
    {
        "probability": lambda table, key, dimension: read_probability(table, key),
        "count": lambda table, key, dimension: read_count(table, key),
        "positive": read_positive,
        "number": lambda table, key, dimension: table.number(key, dimension),
    }
)


def read_connection(table: Table, numbers: dict[str, Sourced], pairs: int) -> dict[str, Any]:
    """Return the fields of a projection that state its connection rule.

    Parameters
    ----------
    table
        Of the projection.
    numbers
        Of the projection; those of the rule are added.
    pairs
        How many pairs could be connected.
    """
    stated: dict[str, Any] = {}
    for name in ("probability", "in_degree", "out_degree"):
        if name in table.data:
            parameter = CONNECTION_RULES[name].parameters[name]
            numbers[name] = _read_value(table, name, parameter)
            stated[name] = numbers[name].value
    if "pairs" in table.data:
        stated["pairs"] = table.text("pairs", choices=NAMED_PAIRS)
    if (kernel := table.child("kernel")) is not None:
        rule = CONNECTION_RULES["kernel"]
        kernel.only(KERNEL)
        stated["kernel"] = make_record(
            kernel, GaussianKernel, **_read_values(kernel, rule, numbers)
        )
    if (connect := table.child("connect")) is not None:
        rule = CONNECTION_RULES[connect.text("rule", choices=CONNECTION_RULES)]
        connect.only(connect_form(rule))
        stated["connect"] = {"rule": rule.name, **_read_values(connect, rule, numbers)}
    if table.flag("multapses", False):
        numbers["number"] = _read_multapses(table, numbers.get("probability"), pairs)
        return {"number": numbers["number"].value}
    return stated


def _read_values(table: Table, rule: ConnectionRule, numbers: dict[str, Sourced]) -> dict[str, Any]:
    """Return the parameters of a rule that has a table of its own."""
    sourced = {name: _read_value(table, name, p) for name, p in rule.parameters.items()}
    key = table.path.rpartition(".")[2]
    numbers |= {f"{key}.{name}": number for name, number in sourced.items()}
    return plain_values(sourced)


def _read_value(table: Table, name: str, parameter: RuleParameter) -> Sourced:
    return _READERS[parameter.sense](table, name, parameter.dimension)


def _read_multapses(table: Table, p: Sourced | None, pairs: int) -> Sourced:
    """Return how many synapses, drawn with replacement, connect pairs with a probability."""
    if p is None or not 0 < p.value < 1:
        table.fail("multapses", "goes with a probability of a pair, between 0 and 1.")
    total = synapses_for_probability(p.value, pairs)
    note = "ln(1 - p)/ln(1 - 1/(n_pre n_post)) synapses, drawn with replacement"
    return Sourced(total, p.source, "derived", note, str(total))
