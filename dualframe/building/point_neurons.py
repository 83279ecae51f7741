"""The point neurons of a circuit: parameter sets of cell types, of its source, or specimens.

The point branch has one compartment, so a contact's dendrites collapse onto the cell. Their effect
is kept where it was measured, at the soma: a contact's weight is calibrated to its unitary somatic
potential, its kinetics and delay stay the same.

In ``"conductance"`` mode, the default of fitted cells, a spike opens a conductance. In
``"current"`` mode (as in the Allen Institute's V1 model, the source of the layer 2/3 circuit) it
injects a current. A circuit says which one its source has; `twin_choice` decides what is built.

A current has the sign of Dale's law, whatever the reversal potential, and the absolute unitary
potential, where the soma was held for its recording, as its amplitude. Where a reversal potential
lies above rest (GABA_A of -60 mV onto cells that rest lower, as in CA1) the two branches therefore
disagree in sign at rest: there the biological potential is a small depolarisation, the point
neuron's a hyperpolarisation. The current keeps what inhibition does near threshold, where both
hyperpolarise, and loses two things: the growth of the driving force between rest and threshold,
and the shunt. In ``"conductance"`` mode neither is lost, but a contact that reverses where its
cell is held has no potential there that could be calibrated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from brian2 import Equations
from brian2.units import ms
from brian2.units.fundamentalunits import get_dimensions

from dualframe.building.connections import refuse_currents
from dualframe.building.glif_specimens import Drawn, Source, as_specimens
from dualframe.building.synaptic_channels import PostsynapticSite
from dualframe.building.twin_choice import TwinChoice, is_stated
from dualframe.catalogue import CellType
from dualframe.catalogue.point_neuron_set import ChosenPointNeuron
from dualframe.circuit import (
    Background,
    Circuit,
    CircuitPopulation,
    CircuitProjection,
    PointModel,
    ResolvedCircuit,
    ResolvedPopulation,
)
from dualframe.circuit.input_drive import InputDrive
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.network import Population
from dualframe.neuromodulation import (
    Compartment,
    ModulatableParameters,
    ModulationEquations,
    substitute_parameters,
)
from dualframe.neurons import glif
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import family_of
from dualframe.synapses.synapse_equations import SynapseEquations


@dataclass(frozen=True, kw_only=True)
class PointNeurons:
    """Point neurons of one model, as a `dualframe.building.circuit_builder.NeuronBuilder`.

    Attributes
    ----------
    choice
        Model, synapses and cells, from `dualframe.building.twin_choice.choose_twin`.
    specimens
        By population, the specimens that its neurons are drawn from.
    model_was_chosen
        Whether somebody asked for the model: populations with a drive then take it instead of the
        point neuron that the circuit states.
    stated_stay
        Whether nobody asked for a model: every population that states a point neuron then has it.
    """

    choice: TwinChoice
    specimens: Mapping[str, Drawn] = field(default_factory=dict)
    model_was_chosen: bool = False
    stated_stay: bool = False
    has_dendrites = False
    _chosen: dict[str, CellType] = field(default_factory=dict, repr=False)

    @property
    def calibration_key(self) -> str:
        """The name under which the strengths for these neurons are stored."""
        return self.choice.key

    def check_circuit(self, circuit: Circuit) -> None:
        """Refuse cells without the model, currents as conductances, and weights into no variable.

        Parameters
        ----------
        circuit
            The circuit.

        Raises
        ------
        CatalogueError
            Naming the cell type or the projection.
        """
        for population in circuit.resolved.populations:
            if population.name not in self.specimens and not self._is_stated(population):
                cell = self._chosen_cell(population.entry.cell, population.cell)
                cell.choose_point_neuron(self.choice.model)
        if self.choice.synapses == "conductance":
            refuse_currents(circuit, "build it with synapses='current'.")
        for projection in circuit.projections:
            point = circuit.population(projection.target).point
            if projection.weight is not None and point is not None:
                _check_native_weight(projection, point)

    def cell_builder(self, population: ResolvedPopulation) -> PointCellBuilder:
        """Return how the neurons of a population are made."""
        entry, cell = population.entry, population.cell
        if entry.name in self.specimens:
            neuron = self.specimens[entry.name].membrane(entry.n)
        elif self.model_was_chosen and entry.drive and not self._is_stated(population):
            cell = self._chosen_cell(entry.cell, cell)
            neuron = driven_neuron(
                cell.choose_point_neuron(self.choice.model).make_neuron(), entry.drive
            )
        elif entry.point is not None and self._is_stated(population):
            neuron = entry.point.model.make_neuron(entry.point.parameters)
        else:
            cell = self._chosen_cell(entry.cell, cell)
            neuron = cell.choose_point_neuron(self.choice.model).make_neuron()
        return PointCellBuilder(
            entry=entry, cell=cell, neuron=neuron, current_mode=self.choice.synapses == "current"
        )

    def assumptions(self, circuit: ResolvedCircuit) -> list[str]:
        """Return a line for each assumption about the neurons."""
        lines = [
            f"{name}: the published neuron, for want of a {self.choice.model} neuron fitted to the "
            "compartments"
            for name in self.choice.unfitted
        ]
        lines += [
            f"{name}: the neurons are specimens of {drawn.specimens.name}, with weights that were "
            "calibrated on the catalogue's cell"
            for name, drawn in self.specimens.items()
        ]
        for name, chosen in self._chosen_sets(circuit).items():
            lines += _assumption_lines(name, chosen)
        return lines

    def facts(self, circuit: ResolvedCircuit) -> dict[str, Any]:
        """Return the branch, and what the neurons are, for ``Network.meta``."""
        points = [p.entry for p in circuit.populations if self._is_stated(p)]
        cells = self._chosen_sets(circuit)
        warnings = list(self._known_failures(circuit))
        return {
            "branch": "task_driven",
            "model": self.choice.model,
            "synapses": self.choice.synapses,
            "cells": {name: chosen.description for name, chosen in cells.items()},
            "points": {p.name: f"{p.point.form}, {p.point.name}" for p in points if p.point},
            "specimens": {name: drawn.described for name, drawn in self.specimens.items()},
            **({"warnings": warnings} if warnings else {}),
        }

    def _known_failures(self, circuit: ResolvedCircuit) -> Iterator[str]:
        """Yield a line for each fitted cell type that disagrees with its compartments."""
        for name, cell in self._cells_of_model(circuit).items():
            if failure := self.choice.failure_of(name, cell):
                yield (
                    f"cell type {name!r}: the {self.choice.model} neuron disagrees with the "
                    f"compartments that it was fitted to ({failure}) "
                    f"Another model, or cells='published', may do better."
                )

    def _is_stated(self, population: ResolvedPopulation) -> bool:
        """Whether a population is of the point neuron that the circuit states."""
        if self.stated_stay and population.entry.point is not None:
            return True
        return is_stated(population, self.choice.model, self.model_was_chosen)

    def _chosen_cell(self, name: str, cell: CellType) -> CellType:
        """A cell type with the published or the fitted point neuron, looked up once."""
        if name not in self._chosen:
            self._chosen[name] = self.choice.cell_of(name, cell)
        return self._chosen[name]

    def _cells_of_model(self, circuit: ResolvedCircuit) -> dict[str, CellType]:
        """Cell types of which a point neuron of the model is used."""
        return {p.entry.cell: p.cell for p in circuit.populations if not self._is_stated(p)}

    def _chosen_sets(self, circuit: ResolvedCircuit) -> dict[str, ChosenPointNeuron]:
        """Published or fitted sets, by cell type of which one is used."""
        return {
            name: self._chosen_cell(name, cell).choose_point_neuron(self.choice.model)
            for name, cell in self._cells_of_model(circuit).items()
        }


@dataclass(frozen=True, kw_only=True)
class PointCellBuilder:
    """How the point neurons of one population are made."""

    entry: CircuitPopulation
    cell: CellType
    neuron: PointNeuron
    current_mode: bool

    @cached_property
    def modulatable(self) -> ModulatableParameters:
        """Where the effects of receptors enter the equations."""
        neuron = self.neuron
        if neuron.leak is None or neuron.rest is None:
            return ModulatableParameters((), neuron.places)
        place = Compartment("cell", neuron.voltage, neuron.leak, neuron.rest)
        return ModulatableParameters((place,), neuron.places)

    @cached_property
    def rest(self) -> Any:
        """Resting potential in current mode: one number per population."""
        if not self.current_mode:
            return None
        return np.median(self.neuron.initial[self.neuron.voltage])

    def sites(self, entry: CircuitProjection | Background) -> tuple[PostsynapticSite, ...]:
        """Return the cell itself, whatever the compartments of the entry."""
        return (PostsynapticSite("cell", self.neuron.voltage),)

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

        Raises
        ------
        CatalogueError
            If there are currents into neurons that take none.
        """
        neuron = substitute_parameters(self.neuron, modulation.changes)
        currents = [name for names in modulation.currents.values() for name in names]
        parameters = {**neuron.parameters, **modulation.parameters}
        initial = {**neuron.initial, **modulation.initial}
        for one in channels.values():
            currents += [name for names in one.currents.values() for name in names]
            parameters |= one.parameters
            initial |= one.initial
        equations = [
            neuron.equations,
            *self._input_lines(neuron, currents),
            *modulation.equations,
            *(one.equations for one in channels.values()),
        ]
        return Population(
            name=self.entry.name,
            n=self.entry.n,
            equations="\n".join(equations),
            threshold=neuron.threshold,
            reset=neuron.reset,
            refractory=neuron.refractory,
            parameters=parameters,
            initial=initial,
            cell_type=self.cell.name,
            sign=self.cell.sign or None,
            voltage=neuron.voltage,
            time_step=neuron.time_step,
        )

    def _input_lines(self, neuron: PointNeuron, currents: list[str]) -> list[str]:
        if neuron.current is not None:
            return [neuron.input_equation(["I_ext", *currents]), "I_ext : amp"]
        if currents:
            raise CatalogueError(
                f"the neurons of {self.entry.name!r} take no currents, but there are "
                f"{', '.join(currents)}: state weights into their variables instead "
                f"({', '.join(neuron.weight_variables)})."
            )
        return [line for line in (neuron.input_equation(),) if line]


