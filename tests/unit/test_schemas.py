"""JSON Schemas of the TOML files: what ships passes, and wrong files fail as their readers say."""

from __future__ import annotations

import copy
import json
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli_w

import dualframe as df
from dualframe.catalogue.lookup import HERE
from dualframe.catalogue.neuron_sets import read_published_sets
from dualframe.cli import main
from dualframe.cli.arguments import SCHEMA_KINDS
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.quantity import is_quantity_text
from dualframe.core.shipped_files import shipped_folder
from dualframe.task.file_schemas import FILE_FORMS

FOLDERS = {
    "circuit": shipped_folder("circuits"),
    "task": shipped_folder("tasks"),
    "cell": HERE / "cells",
    "receptor": HERE / "receptors",
    "modulator": HERE / "modulators",
    "drug": HERE / "drugs",
    "synapse": HERE / "synapses",
    "plasticity": HERE / "plasticity",
    "neurons": HERE / "neuron_models",
    "populations": HERE / "populations",
}


@cache
def validator(kind: str) -> jsonschema.Draft7Validator:
    schema = df.schema(kind)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


def content(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def test_there_is_a_schema_for_every_kind_of_file() -> None:
    assert set(FOLDERS) == set(FILE_FORMS) == set(SCHEMA_KINDS)
    with pytest.raises(UnknownName, match="circuit"):
        df.schema("circit")


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_shipped_file_is_valid(kind: str) -> None:
    files = sorted(FOLDERS[kind].glob("*.toml"))
    assert files
    for file in files:
        errors = [error.message[:200] for error in validator(kind).iter_errors(content(file))]
        assert not errors, file.name


READERS: dict[str, Any] = {
    "circuit": df.circuit,
    "task": df.task,
    "cell": df.cell,
    "receptor": df.receptor,
    "modulator": df.catalogue.modulator,
    "drug": df.catalogue.drug,
    "synapse": df.catalogue.synapse,
    "plasticity": df.catalogue.rule_parameter_sets,
    "neurons": read_published_sets,
    "populations": df.population_data,
}
# Of each kind, a file of many tables; what other files have besides is in the test above.
ORIGINALS = [
    *(("circuit", name) for name in ("template", "pd14")),
    *(("cell", name) for name in ("template", "ca1_pyr")),
    ("receptor", "nACh_a7"),
    ("task", "template"),
    ("task", "navigation_cells"),
    ("modulator", "DA"),
    ("drug", "atropine"),
    ("synapse", "NMDA"),
    ("plasticity", "r_stdp"),
    ("neurons", "lif"),
    ("populations", "striatum_lindahl"),
]


def original(kind: str, name: str, folder: Path) -> dict[str, Any]:
    if name == "template":
        return content(getattr(df, f"new_{kind}")("own", folder / "templates"))
    tree = content(FOLDERS[kind] / f"{name}.toml")
    for rows in ("projections", "background", "point_neurons"):  # many alike
        tree[rows] = tree.get(rows, [])[:2]
    return {key: value for key, value in tree.items() if value != []}


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every table in a file, the first of each array only."""
    if isinstance(tree, dict):
        yield path
        for key, value in tree.items():
            yield from places(value, (*path, key))
    elif isinstance(tree, list) and tree and isinstance(tree[0], dict):
        yield from places(tree[0], (*path, 0))


def with_entry(tree: dict[str, Any], path: tuple[Any, ...], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(tree)
    table: Any = changed
    for step in path:
        table = table[step]
    table[key] = value
    return changed


def wrong_files(tree: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is wrong, and the file: an unknown key, a wrong unit or else a wrong type.

    One number stands for those of a table, and a table for those with its keys and place.
    """
    seen = set()
    for path in places(tree):
        table: Any = tree
        for step in path:
            table = table[step]
        looks = ("value" in table or path, frozenset(table))
        if looks in seen:
            continue
        seen.add(looks)
        yield f"{path}: unknown key", with_entry(tree, path, "unheard_of", "1")
        numbers = [key for key in table if is_number(key, table[key])]
        for key in table:
            if key not in (*numbers[1:], "note"):  # a note may go unread
                wrong = "3 kelvin" if key in numbers else [[1.5]]
                yield f"{path} {key} = {wrong}", with_entry(tree, path, key, wrong)


def is_number(key: str, value: Any) -> bool:
    """Tell whether a value has a unit that its key decides; that of bounds, the weight does."""
    bounds = ("weight", "w_max", "w_min", "scale")
    return key not in ("note", *bounds) and isinstance(value, str) and is_quantity_text(value)


@pytest.mark.parametrize(("kind", "name"), ORIGINALS)
def test_wrong_files_are_refused_as_their_readers_do(kind: str, name: str, tmp_path: Path) -> None:
    tree = original(kind, name, tmp_path)
    assert validator(kind).is_valid(tree)
    missed, unread = [], []
    for label, wrong in wrong_files(tree):
        if validator(kind).is_valid(wrong):
            missed.append(label)
        path = tmp_path / "wrong.toml"
        path.write_text(tomli_w.dumps(wrong), encoding="utf-8")
        try:
            READERS[kind](path)
        except DualframeError:
            continue
        unread.append(label)
    assert not missed, missed
    assert not unread, unread


def test_the_command_writes_a_schema(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "receptor.schema.json"
    assert main(["schema", "receptor", "--out", str(path)]) == 0
    assert "#:schema ./receptor.schema.json" in capsys.readouterr().out
    assert json.loads(path.read_text()) == df.schema("receptor")
    path.write_text("mine")
    assert main(["schema", "receptor", "--out", str(path)]) != 0
    assert path.read_text() == "mine"
    assert main(["schema", "receptor"]) == 0
    assert json.loads(capsys.readouterr().out) == df.schema("receptor")
