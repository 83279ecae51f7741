"""A circuit with the catalogue's records of everything that it names: each looked up once.

What is built from a circuit, its neurons, channels and modulators, is built from these records.
They hold the circuit's own entries beside those of the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

from dualframe import catalogue
from dualframe.catalogue import CellType, Modulator, Receptor, Synapse
from dualframe.circuit.catalogue_checks import check_compartments, check_plastic_sign, check_sign
from dualframe.circuit.circuit_record import CircuitRecord
from dualframe.circuit.components import Background, CircuitPopulation, CircuitProjection
from dualframe.circuit.effect_overrides import EffectChange
from dualframe.circuit.own_receptors import on_like_cells, own_receptors, with_own_receptors
from dualframe.circuit.pharmacology import Drug, Modulation
from dualframe.circuit.regions import check_once

Record = TypeVar("Record")


@dataclass(frozen=True, kw_only=True)
class ResolvedPopulation:
    """A population and its cell type.

    Attributes
    ----------
    entry
        What the circuit says of it.
    cell
        Its cell type.
    receives_native_weights
        Whether weights go into variables of the point neuron that the entry states, so that it
        cannot be of another.
    """

    entry: CircuitPopulation
    cell: CellType
    receives_native_weights: bool = False

    @property
    def name(self) -> str:
        """Name of the population."""
        return self.entry.name

    @property
    def region(self) -> str:
        """Name of the region in which it lies; "" without regions."""
        return self.entry.region


@dataclass(frozen=True, kw_only=True)
class SynapticInput:
    """A projection or background input, its kinds of synapse and the cell type of its source.

    Attributes
    ----------
    entry
        What the circuit says of it.
    synapses
        Its kinds of synapse, in the order of the entry.
    source_cell
        The cell type of the source; None of input from outside the circuit.
    enabled
        Whether it is built: projections from an input that is switched off are not.
    """

    entry: CircuitProjection | Background
    synapses: tuple[Synapse, ...]
    source_cell: CellType | None = None
    enabled: bool = True

    @property
    def name(self) -> str:
        """Name of the projection or background input."""
        return self.entry.name

    def has_synapse(self, kind: str) -> bool:
        """Return whether a kind of synapse is one of its; "" is any."""
        return kind in ("", *self.entry.synapses)


@dataclass(frozen=True, kw_only=True)
class ResolvedModulation:
    """A modulation and its modulator."""

    entry: Modulation
    modulator: Modulator


@dataclass(frozen=True, kw_only=True)
class ResolvedDrug:
    """A drug, its receptor, and the names of the cell types on which it acts; empty means all."""

    entry: Drug
    receptor: Receptor
    cells: tuple[str, ...]

    def reaches(self, cell: CellType) -> bool:
        """Return whether it acts on a cell type."""
        return not self.cells or cell.name in self.cells


@dataclass(frozen=True, kw_only=True)
class ResolvedCircuit:
    """A circuit and the records of what it names.

    Attributes
    ----------
    circuit
        The circuit itself.
    populations, synaptic_inputs, modulations, drugs
        Its parts, in its order.
    effects
        Its changes of effects, with the catalogue's names of cell types.
    receptors
        Receptors of its modulators and drugs, by name.
    own_receptors
        Those of the user's files, by name.
    """

    circuit: CircuitRecord
    populations: tuple[ResolvedPopulation, ...]
    synaptic_inputs: tuple[SynapticInput, ...]
    modulations: tuple[ResolvedModulation, ...]
    drugs: tuple[ResolvedDrug, ...]
    effects: tuple[EffectChange, ...]
    receptors: Mapping[str, Receptor]
    own_receptors: Mapping[str, Receptor] = field(default_factory=dict)

    @cached_property
    def cells(self) -> dict[str, CellType]:
        """Cell types, each once, by the name or path that the circuit uses."""
        return {population.entry.cell: population.cell for population in self.populations}

    @cached_property
    def modulators(self) -> dict[str, Modulator]:
        """The modulators that it names, each once, by name."""
        return {m.modulator.name: m.modulator for m in self.modulations}

    @cached_property
    def _by_name(self) -> dict[str, ResolvedPopulation]:
        return {population.name: population for population in self.populations}

    @cached_property
    def _inputs_by_target(self) -> dict[str, tuple[SynapticInput, ...]]:
        inputs: dict[str, tuple[SynapticInput, ...]] = dict.fromkeys(self._by_name, ())
        for synaptic_input in self.synaptic_inputs:
            inputs[synaptic_input.entry.target] += (synaptic_input,)
        return inputs

    def find_receptor(self, name: str) -> Receptor | None:
        """Return a receptor by name as the circuit has it, bound or not; None if there is none."""
        if name in self.receptors:
            return self.receptors[name]
        if name not in self.own_receptors and name not in catalogue.names("receptor"):
            return None
        found = self.own_receptors.get(name) or catalogue.receptor(name)
        return on_like_cells(found, self.cells.values())

    def find_modulator(self, name: str) -> Modulator:
        """Return a modulator by name or alias, with the circuit's own receptors."""
        return with_own_receptors(catalogue.modulator(name), self.own_receptors)

    def population(self, name: str) -> ResolvedPopulation:
        """Return a population by name."""
        return self._by_name[name]

    def inputs_to(self, population: str) -> tuple[SynapticInput, ...]:
        """Return projections and background input that end on a population."""
        return self._inputs_by_target[population]

    def projections_to(self, population: str) -> tuple[SynapticInput, ...]:
        """Return projections that end on a population."""
        inputs = self.inputs_to(population)
        return tuple(given for given in inputs if isinstance(given.entry, CircuitProjection))


