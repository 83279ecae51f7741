"""What plasticity rules read of modulators: concentrations, and occupancies of receptors.

A rule reads ``o_D1`` of the postsynaptic neuron (``signals = { level_DA = "o_D1" }``) whether or
not the receptor has an effect of its own there. Where nothing binds the receptor, because it is
knocked out or blocked for good, the rule reads zero.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe import catalogue
from dualframe.catalogue import Receptor
from dualframe.circuit import ResolvedCircuit, ResolvedPopulation
from dualframe.core.errors import CatalogueError, suggest_name
from dualframe.neuromodulation.active_effects import compiled_effects, variables_read_by_rules
from dualframe.neuromodulation.concentration import Concentration

_OCCUPANCY, _CONCENTRATION = "o_", "c_"


def receptors_read(circuit: ResolvedCircuit, population: ResolvedPopulation) -> list[Receptor]:
    """Return the receptors of which rules of the synapses onto a population read the occupancy.

    Parameters
    ----------
    circuit, population
        The population is one of the circuit's.

    Raises
    ------
    CatalogueError
        If the cells do not express one of them, or nothing in the circuit binds it.
    """
    receptors = []
    for variable, projection in variables_read_by_rules(circuit, population.name).items():
        name = variable.removeprefix(_OCCUPANCY)
        receptor = circuit.find_receptor(name)
        if variable == name or receptor is None:
            continue
        _check_reading(circuit, population, receptor, projection)
        receptors.append(receptor)
    return receptors


def modulators_read(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    by_modulator: Mapping[str, Concentration],
) -> list[Concentration]:
    """Return the concentrations that rules of the synapses onto a population read.

    Parameters
    ----------
    circuit, population
        The population is one of the circuit's.
    by_modulator
        The concentrations in its region.
    """
    read = variables_read_by_rules(circuit, population.name)
    return [one for name, one in by_modulator.items() if f"{_CONCENTRATION}{name}" in read]


def is_read(circuit: ResolvedCircuit, modulator: str) -> bool:
    """Return whether a rule of a circuit reads a modulator, or a receptor of it."""
    names = {f"{_CONCENTRATION}{modulator}"}
    names |= {f"{_OCCUPANCY}{name}" for name in circuit.find_modulator(modulator).receptors}
    return any(names & set(variables_read_by_rules(circuit, p.name)) for p in circuit.populations)


def describe_unknown_readings(circuit: ResolvedCircuit) -> str:
    """Return sentences on variables that rules read like occupancies, of receptors that are none.

    Parameters
    ----------
    circuit
        The circuit.
    """
    receptors = [f"{_OCCUPANCY}{name}" for name in catalogue.names("receptor")]
    unknown = {
        variable: projection
        for population in circuit.populations
        for variable, projection in variables_read_by_rules(circuit, population.name).items()
        if variable.startswith(_OCCUPANCY)
        and circuit.find_receptor(variable.removeprefix(_OCCUPANCY)) is None
    }
    return " ".join(
        f"The rule of projection {projection!r} reads {variable!r}, the occupancy of no receptor. "
        f"{suggest_name(variable, receptors)}"
        for variable, projection in unknown.items()
    )


def _check_reading(
    circuit: ResolvedCircuit, population: ResolvedPopulation, receptor: Receptor, projection: str
) -> None:
    """Refuse the occupancy of a receptor that the cells do not have, or that nothing binds."""
    cell, name = population.cell, receptor.name
    label = f"projection {projection!r}: its rule reads 'o_{name}' of {population.name!r}"
    if not (receptor.expressed_in(cell.name) or compiled_effects(circuit, receptor, cell)):
        everywhere = map(circuit.find_receptor, catalogue.names("receptor"))
        there = [other.name for other in everywhere if other and other.expressed_in(cell.name)]
        raise CatalogueError(
            f"{label}, but {cell.name} has no {name}: it expresses {', '.join(there) or 'none'}."
        )
    if name not in circuit.receptors:
        raise CatalogueError(
            f"{label}, but nothing in the circuit binds it: bring {receptor.modulator} to it, "
            f"with [[modulations]] or with_modulation."
        )
