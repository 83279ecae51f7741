"""What acts on a circuit's receptors and synapses, and where: entries in place of earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from dualframe import catalogue
from dualframe.circuit.circuit_record import CircuitRecord
from dualframe.circuit.components import CircuitPopulation, CircuitProjection
from dualframe.circuit.pharmacology import Drug, Modulation
from dualframe.circuit.regions import Region
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import as_names
from dualframe.network import Plasticity

Bare = TypeVar("Bare", bound=CircuitRecord)


def add_modulation(
    modulations: Iterable[Modulation], modulation: Modulation
) -> tuple[Modulation, ...]:
    """Return modulations with a new one, instead of any earlier of the same modulator.

    Those of other regions stay, if the new one names its region.

    Parameters
    ----------
    modulations
        Those of a circuit.
    modulation
        Its modulator has the catalogue's name.

    Raises
    ------
    UnknownName
        If the modulator does not have the uptake.
    """
    if modulation.uptake:
        catalogue.modulator(modulation.modulator).uptake(modulation.uptake)
    region = modulation.region
    others = (
        m
        for m in modulations
        if m.modulator != modulation.modulator or (region and m.region not in ("", region))
    )
    return (*others, modulation)


def add_drug(drugs: Iterable[Drug], drug: Drug) -> tuple[Drug, ...]:
    """Return drugs with a new one, instead of one of its name and kind, receptor and cell types.

    Parameters
    ----------
    drugs, drug
        Those of a circuit, and the new one.
    """
    same = (drug.name, drug.kind, drug.receptor, drug.cells)
    return (*(d for d in drugs if (d.name, d.kind, d.receptor, d.cells) != same), drug)


def replace_plasticity(
    projections: Iterable[CircuitProjection],
    name: str,
    plasticity: Plasticity | Iterable[Plasticity] | None,
) -> tuple[CircuitProjection, ...]:
    """Return projections of which one has another plasticity.

    Parameters
    ----------
    projections
        Those of a circuit.
    name
        The one that changes.
    plasticity
        Of its weights, one rule or several; None for none.
    """
    rules: Any = plasticity
    return tuple(replace(p, plasticity=rules) if p.name == name else p for p in projections)


def without_actions(circuit: Bare) -> Bare:
    """Return a full-size circuit on which nothing acts and in which nothing learns.

    That is what the strengths of its contacts are calibrated for.

    Parameters
    ----------
    circuit
        The circuit.
    """
    full = circuit.full_size
    fixed = tuple(replace(projection, plasticity=None) for projection in full.projections)
    return replace(full, projections=fixed, modulations=(), drugs=(), effects=())


def check_cells(circuit: CircuitRecord, cells: Iterable[str]) -> None:
    """Refuse cell types that a circuit does not have.

    Parameters
    ----------
    circuit
        The circuit.
    cells
        Cell types that a drug or a change of an effect names.

    Raises
    ------
    UnknownName
        Naming the first.
    """
    for cell in cells:
        if cell not in circuit.cells:
            raise UnknownName(f"cell type of circuit {circuit.name!r}:", cell, circuit.cells)


def divide_into_regions(
    circuit: CircuitRecord,
    members: Mapping[str, str | Iterable[str]],
    volumes: Mapping[str, Any],
) -> tuple[tuple[Region, ...], tuple[CircuitPopulation, ...]]:
    """Return regions, and the circuit's populations in them.

    Parameters
    ----------
    circuit
        The circuit.
    members
        Populations by region.
    volumes
        By region; 1 if not given.

    Raises
    ------
    UnknownName
        If there is no such population, or a volume has no region.
    NetworkError
        If a population is in two regions.
    """
    region_of: dict[str, str] = {}
    for region, populations in members.items():
        for name in as_names(populations, f"members of region {region!r}"):
            circuit.population(name)
            if name in region_of:
                raise NetworkError(f"population {name!r} lies in {region_of[name]!r} already.")
            region_of[name] = region
    for name in volumes:
        if name not in members:
            raise UnknownName("region with a volume:", name, members)
    return (
        tuple(Region(name, volumes.get(name, 1.0)) for name in members),
        tuple(replace(p, region=region_of.get(p.name, "")) for p in circuit.populations),
    )