_DRIVE = """
trial : 1
new_trial = int(trial - trial_known > 0.5) : 1
dtrial_known/dt = (trial - trial_known)/dt : 1
ddriven/dt = ((1 - new_trial)*driven*exp(-dt/tau_drive) + {into} - driven)/dt : 1
d{into}/dt = -{into}/dt : 1
background = noise*sqrt(noise_step/dt)*(2*rand() - 1) : amp (constant over dt)
{current} = drive*driven + background : amp
"""


def driven_neuron(neuron: PointNeuron, drive: InputDrive) -> PointNeuron:
    """Return a neuron that takes weights without a unit as a current, with current noise.

    A spike clears the current that has arrived, as it clears the potentials of the spike response
    neurons whose weights these are (`dualframe.neurons.srm0`).

    Parameters
    ----------
    neuron
        One that takes amperes.
    drive
        The current that an arriving weight gives.
    """
    equations = _DRIVE.format(into=drive.into, current=neuron.current)
    return replace(
        neuron,
        equations=f"{neuron.equations.rstrip()}\n{equations.strip()}",
        reset=f"{neuron.reset}\ndriven = 0",
        parameters={
            **neuron.parameters,
            "drive": drive.current,
            "noise": drive.noise,
            "noise_step": 1 * ms,
            "tau_drive": drive.tau,
        },
        current=None,
        weight_variables=(drive.into,),
        signals=("trial",),
    )


