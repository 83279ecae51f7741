"""Circuits with dendrites, and tasks of such cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import build_circuit
from dualframe.building.dendritic_populations import DendriticNeurons
from dualframe.building.task_agents import build_agents, refuse_agents
from dualframe.circuit import Circuit
from dualframe.network import Network
from dualframe.task import Task


def build(
    circuit_or_task: Circuit | Task,
    *,
    calibration: Calibration | None = None,
    heterogeneity: Mapping[str, Any] | None = None,
    layout_seed: int = 0,
    agents: int | None = None,
) -> Network:
    """Build a circuit with dendrites, or the network of agents with dendrites that learn a task.

    Parameters
    ----------
    circuit_or_task
        From `dualframe.circuit`, possibly scaled, modulated and drugged; or from `dualframe.task`.
    calibration
        Strengths of its contacts; the default is the calibration stored with the circuit or task.
    heterogeneity
        Spread of parameters across neurons, by name or family (``{"gL": 0.1}``), for every
        population that has them. An array has one factor for each neuron, so it is for circuits
        whose populations are of one size.
    layout_seed
        Seed of the positions of the neurons.
    agents
        Of a task: how many, side by side, one by default. A task takes neither ``heterogeneity``
        nor ``layout_seed``: its methods say them.

    Returns
    -------
    Network
        Populations and projections under the circuit's names, background input, and in ``meta``
        the assumptions that its results depend on. Of a task: the agents that `dualframe.train`
        trains, before they have learned.

    Raises
    ------
    CatalogueError
        If it does not fit the catalogue or is one of point neurons (its strengths are
        currents or weights), a cell type has no compartments, a calibration is missing or belongs
        to another model, or a modulator has no compiled effect on the circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has, or an option is given that
        is not one of circuits, or of tasks.
    """
    given = {"calibration": calibration, "heterogeneity": heterogeneity, "agents": agents}
    options = {name: value for name, value in given.items() if value is not None}
    if isinstance(circuit_or_task, Task):
        layout = {"layout_seed": layout_seed} if layout_seed else {}
        return build_agents(circuit_or_task, "biological", options | layout)
    refuse_agents(options)
    return build_circuit(
        circuit_or_task,
        DendriticNeurons(),
        calibration=calibration,
        heterogeneity=heterogeneity,
        layout_seed=layout_seed,
    )