def resolve_circuit(circuit: CircuitRecord, where: str = "") -> ResolvedCircuit:
    """Look up what a circuit names, each thing once, and check that it fits.

    Parameters
    ----------
    circuit
        The circuit.
    where
        File name, for the errors.

    Raises
    ------
    UnknownName
        If a cell type, kind of synapse, modulator or receptor does not exist.
    CatalogueError
        If a projection ends on a compartment that its target does not have, or an excitatory
        cell has an inhibitory synapse or the reverse (Dale's law).
    NetworkError
        If a modulator is given twice in one region.
    """
    cells = _look_up(catalogue.cell, (p.cell for p in circuit.populations))
    by_population = {p.name: cells[p.cell] for p in circuit.populations}
    native = {p.target for p in circuit.projections if p.weight is not None}
    own = own_receptors(circuit)
    modulators = {
        m.modulator: with_own_receptors(catalogue.modulator(m.modulator), own)
        for m in circuit.modulations
    }
    names = [name for modulator in modulators.values() for name in modulator.receptors]
    receptors = {
        name: on_like_cells(own.get(name) or catalogue.receptor(name), cells.values())
        for name in dict.fromkeys((*names, *(drug.receptor for drug in circuit.drugs)))
    }
    resolved = ResolvedCircuit(
        circuit=circuit,
        populations=tuple(
            ResolvedPopulation(
                entry=p, cell=by_population[p.name], receives_native_weights=p.name in native
            )
            for p in circuit.populations
        ),
        synaptic_inputs=_synaptic_inputs(circuit, by_population),
        modulations=tuple(
            ResolvedModulation(entry=m, modulator=modulators[m.modulator])
            for m in circuit.modulations
        ),
        drugs=tuple(
            ResolvedDrug(
                entry=drug,
                receptor=receptors[drug.receptor],
                cells=_cell_names(drug.cells, cells),
            )
            for drug in circuit.drugs
        ),
        effects=tuple(
            replace(change, cells=_cell_names(change.cells, cells)) for change in circuit.effects
        ),
        receptors={receptor.name: receptor for receptor in receptors.values()},
        own_receptors=own,
    )
    _check_resolved(resolved, where or f"circuit {circuit.name!r}")
    return resolved


def _look_up(find: Callable[[str], Record], names: Iterable[str]) -> dict[str, Record]:
    return {name: find(name) for name in dict.fromkeys(names)}


def _cell_names(names: Iterable[str], cells: Mapping[str, CellType]) -> tuple[str, ...]:
    """Return the catalogue's names; a circuit may name a cell type by the path of its file."""
    return tuple(cells[name].name if name in cells else name for name in names)


def _synaptic_inputs(
    circuit: CircuitRecord, cells: Mapping[str, CellType]
) -> tuple[SynapticInput, ...]:
    kinds = (kind for contact in circuit.contacts for kind in contact.synapses)
    synapses = _look_up(catalogue.synapse, kinds)
    disabled = {given.name for given in circuit.inputs if not given.on}
    return tuple(
        SynapticInput(
            entry=contact,
            synapses=tuple(synapses[kind] for kind in contact.synapses),
            source_cell=cells.get(getattr(contact, "source", "")),
            enabled=getattr(contact, "source", "") not in disabled,
        )
        for contact in circuit.contacts
    )


def _check_resolved(resolved: ResolvedCircuit, where: str) -> None:
    for given in resolved.synaptic_inputs:
        check_compartments(given.entry, resolved.population(given.entry.target).cell, where)
        if isinstance(given.entry, CircuitProjection) and given.source_cell is not None:
            signs = {synapse.name: synapse.sign for synapse in given.synapses}
            check_sign(given.entry, given.source_cell, signs, where)
        if isinstance(given.entry, CircuitProjection):
            check_plastic_sign(given.entry, given.source_cell, where)
    for modulation in resolved.modulations:
        if modulation.entry.uptake:
            modulation.modulator.uptake(modulation.entry.uptake)
    check_once(
        [(m.modulator.name, m.entry) for m in resolved.modulations], resolved.circuit.region_names
    )
