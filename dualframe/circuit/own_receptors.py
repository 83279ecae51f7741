"""Receptors as a circuit has them: the catalogue's and a user's files, on a user's cell types too.

A cell type of a user's that is ``like`` one of the catalogue has that one's receptors: wherever a
receptor names the catalogue's cell type, it names the user's as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from dualframe import catalogue
from dualframe.catalogue import CellType, Modulator, Receptor
from dualframe.circuit.circuit_record import CircuitRecord


def own_receptors(circuit: CircuitRecord) -> dict[str, Receptor]:
    """Return the receptors of a circuit's files, by name.

    Parameters
    ----------
    circuit
        Its ``receptors`` are paths.

    Raises
    ------
    CatalogueError
        If a file is not well formed.
    """
    return {one.name: one for one in map(catalogue.receptor, circuit.receptors)}


def receptor_name(circuit: CircuitRecord, name: str) -> str:
    """Return the name of a receptor of the catalogue, or of a circuit's own.

    Parameters
    ----------
    circuit, name
        The circuit, and how a user calls the receptor.

    Raises
    ------
    UnknownName
        If there is none of this name.
    """
    return name if name in own_receptors(circuit) else catalogue.receptor(name).name


def with_own_receptors(modulator: Modulator, receptors: Mapping[str, Receptor]) -> Modulator:
    """Return a modulator that binds a user's receptors too.

    Parameters
    ----------
    modulator
        Of the catalogue.
    receptors
        The user's receptors by name; one of the catalogue's name takes its place.
    """
    bound = (name for name, one in receptors.items() if one.modulator == modulator.name)
    return replace(modulator, receptors=tuple(dict.fromkeys((*modulator.receptors, *bound))))


def on_like_cells(receptor: Receptor, cells: Iterable[CellType]) -> Receptor:
    """Return a receptor that names, with a cell type, the users' cell types that are like it.

    Parameters
    ----------
    receptor
        The receptor.
    cells
        Cell types of a circuit.
    """
    like: dict[str, list[str]] = {}
    for cell in cells:
        if cell.like:
            like.setdefault(cell.like, []).append(cell.name)
    if not like:
        return receptor

    def extended(names: tuple[str, ...]) -> tuple[str, ...]:
        added = (own for name in names for own in like.get(name, ()))
        return tuple(dict.fromkeys((*names, *added)))

    return replace(
        receptor,
        expressed_by=tuple(replace(e, cells=extended(e.cells)) for e in receptor.expressed_by),
        effects=tuple(
            replace(
                effect,
                cells=extended(effect.cells),
                onto=extended(effect.onto),
                presynaptic=extended(effect.presynaptic),
            )
            for effect in receptor.effects
        ),
    )
