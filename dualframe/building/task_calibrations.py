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

from dualframe.building.calibrated_weights import Calibration, read_calibrations, save_calibration
from dualframe.building.circuit_builder import NeuronBuilder, build_population
from dualframe.catalogue.fitted_models import compartments_digest
from dualframe.circuit import Circuit
from dualframe.circuit.perturbations import without_actions
from dualframe.core.cache_folder import default_folder
from dualframe.core.errors import CatalogueError, OutputError
from dualframe.core.serialisation import digest_of
from dualframe.task import Task

_KEPT: dict[Path, Calibration] = {}  # of this process, where the cache cannot be written


def task_calibration_path(task: Task) -> Path:
    """Return where a task's calibrations are stored: in the folder ``calibration`` beside it.

    Parameters
    ----------
    task
        The task.
    """
    file = Path(task.file)
    return file.parent / "calibration" / file.name


def needs_calibration(circuit: Circuit) -> bool:
    """Tell whether any strength of a circuit is found by calibration.

    Parameters
    ----------
    circuit
        Of a task.
    """
    return any(contact.is_calibrated for contact in circuit.contacts)


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
    stored = _stored(task_calibration_path(task), circuit, model)
    if stored is not None and _belongs(stored, circuit, dt):
        return stored
    path = _kept_path(circuit, neurons, dt)
    try:
        kept = _KEPT.get(path) or _stored(path, circuit, model)
    except CatalogueError:  # a damaged file of the cache is made anew
        return None
    return kept


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
    path = _kept_path(task.circuit, neurons, dt)
    _KEPT.pop(path, None)
    try:
        path.unlink(missing_ok=True)
        return save_calibration(calibration, path)
    except (OSError, OutputError):
        _KEPT[path] = calibration
        return None


def _stored(path: Path, circuit: Circuit, model: str) -> Calibration | None:
    return read_calibrations(path, circuit.name).get(model)


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
    return default_folder() / "calibrations" / f"{digest_of([*facts, *cells])}.toml"
