"""What a circuit's modulators add to the equations of one population, in either branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dualframe import catalogue
from dualframe.catalogue import CellType, Receptor
from dualframe.circuit import Circuit, CircuitPopulation, Drug
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.neuromodulation.active_effects import active_effects, autoreceptors
from dualframe.neuromodulation.assumptions import effect_lines, missing_line, receptor_lines
from dualframe.neuromodulation.brain_regions import modulator_reaches
from dualframe.neuromodulation.concentration import Concentration, concentrations
from dualframe.neuromodulation.effect_records import (
    ActiveEffect,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.neuromodulation.effects import EFFECTS, LACKS
from dualframe.neuromodulation.leak_limit import check_leak
from dualframe.neuromodulation.occupancy import agonist_saturates, has_bindable_receptor, occupancy


def modulation_equations(
    circuit: Circuit,
    given: CircuitPopulation,
    places: ModulatableParameters,
    *,
    asked: Iterable[str] | None = None,
) -> ModulationEquations:
    """Return the equations that the circuit's modulators and drugs add to a population.

    The order of the modulations in the circuit makes no difference.

    Parameters
    ----------
    circuit
        Its modulations, drugs and changes of effects.
    given
        One of its populations; a receptor that its cell type does not express does nothing.
    places
        Where effects enter the model of the cell.
    asked
        Factors that plasticity rules of its synapses ask for ("ltp", "ltd", "rate",
        "eligibility"); None means what the circuit's rules ask for.

    Raises
    ------
    CatalogueError
        If the effects together could take more than the cell's leak.
    """
    terms = ModulationEquations()
    cell = catalogue.cell(given.cell)
    bound = concentrations(circuit, given.region)
    acting: list[ActiveEffect] = []
    receptors = _receptors(circuit)
    for entry in (
        *active_effects(circuit, given, receptors, asked),
        *autoreceptors(circuit, receptors),
    ):
        if entry.autoreceptor and not _release_is_sensed(entry, terms, bound):
            continue
        drugs = _drugs(circuit, entry)
        if not has_bindable_receptor(bound.get(entry.receptor.modulator), drugs):
            continue
        if entry.effect.kind in LACKS and entry.effect.kind not in places.parameters:
            lost = missing_line(entry.receptor, entry.cell, entry.effect, LACKS)
            terms.assumptions.append(lost)
            continue
        acting.append(entry)
        _add_receptor(terms, entry, bound.get(entry.receptor.modulator), drugs)
        EFFECTS[entry.effect.kind](terms, entry, places)
        terms.assumptions += effect_lines(entry)
    check_leak(acting, cell)
    _define_factors(terms)
    return terms


def _release_is_sensed(
    entry: ActiveEffect, terms: ModulationEquations, bound: Mapping[str, Concentration]
) -> bool:
    """Whether the release that an autoreceptor scales raises a concentration of the population."""
    own = bound.get(entry.effect.synapse)
    return own is not None and own.name in terms.initial


def inputs_with_scaled_release(populations: Mapping[str, ModulationEquations]) -> tuple[str, ...]:
    """Return the contacts of which receptors at the terminals scale the release."""
    return tuple(contact for terms in populations.values() for contact in terms.releases)


def _define_factors(terms: ModulationEquations) -> None:
    """Make variables of what synapses read: factors on release and on plasticity."""
    for contact, factor in terms.releases.items():
        terms.define(f"release_{contact} = {factor} : 1")
    for name, factor in terms.factors.items():
        terms.define(f"{name}_factor = {factor} : 1")


def check_modulation(circuit: Circuit) -> None:
    """Refuse a modulator or drug that has no compiled effect on any cell of the circuit.

    Raises
    ------
    CatalogueError
        Naming the modulator and what the catalogue knows of it.
    UnknownName
        If a drug names a cell type that the circuit does not have.
    """
    for given in circuit.modulations:
        modulator = catalogue.modulator(given.modulator)
        there = [
            p for p in circuit.populations if modulator_reaches(circuit, modulator.name, p.region)
        ]
        if not _any_effect(circuit, modulator.receptors, there):
            raise CatalogueError(
                f"{modulator.name} has no compiled effect on the cells of circuit "
                f"{circuit.name!r} ({', '.join(circuit.cells)}). What is known of its receptors "
                f"({', '.join(modulator.receptors)}): dualframe show RECEPTOR."
            )
    for drug in circuit.drugs:
        for cell in drug.cells:
            if cell not in circuit.cells:
                raise UnknownName(f"cell type of circuit {circuit.name!r}:", cell, circuit.cells)
        if not _any_effect(circuit, [drug.receptor], circuit.populations, drug):
            cells = drug.cells or circuit.cells
            raise CatalogueError(
                f"{drug.receptor} has no compiled effect on {', '.join(cells)} in circuit "
                f"{circuit.name!r} that the {drug.kind} could change. What is known of it: "
                f"dualframe show {drug.receptor}."
            )


def _any_effect(
    circuit: Circuit,
    names: Iterable[str],
    populations: Iterable[CircuitPopulation],
    drug: Drug | None = None,
) -> bool:
    """Whether receptors act on any of the populations (at cells that a drug reaches)."""
    receptors = [catalogue.receptor(name) for name in names]
    found = [e for given in populations for e in active_effects(circuit, given, receptors)]
    found += autoreceptors(circuit, receptors) if drug is not None else []
    return any(drug is None or _acts_on(drug, entry.cell) for entry in found)


def _receptors(circuit: Circuit) -> list[Receptor]:
    """Receptors that a modulator of the circuit binds, or an agonist opens, by name."""
    names = [
        receptor
        for given in circuit.modulations
        for receptor in catalogue.modulator(given.modulator).receptors
    ]
    names += [drug.receptor for drug in circuit.drugs if drug.kind == "agonist"]
    return [catalogue.receptor(name) for name in sorted(set(names))]


def _acts_on(drug: Drug, cell: CellType) -> bool:
    # a circuit may name a cell type by the path of its file
    return not drug.cells or cell.name in [catalogue.cell(name).name for name in drug.cells]


def _drugs(circuit: Circuit, entry: ActiveEffect) -> list[Drug]:
    """Drugs at the receptors of an effect: where these are, not where the effect is seen."""
    return [
        drug
        for drug in circuit.drugs
        # a drug may name a receptor by the path of its file
        if catalogue.receptor(drug.receptor).name == entry.receptor.name
        and _acts_on(drug, entry.cell)
    ]


def _add_receptor(
    terms: ModulationEquations,
    entry: ActiveEffect,
    bound: Concentration | None,
    drugs: Sequence[Drug],
) -> None:
    """Add the concentration of the modulator and the occupancy of one receptor."""
    bound = None if agonist_saturates(drugs) else bound
    own = occupancy(entry.bound, bound, drugs, entry.site)
    for part in (own,) if bound is None else (bound, own):
        terms.define(*part.equations)
        terms.parameters |= part.parameters
        terms.initial |= part.initial
    lines = receptor_lines(entry.bound, bound, drugs)
    terms.assumptions += [line for line in lines if line not in terms.assumptions]
