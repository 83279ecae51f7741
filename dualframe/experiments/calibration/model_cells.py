"""The model cells of a circuit's populations, with their synapses or without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from dualframe.building.circuit_builder import BuiltPopulation, NeuronBuilder, build_population
from dualframe.building.dendritic_populations import MODEL, DendriticNeurons
from dualframe.building.point_neurons import PointNeurons
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.fitted_models import Cells
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


def chosen_neurons(
    circuit: Circuit, model: str, synapses: str | None = None, cells: Cells | None = None
) -> NeuronBuilder:
    """Return the neurons of a circuit for which it is calibrated.

    Parameters
    ----------
    circuit
        The circuit.
    model, synapses, cells
        As in `dualframe.calibrate`.
    """
    if model == MODEL:
        return DendriticNeurons()
    return PointNeurons(choice=choose_twin(circuit, model, synapses, cells))


def model_cells(circuit: Circuit, neurons: NeuronBuilder) -> ModelCells:
    """Return what makes the cells of a circuit's populations.

    Parameters
    ----------
    circuit
        The circuit.
    neurons
        What its populations consist of.
    """
    without = circuit.with_components(projections=(), background=())
    return ModelCells(_builder(circuit, neurons), _builder(without, neurons))


def _builder(circuit: Circuit, neurons: NeuronBuilder) -> Builder:
    resolved = circuit.resolved

    def build_one(population: CircuitPopulation) -> BuiltPopulation:
        resized = replace(resolved.population(population.name), entry=population)
        return build_population(resolved, resized, neurons)

    return build_one
