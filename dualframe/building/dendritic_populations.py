"""The dendritic neurons of a circuit: where effects and synapses enter, and what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from brian2.units import amp, siemens
from brian2.units.fundamentalunits import Quantity, Unit

from dualframe.building.connections import refuse_currents, refuse_native_weights
from dualframe.building.dendrify_import import from_dendrify
from dualframe.building.dendritic_neurons import compartments_of, dendritic_cell
from dualframe.building.synaptic_channels import PostsynapticSite
from dualframe.catalogue import CellType
from dualframe.catalogue.compartments import Compartments
from dualframe.catalogue.sourced_value import Sourced
from dualframe.catalogue.stated_passive import passive_warnings
from dualframe.circuit import (
    Background,
    Circuit,
    CircuitPopulation,
    CircuitProjection,
    ResolvedCircuit,
    ResolvedPopulation,
)
from dualframe.network import Population
from dualframe.neuromodulation import (
    Compartment,
    ModulatableParameters,
    ModulationEquations,
    substitute_parameters,
)
from dualframe.synapses.synapse_equations import SynapseEquations

MODEL = "biological"

#: Parameters that an effect on adaptation scales, with their units, by soma model. The conductance
#: of the first is linear in both, so that its whole current is scaled, which flows below threshold
#: too.
_ADAPTATION: Mapping[str, Mapping[str, Unit]] = {
    "adaptive_conductance_IF": {"gAmax": siemens, "delta_gA": siemens},
    "adaptive_IF": {"jump_w": amp},
    "burst": {"jump_w": amp},
}


def blocked_adaptation(compartments: Compartments) -> dict[str, Quantity]:
    """Return the parameters of a cell whose adaptation is blocked, empty if it does not adapt.

    Parameters
    ----------
    compartments
        Of a cell type.
    """
    scaled = _ADAPTATION.get(compartments.soma_model, {})
    return {name: 0 * unit for name, unit in scaled.items()}


class DendriticNeurons:
    """Dendrify compartments, as a `dualframe.building.circuit_builder.NeuronBuilder`."""

    calibration_key = MODEL
    has_dendrites = True

    def check_circuit(self, circuit: Circuit) -> None:
        """Refuse a circuit of point neurons: its strengths are currents or native weights.

        Parameters
        ----------
        circuit
            The circuit.

        Raises
        ------
        CatalogueError
            Naming the projection.
        """
        refuse_currents(circuit, "build it with dualframe.task_driven.")
        refuse_native_weights(circuit, "take the branch of point neurons, dualframe.task_driven.")

    def cell_builder(self, population: ResolvedPopulation) -> DendriticCellBuilder:
        """Return how the neurons of a population are made."""
        return DendriticCellBuilder(entry=population.entry, cell=population.cell)

    def assumptions(self, circuit: ResolvedCircuit) -> list[str]:
        """Return a line for each assumption about the neurons."""
        return [line for name, cell in circuit.cells.items() for line in _lines(name, cell)]

    def facts(self, circuit: ResolvedCircuit) -> dict[str, Any]:
        """Return the branch, and what the neurons are, for ``Network.meta``."""
        cells = {name: compartments_of(cell).layout for name, cell in circuit.cells.items()}
        warnings = [text for cell in circuit.cells.values() for text in passive_warnings(cell)]
        facts: dict[str, Any] = {"branch": "biological", "cells": cells}
        return facts | ({"warnings": warnings} if warnings else {})


@dataclass(frozen=True, kw_only=True)
class DendriticCellBuilder:
    """How the dendritic neurons of one population are made."""

    entry: CircuitPopulation
    cell: CellType
    rest = None  # dendrites have conductances

    @cached_property
    def modulatable(self) -> ModulatableParameters:
        """Where effects enter: the table from kinds of effects to Dendrify's parameters."""
        compartments = compartments_of(self.cell)
        names = compartments.names
        parameters = {
            "leak": {f"gL_{name}": "*" for name in names},
            "rest": {f"EL_{name}": "+" for name in names},
            "threshold": {"V_threshold": "+"},
        }
        if compartments.soma_model in _ADAPTATION:
            parameters["adaptation"] = dict.fromkeys(_ADAPTATION[compartments.soma_model], "*")
        if compartments.rule == "burst":
            parameters["dspike"] = {"plateau_soma": "*", "plateau_dend": "*"}
        if compartments.dspikes:
            parameters["dspike"] = {
                f"g_{phase}_max_{spike.kind}_{name}": "*"
                for spike in compartments.dspikes
                for name in spike.compartments
                for phase in ("rise", "fall")
            }
        places = (Compartment(name, f"V_{name}", f"gL_{name}", f"EL_{name}") for name in names)
        return ModulatableParameters(tuple(places), parameters)

    def sites(self, entry: CircuitProjection | Background) -> tuple[PostsynapticSite, ...]:
        """Return the compartments on which a projection or background input ends."""
        return tuple(PostsynapticSite(name, f"V_{name}") for name in entry.compartments)

    def make_population(
        self, modulation: ModulationEquations, channels: Mapping[str, SynapseEquations]
    ) -> Population:
        """Return the population with its modulation and its channels.

        Parameters
        ----------
        modulation
            What the modulators add.
        channels
            By synaptic input.
        """
        dendritic = dendritic_cell(self.cell, self._currents(modulation, channels))
        spike = dendritic.spike
        parameters, initial = {**spike.parameters, **modulation.parameters}, {**modulation.initial}
        for one in channels.values():
            parameters |= one.parameters
            initial |= one.initial
        population = from_dendrify(
            dendritic.model,
            self.entry.n,
            name=self.entry.name,
            threshold=spike.threshold,
            reset=spike.reset,
            second_reset=spike.second_reset,
            spike_width=spike.spike_width,
            refractory=spike.refractory,
            parameters=parameters,
            cell_type=self.cell.name,
            sign=self.cell.sign or None,
        )
        population = substitute_parameters(population, modulation.changes)
        added = "\n".join([*modulation.equations, *(one.equations for one in channels.values())])
        return replace(
            population,
            equations=population.equations + (f"\n\n{added}" if added else ""),
            initial={**population.initial, **initial},
            durations={**population.durations, **dendritic.durations},
        )

    def _currents(
        self, modulation: ModulationEquations, channels: Mapping[str, SynapseEquations]
    ) -> dict[str, list[str]]:
        currents = {
            place.name: list(modulation.currents.get(place.name, ()))
            for place in self.modulatable.compartments
        }
        for one in channels.values():
            for compartment, names in one.currents.items():
                currents[compartment] += names
        return currents


def _lines(name: str, cell: CellType) -> list[str]:
    """What is assumed of a cell's compartments, in one line."""
    lines = [f"{name}: the compartments are a stand-in, not published for this cell type"]
    numbers = ", ".join(f"{key} {n.written}" for key, n in _numbers(cell) if n.assumed)
    return (lines if compartments_of(cell).stand_in else []) + (
        [f"{name}: {numbers} of the compartments are assumed"] if numbers else []
    )


def _numbers(cell: CellType) -> list[tuple[str, Sourced]]:
    """Numbers of a cell's compartments, by name."""
    parts = compartments_of(cell)
    tables = [parts.split, parts.globals, parts.soma, parts.spike, parts.burst]
    tables += [dendrite.numbers for dendrite in parts.dendrites]
    tables += [spike.numbers for spike in parts.dspikes]
    numbers = [(key, number) for table in tables for key, number in table.items()]
    if parts.rule == "matched_passive" and cell.passive:
        numbers += [(key, cell.passive.numbers[key]) for key in ("r_in", "tau_m")]
    return numbers + [
        ("coupling", edge.coupling) for edge in parts.edges if edge.coupling is not None
    ]
