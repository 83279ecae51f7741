"""From a task's TOML file to a `Task`; nothing in the file is evaluated.

A task's file is a circuit's file with tables of its own: ``[protocol]``, ``[environment]``,
``[[encoders]]``, ``[[readouts]]``, ``[[releases]]`` and ``[outcome]``. An encoder is a population
from which the circuit's projections may start.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dualframe.catalogue.file_kinds import refuse_other_kind
from dualframe.catalogue.lookup import modulator_name
from dualframe.catalogue.sourced_value import Origin
from dualframe.catalogue.toml_table import Table
from dualframe.circuit import Circuit
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.toml_reader import is_change, read_table
from dualframe.core.errors import (
    CatalogueError,
    NetworkError,
    QuantityError,
    UnknownName,
    suggest_name,
)
from dualframe.core.quantity import quantity, quantity_text, unit_of
from dualframe.core.registry import registry_of
from dualframe.core.validation import check_name
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.task.cell_mixtures import expand_mixtures
from dualframe.task.file_form import COMPONENTS, PROTOCOL, TASK, environment_schema
from dualframe.task.named_circuit import NamedCircuit, read_named_circuit, with_learning
from dualframe.task.section import TaskSection, distinct_texts, read_section

_PARTS = ("populations", "inputs", "projections", "background", "receptors")  # which a task adds to


@dataclass(frozen=True, kw_only=True)
class TaskContent:
    """What a task's file says, checked and with every number's source."""

    name: str
    title: str
    note: str
    origin: Origin
    offered: tuple[str, ...]
    default_modulators: tuple[str, ...]
    protocol: TaskSection
    environment: TaskSection | None
    outcome: TaskSection
    encoders: tuple[TaskSection, ...]
    readouts: tuple[TaskSection, ...]
    releases: tuple[TaskSection, ...]
    circuit: Circuit
    named: Circuit | None = None


def read_content(table: Table, folder: Path) -> TaskContent:
    """Read the table of a whole task.

    Parameters
    ----------
    table
        Of the file.
    folder
        Of the file: paths of cell files are relative to it.

    Raises
    ------
    CatalogueError
        If the file is not well formed: it names file, table, key and remedy.
    UnknownName
        If it names a kind, population or modulator that does not exist.
    """
    table = replace(table, data=expand_mixtures(table.data))
    refuse_other_kind(table, "task")
    table.only(TASK)
    offered = tuple(map(modulator_name, distinct_texts(table, "modulators", ())))
    protocol = read_section(table.need("protocol"), "protocol", "", PROTOCOL)
    _check_protocol(table.need("protocol"), protocol)
    if "trials" not in protocol and "duration" not in protocol:
        table.need("protocol").fail("trials", "missing. Give trials and trial_limit, or duration.")
    components = {
        tables: tuple(_read_component(row, noun) for row in table.children(tables))
        for tables, noun in COMPONENTS.items()
    }
    _check_offered(table, components["releases"], offered)
    _check_rates(table, components["encoders"], protocol)
    named = read_named_circuit(table, folder)
    return TaskContent(
        name=_read_name(table),
        title=table.text("title"),
        note=table.text("note", ""),
        origin=table.origin(),
        offered=offered,
        default_modulators=_default_modulators(table, offered),
        protocol=protocol,
        environment=_read_environment(table),
        outcome=_read_component(table.need("outcome"), "outcome"),
        circuit=_read_circuit(table, folder, components["encoders"], named),
        named=None if named is None else named.full,
        **components,
    )


def _read_name(table: Table) -> str:
    name = table.text("name")
    try:
        check_name(name, "task")
    except NetworkError as error:
        table.fail("name", str(error))
    return name


def _check_protocol(table: Table, protocol: TaskSection) -> None:
    """Refuse counts that are no whole numbers of at least 1, and times that are not above zero."""
    for key in protocol.numbers:
        value, written = float(protocol[key]), quantity_text(protocol[key])
        if PROTOCOL.numbers[key] == "time":
            if not value > 0:
                table.fail(key, f"is {written}: expected a time above zero.")
        elif value < 1 or not value.is_integer():
            table.fail(key, f"is {written}: expected a whole number of at least 1.")


def _check_rates(table: Table, encoders: tuple[TaskSection, ...], protocol: TaskSection) -> None:
    """Refuse an encoder whose cells would fire more than once in a time step."""
    dt = protocol["dt"]
    for row, encoder in zip(table.children("encoders"), encoders, strict=True):
        if "rate_max" in encoder and float(encoder["rate_max"]) * float(dt) > 1:
            row.fail(
                "rate_max",
                f"is {quantity_text(encoder['rate_max'])}: expected at most one spike in a time "
                f"step (dt) of {quantity_text(dt)}: lower it, or shorten dt.",
            )


def _default_modulators(table: Table, offered: tuple[str, ...]) -> tuple[str, ...]:
    acting = {modulator_name(name): name for name in table.texts("default_modulators", offered)}
    for modulator, name in acting.items():
        if modulator not in offered:
            table.fail(
                "default_modulators", f"unknown modulator {name!r}. {suggest_name(name, offered)}"
            )
    return tuple(name for name in offered if name in acting)


def _check_offered(
    table: Table, releases: tuple[TaskSection, ...], offered: tuple[str, ...]
) -> None:
    """Refuse a release of a modulator that the task does not offer, so that it would never act."""
    for row, release in zip(table.children("releases"), releases, strict=True):
        if "modulator" in release and release["modulator"] not in offered:
            row.fail(
                "modulator",
                f"{release['modulator']!r} is none of this task's modulators: add its name to "
                f"modulators = [...] at the head. {suggest_name(release['modulator'], offered)}",
            )


def _read_component(table: Table, noun: str) -> TaskSection:
    kinds = registry_of(noun)
    kind = table.text("kind", choices=tuple(kinds))
    name = table.text("name", noun if noun == "outcome" else None)
    try:
        check_name(name, noun)
    except NetworkError as error:
        table.fail("name", str(error))
    return read_section(table, name, kind, kinds[kind].schema)


def _read_environment(table: Table) -> TaskSection | None:
    row = table.child("environment")
    if row is None:
        return None
    kind = row.text("kind")
    try:
        spec = ENVIRONMENTS[kind]
    except UnknownName as error:
        remedy = (
            "One of your own is registered before the file is read: import the module that calls "
            "dualframe.register (before dualframe.load_agents, too), or announce it through the "
            "entry-point group dualframe.models of an installed package, as the command line needs."
        )
        raise CatalogueError(f"{row.where}: {error} {remedy}") from error
    return read_section(row, "environment", kind, environment_schema(spec))


def _read_circuit(
    table: Table, folder: Path, encoders: tuple[TaskSection, ...], named: NamedCircuit | None
) -> Circuit:
    kinds = registry_of("encoder")
    inputs = tuple(
        CircuitInput(name=section.name, n=kinds[section.kind].count_neurons(section.values))
        for section in encoders
    )
    try:
        if named is None:
            return Circuit(**read_table(table, folder, inputs)).check(table.file)
        changed = [row for row in table.children("projections") if is_change(row)]
        base = with_learning(named.scaled, changed)
        parts = {key: getattr(base, key) for key in _PARTS}
        stated = read_table(table, folder, inputs, parts)
        own = {k: v for k, v in stated.items() if v and (k != "synapse_mode" or k in table.data)}
        return replace(base, **own).check(table.file)
    except NetworkError as error:
        raise CatalogueError(f"{table.file}: {error}") from error


def replace_entry(tree: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a file's tables with another value of one entry.

    Parameters
    ----------
    tree
        The tables, as `tomllib` returns them.
    path
        Table, or name of a component or part of the circuit, and entry, joined by ``__``:
        ``"protocol__trials"``, ``"place__sigma"``, ``"learned__plasticity__w_max"``. Where a
        projection has several rules, the name of one follows ``plasticity``.
    value
        A number, a quantity or a text; a number's source is then the user.

    Raises
    ------
    CatalogueError
        If the path does not lead to a table.
    UnknownName
        If there is no such table, component or part.
    """
    first, *rest = path.split("__")
    if not rest:
        raise CatalogueError(f"{path!r} is no entry of a task: write section__name=value.")
    changed = copy.deepcopy(dict(tree))
    places = _named_tables(changed)
    if first not in places:
        raise UnknownName(f"section of task {tree.get('name', '')!r}:", first, places)
    table, steps = places[first], rest[:-1]
    while steps:
        step = steps.pop(0)
        inner = table.setdefault(step, {})
        if isinstance(inner, list):  # several rules of one weight
            rules = {row.get("rule", ""): row for row in inner}
            rule = steps.pop(0) if steps else ""
            if rule not in rules:
                raise UnknownName(f"{path!r}: rule of {first!r}", rule, rules)
            inner = rules[rule]
        if not isinstance(inner, dict):
            raise CatalogueError(f"{path!r} leads to no table: {step!r} is one entry.")
        table = inner
    table[rest[-1]] = _as_written(value)
    return changed


def _named_tables(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the tables of a file by name: single ones, and members of arrays."""
    places = {key: value for key, value in tree.items() if isinstance(value, dict)}
    for value in tree.values():
        if isinstance(value, list):
            places |= {row.get("name", ""): row for row in value if isinstance(row, dict)}
    for row in tree.get("projections", []):
        places.setdefault(f"{row.get('pre')}_to_{row.get('post')}", row)
    return places


def _exact_text(number: Any) -> str:
    """Return a number as a text that is read back to the last bit, in base units."""
    unit = unit_of(number)
    plain = repr(float(np.asarray(number)))
    return plain if unit == "1" else f"{plain} {unit}"


def _as_written(value: Any) -> Any:
    """Return a value as a file would have it: numbers with the user as their source."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (list, tuple)):
        return list(value)
    try:
        number = quantity(value)
    except QuantityError:
        return str(value)
    written = value if isinstance(value, str) else _exact_text(number)
    return {
        "value": written,
        "source": "dualframe",
        "status": "assumed",
        "note": "set by the user",
    }
