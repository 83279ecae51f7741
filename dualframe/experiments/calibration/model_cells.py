"""The model cells of a circuit's populations, with their synapses or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dualframe.building.circuit_builder import BuiltPopulation, NeuronBuilder, build_population
from dualframe.building.dendritic_populations import DendriticNeurons
from dualframe.building.point_neurons import PointNeurons
from dualframe.building.twin_choice import TwinChoice
from dualframe.circuit import Circuit, CircuitPopulation

Builder = Callable[[CircuitPopulation], BuiltPopulation]


@dataclass(frozen=True)
class ModelCells:
    """What makes the cells of a circuit's populations in a model.

    Attributes
    ----------
    wired, bare
        Makes a population with all its channels, or without any.
    """

    wired: Builder
    bare: Builder


def model_cells(circuit: Circuit, choice: TwinChoice | None = None) -> ModelCells:
    """Return what makes the cells of a circuit's populations in a model.

    Parameters
    ----------
    circuit
        The circuit.
    choice
        Its point neurons; None for the biological branch.
    """
    neurons: NeuronBuilder = DendriticNeurons() if choice is None else PointNeurons(choice=choice)
    without = circuit.with_components(projections=(), background=())
    return ModelCells(_builder(circuit, neurons), _builder(without, neurons))


def _builder(circuit: Circuit, neurons: NeuronBuilder) -> Builder:
    resolved = circuit.resolved

    def build_one(population: CircuitPopulation) -> BuiltPopulation:
        resized = replace(resolved.population(population.name), entry=population)
        return build_population(resolved, resized, neurons)

    return build_one
