"""One cell-type catalogue and two branches: dendritic microcircuits and trained point neurons.

Catalogue: `cells`, `cell`, `receptors`, `receptor`, `plasticity`, `circuits`, `circuit`, `tasks`,
`task`, `targets`.
Building: `biological`, `task_driven`, or by hand `Network`, `Population`, `Projection` and inputs;
`plastic` is how weights learn.
Running: `run`, `check`, `export`, `assemble`, `calibrate`, `doctor`; then `plots` and `report`.
Learning: `train`, `evaluate`, `Agents`, `compare_arms`; `environments` are the worlds.
One cell: `current_clamp`, `validate` (compartments and point neuron), `fit_point`, `dose_response`.
"""

from dualframe import biological, environments, task_driven
from dualframe.analysis import plots
from dualframe.analysis.report import report
from dualframe.brian import assemble
from dualframe.calibration import calibrate
from dualframe.catalogue import cell, cells, population_data, populations, receptor, receptors
from dualframe.catalogue.allen import read_glif
from dualframe.circuit import circuit, circuits
from dualframe.distributions import GaussianKernel, LogNormal, Normal, Uniform
from dualframe.doctor import doctor
from dualframe.dual import compare_branches
from dualframe.errors import DualframeError
from dualframe.export import export
from dualframe.network import (
    CurrentInput,
    Network,
    PoissonInput,
    Population,
    Projection,
    Recording,
    SpikeInput,
    replicated,
)
from dualframe.plasticity import plastic, plasticity
from dualframe.protocols import current_clamp, dose_response, fit_point, validate
from dualframe.quantity import quantity
from dualframe.results import Results
from dualframe.run import run
from dualframe.targets.capability import check, targets
from dualframe.task import task, tasks
from dualframe.task_driven.specimens import read_glif_folder
from dualframe.training import Agents, compare_arms, evaluate, train

__version__ = "0.1.0"

__all__ = [
    "Agents", "CurrentInput", "DualframeError", "GaussianKernel", "LogNormal", "Network",
    "Normal", "PoissonInput", "Population", "Projection", "Recording", "Results", "SpikeInput",
    "Uniform", "assemble", "biological", "calibrate", "cell", "cells", "check", "circuit",
    "circuits", "compare_arms", "compare_branches", "current_clamp", "doctor", "dose_response",
    "environments", "evaluate", "export", "fit_point", "plastic", "plasticity", "plots",
    "population_data", "populations", "quantity", "read_glif", "read_glif_folder", "receptor",
    "receptors", "replicated", "report", "run", "targets", "task", "task_driven", "tasks",
    "train", "validate",
]  # fmt: skip
