"""One builder for what the branch can build: circuits and tasks."""

from __future__ import annotations

from typing import Any

from dualframe.building.circuit_builder import build as build_circuit
from dualframe.building.tasks import build_task
from dualframe.circuit import Circuit
from dualframe.core.errors import NetworkError
from dualframe.network import Network
from dualframe.task import Task


def build(what: Circuit | Task, **options: Any) -> Network:
    """Build a circuit of point neurons, or the network of one agent that learns a task.

    Parameters
    ----------
    what
        From `dualframe.circuit`, or from `dualframe.task`.
    options
        Of circuits only: see `dualframe.task_driven.build_circuit`.

    Raises
    ------
    NetworkError
        If ``what`` is neither, or options are given for a task, whose file and methods
        (``having``, ``with_modulation``) say everything.
    """
    if isinstance(what, Task):
        if options:
            raise NetworkError(
                f"task {what.name!r} is built without options, not {', '.join(options)}: change "
                f"the task, like task.having(actor__cells='glif')."
            )
        return build_task(what)
    if not isinstance(what, Circuit):
        raise NetworkError(
            f"expected a circuit or a task, not a {type(what).__name__}: "
            f"dualframe.circuit('l23') or dualframe.task('navigation')."
        )
    return build_circuit(what, **options)
