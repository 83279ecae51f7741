"""Contacts of a circuit's TOML file: where they end, through which channels and how strongly.

Projections and background input share them; a projection may state a native weight instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dualframe.catalogue.lookup import names
from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.table_form import (
    TableForm,
    either,
    flag,
    joined,
    number,
    numbers_of,
    plain,
    subtable,
    table_by_kind,
    table_of,
    text,
    texts,
)
from dualframe.catalogue.toml_table import Table
from dualframe.circuit.components import STRENGTHS
from dualframe.circuit.holding import REST, read_holding
from dualframe.circuit.toml_helpers import plain_values
from dualframe.core.parameter_table import ParameterTable
from dualframe.synapses.registry import SYNAPSE_KINETICS


def kinetics_form(kind: str) -> TableForm:
    """Return the form of the kinetics of one synapse."""
    times = ParameterTable(SYNAPSE_KINETICS[kind].parameters.required)
    return joined(TableForm({"kind": text(SYNAPSE_KINETICS)}), numbers_of(times))


def _synapse_names() -> tuple[str, ...]:
    return names("synapse")


_KINETICS = table_by_kind(
    "kinetics", "kind", lambda: {kind: kinetics_form(kind) for kind in SYNAPSE_KINETICS}
)
_HOLDING = {"holding": number("voltage", words=(REST,))}
COMPARTMENT = TableForm({"value": texts()})
#: Keys of the table of a contact that is made of a receptor's channels.
CONTACT = TableForm(
    {},
    {
        "synapse": texts(_synapse_names),
        "ratio": table_of(number("dimensionless"), _synapse_names),
        "kinetics": either(_KINETICS, table_of(_KINETICS, _synapse_names)),
        "reversal": either(number("voltage"), table_of(number("voltage"), _synapse_names)),
        "compartment": either(texts(), subtable(COMPARTMENT)),
        "name": text(),
        **{
            key: number(dimension, beside={} if key == "current" else _HOLDING)
            for key, dimension in STRENGTHS.items()
        },
    },
)
#: Further keys of a projection with a native weight.
NATIVE = TableForm(
    {},
    {
        "weight": number(None),
        "into": text(),
        "lowers": flag(),
        "excluded": plain(
            "array",
            items={"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        ),
    },
)


def read_native_weight(table: Table) -> dict[str, Any]:
    """Return the weight of a projection into a variable of the target's point neuron."""
    for key in CONTACT:
        if key in table.data and key != "name":
            table.fail(key, "goes with a receptor's channels, not with a weight. Leave it out.")
    weight = table.number("weight", None)
    excluded = table.data.get("excluded")
    if excluded is not None and not _is_pairs(excluded):
        table.fail("excluded", "expected pairs of indices, like [[0, 1], [0, 2]].")
    return {
        "name": table.text("name", ""),
        "note": table.text("note", ""),
        "weight": weight.value,
        "into": table.text("into"),
        "lowers": table.flag("lowers", False) or None,
        "excluded": None if excluded is None else tuple(zip(*excluded, strict=True)),
        "sources": {"weight": weight},
    }


def _is_pairs(value: Any) -> bool:
    """Return whether a value of a file is a list of pairs of indices."""
    rows = value if isinstance(value, list) and value else [None]
    return all(
        isinstance(row, list) and len(row) == 2 and all(type(index) is int for index in row)
        for row in rows
    )


def read_contact(table: Table, holdings: Mapping[str, Sourced]) -> dict[str, Any]:
    """Return what projections and background share.

    Parameters
    ----------
    table
        Of the contact.
    holdings
        Where the circuit states them: potentials at which amplitudes were recorded, by synapse.
    """
    placement = _read_placement(table)
    synapses, ratios = _read_synapses(table)
    kinetics, times = _read_kinetics(table, tuple(synapses))
    reversal = _read_reversal(table, tuple(synapses))
    strength = _read_strength(table, holdings)
    return {
        "name": table.text("name", ""),
        "note": table.text("note", ""),
        "synapses": synapses,
        "compartments": placement.value,
        "kinetics": kinetics,
        "reversal": plain_values(reversal),
        "sources": {"compartments": placement}
        | ratios
        | times
        | strength
        | {f"reversal.{name}": number for name, number in reversal.items()},
    } | plain_values(strength)