def _check_native_weight(projection: CircuitProjection, point: PointModel) -> None:
    """Refuse a weight into what is no variable of a point neuron, or of another dimension."""
    equations = Equations(point.model.make_neuron(point.parameters).equations)
    variables = equations.diff_eq_names | equations.parameter_names
    into = str(projection.into)
    if into not in variables:
        raise UnknownName(
            f"variable of the {point.form} neurons onto which {projection.name!r} goes:",
            into,
            sorted(variables),
        )
    if equations[into].dim is not get_dimensions(projection.weight):
        raise CatalogueError(
            f"the weight of projection {projection.name!r} is {projection.weight}, but {into!r} of "
            f"{point.form} neurons has the unit {equations[into].unit}."
        )


def draw_specimens(
    circuit: Circuit, model: str, specimens: Mapping[str, Source] | None, seed: int
) -> dict[str, Drawn]:
    """Return, by population, the specimens that its neurons are drawn from.

    Parameters
    ----------
    circuit, model
        What is built.
    specimens
        As the user gives them, by population.
    seed
        Of the draw.

    Raises
    ------
    UnknownName
        If there is no such population.
    CatalogueError
        If the model is none of GLIF.
    """
    drawn = {}
    for name, source in (specimens or {}).items():
        if name not in circuit.sizes:
            raise UnknownName(f"population of circuit {circuit.name!r}", name, circuit.sizes)
        if family_of(model) != "glif":
            raise CatalogueError(f"specimens of {name!r} are GLIF neurons: choose model='glif'.")
        level = None if model == "glif" else glif.glif_level(model)
        drawn[name] = Drawn(as_specimens(source), level, seed, name)
    return drawn


def _assumption_lines(name: str, chosen: ChosenPointNeuron) -> list[str]:
    """What is assumed of a cell's point neuron, in one line."""
    assumed = ", ".join(chosen.assumed)
    return [f"{name}: {assumed} of {chosen.description} are assumed"] if assumed else []
