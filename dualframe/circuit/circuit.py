"""The circuit that a user has: what can be changed in it, and how it is shown.

A `Circuit` is inert data, read from a file of ``circuits/`` or made by hand, and either branch
builds a network from it. Everything that changes it returns a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property, reduce
from typing import Any

import pandas as pd

from dualframe import catalogue
from dualframe.circuit.circuit_record import CircuitRecord
from dualframe.circuit.describe import describe_circuit, overview_text, sourced_numbers
from dualframe.circuit.effect_overrides import EffectChange
from dualframe.circuit.named_drugs import make_drugs
from dualframe.circuit.own_receptors import receptor_name
from dualframe.circuit.perturbations import (
    add_drug,
    add_modulation,
    check_cells,
    divide_into_regions,
    replace_plasticity,
)
from dualframe.circuit.pharmacology import Modulation, Pulses
from dualframe.circuit.resolved_circuit import ResolvedCircuit, resolve_circuit
from dualframe.circuit.scaling import SMALLEST_POPULATION, scaled_circuit, scaling_table
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.text_views import fit_screen, text_as_html
from dualframe.core.validation import as_names, set_frozen_field
from dualframe.network import Plasticity

_STRUCTURE = frozenset(
    {"populations", "projections", "background", "inputs", "regions", "space", "scale", "full"}
)


@dataclass(frozen=True, eq=False, repr=False)
class Circuit(CircuitRecord):
    """A microcircuit: the parts of a `CircuitRecord`, and what can be done to them."""

    def with_components(self, **changes: Any) -> Circuit:
        """Return the circuit with other parts, for example ``with_components(background=())``.

        Raises
        ------
        NetworkError
            If the structure of a scaled circuit is to change: change it first, then scale.
        """
        for key in changes:
            if key not in (parts := [item.name for item in fields(self)]):
                raise UnknownName("part of a circuit", key, parts)
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
            Other values of its fields: ``rate``, or ``times`` and ``rates``, ``start``, ``stop``,
            or ``on=False``.

        Raises
        ------
        UnknownName
            If the circuit has no such input.
        """
        new = self.input(name).with_fields({"on": True} | changes)
        return replace(self, inputs=tuple(new if x.name == name else x for x in self.inputs))

    def with_plasticity(
        self, projection: str, plasticity: Plasticity | Iterable[Plasticity] | None
    ) -> Circuit:
        """Return the circuit in which the synapses of a projection learn, or learn no more.

        Parameters
        ----------
        projection
            Name of a projection.
        plasticity
            From `dualframe.plasticity_rule`, bounds and scale as multiples of the contact's weight:
            ``plasticity_rule("pair_stdp", w_max=2)``. Several rules act in their order and share
            bounds. ``None`` keeps the weights as they are.

        Raises
        ------
        UnknownName
            If the circuit has no such projection.
        """
        self.projection(projection)
        changed = replace_plasticity(self.projections, projection, plasticity)
        full = self.full and self.full.with_plasticity(projection, plasticity)
        return replace(self, projections=changed, full=full)

    def with_modulation(
        self,
        modulator: str,
        level: Any = None,
        *,
        schedule: Iterable[tuple[Any, Any]] = (),
        released_by: str | None = None,
        per_spike: Any = None,
        pulses: Pulses | Mapping[str, Any] | Iterable[Any] = (),
        clearance: Any = None,
        region: str = "",
        exchange: Mapping[str, Any] | None = None,
    ) -> Circuit:
        """Return the circuit with a neuromodulator, instead of any earlier entry of the same.

        Entries of other regions stay, if a region is named.

        Parameters
        ----------
        modulator
            Name in the catalogue, or an alias: ``"ACh"``, ``"5-HT"``.
        level
            Fraction (0 to 1) of the modulator's reference concentration, or a concentration.
        schedule
            ``[(0*second, 0.0), (1*second, 0.8)]``: each level holds until the next time.
        released_by, per_spike
            A population, and the rise of the concentration at each of its spikes. Two modulators
            may name one population (co-release).
        pulses
            Sudden rises: ``{"start": "1 s", "interval": "50 ms", "count": 5, "rise": "100 nM"}``,
            or ``(time, rise)`` pairs.
        clearance
            A time constant, or an uptake of the catalogue: ``"VTA"`` for dopamine.
        region, exchange
            Where this is, and rate constants of the exchange with other regions:
            ``{"cortex": "0.1 /s"}``.

        Raises
        ------
        UnknownName
            If there is no such modulator, population, uptake or region.
        NetworkError
            If the level, schedule, release or exchange cannot be what was asked for.
        """
        new = Modulation(
            modulator=catalogue.modulator(modulator).name,
            level=level,
            schedule=tuple(schedule),
            released_by=released_by,
            per_spike=per_spike,
            pulses=pulses if isinstance(pulses, (Pulses, Mapping)) else tuple(pulses),
            clearance=clearance,
            region=region,
            exchange=exchange or {},
        )
        return replace(self, modulations=add_modulation(self.modulations, new))

    def with_release(self, released_by: str, per_spike: Mapping[str, Any], **more: Any) -> Circuit:
        """Return the circuit with a population that releases several modulators (co-release).

        Parameters
        ----------
        released_by
            The population.
        per_spike
            Rise of each modulator at a spike: ``{"DA": "1 nM", "5-HT": "0.5 nM"}``.
        more
            Other arguments of `with_modulation`, for each of them.

        Raises
        ------
        UnknownName, NetworkError
            As `with_modulation`.
        """
        circuit = self
        for modulator, rise in per_spike.items():
            circuit = circuit.with_modulation(
                modulator, released_by=released_by, per_spike=rise, **more
            )
        return circuit

    def with_regions(
        self, members: Mapping[str, str | Iterable[str]], volumes: Mapping[str, Any] | None = None
    ) -> Circuit:
        """Return the circuit with its populations in named regions.

        Parameters
        ----------
        members
            Populations by region, each population once.
        volumes
            By region; the default is 1 for each. See `Region`.

        Raises
        ------
        UnknownName
            If there is no such population, or a volume has no region.
        NetworkError
            If a population is in no region, or in two, or the circuit is scaled.
        """
        regions, populations = divide_into_regions(self, members, volumes or {})
        return self.with_components(regions=regions, populations=populations)

    def with_drug(
        self,
        kind: str,
        receptor: str | None = None,
        cells: str | Iterable[str] | None = None,
        dose: Any = None,
        affinity: Any = None,
    ) -> Circuit:
        """Return the circuit with a drug, or without a receptor.

        Parameters
        ----------
        kind
            ``"agonist"``, ``"antagonist"``, ``"knockout"``, or a drug of `dualframe.drugs`.
        receptor
            Its name. A drug by name acts at all of its receptors, or at this one alone.
        cells
            Cell types on which it acts (one or several); None means all of the circuit.
        dose
            In units of the drug's EC50 (agonist) or K_B (antagonist), or a concentration with
            ``affinity``; infinite by default, which saturates. See `Drug`. A drug by name needs
            one, its concentration.
        affinity
            EC50 or K_B of the drug, if the dose is a concentration; catalogued of drugs by name.

        Raises
        ------
        UnknownName
            If the kind or receptor does not exist, or the circuit has no such cell type.
        NetworkError
            If the dose cannot be one.
        """
        new = make_drugs(self, kind, receptor, cells, dose, affinity)
        check_cells(self, new[0].cells)
        return replace(self, drugs=reduce(add_drug, new, self.drugs))

    def with_effect(
        self,
        receptor: str,
        cells: str | Iterable[str],
        kind: str,
        *,
        match: str = "",
        synapse: str = "",
        onto: str | Iterable[str] | None = None,
        presynaptic: str | Iterable[str] | None = None,
        response: str = "saturating",
        **numbers: Any,
    ) -> Circuit:
        """Return the circuit with other numbers of an effect, or an effect the catalogue lacks.

        What is set so appears among the assumptions of a network as "set by the user".

        Parameters
        ----------
        receptor
            Its name.
        cells
            Cell types that have the receptor (one or several).
        kind
            Kind of effect: see `dualframe.catalogue.receptor_effect.Effect`.
        match
            A part of the effect's ``target`` text, if a cell has several effects of one kind.
        numbers
            Numbers of the effect, as in ``size=-0.1`` or ``reversal="-90 mV"``; those left out
            stay the catalogue's. A new effect needs all of its kind.
        synapse, onto, presynaptic, response
            Of a new effect only.

        Raises
        ------
        UnknownName
            If the receptor, cell type, kind or number does not exist.
        NetworkError
            If no number is given. When a network is built: if the effect is one of several, is
            new and lacks a number, or cannot be what was asked for.
        """
        change = EffectChange(
            receptor=receptor_name(self, receptor),
            cells=as_names(cells, "cell types"),
            kind=kind,
            numbers=numbers,
            match=match,
            synapse=synapse,
            onto=as_names(onto, "cell types"),
            presynaptic=as_names(presynaptic, "cell types"),
            response=response,
        )
        check_cells(self, change.cells)
        return replace(self, effects=(*self.effects, change))

    def without_effect(
        self,
        receptor: str,
        cells: str | Iterable[str] | None = None,
        kind: str = "",
        *,
        match: str = "",
    ) -> Circuit:
        """Return the circuit without an effect of a receptor, which keeps its others.

        Parameters
        ----------
        receptor
            Its name.
        cells
            Cell types that have the receptor; None means all of the circuit.
        kind
            Kind of effect; "" means all, "excitability" all but those on plasticity.
        match
            A part of the effect's ``target`` text; "" means all.

        Raises
        ------
        UnknownName
            If the receptor, cell type or kind does not exist.
        """
        change = EffectChange(
            receptor=receptor_name(self, receptor),
            cells=as_names(cells, "cell types"),
            kind=kind,
            removed=True,
            match=match,
        )
        check_cells(self, change.cells)
        return replace(self, effects=(*self.effects, change))

    def scaled(self, factor: float, minimum: int = SMALLEST_POPULATION) -> Circuit:
        """Return the circuit with ``factor`` times as many neurons and the same mean drive.

        See `dualframe.circuit.scaling` for the rule and its limits, `scaling` for what it did.

        Parameters
        ----------
        factor
            More than zero.
        minimum
            Neurons that a population keeps (all, if it has fewer); a smaller one is for tests.

        Raises
        ------
        NetworkError
            If the factor is not a positive number.
        """
        return scaled_circuit(self, factor, minimum)

    def scaling(self) -> pd.DataFrame:
        """Return what scaling did, a row for each projection of the full-size circuit.

        ``in_degree_full`` and ``in_degree_scaled`` are mean numbers of partners, ``weight_factor``
        keeps the mean drive where they differ (NaN where no partner is left: dropped).
        """
        return scaling_table(self.full_size, self)

    @cached_property
    def resolved(self) -> ResolvedCircuit:
        """The circuit with the catalogue's records of everything that it names."""
        return resolve_circuit(self)

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
        set_frozen_field(self, "resolved", resolve_circuit(self, where))
        return self

    def numbers(self) -> pd.DataFrame:
        """Return every sourced number: where, number, value, status, source and note."""
        return sourced_numbers(self)

    def describe(self) -> str:
        """Return the circuit as text: an overview, every number with its source, assumptions."""
        return describe_circuit(self)

    def __str__(self) -> str:
        return fit_screen(overview_text(self), "describe() has everything.")

    def _repr_html_(self) -> str:
        return text_as_html(overview_text(self), "populations")