def _read_strength(table: Table, holdings: Mapping[str, Sourced]) -> dict[str, Sourced]:
    """Return the strength, and the potential at which its amplitude was recorded."""
    numbers: dict[str, Sourced] = {}
    for key, dimension in STRENGTHS.items():
        if key not in table.data:
            continue
        if key == "current":
            numbers[key] = table.number(key, dimension)
            continue
        numbers[key] = table.number(key, dimension, beside=("holding",))
        if (holding := read_holding(table, key, holdings)) is not None:
            numbers["holding"] = holding
    return numbers


def _read_placement(table: Table) -> Sourced:
    """Return the compartments: texts, or a table of ``value`` and their origin."""
    stated = table.data.get("compartment")
    if isinstance(stated, Mapping):
        inner = table.need("compartment")
        inner.only(COMPARTMENT)
        names, origin = inner.texts("value"), inner.origin()
    elif stated is None and "current" in table.data:
        origin = replace(table.origin(), note="a point neuron")
        names = ("soma",)
    else:
        names, origin = table.texts("compartment"), replace(table.origin(), note="")
    if not all(names) or not names:
        table.fail("compartment", 'is empty. Name one or more, like compartment = "soma".')
    return Sourced(names, origin.source, origin.status, origin.note, ", ".join(names))


def _read_synapses(table: Table) -> tuple[dict[str, float], dict[str, Sourced]]:
    names = table.texts("synapse")
    if not names:
        table.fail("synapse", 'is empty. Name one or more, like synapse = "AMPA".')
    ratios = table.child("ratio")
    expected = names[1:]
    if ratios is None:
        if expected:
            table.fail(
                "ratio",
                f'missing. Add ratio = {{ {expected[0]} = "1" }}: the conductance '
                f"relative to that of {names[0]}.",
            )
        return dict.fromkeys(names, 1.0), {}
    ratios.only(expected)
    numbers = {name: ratios.number(name, "dimensionless") for name in expected}
    values = {name: float(number.value) for name, number in numbers.items()}
    return dict.fromkeys(names[:1], 1.0) | values, {f"ratio.{k}": v for k, v in numbers.items()}


def _read_kinetics(
    table: Table, synapses: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Sourced]]:
    """Return kinetics by synapse: one table for the first synapse, or a table for each."""
    stated = table.child("kinetics")
    if stated is None:
        return {}, {}
    if "kind" in stated.data:
        forms = {synapses[0]: stated}
    else:
        stated.only(synapses)
        forms = {name: stated.need(name) for name in synapses if name in stated.data}
    result: dict[str, Any] = {}
    numbers: dict[str, Sourced] = {}
    for name, form in forms.items():
        kind = form.text("kind", choices=SYNAPSE_KINETICS)
        dimensions = SYNAPSE_KINETICS[kind].parameters.required
        form.only(kinetics_form(kind))
        sourced = {key: form.number(key, dimension) for key, dimension in dimensions.items()}
        result[name] = {"kind": kind} | plain_values(sourced)
        numbers |= {f"kinetics.{name}.{key}": number for key, number in sourced.items()}
    return result, numbers


def _read_reversal(table: Table, synapses: tuple[str, ...]) -> dict[str, Sourced]:
    """Return reversal potentials by synapse: one number for an only synapse, or a table."""
    stated = table.data.get("reversal")
    if stated is None:
        return {}
    if not isinstance(stated, Mapping) or "value" in stated:
        if len(synapses) > 1:
            table.fail(
                "reversal",
                f"names no synapse, and there are {', '.join(synapses)}. Write "
                f'reversal = {{ {synapses[0]} = "..." }}.',
            )
        return {synapses[0]: table.number("reversal", "voltage")}
    by_name = table.need("reversal")
    by_name.only(synapses)
    return {name: by_name.number(name, "voltage") for name in synapses if name in by_name.data}
