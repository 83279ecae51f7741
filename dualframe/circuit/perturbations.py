"""What can be done to a circuit's receptors: modulators, drugs, changes of effects, regions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any, cast

from dualframe import catalogue
from dualframe.circuit.effect_overrides import EffectChange
from dualframe.circuit.pharmacology import Drug, Modulation, Pulses
from dualframe.circuit.regions import Region
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import as_names

if TYPE_CHECKING:
    from dualframe.circuit.circuit import Circuit


class Acting:
    """Methods of a `Circuit` that return it with something else acting on its receptors."""

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
        circuit = _circuit(self)
        found = catalogue.modulator(modulator)
        pulsed = pulses if isinstance(pulses, (Pulses, Mapping)) else tuple(pulses)
        new = Modulation(
            found.name,
            level,
            tuple(schedule),
            released_by,
            per_spike,
            pulsed,
            clearance,
            region,
            exchange or {},
        )
        if new.uptake:
            found.uptake(new.uptake)
        others = (
            m
            for m in circuit.modulations
            if m.modulator != found.name or (region and m.region not in ("", region))
        )
        return replace(circuit, modulations=(*others, new))

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
        made = _circuit(self)
        for modulator, rise in per_spike.items():
            made = made.with_modulation(modulator, released_by=released_by, per_spike=rise, **more)
        return made

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
        circuit = _circuit(self)
        where: dict[str, str] = {}
        for region, names in members.items():
            for name in as_names(names, f"members of region {region!r}"):
                circuit.population(name)
                if name in where:
                    raise NetworkError(f"population {name!r} lies in {where[name]!r} already.")
                where[name] = region
        given = dict(volumes or {})
        for name in given:
            if name not in members:
                raise UnknownName("region with a volume:", name, members)
        return circuit.with_(
            regions=tuple(Region(name, given.get(name, 1.0)) for name in members),
            populations=tuple(
                replace(p, region=where.get(p.name, "")) for p in circuit.populations
            ),
        )

    def with_drug(
        self,
        kind: str,
        receptor: str,
        cells: str | Iterable[str] | None = None,
        dose: Any = inf,
        affinity: Any = None,
    ) -> Circuit:
        """Return the circuit with a drug, or without a receptor.

        Parameters
        ----------
        kind
            ``"agonist"``, ``"antagonist"`` or ``"knockout"``.
        receptor
            Name in the catalogue.
        cells
            Cell types on which it acts (one or several); None means all of the circuit.
        dose
            In units of the drug's EC50 (agonist) or K_B (antagonist), or a concentration with
            ``affinity``; infinite by default, which saturates. See `Drug`.
        affinity
            EC50 or K_B of the drug, if the dose is a concentration.

        Raises
        ------
        UnknownName
            If the kind or receptor does not exist, or the circuit has no such cell type.
        NetworkError
            If the dose cannot be one.
        """
        circuit = _circuit(self)
        new = Drug(
            kind, catalogue.receptor(receptor).name, as_names(cells, "cells"), dose, affinity
        )
        for cell in new.cells:
            if cell not in circuit.cells:
                raise UnknownName(f"cell type of circuit {circuit.name!r}:", cell, circuit.cells)
        same = (new.kind, new.receptor, new.cells)
        others = (d for d in circuit.drugs if (d.kind, d.receptor, d.cells) != same)
        return replace(circuit, drugs=(*others, new))

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
            Name in the catalogue.
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
        given = (as_names(x, "cell types") for x in (cells, onto, presynaptic))
        own, targets, sources = given
        return self._with_change(
            EffectChange(
                receptor, own, kind, numbers, False, match, synapse, targets, sources, response
            )
        )

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
            Name in the catalogue.
        cells
            Cell types that have the receptor; None means all of the circuit.
        kind
            Kind of effect; "" means all.
        match
            A part of the effect's ``target`` text; "" means all.

        Raises
        ------
        UnknownName
            If the receptor, cell type or kind does not exist.
        """
        own = as_names(cells, "cell types")
        return self._with_change(EffectChange(receptor, own, kind, removed=True, match=match))

    def _with_change(self, change: EffectChange) -> Circuit:
        circuit = _circuit(self)
        name = catalogue.receptor(change.receptor).name
        for cell in change.cells:
            if cell not in circuit.cells:
                raise UnknownName(f"cell type of circuit {circuit.name!r}:", cell, circuit.cells)
        return replace(circuit, effects=(*circuit.effects, replace(change, receptor=name)))


def _circuit(acting: Acting) -> Circuit:
    return cast("Circuit", acting)
