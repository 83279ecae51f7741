"""What a circuit's modulators add to one cell type's equations, in either branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dualframe import catalogue
from dualframe.catalogue import CellType, Effect, Receptor
from dualframe.circuit import Circuit, Drug
from dualframe.errors import CatalogueError, UnknownName
from dualframe.modulation.assumptions import effect_lines, missing_line, receptor_lines
from dualframe.modulation.concentration import (
    Concentration,
    as_concentration,
    concentration,
    identifier,
)
from dualframe.modulation.occupancy import occupancy
from dualframe.network import Projection


@dataclass(frozen=True)
class Compartment:
    """Where a modulatory conductance acts: names of the voltage and of the leak conductance."""

    name: str
    voltage: str
    leak: str


@dataclass
class Terms:
    """Equations of the modulators at one cell type.

    Attributes
    ----------
    equations, parameters, initial
        As in a population.
    currents
        Names of the modulatory currents, by compartment.
    adaptation
        Factor on the adaptation of the cell (an expression), or None. Compartments scale the
        adaptation current by it, point neurons the jump that a spike makes.
    assumptions
        One line for each assumed number that acts here, and for each effect that this model has
        no place for.
    """

    equations: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    initial: dict[str, Any] = field(default_factory=dict)
    currents: dict[str, list[str]] = field(default_factory=dict)
    adaptation: str | None = None
    assumptions: list[str] = field(default_factory=list)


def modulation_terms(
    circuit: Circuit, cell: CellType, compartments: Sequence[Compartment], *, adapts: bool
) -> Terms:
    """Compile the effects that a circuit's modulators and drugs have on a cell type.

    The order of the modulations in the circuit makes no difference.

    Parameters
    ----------
    circuit
        Its modulations and drugs.
    cell
        The cell type; a receptor that it does not express does nothing.
    compartments
        Where conductances act; each is a fraction of the compartment's leak.
    adapts
        Whether the model has spike-triggered adaptation that an effect can scale.
    """
    terms = Terms()
    bound = _concentrations(circuit)
    for receptor in _receptors(circuit):
        drugs = [d for d in circuit.drugs if d.receptor == receptor.name and _acts_on(d, cell)]
        if not _occupied(bound.get(receptor.modulator), drugs):
            continue
        effects = _compiled(receptor, cell)
        lost = {t for t, e in effects.items() if e.kind == "adaptation" and not adapts}
        terms.assumptions += [missing_line(receptor, cell, effects[tag]) for tag in sorted(lost)]
        if effects.keys() - lost:
            _add_receptor(terms, receptor, bound.get(receptor.modulator), drugs)
        for tag, effect in effects.items():
            if tag not in lost:
                _EFFECTS[effect.kind](terms, receptor, tag, effect, compartments)
                terms.assumptions += effect_lines(receptor, cell, effect)
    return terms


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
        if not _any_effect(modulator.receptors, circuit.cells):
            raise CatalogueError(
                f"{modulator.name} has no compiled effect on the cells of circuit "
                f"{circuit.name!r} ({', '.join(circuit.cells)}). What is known of its receptors "
                f"({', '.join(modulator.receptors)}): dualframe show RECEPTOR."
            )
    for drug in circuit.drugs:
        for cell in drug.cells:
            if cell not in circuit.cells:
                raise UnknownName(f"cell type of circuit {circuit.name!r}:", cell, circuit.cells)
        cells = drug.cells or circuit.cells
        if not _any_effect([drug.receptor], cells):
            raise CatalogueError(
                f"{drug.receptor} has no compiled effect on {', '.join(cells)} in circuit "
                f"{circuit.name!r} that the {drug.kind} could change. What is known of it: "
                f"dualframe show {drug.receptor}."
            )


def release(circuit: Circuit, populations: Mapping[str, Terms]) -> list[Projection]:
    """Return the projections by which releasing populations raise the concentrations.

    Release is volume transmission: a spike of any releasing neuron raises the concentration at
    every neuron, without delay. In a scaled circuit each neuron releases for those that it stands
    for, so that the population releases as much as in the full-size one.
    """
    made = []
    for given in circuit.modulations:
        if given.released_by is None:
            continue
        modulator = catalogue.modulator(given.modulator)
        variable = identifier(modulator)
        rise = as_concentration(given.per_spike, modulator)
        for target, terms in populations.items():
            if variable in terms.initial:
                made.append(
                    Projection(
                        source=given.released_by,
                        target=target,
                        name=f"release_{modulator.name}_{given.released_by}_{target}",
                        on_pre=f"{variable} += w",
                        weight=rise * _stands_for(circuit, given.released_by),
                        pairs="all_to_all",
                    )
                )
    return made


def _stands_for(circuit: Circuit, population: str) -> float:
    full = circuit.full or circuit
    return full.sizes[population] / circuit.sizes[population]


def _any_effect(receptors: Iterable[str], cells: Iterable[str]) -> bool:
    types = [catalogue.cell(name) for name in cells]
    return any(_compiled(catalogue.receptor(name), cell) for name in receptors for cell in types)


def _compiled(receptor: Receptor, cell: CellType) -> dict[str, Effect]:
    """Effects that enter a model, by the ending of their names: the same in every model."""
    effects = [e for e in receptor.effects_on(cell.name) if e.compiled and not e.conflict]
    return {f"{receptor.name}_{k}": effect for k, effect in enumerate(effects)}


def _occupied(bound: Concentration | None, drugs: Sequence[Drug]) -> bool:
    """Whether there are receptors, and something that binds them."""
    kinds = {drug.kind for drug in drugs}
    return "knockout" not in kinds and (bound is not None or "agonist" in kinds)


def _concentrations(circuit: Circuit) -> dict[str, Concentration]:
    found = {}
    for given in circuit.modulations:
        modulator = catalogue.modulator(given.modulator)
        found[modulator.name] = concentration(given, modulator)
    return found


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


def _add_receptor(
    terms: Terms, receptor: Receptor, bound: Concentration | None, drugs: Sequence[Drug]
) -> None:
    """Add the concentration of the modulator and the occupancy of one receptor."""
    own = occupancy(receptor, bound, drugs)
    for part in (own,) if bound is None else (bound, own):
        terms.equations += [line for line in part.equations if line not in terms.equations]
        terms.parameters |= part.parameters
        terms.initial |= part.initial
    terms.assumptions += receptor_lines(receptor, bound)


def _conductance(
    terms: Terms, receptor: Receptor, tag: str, effect: Effect, compartments: Sequence[Compartment]
) -> None:
    """An extra conductance, a fraction of the leak; a negative one closes a resting conductance."""
    terms.parameters[f"size_{tag}"] = effect.numbers.value("size")
    terms.parameters[f"E_{tag}"] = effect.numbers.value("reversal")
    for place in compartments:
        current = f"I_{tag}" + (f"_{place.name}" if len(compartments) > 1 else "")
        drive = f"size_{tag}*o_{receptor.name}*({place.leak})*(E_{tag} - {place.voltage})"
        terms.equations.append(f"{current} = {drive} : amp")
        terms.currents.setdefault(place.name, []).append(current)


def _adaptation(
    terms: Terms, receptor: Receptor, tag: str, effect: Effect, compartments: Sequence[Compartment]
) -> None:
    """Scale adaptation: by 1 without the modulator, by ``scale`` at full occupancy."""
    terms.parameters[f"scale_{tag}"] = effect.numbers.value("scale")
    factor = f"(1 + (scale_{tag} - 1)*o_{receptor.name})"
    terms.adaptation = factor if terms.adaptation is None else f"{terms.adaptation}*{factor}"


_EFFECTS = {"conductance": _conductance, "adaptation": _adaptation}
