"""The circuit as a whole, and where it comes from.

A `Circuit` is inert data, read from a file of ``circuits/`` or made by hand, and either branch
builds a network from it. Everything that changes it returns a new one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

import pandas as pd

from dualframe import catalogue
from dualframe.circuit.catalogue_checks import check_compartments, check_sign
from dualframe.circuit.components import (
    SYNAPSE_MODES,
    Background,
    CircuitPopulation,
    CircuitProjection,
)
from dualframe.circuit.describe import describe, numbers, overview
from dualframe.circuit.effect_overrides import EffectChange
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.perturbations import Acting
from dualframe.circuit.pharmacology import Drug, Modulation
from dualframe.circuit.plasticity import with_plasticity
from dualframe.circuit.regions import Region, check_once, check_regions
from dualframe.circuit.scaling import (
    connection_ends,
    expected_in_degree,
    scaled_population,
    scaled_projection,
)
from dualframe.circuit.space import Space
from dualframe.circuit.structure_digest import identity
from dualframe.circuit.toml_reader import read
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.shipped_files import find_shipped_file, shipped_names
from dualframe.core.validation import check_unique
from dualframe.network import Description, Plasticity

T = TypeVar("T")

_STRUCTURE = (
    "populations",
    "projections",
    "background",
    "inputs",
    "regions",
    "space",
    "scale",
    "full",
)


@dataclass(frozen=True, eq=False)
class Circuit(Description, Acting):
    """A microcircuit.

    Parameters
    ----------
    name
        Name of the circuit.
    populations, projections, background
        Its parts.
    inputs
        Populations of Poisson neurons outside the circuit, sources of projections.
    regions
        Named regions, in which populations lie; without any, the circuit is one region.
    space
        Where the neurons lie; needed by projections that depend on distance.
    modulations, drugs
        What acts on its receptors; usually added by `with_modulation` and `with_drug`.
    effects
        Effects of receptors that differ from the catalogue's; usually added by `with_effect` and
        `without_effect`.
    scale
        Number of neurons relative to the full-size circuit; set by `scaled`.
    title, note
        For the reader.
    synapse_mode
        ``"current"`` or ``"conductance"``: what the source's point neurons have, and so the default
        of the point branch. Dendrites always have conductances.
    full
        The full-size circuit of which this is a scaled one, None if it is full-size itself.

    Raises
    ------
    NetworkError
        If the parts cannot belong together.
    UnknownName
        If a part names a population that does not exist.
    """

    name: str
    populations: tuple[CircuitPopulation, ...]
    projections: tuple[CircuitProjection, ...] = ()
    background: tuple[Background, ...] = ()
    inputs: tuple[CircuitInput, ...] = ()
    space: Space | None = None
    modulations: tuple[Modulation, ...] = ()
    drugs: tuple[Drug, ...] = ()
    scale: float = 1.0
    title: str = ""
    note: str = ""
    synapse_mode: str = "current"
    full: Circuit | None = field(default=None, repr=False)
    regions: tuple[Region, ...] = ()
    effects: tuple[EffectChange, ...] = ()

    def __post_init__(self) -> None:
        self._freeze()
        if not self.populations:
            raise NetworkError(f"circuit {self.name!r} needs at least one population.")
        if self.synapse_mode not in SYNAPSE_MODES:
            raise UnknownName("synapse mode", self.synapse_mode, SYNAPSE_MODES)
        check_unique([*self.sizes, *(own.name for own in self.inputs)])
        check_unique([c.name for c in self.contacts])
        for projection in self.projections:
            self._check_projection(projection)
        for source in self.background:
            self.population(source.target)
        for modulation in self.modulations:
            if modulation.released_by is not None:
                self.population(modulation.released_by)
        check_regions(self)

    @property
    def sizes(self) -> dict[str, int]:
        """Number of neurons by population."""
        return {population.name: population.n for population in self.populations}

    @property
    def ends(self) -> dict[str, int]:
        """Number of neurons by population and input: whatever a projection may start from."""
        return self.sizes | {own.name: own.n for own in self.inputs}

    @property
    def contacts(self) -> tuple[CircuitProjection | Background, ...]:
        """Projections and background input."""
        return (*self.projections, *self.background)

    @property
    def cells(self) -> tuple[str, ...]:
        """The cell types, each once."""
        return tuple(dict.fromkeys(population.cell for population in self.populations))

    @property
    def digest(self) -> str:
        """SHA-256 of what a model is built from: notes, sources and defaults do not count."""
        return identity(self)

    def population(self, name: str) -> CircuitPopulation:
        """Return a population by name."""
        return _named("population", name, {p.name: p for p in self.populations})

    def input(self, name: str) -> CircuitInput:
        """Return an input by name."""
        return _named("input", name, {own.name: own for own in self.inputs})

    def projection(self, name: str) -> CircuitProjection:
        """Return a projection by name."""
        return _named("projection", name, {p.name: p for p in self.projections})

    def with_(self, **changes: Any) -> Circuit:
        """Return the circuit with other parts, for example ``with_(background=())``.

        Raises
        ------
        NetworkError
            If the structure of a scaled circuit is to change: change it first, then scale.
        """
        for key in changes:
            if key not in (known := [item.name for item in fields(self)]):
                raise UnknownName("part of a circuit", key, known)
            if self.full is not None and key in _STRUCTURE:
                raise NetworkError(
                    f"circuit {self.name!r} is scaled: change {key!r} of the full-size circuit, "
                    f"then scale it."
                )
        return replace(self, **changes)

    def with_input(self, name: str, **changes: Any) -> Circuit:
        """Return the circuit with one of its inputs switched on, or changed.

        Parameters
        ----------
        name
            Name of the input, such as ``"thalamus"`` of pd14.
        changes
            Other values of its fields: ``rate``, ``start``, ``stop``, or ``on=False``.

        Raises
        ------
        UnknownName
            If the circuit has no such input.
        """
        new = replace(self.input(name), **({"on": True} | changes))
        return replace(self, inputs=tuple(new if own.name == name else own for own in self.inputs))

    def with_plasticity(self, projection: str, plasticity: Plasticity | None) -> Circuit:
        """Return the circuit in which the synapses of a projection learn, or learn no more.

        Parameters
        ----------
        projection
            Name of a projection.
        plasticity
            From `dualframe.plasticity_rule`, bounds and scale as multiples of the contact's weight:
            ``plasticity_rule("pair_stdp", w_max=2)``. ``None`` keeps the weights as they are.

        Raises
        ------
        UnknownName
            If the circuit has no such projection.
        """
        changed = {self.projection(projection).name: plasticity}
        full = self.full and replace(
            self.full, projections=with_plasticity(self.full.projections, changed)
        )
        return replace(self, projections=with_plasticity(self.projections, changed), full=full)

    def scaled(self, factor: float) -> Circuit:
        """Return the circuit with ``factor`` times as many neurons and the same mean drive.

        See `dualframe.circuit.scaling` for the rule and its limits, and `scaling` for what it did.
        Scaling twice is scaling once by the product.

        Raises
        ------
        NetworkError
            If the factor is not a positive number.
        """
        ratio = float(quantity(factor, "dimensionless", "scale factor"))
        if not 0 < ratio < float("inf"):
            raise NetworkError(f"scale factor is {factor}: expected more than zero.")
        full = replace(self.full or self, modulations=(), drugs=(), effects=(), inputs=self.inputs)
        total = float(f"{self.scale * ratio:.12g}")  # 0.1 of 0.1 is 0.01
        if total == 1:
            return replace(
                full, modulations=self.modulations, drugs=self.drugs, effects=self.effects
            )
        populations = tuple(scaled_population(p, total) for p in full.populations)
        ends = full.ends | {population.name: population.n for population in populations}
        projections = (scaled_projection(p, full.ends, ends, self.space) for p in full.projections)
        return replace(
            self,
            populations=populations,
            scale=total,
            full=full,
            projections=tuple(p for p in projections if p is not None),
        )

    def scaling(self) -> pd.DataFrame:
        """Return what scaling did, a row for each projection of the full-size circuit.

        ``in_degree_full`` and ``in_degree_scaled`` are mean numbers of partners, ``weight_factor``
        is what keeps the mean drive where they differ (NaN where no partner is left and the
        projection is dropped).
        """
        full = self.full or self
        own = {projection.name: projection for projection in self.projections}
        return pd.DataFrame(
            [
                {
                    "projection": p.name,
                    "n_source_full": full.ends[p.source],
                    "n_source_scaled": self.ends[p.source],
                    "in_degree_full": expected_in_degree(p, full.ends, full.space),
                    "in_degree_scaled": expected_in_degree(own[p.name], self.ends, self.space)
                    if p.name in own
                    else 0.0,
                    "weight_factor": own[p.name].weight_factor / p.weight_factor
                    if p.name in own
                    else float("nan"),
                }
                for p in full.projections
            ]
        )

    def check(self, where: str = "") -> Circuit:
        """Compare with the catalogue, and return the circuit itself.

        Parameters
        ----------
        where
            File name, for the errors.

        Raises
        ------
        UnknownName
            If a cell type, kind of synapse, modulator or receptor does not exist.
        CatalogueError
            If a projection ends on a compartment that its target does not have, or an excitatory
            cell has an inhibitory synapse or the reverse (Dale's law).
        """
        place = where or f"circuit {self.name!r}"
        types = {p.name: catalogue.cell(p.cell) for p in self.populations}
        for contact in self.contacts:
            check_compartments(contact, types[contact.target], place)
            signs = {name: catalogue.synapse(name).sign for name in contact.synapses}
            if isinstance(contact, CircuitProjection) and contact.source in types:
                check_sign(contact, types[contact.source], signs, place)
        names = {}
        for modulation in self.modulations:
            found = catalogue.modulator(modulation.modulator)
            names[modulation.modulator] = found.name
            if modulation.uptake:
                found.uptake(modulation.uptake)
        check_once(self, names)
        for drug in self.drugs:
            catalogue.receptor(drug.receptor)
        return self

    def numbers(self) -> pd.DataFrame:
        """Return every sourced number: where, number, value, status, source and note."""
        return numbers(self)

    def describe(self) -> str:
        """Return the circuit as text: an overview, every number with its source, assumptions."""
        return describe(self)

    def __str__(self) -> str:
        return overview(self)

    def _check_projection(self, projection: CircuitProjection) -> None:
        _named("population or input", projection.source, self.ends)
        self.population(projection.target)
        connection = projection.connection
        placed = self.space is not None and projection.source in self.sizes
        if connection.rule.needs_positions and not placed:
            raise NetworkError(
                f"projection {projection.name!r} depends on distance, but "
                + (
                    f"circuit {self.name!r} has no space."
                    if self.space is None
                    else f"input {projection.source!r} has no place in it."
                )
            )
        ends = connection_ends(projection, self.ends, self.space)
        ends = replace(ends, n_source=ends.partners)
        if problem := connection.rule.find_problem(connection.values, ends):
            raise NetworkError(f"projection {projection.name!r} {problem}")


def circuit(name: str | os.PathLike[str]) -> Circuit:
    """Return a circuit by name or from a TOML file by path, checked against the catalogue.

    Parameters
    ----------
    name
        Name of a shipped circuit such as ``"l23"``, or a path.

    Raises
    ------
    UnknownName
        If there is no such circuit, or it names something that does not exist.
    CatalogueError
        If the file is not well formed, or does not fit the catalogue.
    """
    path = find_shipped_file("circuits", name)
    try:
        found = Circuit(**read(path))
    except NetworkError as error:
        raise CatalogueError(f"{path.name}: {error}") from error
    return found.check(path.name)


def circuits() -> pd.DataFrame:
    """Return the shipped circuits as a table, one row each."""
    return pd.DataFrame(
        [
            {
                "name": name,
                "title": found.title,
                "populations": ", ".join(f"{p.name} {p.n}" for p in found.populations),
                "n": sum(found.sizes.values()),
                "projections": len(found.projections),
                "cells": ", ".join(found.cells),
            }
            for name, found in ((name, circuit(name)) for name in shipped_names("circuits"))
        ]
    )


def _named(kind: str, name: str, known: dict[str, T]) -> T:
    if name not in known:
        raise UnknownName(kind, name, known)
    return known[name]
