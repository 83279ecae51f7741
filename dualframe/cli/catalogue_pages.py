"""Makes the pages of `dualframe list` and `show` from the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import dualframe as df
from dualframe import catalogue
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.fitted_models import SHIPPED_FAMILIES
from dualframe.catalogue.toml_table import load_toml
from dualframe.circuit import Circuit
from dualframe.cli.data_tables import as_json, text_table
from dualframe.cli.printed_tables import cut_text
from dualframe.core.errors import CatalogueError, OutputError, UnknownName
from dualframe.core.shipped_files import SUFFIX, shipped_names
from dualframe.core.user_paths import expand_user
from dualframe.environments.environment_record import Environment
from dualframe.environments.registry import ENVIRONMENTS
from dualframe.neurons.registry import NEURON_MODELS

# by name, because one table needs a part of the package only
LISTS: Mapping[str, str] = MappingProxyType(
    {
        "cells": "cells",
        "circuits": "circuits",
        "tasks": "tasks",
        "receptors": "receptors",
        "modulators": "modulators",
        "drugs": "drugs",
        "synapses": "synapses",
        "neurons": "neurons",
        "plasticity": "plasticity_rules",
        "populations": "populations",
        "targets": "targets",
        "environments": "environments",
        "systems": "systems",
    }
)
BRIEF = 32  # characters of an example beside a system's name and status
# What a terminal has room for; --json prints every column.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cells": ("name", "title", "region", "layer", "point_neurons", "compartments"),
        "circuits": ("name", "title", "n", "populations"),
        "drugs": ("name", "agonist_at", "antagonist_at"),
        "environments": ("name", "title", "action", "observations", "interval", "limit"),
        "neurons": ("name", "family", "title", "sets", "cells", "receptors_change"),
        "plasticity": ("name", "title", "runs", "sets"),
        "populations": ("name", "region", "species", "populations", "connections"),
        "receptors": ("name", "modulator", "kind", "EC50", "EC50_status", "acts_on"),
        "systems": ("name", "status", "example"),
    }
)


def list_page(kind: str) -> dict[str, Any]:
    """Return a table of the catalogue, as texts and as JSON.

    Parameters
    ----------
    kind
        One of `LISTS`.
    """
    table = getattr(df, LISTS[kind])()
    shown = table[list(COLUMNS.get(kind, table.columns))]
    below: list[str] = []
    if kind == "systems":
        evidence = [_brief_evidence(entry) for entry in catalogue.list_systems()]
        shown = shown.drop(columns="example").assign(**{"example or reason": evidence})
        below = ["", *_systems_remarks()]
    printed = text_table(shown)
    return {
        "columns": dict(printed.columns),
        "numeric": list(printed.numeric),
        "below": below,
        "json": as_json(table),
    }


def _systems_remarks() -> list[str]:
    """Return how many systems there are of each status, and where to read more of them."""
    counts = catalogue.count_statuses(df.systems()).loc["all"]
    return [
        ", ".join(f"{status} {count}" for status, count in counts.items()),
        "'dualframe show NAME' has source and reason, --json all of it.",
    ]


def _brief_evidence(entry: catalogue.System) -> str:
    """Return the first example of a system, or the reason, in the room that a terminal has."""
    return cut_text(entry.examples[0].short if entry.examples else entry.reason, BRIEF)


def show_page(name: str) -> dict[str, Any]:
    """Return an entry of the catalogue, or a circuit, with every number and its source.

    Parameters
    ----------
    name
        Of the entry, or the path of a TOML file.
    """
    entry = find_entry(name)
    lines = [entry.describe() if hasattr(entry, "describe") else catalogue.describe(entry)]
    if name in ENVIRONMENTS and not isinstance(entry, Environment):  # a task in it
        lines += ["", "-" * 80, "", df.environment(name).describe()]
    if isinstance(entry, Circuit):
        twins = [f"  {choose_twin(entry, family)}" for family in SHIPPED_FAMILIES]
        lines += ["", "point neurons that are built by default", *twins]
    return {"text": "\n".join([*lines, ""])}


def find_entry(name: str) -> Any:
    """Return whatever has this name: a cell type, a receptor, a circuit, a system, ..."""
    if name.endswith(SUFFIX):
        return _reader_of_file(Path(name))(name)
    for kind, (entries, load) in KINDS.items():
        if name in entries():
            return load(name)
        if kind in ("modulator", "drug"):
            try:
                return load(name)  # these have aliases
            except UnknownName:
                continue
    everything = [entry for entries, _ in KINDS.values() for entry in entries()]
    raise UnknownName("name", name, everything, lister=f"'dualframe list {'|'.join(LISTS)}'")


KINDS: Mapping[str, tuple[Callable[[], Sequence[str]], Callable[[str], Any]]] = MappingProxyType(
    {
        "cell type": (lambda: catalogue.names("cell type"), catalogue.cell),
        "receptor": (lambda: catalogue.names("receptor"), catalogue.receptor),
        "modulator": (lambda: catalogue.names("modulator"), catalogue.modulator),
        "drug": (lambda: catalogue.names("drug"), catalogue.drug),
        "synapse": (lambda: catalogue.names("synapse"), catalogue.synapse),
        "plasticity rule": (
            lambda: catalogue.names("plasticity rule"),
            catalogue.rule_parameter_sets,
        ),
        "neuron model": (lambda: tuple(NEURON_MODELS), catalogue.neuron_entry),
        "population data": (lambda: catalogue.names("population data"), catalogue.population_data),
        "circuit": (lambda: shipped_names("circuits"), lambda name: df.circuit(name)),
        "task": (lambda: shipped_names("tasks"), lambda name: df.task(name)),
        "environment": (lambda: tuple(ENVIRONMENTS), lambda name: df.environment(name)),
        "system": (catalogue.system_names, catalogue.system),
    }
)


def _reader_of_file(path: Path) -> Callable[[str], Any]:
    """What reads a user's file: a task has a protocol, a circuit populations."""
    try:
        keys = set(load_toml(expand_user(path)))
    except (CatalogueError, OutputError):
        return df.circuit  # the reader of circuits says what is wrong
    if keys & {"protocol", "outcome"}:
        return df.task
    if "affinity" in keys:
        return catalogue.receptor
    return df.circuit if "populations" in keys else catalogue.cell
