"""`dualframe calibrate`: finds and stores the strengths of the contacts of a circuit or task."""

from __future__ import annotations

import argparse
from pathlib import Path

import dualframe as df
from dualframe.building.calibrated_weights import (
    Calibration,
    calibration_path,
    check_calibration_file,
    load_calibration,
    save_calibration,
)
from dualframe.building.dendritic_populations import MODEL
from dualframe.building.task_calibrations import find_calibration, task_calibration_path
from dualframe.building.twin_choice import choose_twin
from dualframe.catalogue.toml_table import load_toml
from dualframe.circuit import Circuit
from dualframe.cli.messages import say
from dualframe.core.shipped_files import SUFFIX, find_shipped_file, shipped_names
from dualframe.experiments.calibration.calibration_request import branch_of, task_neurons
from dualframe.simulation.run_specification import RunSpecification
from dualframe.task import Task


def calibrate_command(options: argparse.Namespace) -> int:
    """Find and store the strengths of a circuit's or task's contacts for one model."""
    subject = _calibrated_subject(options.circuit)
    if isinstance(subject, Task):
        place = task_calibration_path(subject)
    else:
        place = chosen_calibration_path(options.circuit)
    out = Path(options.out) if options.out else place
    check_calibration_file(out)
    calibration = df.calibrate(
        subject,
        options.model,
        synapses=options.synapses,
        cells=options.cells,
        scales=options.scale,
        seeds=options.seeds,
        verification_seeds=options.verification_seeds,
        duration=options.duration,
        start=_stored_weights(subject, options, out) if options.keep_weights else None,
        accept="unverified" if options.accept_unverified else "verified",
        report=say,
    )
    print(f"Calibration of {calibration.model}: {save_calibration(calibration, out)}")
    return 0


def _calibrated_subject(name: str) -> Circuit | Task:
    """Return the task or circuit of a name or file; a task's file has a protocol."""
    if name in shipped_names("tasks"):
        return df.task(name)
    if name.endswith(SUFFIX) and "protocol" in load_toml(find_shipped_file("tasks", name)):
        return df.task(name)
    return df.circuit(name)


def _stored_weights(
    subject: Circuit | Task, options: argparse.Namespace, path: Path
) -> Calibration | None:
    if isinstance(subject, Task):
        step = subject.time_step(branch_of(options.model))
        return find_calibration(subject, task_neurons(subject, options.model), step)
    if options.model == MODEL:
        return load_calibration(subject, MODEL, path)
    choice = choose_twin(subject, options.model, options.synapses, options.cells)
    return load_calibration(subject, choice.key, path)


def chosen_calibration_path(circuit: str) -> Path:
    """Return where a circuit's calibration belongs."""
    return RunSpecification(circuit=circuit).calibration_file or calibration_path(circuit)
