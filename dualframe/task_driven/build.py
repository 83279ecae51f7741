"""Circuits of point neurons, and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import build_circuit as build_circuit_of
from dualframe.building.glif_specimens import Source
from dualframe.building.point_neurons import PointNeurons, draw_specimens
from dualframe.building.task_agents import build_agents, refuse_agents
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit
from dualframe.core.errors import NetworkError
from dualframe.network import Network
from dualframe.task import Task


def build(circuit_or_task: Circuit | Task, **options: Any) -> Network:
    """Build a circuit of point neurons, or the network of agents that learn a task.

    Parameters
    ----------
    circuit_or_task
        From `dualframe.circuit`, or from `dualframe.task`.
    options
        Of circuits: see `dualframe.task_driven.build_circuit`. Of tasks: ``model`` (by default the
        neurons that the task states, else GLIF), ``calibration`` (by default what is stored with
        the task, or was kept), and ``agents`` side by side, one by default.

    Returns
    -------
    Network
        Of a task: the agents that `dualframe.train` trains, before they have learned.

    Raises
    ------
    NetworkError
        If it is neither, or other options are given for a task, whose file and methods
        (``with_parameters``, ``with_modulators``) say everything; or ``agents`` for a circuit.
    CatalogueError
        If it cannot be built of these neurons, or its contacts have no calibration.
    """
    if isinstance(circuit_or_task, Task):
        return build_agents(circuit_or_task, "task_driven", options)
    if not isinstance(circuit_or_task, Circuit):
        raise NetworkError(
            f"expected a circuit or a task, not a {type(circuit_or_task).__name__}: "
            f"dualframe.circuit('l23') or dualframe.task('navigation')."
        )
    refuse_agents(options)
    return build_circuit(circuit_or_task, **options)


def build_circuit(
    circuit: Circuit,
    *,
    model: str = "glif",
    synapses: str | None = None,
    calibration: Calibration | None = None,
    heterogeneity: Mapping[str, Any] | None = None,
    layout_seed: int = 0,
    specimens: Mapping[str, Source] | None = None,
    cells: Cells | None = None,
) -> Network:
    """Build a circuit of point neurons.

    Parameters
    ----------
    circuit
        From `dualframe.circuit`, possibly scaled, modulated and drugged.
    model
        A family of point-neuron models (``"glif"``, ``"izhikevich"``, ``"adex"``: each cell's first
        set of it; GLIF is level 3 where the catalogue has it, else level 1), or a model by name
        (``"glif1"`` to ``"glif5"``).
    synapses
        ``"conductance"`` or ``"current"``; the default is conductances with fitted cells, and the
        circuit's ``synapse_mode`` with published ones.
    calibration, heterogeneity, layout_seed
        As in `dualframe.biological.build`.
    specimens
        Population name -> GLIF specimens that its neurons are, instead of the catalogue's one:
        from `dualframe.read_glif_folder` or `dualframe.read_glif`, or a path of either kind. They
        are drawn whole with ``layout_seed``. Weights stay those of the circuit and calibration.
    cells
        ``"fitted"``: the neurons that were fitted to each cell type's compartments
        (`dualframe.fit_point`) and stored, which are those that `dualframe.validate` compares.
        ``"published"``: the catalogue's parameter sets; they have calibrations of their own. Or
        fits by name of the cell type. The default is the fitted neuron of every cell type that has
        one of the model, else the published one, which the assumptions then say; populations of
        which the circuit states the point neuron keep it.

    Raises
    ------
    UnknownName
        If there is no such model or synapse mode.
    CatalogueError
        If the circuit does not fit the catalogue, a cell type lacks the model, a calibration is
        missing or belongs to another model, or a modulator has no compiled effect on the circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has.
    """
    neurons = PointNeurons(
        choice=choose_twin(circuit, model, synapses, cells),
        specimens=draw_specimens(circuit, model, specimens, layout_seed),
    )
    return build_circuit_of(
        circuit,
        neurons,
        calibration=calibration,
        heterogeneity=heterogeneity,
        layout_seed=layout_seed,
    )
