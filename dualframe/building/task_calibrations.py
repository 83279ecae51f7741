"""Where the calibrations of tasks are: beside the task, or kept in the user's cache.

``calibration/<file>.toml`` in the folder of a task's file is what ``dualframe calibrate`` writes,
and what ships with the package's tasks. Where none is there, or the task's contacts or its time
step have changed since, training makes one and keeps it in the user's cache.

The weights depend on cells and contacts alone: neither on plasticity and modulators, nor on how
many neurons there are and who connects (`CircuitRecord.strengths_digest`). What is kept in the
cache belongs to the built cells as well, so that it does not outlive a change of the catalogue.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dualframe.building.calibrated_weights import Calibration, read_calibrations
from dualframe.building.circuit_builder import NeuronBuilder, build_population
from dualframe.building.circuit_calibrations import needs_calibration
from dualframe.building.kept_calibrations import (
    kept_path,
    read_kept_calibration,
    write_kept_calibration,
)
from dualframe.catalogue.fitted_models import compartments_digest
from dualframe.circuit import Circuit
from dualframe.circuit.perturbations import without_actions
from dualframe.task import Task


def task_calibration_path(task: Task) -> Path:
    """Return where a task's calibrations are stored: in the folder ``calibration`` beside it.

    Parameters
    ----------
    task
        The task.
    """
    file = Path(task.file)
    return file.parent / "calibration" / file.name


def find_calibration(task: Task, neurons: NeuronBuilder, dt: Any) -> Calibration | None:
    """Return the strengths of a task's contacts that are stored or kept, or None.

    Parameters
    ----------
    task
        The task.
    neurons
        Its neurons, from `dualframe.building.task_builder.neurons_of_task`.
    dt
        The time step at which it runs.
    """
    circuit, model = task.circuit, neurons.calibration_key
    if not needs_calibration(circuit):
        return Calibration(circuit.name, model, {})
    stored = read_calibrations(task_calibration_path(task), circuit.name).get(model)
    if stored is not None and _belongs(stored, circuit, dt):
        return stored
    return read_kept_calibration(_kept_path(circuit, neurons, dt), circuit.name, model)


def keep_calibration(
    task: Task, neurons: NeuronBuilder, dt: Any, calibration: Calibration
) -> Path | None:
    """Keep a calibration in the user's cache; return where, or None if it cannot be written.

    Parameters
    ----------
    task, neurons, dt
        As in `find_calibration`.
    calibration
        What was found for them.
    """
    return write_kept_calibration(_kept_path(task.circuit, neurons, dt), calibration)


def _belongs(stored: Calibration, circuit: Circuit, dt: Any) -> bool:
    same = stored.provenance.get("strengths") == circuit.strengths_digest
    return same and stored.dt is not None and bool(np.isclose(float(stored.dt), float(dt)))


def _kept_path(circuit: Circuit, neurons: NeuronBuilder, dt: Any) -> Path:
    """Return the file of the cache, named by all that the strengths depend on."""
    resolved = without_actions(circuit).resolved
    cells = [
        build_population(resolved, replace(p, entry=replace(p.entry, n=1)), neurons).population
        for p in resolved.populations
    ]
    dendrites = [compartments_digest(c) for c in resolved.cells.values() if c.compartments]
    facts = [circuit.strengths_digest, neurons.calibration_key, float(dt), dendrites]
    return kept_path([*facts, *cells])
