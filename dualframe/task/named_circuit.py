"""A circuit by name as the network of a task: ``circuit = { name = "l23", scale = "0.05" }``.

The task's own tables add to it. A projection with a name and a ``plasticity`` alone, without
``pre`` and ``post``, makes the circuit's projection of this name learn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from dualframe.catalogue.toml_table import Table
from dualframe.circuit import Circuit
from dualframe.circuit.lookup import circuit
from dualframe.circuit.plasticity import read_plasticity
from dualframe.circuit.scaling import SMALLEST_POPULATION
from dualframe.circuit.toml_helpers import read_count
from dualframe.task.file_form import LEARNING, NAMED_CIRCUIT


@dataclass(frozen=True)
class NamedCircuit:
    """A circuit that a task names.

    Attributes
    ----------
    full
        As its file has it.
    scaled
        As the task takes it.
    """

    full: Circuit
    scaled: Circuit


def read_named_circuit(table: Table, folder: Path) -> NamedCircuit | None:
    """Return the circuit that a task's file names, or None.

    Parameters
    ----------
    table
        Of the whole file.
    folder
        Of the file: a path of a circuit's file is relative to it.

    Raises
    ------
    UnknownName, CatalogueError, NetworkError
        If there is no such circuit, or it cannot have this scale.
    """
    if "circuit" not in table.data:
        return None
    if isinstance(table.data["circuit"], str):
        full = circuit(_place(table.text("circuit"), folder))
        return NamedCircuit(full, full.scaled(full.default_scale))
    stated = table.need("circuit")
    stated.only(NAMED_CIRCUIT)
    full = circuit(_place(stated.text("name"), folder))
    scale = full.default_scale
    if "scale" in stated.data:
        scale = float(stated.number("scale", "dimensionless").value)
    minimum = SMALLEST_POPULATION
    if "minimum" in stated.data:
        minimum = int(read_count(stated, "minimum").value)
    return NamedCircuit(full, full.scaled(scale, minimum))


def with_learning(base: Circuit, rows: list[Table]) -> Circuit:
    """Return a circuit in which named projections learn.

    Parameters
    ----------
    base
        The circuit.
    rows
        Tables with the name of a projection and its plasticity.
    """
    projections = {p.name: p for p in base.projections}
    for row in rows:
        row.only(LEARNING)
        projection = base.projection(row.text("name"))
        numbers = dict(projection.sources)
        rules = read_plasticity(row, numbers, projection.weight)
        projections[projection.name] = replace(projection, plasticity=rules, sources=numbers)
    return replace(base, full=None, projections=tuple(projections.values()))


def _place(name: str, folder: Path) -> str:
    is_file = name.endswith(".toml") and not Path(name).is_absolute()
    return str(folder / name) if is_file else name
