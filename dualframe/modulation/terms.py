"""What a circuit's modulators add to one cell type's equations, in either branch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dualframe import catalogue
from dualframe.catalogue import CellType, Effect, Receptor
from dualframe.circuit import Circuit, Drug
from dualframe.errors import CatalogueError
from dualframe.modulation.concentration import Concentration, as_concentration, concentration
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
        Factor on the adaptation of the cell (an expression), or None.
    assumptions
        One line for each effect whose size is assumed, or that this model has no place for.
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
    used: set[str] = set()
    for receptor in _receptors(circuit):
        drugs = [d for d in circuit.drugs if d.receptor == receptor.name and _acts_on(d, cell)]
        effects = [e for e in receptor.effects_on(cell.name) if e.compiled and not e.conflict]
        if not adapts:
            _note_missing(terms, receptor, cell, effects)
            effects = [e for e in effects if e.kind != "adaptation"]
        if not effects or any(drug.kind == "knockout" for drug in drugs):
            continue
        concentration_here = bound.get(receptor.modulator)
        own = occupancy(receptor, concentration_here, drugs)
        _add(terms, own.equations, own.parameters, own.initial)
        if concentration_here is not None:
            used.add(receptor.modulator)
        for k, effect in enumerate(effects):
            _EFFECTS[effect.kind](terms, receptor, f"{receptor.name}_{k}", effect, compartments)
            terms.assumptions += _assumed(receptor, cell, effect)
    for name in sorted(used):
        _add(terms, bound[name].equations, bound[name].parameters, bound[name].initial)
    return terms


def check_modulation(circuit: Circuit) -> None:
    """Refuse a modulator or drug that has no compiled effect on any cell of the circuit.

    Raises
    ------
    CatalogueError
        Naming the modulator and what the catalogue knows of it.
    """
    for name in {m.modulator for m in circuit.modulations}:
        modulator = catalogue.modulator(name)
        if not _any_effect(circuit, modulator.receptors):
            raise CatalogueError(
                f"{name} has no compiled effect on the cells of circuit {circuit.name!r} "
                f"({', '.join(circuit.cells)}). What is known of its receptors "
                f"({', '.join(modulator.receptors)}): dualframe show RECEPTOR."
            )
    for drug in circuit.drugs:
        if not _any_effect(circuit, [drug.receptor]):
            raise CatalogueError(
                f"{drug.receptor} has no compiled effect on the cells of circuit "
                f"{circuit.name!r} that the {drug.kind} could change."
            )


def release(circuit: Circuit, populations: Mapping[str, Terms]) -> list[Projection]:
    """Return the projections by which releasing populations raise the concentrations."""
    made = []
    for given in circuit.modulations:
        if given.released_by is None:
            continue
        modulator = catalogue.modulator(given.modulator)
        variable = f"c_{modulator.name}"
        for target, terms in populations.items():
            if variable in terms.initial:
                made.append(
                    Projection(
                        source=given.released_by,
                        target=target,
                        name=f"release_{modulator.name}_{given.released_by}_{target}",
                        on_pre=f"{variable} += w",
                        weight=as_concentration(given.per_spike, modulator),
                        pairs="all_to_all",
                    )
                )
    return made


def _any_effect(circuit: Circuit, receptors: Sequence[str]) -> bool:
    return any(
        effect.compiled and not effect.conflict
        for name in receptors
        for cell in circuit.cells
        for effect in catalogue.receptor(name).effects_on(cell)
    )


def _concentrations(circuit: Circuit) -> dict[str, Concentration]:
    found = {}
    for given in circuit.modulations:
        modulator = catalogue.modulator(given.modulator)
        found[modulator.name] = concentration(given, modulator)
    return found


def _receptors(circuit: Circuit) -> list[Receptor]:
    """Receptors that a modulator of the circuit binds, or an agonist opens."""
    names = [
        receptor
        for given in circuit.modulations
        for receptor in catalogue.modulator(given.modulator).receptors
    ]
    names += [drug.receptor for drug in circuit.drugs if drug.kind == "agonist"]
    return [catalogue.receptor(name) for name in dict.fromkeys(names)]


def _acts_on(drug: Drug, cell: CellType) -> bool:
    return not drug.cells or cell.name in drug.cells


def _add(
    terms: Terms,
    equations: Sequence[str],
    parameters: Mapping[str, Any],
    initial: Mapping[str, Any],
) -> None:
    terms.equations += [line for line in equations if line not in terms.equations]
    terms.parameters |= parameters
    terms.initial |= initial


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


def _note_missing(
    terms: Terms, receptor: Receptor, cell: CellType, effects: Sequence[Effect]
) -> None:
    terms.assumptions += [
        f"{receptor.name} on {cell.name}: {effect.target} has no counterpart in this model, which "
        f"does not adapt"
        for effect in effects
        if effect.kind == "adaptation"
    ]


def _assumed(receptor: Receptor, cell: CellType, effect: Effect) -> list[str]:
    numbers = {**effect.numbers, f"{receptor.name} EC50": receptor.affinity["EC50"]}
    return [
        f"{receptor.name} on {cell.name}: {name} {number.written} is assumed ({number.note})"
        for name, number in numbers.items()
        if number.assumed
    ]
