"""Strengths of a task's contacts: those that are stored or kept, else made when training starts."""

from __future__ import annotations

from time import monotonic

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.task_builder import neurons_of_task
from dualframe.building.task_calibrations import find_calibration
from dualframe.core.user_warnings import warn_user
from dualframe.experiments.calibration.calibrate_circuit import calibrate
from dualframe.task import Task


def strengths_of_task(task: Task, branch: str, model: str | None) -> Calibration:
    """Return the calibration of a task; one that has to be made is said in a line and kept.

    Parameters
    ----------
    task, branch, model
        As in `dualframe.train`.

    Raises
    ------
    DualframeError
        If no weight reaches a stated potential, or a background rate is not found.
    """
    neurons = neurons_of_task(task, branch, model)
    known = find_calibration(task, neurons, task.time_step(branch))
    if known is not None:
        return known
    begin = monotonic()
    made = calibrate(task, model or branch)
    warn_user(
        [
            f"task {task.name!r} had no calibration for {made.model!r}: {len(made.weights)} "
            f"weights were found in {monotonic() - begin:.0f} s and kept in the user's cache. To "
            f"store them with the task: dualframe calibrate {task.reference}."
        ]
    )
    return find_calibration(task, neurons, task.time_step(branch)) or made  # as it is kept
