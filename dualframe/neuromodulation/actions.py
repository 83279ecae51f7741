"""Which modulators and drugs act on a population, with what occupancy, and why others do not.

Occupancies are those of the steady state: at the tonic level, or, where the concentration varies,
at the highest level that the circuit states (a pulse, a spike, or a signal of one, on top of what
was before), with the receptors as sensitive as they are at the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import mmolar

from dualframe import catalogue
from dualframe.catalogue import CellType, Receptor
from dualframe.circuit import Drug, Modulation, ResolvedCircuit, ResolvedPopulation
from dualframe.circuit.resolved_circuit import ResolvedDrug
from dualframe.core.quantity import quantity_text
from dualframe.neuromodulation.active_effects import (
    ActiveEffect,
    active_effects,
    autoreceptor_effects,
    compiled_effects,
    variables_read_by_rules,
)
from dualframe.neuromodulation.brain_regions import connected_regions, exchange_rates
from dualframe.neuromodulation.brain_regions import modulations_by_region as by_region
from dualframe.neuromodulation.concentration import (
    Concentration,
    as_concentration,
    concentrations,
)
from dualframe.neuromodulation.occupancy import sensitive_fraction, steady_occupancy
from dualframe.receptor_effects import ModulatableParameters

#: A change of the occupancy that is less than this is none.
LEAST_CHANGE = 0.02
#: Fewer sensitive receptors than this are called desensitised.
_HALF = 0.5
Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReceptorSite:
    """A receptor on the cells of a type, and what it changes about a population.

    Attributes
    ----------
    receptor
        With the affinity that it has there.
    cell
        The cells that have it: those of the population, or those that project to it.
    effects
        Kinds of its effects that are in the model, and the rule that reads its occupancy.
    obstacle
        Why there are none; empty if there are.
    concentration
        Of its modulator, if the circuit has it there.
    level
        The concentration (mM) at which it is looked at.
    drugs
        What binds besides.
    """

    receptor: Receptor
    cell: CellType
    effects: tuple[str, ...]
    obstacle: str
    concentration: Concentration | None
    level: float
    drugs: tuple[ResolvedDrug, ...]

    def occupancy(self, without: ResolvedDrug | None = None, *, modulated: bool = True) -> float:
        """Return the occupancy, without a drug or without the modulator.

        Parameters
        ----------
        without
            The drug that is left out.
        modulated
            Whether the modulator is there.
        """
        drugs = [drug.entry for drug in self.drugs if drug is not without]
        present = modulated and self.concentration is not None
        return steady_occupancy(
            self.receptor,
            self.level if present else None,
            drugs,
            sensitive=self.sensitive if present else 1.0,
        )

    @property
    def sensitive(self) -> float:
        """The fraction of the receptors that is not desensitised at the start."""
        if self.concentration is None:
            return 1.0
        return sensitive_fraction(self.receptor, float(self.concentration.start / mmolar))


def describe_actions(
    circuit: ResolvedCircuit, population: ResolvedPopulation, model: ModulatableParameters
) -> list[Row]:
    """Return what each modulator and drug does to a population, as plain data.

    Parameters
    ----------
    circuit
        Its modulations, drugs and changes of effects.
    population
        One of its populations.
    model
        Where effects enter the model of the cell.

    Returns
    -------
    list of dict
        ``action, receptor, cell_type, population, effects, occupancy, without, acted, why``:
        ``occupancy`` is with everything, ``without`` with everything but the action, None where the
        cells have no such receptor or it depends on spikes. ``in_inputs`` says whether the receptor
        is on cells that project to the population, ``named`` whether the user named the cell type,
        ``intended`` whether to do nothing was asked for, and ``released_by`` the population on
        whose spikes the modulator depends.
    """
    sites = list(_receptor_sites(circuit, population, model))
    rows: list[Row] = []
    for site in sites:
        if site.concentration is not None:
            rows.append(_modulator_row(circuit, population, site))
        rows += [_drug_row(population, site, drug) for drug in site.drugs]
    return rows


def unbound_changes(circuit: ResolvedCircuit) -> list[Row]:
    """Return the changes of effects of receptors that nothing in the circuit binds.

    Parameters
    ----------
    circuit
        Its changes of effects.
    """
    return [
        {
            **dict.fromkeys(("occupancy", "without"), 0.0),
            "action": f"effect of {change.receptor}",
            "receptor": change.receptor,
            "cell_type": ", ".join(change.cells),
            "population": "",
            "effects": change.kind,
            "acted": False,
            "why": f"no modulator or agonist of the circuit binds {change.receptor}",
            "named": True,
            "in_inputs": False,
            "intended": change.removed,
            "released_by": "",
        }
        for change in circuit.effects
        if change.receptor not in circuit.receptors
    ]


def _receptor_sites(
    circuit: ResolvedCircuit, population: ResolvedPopulation, model: ModulatableParameters
) -> Iterator[ReceptorSite]:
    """Yield the receptors of modulators and drugs on the population's cells and its inputs."""
    here = concentrations(circuit, population.region)
    bound = {name for name, r in circuit.receptors.items() if r.modulator in here}
    bound |= {drug.receptor.name for drug in circuit.drugs}
    for name in sorted(bound):
        receptor = circuit.receptors[name]
        effects = [
            *active_effects(circuit, population, [receptor]),
            *(e for e in autoreceptor_effects(circuit, [receptor]) if e.effect.synapse in here),
        ]
        cells = {population.cell.name: population.cell} | {e.cell.name: e.cell for e in effects}
        for cell in cells.values():
            there = [effect for effect in effects if effect.cell.name == cell.name]
            lacking = [e for e in there if e.kind.lacks and e.kind.name not in model.parameters]
            entering = [effect for effect in there if effect not in lacking]
            drugs = tuple(
                drug for drug in circuit.drugs if drug.receptor is receptor and drug.reaches(cell)
            )
            kinds = [effect.kind.name for effect in entering]
            if cell is population.cell and _is_read_by_a_rule(circuit, population, receptor):
                kinds.append("read by a rule")
            concentration = here.get(receptor.modulator)
            yield ReceptorSite(
                receptor=(entering or there)[0].local_receptor if there else receptor,
                cell=cell,
                effects=tuple(dict.fromkeys(kinds)),
                obstacle="" if kinds else _obstacle(circuit, receptor, cell, lacking),
                concentration=concentration,
                level=_highest_level(circuit, population, concentration, receptor.modulator),
                drugs=drugs,
            )


