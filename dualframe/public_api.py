"""The names of `import dualframe`, each of which is imported from here when it is first used.

All of them are when a kind is looked up that nobody has imported, or one is registered.
"""

from dualframe.core import errors

# isort: split
from dualframe import biological, formats, plots, task_driven
from dualframe.building.glif_specimens import read_glif_folder
from dualframe.building.new_circuit import new_circuit
from dualframe.catalogue import (
    cell,
    cells,
    drug,
    drugs,
    modulator,
    modulators,
    neuron,
    neurons,
    new_cell,
    new_receptor,
    plasticity_rule,
    plasticity_rules,
    population_data,
    populations,
    receptor,
    receptors,
    synapse,
    synapses,
    systems,
)
from dualframe.catalogue.allen_glif_files import read_glif
from dualframe.circuit import circuit, circuits
from dualframe.core.errors import DualframeError
from dualframe.core.membrane_potentials import goldman, nernst, resting_potential
from dualframe.core.quantity import quantity
from dualframe.core.registry import open_registries, register
from dualframe.environments import environment, environments
from dualframe.experiments import current_clamp, dose_response, fit_point, validate
from dualframe.experiments.branch_runs import compare_branches
from dualframe.experiments.calibration.calibrate_circuit import calibrate
from dualframe.network import (
    CurrentInput,
    Network,
    PoissonInput,
    Population,
    Projection,
    Recording,
    SpikeInput,
    replicate,
)
from dualframe.network.distributions import GaussianKernel, LogNormal, Normal, Uniform
from dualframe.results.results import Results
from dualframe.simulation.brian_interop import assemble
from dualframe.simulation.diagnose_installation import doctor
from dualframe.simulation.export import export
from dualframe.simulation.exported_results import load_export
from dualframe.simulation.run import run
from dualframe.targets.target_support import check, targets
from dualframe.task import new_task, task, tasks
from dualframe.task.file_schemas import schema
from dualframe.training import (
    Attribution,
    TrainedAgents,
    attribute,
    compare_conditions,
    evaluate,
    load_agents,
    train,
)
from dualframe.training.report import report

__all__ = [
    "Attribution",
    "CurrentInput",
    "DualframeError",
    "GaussianKernel",
    "LogNormal",
    "Network",
    "Normal",
    "PoissonInput",
    "Population",
    "Projection",
    "Recording",
    "Results",
    "SpikeInput",
    "TrainedAgents",
    "Uniform",
    "assemble",
    "attribute",
    "biological",
    "calibrate",
    "cell",
    "cells",
    "check",
    "circuit",
    "circuits",
    "compare_branches",
    "compare_conditions",
    "current_clamp",
    "doctor",
    "dose_response",
    "drug",
    "drugs",
    "environment",
    "environments",
    "errors",
    "evaluate",
    "export",
    "fit_point",
    "formats",
    "goldman",
    "load_agents",
    "load_export",
    "modulator",
    "modulators",
    "nernst",
    "neuron",
    "neurons",
    "new_cell",
    "new_circuit",
    "new_receptor",
    "new_task",
    "plasticity_rule",
    "plasticity_rules",
    "plots",
    "population_data",
    "populations",
    "quantity",
    "read_glif",
    "read_glif_folder",
    "receptor",
    "receptors",
    "register",
    "replicate",
    "report",
    "resting_potential",
    "run",
    "schema",
    "synapse",
    "synapses",
    "systems",
    "targets",
    "task",
    "task_driven",
    "tasks",
    "train",
    "validate",
]

open_registries()
