"""The tables of a task's file, and what each may hold; those of a circuit come besides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from brian2.units.fundamentalunits import get_dimensions

from dualframe.catalogue.lookup import names
from dualframe.catalogue.table_form import (
    Definitions,
    Entry,
    Schema,
    TableForm,
    either,
    joined,
    named_or_file,
    number,
    plain,
    subtable,
    subtables,
    table_by_kind,
    table_of,
    text,
    texts,
)
from dualframe.circuit.file_form import (
    BACKGROUND,
    CIRCUIT_TABLES,
    COUNT,
    POPULATION,
    PROJECTION,
)
from dualframe.circuit.plasticity import PLASTICITY
from dualframe.core.parameter_table import AnyDimension
from dualframe.core.quantity import quantity
from dualframe.core.registry import registry_of
from dualframe.core.section_schema import SectionSchema
from dualframe.core.shipped_files import shipped_names
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.task.section import section_form

#: Arrays of tables of components, and what each component is called.
COMPONENTS: Mapping[str, str] = {
    "encoders": "encoder",
    "readouts": "readout",
    "releases": "release",
}
PROTOCOL = SectionSchema(
    numbers={
        "dt": "time",
        "dt_biological": "time",
        "sampling": "time",
        "agents": "dimensionless",
        "trials": "dimensionless",
        "trial_limit": "time",
        "duration": "time",
    },
    defaults=dict.fromkeys(("dt_biological", "trials", "trial_limit", "duration")),
)


def environment_schema(spec: EnvironmentSpec) -> SectionSchema:
    """Return what the table of an environment may hold: its parameters."""
    parameters: dict[str, AnyDimension] = {
        p.name: get_dimensions(quantity(0.0 if p.value is None else p.value))
        for p in spec.parameters
    }
    return SectionSchema(numbers=parameters, defaults=dict.fromkeys(parameters))


def _component(noun: str, head: TableForm) -> Entry:
    return table_by_kind(
        noun,
        "kind",
        lambda: {
            name: joined(head, section_form(kind.schema))
            for name, kind in registry_of(noun).items()
        },
    )


_NAMED = TableForm({"name": text(), "kind": text()})
_ENVIRONMENT = table_by_kind(
    "environment",
    "kind",
    lambda: {
        name: joined(TableForm({"kind": text()}), section_form(environment_schema(spec)))
        for name, spec in ENVIRONMENTS.items()
    },
)
NAMED_CIRCUIT = TableForm(
    {"name": named_or_file(lambda: shipped_names("circuits"))},
    {"scale": number("dimensionless"), "minimum": COUNT},
)
#: A projection of a named circuit that learns.
LEARNING = TableForm({"name": text(), "plasticity": PLASTICITY})


def _cell_names() -> tuple[str, ...]:
    return names("cell type")


def _by_cell_type(form: TableForm) -> TableForm:
    """Return the form of a table whose entries may differ between the cell types of a mixture."""
    return TableForm(
        {key: _one_or_many(entry) for key, entry in form.required.items()},
        {key: _one_or_many(entry) for key, entry in form.optional.items()},
    )


def _one_or_many(entry: Entry) -> Entry:
    return either(entry, table_of(entry, _cell_names))


def _projection(definitions: Definitions) -> Schema:
    return {
        "if": {"anyOf": [{"required": ["pre"]}, {"required": ["post"]}]},
        "then": _by_cell_type(PROJECTION).schema(definitions),
        "else": LEARNING.schema(definitions),
    }


def _task_tables() -> Iterator[tuple[str, Entry]]:
    """Yield the tables of a circuit as a task has them: with mixtures of cell types."""
    mixture = {**POPULATION.optional, "cells": table_of(plain("number", "string"), _cell_names)}
    n = {"name": POPULATION.required["name"], "n": POPULATION.required["n"]}
    either_cell = {"cell": POPULATION.required["cell"]}
    yield "populations", subtables(TableForm(n, {**either_cell, **mixture}))
    yield "projections", subtables(_projection)
    yield "background", subtables(_by_cell_type(BACKGROUND))


TASK = TableForm(
    {
        "name": text(),
        "title": text(),
        "protocol": subtable(section_form(PROTOCOL)),
        "outcome": _component("outcome", TableForm({"kind": text()}, {"name": text()})),
    },
    {
        "modulators": texts(),
        "default_modulators": texts(),
        "environment": _ENVIRONMENT,
        **{key: subtables(_component(noun, _NAMED)) for key, noun in COMPONENTS.items()},
        "circuit": either(
            named_or_file(lambda: shipped_names("circuits")), subtable(NAMED_CIRCUIT)
        ),
        **CIRCUIT_TABLES,
        **dict(_task_tables()),
    },
)