def _is_read_by_a_rule(
    circuit: ResolvedCircuit, population: ResolvedPopulation, receptor: Receptor
) -> bool:
    """Return whether a rule of plasticity reads the receptor's occupancy, or its modulator."""
    read = variables_read_by_rules(circuit, population.name)
    return not read.keys().isdisjoint({f"o_{receptor.name}", f"c_{receptor.modulator}"})


def _obstacle(
    circuit: ResolvedCircuit, receptor: Receptor, cell: CellType, lacking: Sequence[ActiveEffect]
) -> str:
    """Return why a receptor has no effect in the model of a cell type."""
    if lacking:
        return f"not in this model, {lacking[0].kind.lacks}"
    stated = receptor.effects_on(cell.name)
    if compiled_effects(circuit, receptor, cell):
        return "nothing that it acts on is in the circuit"
    if any(effect.compiled for effect in stated):
        return "its effects are switched off"
    if stated:
        return (
            f"what {receptor.name} does on {cell.name} is only described, not compiled: give it an "
            f"effect with with_effect, or in a receptor of your own (dualframe new receptor "
            f"{receptor.name} --from {receptor.name})"
        )
    if cell.name not in catalogue.names("cell type"):
        return _obstacle_on_own_cell(receptor, cell)
    if receptor.expressed_in(cell.name):
        return f"{cell.name} has {receptor.name}, but no effect of it is known"
    return f"{cell.name} has no {receptor.name}"


def _obstacle_on_own_cell(receptor: Receptor, cell: CellType) -> str:
    """Return why a receptor has no effect on a user's cell type, or on the one that it is like."""
    if not cell.like:
        return (
            f"{cell.name!r} is a cell type of your own, on which no receptor is stated to act: "
            f"give it effects with with_effect, or state like in its file"
        )
    if receptor.expressed_in(cell.name):
        reason = f"on which no effect of {receptor.name} is known"
    else:
        reason = f"which has no {receptor.name}, so that {receptor.modulator} has no effect by it"
    return f"{cell.name!r} is like {cell.like}, {reason}: give it one with with_effect"


def _modulator_row(
    circuit: ResolvedCircuit, population: ResolvedPopulation, site: ReceptorSite
) -> Row:
    name = site.receptor.modulator
    present = _modulations_in(circuit, population.region, name)
    occupancy, without = site.occupancy(), site.occupancy(modulated=False)
    acted = bool(site.effects) and not abs(occupancy - without) < LEAST_CHANGE
    return {
        "action": name,
        "receptor": site.receptor.name,
        "cell_type": site.cell.name,
        "population": population.name,
        "effects": ", ".join(site.effects),
        "occupancy": _shown(occupancy, site),
        "without": _shown(without, site),
        "acted": acted,
        "why": "" if acted else _why_no_modulator(site, name),
        "in_inputs": site.cell is not population.cell,
        "named": site.cell.name not in catalogue.names("cell type"),
        "intended": site.level == 0,
        "released_by": next((m.released_by for m in present if m.released_by), ""),
    }


