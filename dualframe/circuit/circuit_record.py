"""What a circuit states: its parts, checked against each other, and questions to them."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from math import inf
from typing import Self, TypeVar

from dualframe.circuit.components import (
    SYNAPSE_MODES,
    Background,
    CircuitPopulation,
    CircuitProjection,
)
from dualframe.circuit.connection_ends import connection_ends
from dualframe.circuit.effect_overrides import EffectChange
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.pharmacology import Drug, Modulation
from dualframe.circuit.regions import Region, check_regions, region_names
from dualframe.circuit.space import Space
from dualframe.circuit.structure_digest import (
    digest_of_contacts,
    digest_of_strengths,
    digest_of_structure,
)
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import check_unique
from dualframe.network import ValueRecord

T = TypeVar("T")
_MOST_NAMED = 8  # populations


@dataclass(frozen=True, eq=False)
class CircuitRecord(ValueRecord):
    """The parts of a microcircuit.

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
    default_scale
        Scale at which the command line runs it.
    calibrated_scales
        Scales at which its background rates are searched for and verified.
    receptors
        Files of receptors of the user's own; one of a name of the catalogue takes its place.
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
    _: KW_ONLY
    space: Space | None = None
    modulations: tuple[Modulation, ...] = ()
    drugs: tuple[Drug, ...] = ()
    scale: float = 1.0
    title: str = ""
    note: str = ""
    synapse_mode: str = "current"
    default_scale: float = 1.0
    calibrated_scales: tuple[float, ...] = (1.0,)
    full: Self | None = field(default=None, repr=False)
    regions: tuple[Region, ...] = ()
    effects: tuple[EffectChange, ...] = ()
    receptors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._freeze()
        if not self.populations:
            raise NetworkError(f"circuit {self.name!r} needs at least one population.")
        if self.synapse_mode not in SYNAPSE_MODES:
            raise UnknownName("synapse mode", self.synapse_mode, SYNAPSE_MODES)
        for scale in (self.default_scale, *self.calibrated_scales):
            if not 0 < scale < inf:
                raise NetworkError(f"scale of circuit {self.name!r} is {scale}: expected above 0.")
        check_unique([*self.sizes, *(own.name for own in self.inputs)])
        check_unique([c.name for c in self.contacts])
        for projection in self.projections:
            self._check_projection(projection)
        for source in self.background:
            self.population(source.target)
        for modulation in self.modulations:
            if modulation.released_by is not None:
                self.population(modulation.released_by)
        check_regions(self.name, self.regions, self.populations, self.modulations)

    def __repr__(self) -> str:
        cells = ", ".join(f"{p.n} {p.name}" for p in self.populations[:_MOST_NAMED])
        more = ", ..." * (len(self.populations) > _MOST_NAMED)
        acting = [m.modulator for m in self.modulations] + [d.name or d.kind for d in self.drugs]
        acts = f"; {', '.join(acting)}" if acting else ""
        return f"<Circuit {self.name!r}: {cells}{more}; {len(self.contacts)} contacts{acts}>"

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
        return digest_of_structure(self)

    @cached_property
    def contacts_digest(self) -> str:
        """SHA-256 of what a calibration depends on: the full-size circuit without modulation."""
        return digest_of_contacts(self) if self.full is None else self.full.contacts_digest

    @cached_property
    def strengths_digest(self) -> str:
        """SHA-256 of what weights depend on: cells and contacts, not their numbers."""
        return digest_of_strengths(self.full_size)

    @property
    def full_size(self) -> Self:
        """The full-size circuit: this one, or the one that it was scaled from."""
        return self.full or self

    @property
    def region_names(self) -> tuple[str, ...]:
        """Names of the regions; a circuit without regions is one, called ""."""
        return region_names(self.regions)

    def population(self, name: str) -> CircuitPopulation:
        """Return a population by name."""
        return _named("population", name, {p.name: p for p in self.populations})

    def input(self, name: str) -> CircuitInput:
        """Return an input by name."""
        return _named("input", name, {own.name: own for own in self.inputs})

    def projection(self, name: str) -> CircuitProjection:
        """Return a projection by name."""
        return _named("projection", name, {p.name: p for p in self.projections})

    def _check_projection(self, projection: CircuitProjection) -> None:
        _named("population or input", projection.source, self.ends)
        target = self.population(projection.target)
        if projection.weight is not None and target.point is None:
            raise NetworkError(
                f"projection {projection.name!r} states a weight into {projection.into!r}, but "
                f"{target.name!r} states no point neuron that has this variable: give it one "
                f"(point=), or give a psp instead of a weight."
            )
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


def _named(kind: str, name: str, records: dict[str, T]) -> T:
    if name not in records:
        raise UnknownName(kind, name, records)
    return records[name]
