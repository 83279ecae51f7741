"""What a circuit's modulators add to the equations of one population, in either branch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dualframe.catalogue import CellType, Receptor
from dualframe.circuit import Drug, ResolvedCircuit, ResolvedPopulation
from dualframe.circuit.perturbations import check_cells
from dualframe.circuit.resolved_circuit import ResolvedDrug
from dualframe.core.errors import CatalogueError
from dualframe.neuromodulation.active_effects import (
    ActiveEffect,
    active_effects,
    autoreceptor_effects,
)
from dualframe.neuromodulation.assumptions import effect_lines, missing_line, receptor_lines
from dualframe.neuromodulation.brain_regions import modulator_reaches
from dualframe.neuromodulation.concentration import Concentration, concentrations
from dualframe.neuromodulation.leak_limit import check_leak
from dualframe.neuromodulation.occupancy import (
    Occupancy,
    agonist_saturates,
    has_bindable_receptor,
    receptor_occupancy,
)
from dualframe.neuromodulation.rule_readings import (
    describe_unknown_readings,
    is_read,
    modulators_read,
    receptors_read,
)
from dualframe.receptor_effects import ModulatableParameters, ModulationEquations


def modulation_equations(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    model: ModulatableParameters,
    *,
    factors: Iterable[str] | None = None,
) -> ModulationEquations:
    """Return the equations that the circuit's modulators and drugs add to a population.

    The order of the modulations in the circuit makes no difference.

    Parameters
    ----------
    circuit
        Its modulations, drugs and changes of effects.
    population
        One of its populations; a receptor that its cell type does not express does nothing.
    model
        Where effects enter the model of the cell.
    factors
        Factors that plasticity rules of its synapses ask for ("ltp", "ltd", "rate",
        "eligibility"); None means what the circuit's rules ask for.

    Raises
    ------
    CatalogueError
        If the effects together could take more than the cell's leak.
    """
    equations = ModulationEquations()
    by_modulator = concentrations(circuit, population.region)
    receptors = _active_receptors(circuit)
    acting: list[ActiveEffect] = []
    for active in (
        *active_effects(circuit, population, receptors, factors),
        *autoreceptor_effects(circuit, receptors),
    ):
        if active.autoreceptor and not _release_is_sensed(active, equations, by_modulator):
            continue
        drugs = _drugs_at(circuit, active.receptor, active.cell)
        concentration = by_modulator.get(active.receptor.modulator)
        if not has_bindable_receptor(concentration, drugs):
            continue
        if active.kind.lacks and active.kind.name not in model.parameters:
            equations.assumptions.append(missing_line(active))
            continue
        acting.append(active)
        _add_occupancy(equations, active.local_receptor, active.site, concentration, drugs)
        assert active.kind.add_equations is not None  # only compiled effects act
        active.kind.add_equations(equations, active.in_model, model)
        equations.assumptions += effect_lines(active)
    _add_readings(circuit, population, equations, by_modulator)
    check_leak(acting, population.cell)
    _define_factors(equations)
    return equations


def inputs_with_scaled_release(populations: Mapping[str, ModulationEquations]) -> tuple[str, ...]:
    """Return the synaptic inputs of which receptors at the terminals scale the release."""
    return tuple(name for equations in populations.values() for name in equations.releases)


def check_modulation(circuit: ResolvedCircuit) -> None:
    """Refuse a modulator or drug that has no compiled effect on any cell of the circuit.

    Raises
    ------
    CatalogueError
        Naming the modulator and what the catalogue knows of it.
    UnknownName
        If a drug names a cell type that the circuit does not have.
    """
    for modulation in circuit.modulations:
        modulator = modulation.modulator
        there = [
            population
            for population in circuit.populations
            if modulator_reaches(circuit, modulator.name, population.region)
        ]
        receptors = [circuit.receptors[name] for name in modulator.receptors]
        if not (_has_effect(circuit, receptors, there) or is_read(circuit, modulator.name)):
            released = "".join(f" of release {x.name!r}" for x in modulation.entry.signals[:1])
            known = f"What is known of its receptors ({', '.join(modulator.receptors)}): dualframe "
            raise CatalogueError(
                f"{modulator.name}{released} has no compiled effect on the cells of circuit "
                f"{circuit.circuit.name!r} ({', '.join(_shown_cells(circuit))}), and no rule "
                f"reads it. {describe_unknown_readings(circuit) or f'{known}show RECEPTOR.'}"
            )
    for drugs in _drugs_by_name(circuit):
        acting = [_acts(circuit, drug) for drug in drugs]
        if not any(acting):
            entry, at = drugs[0].entry, " and ".join(drug.receptor.name for drug in drugs)
            raise CatalogueError(
                f"{at} has no compiled effect on {', '.join(entry.cells or circuit.cells)} in "
                f"circuit {circuit.circuit.name!r} that the {entry.name or entry.kind} could "
                f"change. What is known of it: dualframe show {drugs[0].receptor.name}."
            )


def _shown_cells(circuit: ResolvedCircuit) -> list[str]:
    """Return the names of the cell types, with those that users' own are like."""
    cells = circuit.cells.items()
    return [f"{name}, like {cell.like}" if cell.like else name for name, cell in cells]


