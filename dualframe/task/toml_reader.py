"""From a task's TOML file to a `Task`; nothing in the file is evaluated."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pandas as pd

from dualframe.catalogue.bibliography import PACKAGED
from dualframe.catalogue.lookup import modulator_name
from dualframe.catalogue.toml_table import Table, read_toml_table
from dualframe.core.errors import CatalogueError, UnknownName, suggest_name
from dualframe.core.parameter_table import Dimensions
from dualframe.core.shipped_files import find_shipped_file, shipped_names
from dualframe.task.sections import SECTIONS, Section, Spec
from dualframe.task.task import Task


def task(name: str | os.PathLike[str]) -> Task:
    """Return a task by name, or from the path of a user's own file.

    Raises
    ------
    UnknownName
        If there is no such task.
    CatalogueError
        If the file is not well formed: it names file, table, key and remedy.
    """
    path = find_shipped_file("tasks", name)
    table = read_toml_table(path)
    builder = table.text("builder", choices=SECTIONS)
    specs = SECTIONS[builder]
    table.only("name", "title", "builder", "modulators", "default_modulators", specs)
    offered = tuple(map(modulator_name, table.texts("modulators")))
    return Task(
        name=table.text("name"),
        title=table.text("title"),
        builder=builder,
        sections={key: _section(table.need(key), key, spec) for key, spec in specs.items()},
        offered=offered,
        modulators=_acting(table, offered),
        note=table.text("note", ""),
        origin=table.origin(),
        references=str(path.parent / PACKAGED.name),
    )


def tasks() -> pd.DataFrame:
    """Return the shipped tasks as a table: name, title, modulators, builder."""
    found = [task(name) for name in shipped_names("tasks")]
    rows = [(t.name, t.title, ", ".join(t.offered), t.builder) for t in found]
    return pd.DataFrame(rows, columns=["name", "title", "modulators", "builder"], dtype=object)


def _acting(table: Table, offered: tuple[str, ...]) -> tuple[str, ...]:
    acting = {modulator_name(name): name for name in table.texts("default_modulators", offered)}
    for modulator, name in acting.items():
        if modulator not in offered:
            table.fail(
                "default_modulators", f"unknown modulator {name!r}. {suggest_name(name, offered)}"
            )
    return tuple(name for name in offered if name in acting)


def _section(table: Table, name: str, spec: Spec) -> Section:
    given = [key for key in table.data if key not in ("source", "status", "note")]
    texts = {key: table.text(key, choices=spec.texts[key]) for key in spec.texts if key in given}
    kinds = _kinds(table, spec, texts)
    table.only(kinds, spec.texts)
    for key in spec.required:
        if key not in given:
            table.fail(key, f"missing. This table needs {', '.join(spec.required)}.")
    numbers = {key: table.number(key, kinds[key]) for key in given if key not in spec.texts}
    return Section(name, numbers, texts)


def _kinds(table: Table, spec: Spec, texts: Mapping[str, str]) -> Dimensions:
    try:
        return spec.dimensions(texts)
    except UnknownName as error:
        raise CatalogueError(f"{table.where}: {error}") from error
