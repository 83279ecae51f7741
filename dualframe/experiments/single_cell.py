"""The network of one cell, or of a cell and its synapses, in the branch of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dualframe import biological, task_driven
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.twin_choice import choose_twin
from dualframe.circuit import Circuit
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.validation import check_text
from dualframe.network import Network


def build_cell_network(
    circuit: Circuit, model: str, weights: Mapping[str, Any] | None = None, **options: Any
) -> Network:
    """Build a circuit of a few cells, with weights that are given instead of calibrated.

    Parameters
    ----------
    circuit
        Made for an experiment: nothing is stored under its name.
    model
        ``"biological"`` or a point neuron model.
    weights
        Peak conductances of the circuit's synapses, by name.
    options
        Further arguments of the branch's ``build``.
    """
    check_text(model, f"model of {', '.join(map(repr, circuit.cells))}")
    synapses: dict[str, Any] = dict(weights or {})
    if model == MODEL:
        calibration = Calibration(circuit.name, MODEL, synapses)
        return biological.build(circuit, calibration=calibration, **options)
    choice = choose_twin(circuit, model, "conductance", options.get("cells"))
    calibration = Calibration(circuit.name, choice.key, synapses)
    return task_driven.build(
        circuit, model=model, synapses="conductance", calibration=calibration, **options
    )


def injected_variable(variables: Iterable[str], compartment: str) -> str:
    """Return which variable of a population a current is injected into.

    Parameters
    ----------
    variables
        Those of the population.
    compartment
        Where the current goes in; point neurons have one place only.

    Raises
    ------
    UnknownName
        If there is no such compartment.
    NetworkError
        If no current goes into the cells, such as rate neurons.
    """
    places = sorted(name for name in variables if name.startswith("I_ext"))
    if not places:
        raise NetworkError("these cells take no injected current: give their inputs weights.")
    variable = "I_ext" if "I_ext" in places else f"I_ext_{compartment}"
    if variable not in places:
        raise UnknownName("compartment", compartment, [name[6:] for name in places])
    return variable