def _drugs_by_name(circuit: ResolvedCircuit) -> list[list[ResolvedDrug]]:
    """Return drugs one by one, those of one name together: one of their receptors suffices."""
    grouped: dict[object, list[ResolvedDrug]] = {}
    for number, drug in enumerate(circuit.drugs):
        check_cells(circuit.circuit, drug.entry.cells)
        key = (drug.entry.name, drug.entry.cells) if drug.entry.name else number
        grouped.setdefault(key, []).append(drug)
    return list(grouped.values())


def _acts(circuit: ResolvedCircuit, drug: ResolvedDrug) -> bool:
    return _has_effect(circuit, [drug.receptor], circuit.populations, drug) or is_read(
        circuit, drug.receptor.modulator
    )


def _has_effect(
    circuit: ResolvedCircuit,
    receptors: Sequence[Receptor],
    populations: Iterable[ResolvedPopulation],
    drug: ResolvedDrug | None = None,
) -> bool:
    """Whether receptors act on any of the populations (at cells that a drug reaches)."""
    effects = [e for p in populations for e in active_effects(circuit, p, receptors)]
    effects += autoreceptor_effects(circuit, receptors) if drug is not None else []
    return any(drug is None or drug.reaches(active.cell) for active in effects)


def _active_receptors(circuit: ResolvedCircuit) -> list[Receptor]:
    """Receptors that a modulator of the circuit binds, or an agonist opens, by name."""
    names = {name for m in circuit.modulators.values() for name in m.receptors}
    names |= {drug.receptor.name for drug in circuit.drugs if drug.entry.kind == "agonist"}
    return [circuit.receptors[name] for name in sorted(names)]


def _drugs_at(circuit: ResolvedCircuit, receptor: Receptor, cell: CellType) -> list[Drug]:
    """Drugs at receptors on a cell type: where these are, not where an effect is seen."""
    return [
        drug.entry
        for drug in circuit.drugs
        if drug.receptor.name == receptor.name and drug.reaches(cell)
    ]


def _release_is_sensed(
    active: ActiveEffect,
    equations: ModulationEquations,
    by_modulator: Mapping[str, Concentration],
) -> bool:
    """Whether the release that an autoreceptor scales raises a concentration of the population."""
    concentration = by_modulator.get(active.effect.synapse)
    return concentration is not None and concentration.name in equations.initial


def _add_occupancy(
    equations: ModulationEquations,
    receptor: Receptor,
    site: str,
    concentration: Concentration | None,
    drugs: Sequence[Drug],
) -> None:
    """Add the concentration of the modulator and the occupancy of one receptor."""
    concentration = None if agonist_saturates(drugs) else concentration
    occupancy = receptor_occupancy(receptor, concentration, drugs, site)
    for part in (occupancy,) if concentration is None else (concentration, occupancy):
        _add_part(equations, part)
    lines = receptor_lines(receptor, concentration, drugs)
    equations.assumptions += [line for line in lines if line not in equations.assumptions]


def _add_part(equations: ModulationEquations, part: Concentration | Occupancy) -> None:
    equations.add_lines(*part.equations)
    equations.parameters |= part.parameters
    equations.initial |= part.initial


def _add_readings(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    equations: ModulationEquations,
    by_modulator: Mapping[str, Concentration],
) -> None:
    """Add what rules of the synapses read of modulators and no effect has added."""
    for read in modulators_read(circuit, population, by_modulator):
        _add_part(equations, read)
    for receptor in receptors_read(circuit, population):
        name = receptor.name
        if any(line.startswith(f"o_{name} =") for line in equations.equations):
            continue
        drugs = _drugs_at(circuit, receptor, population.cell)
        concentration = by_modulator.get(receptor.modulator)
        if has_bindable_receptor(concentration, drugs):
            _add_occupancy(equations, receptor, name, concentration, drugs)
        else:
            equations.add_lines(f"o_{name} = absent_{name} : 1")
            equations.parameters[f"absent_{name}"] = 0.0


def _define_factors(equations: ModulationEquations) -> None:
    """Make variables of what synapses read: factors on release and on plasticity."""
    for name, factor in equations.releases.items():
        equations.add_lines(f"release_{name} = {factor} : 1")
    for name, factor in equations.factors.items():
        equations.add_lines(f"{name}_factor = {factor} : 1")