def _why_no_modulator(site: ReceptorSite, modulator: str) -> str:
    if site.obstacle:
        return site.obstacle
    if site.level == 0:
        return f"the level of {modulator} is zero"
    kinds = {drug.entry.kind for drug in site.drugs}
    if "knockout" in kinds:
        return "the receptors are knocked out"
    if "antagonist" in kinds and site.occupancy() < LEAST_CHANGE:
        return "the receptors are blocked"
    if site.sensitive < LEAST_CHANGE:
        return f"the receptors are desensitised ({site.sensitive:.1g} of them are sensitive)"
    if "agonist" in kinds:
        names = ", ".join(drug.entry.name or drug.entry.kind for drug in site.drugs)
        return f"drugs occupy the receptors ({names})"
    half = quantity_text(site.receptor.affinity.value("EC50"))
    return f"{quantity_text(site.level * mmolar)} is far below its EC50 of {half}"


def _drug_row(population: ResolvedPopulation, site: ReceptorSite, drug: ResolvedDrug) -> Row:
    occupancy, without = site.occupancy(), site.occupancy(drug)
    acted = bool(site.effects) and not abs(occupancy - without) < LEAST_CHANGE
    desensitised = drug.entry.kind == "agonist" and site.sensitive < _HALF and occupancy < _HALF
    return {
        "action": f"{drug.entry.name or drug.entry.kind} of {site.receptor.name}",
        "receptor": site.receptor.name,
        "cell_type": site.cell.name,
        "population": population.name,
        "effects": ", ".join(site.effects),
        "occupancy": _shown(occupancy, site),
        "without": _shown(without, site),
        "acted": acted,
        "why": "" if acted and not desensitised else _why_no_drug(site, drug.entry, without),
        "in_inputs": site.cell is not population.cell,
        "named": bool(drug.cells),
        "intended": drug.entry.relative == 0,
        "released_by": "",
    }


def _why_no_drug(site: ReceptorSite, drug: Drug, without: float) -> str:
    if site.obstacle:
        return site.obstacle
    modulator = site.receptor.modulator
    if drug.kind == "agonist":
        if any(other.entry.kind == "knockout" for other in site.drugs):
            return "the receptors are knocked out"
        if site.sensitive < _HALF and site.occupancy() < _HALF:
            return (
                f"{modulator} has desensitised the receptors ({site.sensitive:.1g} of them are "
                f"sensitive)"
            )
        return "the receptors are occupied or blocked already"
    if without >= LEAST_CHANGE:
        return "its dose is too small"
    verb = "block" if drug.kind == "antagonist" else "lose"
    if site.concentration is None or site.level == 0:
        return f"there is no {modulator} to {verb}"
    if site.sensitive < LEAST_CHANGE:
        return f"{modulator} has desensitised the receptors: there is nothing to {verb}"
    return f"another drug or a low level of {modulator} leaves nothing to {verb}"


def _highest_level(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    concentration: Concentration | None,
    modulator: str,
) -> float:
    """Return the concentration (mM) at which a receptor is looked at; NaN if it is not stated."""
    if concentration is None:
        return 0.0
    start = float(concentration.start / mmolar)
    if concentration.constant:
        return start
    record = circuit.modulators[modulator]
    levels = [start]
    for modulation in _modulations_in(circuit, population.region, modulator):
        rises = [pulses.rise for pulses in modulation.pulses]
        if modulation.released_by is not None and modulation.per_spike is None:
            return float("nan")  # as much as an uptake says that all neurons together release
        rises += [] if modulation.per_spike is None else [modulation.per_spike]
        scheduled = [level for _, level in modulation.schedule]
        levels += [float(as_concentration(level, record) / mmolar) for level in scheduled]
        rises += [signal.size for signal in modulation.signals]  # at a signal of one
        levels += [start + float(as_concentration(rise, record) / mmolar) for rise in rises]
    return max(levels)


def _modulations_in(circuit: ResolvedCircuit, region: str, modulator: str) -> list[Modulation]:
    """Return what is stated of a modulator in a region and those that exchange it with it."""
    stated: Mapping[str, Modulation] = by_region(circuit, modulator)
    regions: Iterable[str] = connected_regions(region, exchange_rates(circuit, modulator))
    return [stated[name] for name in regions if name in stated]


def _shown(occupancy: float, site: ReceptorSite) -> float | None:
    """Return an occupancy as data; None where there are no receptors, or nobody knows."""
    has_receptor = bool(site.effects) or site.receptor.expressed_in(site.cell.name)
    return round(occupancy, 9) if has_receptor and not np.isnan(occupancy) else None
