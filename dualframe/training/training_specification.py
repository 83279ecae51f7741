"""A training as data: what was asked for, resolved, so that a manifest repeats it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dualframe.building.encoders.registry
import dualframe.building.readouts.registry
import dualframe.building.releases.registry  # noqa: F401
from dualframe.building.task_agents import count_trials
from dualframe.building.task_builder import build_task
from dualframe.core.descriptions import decode
from dualframe.core.errors import DualframeError, NetworkError, OutputError, UnknownName
from dualframe.core.serialisation import encode
from dualframe.core.validation import check_count
from dualframe.network import Network, Plasticity, Recording
from dualframe.results.saved_results import DAMAGE
from dualframe.task import Perturbation, Task
from dualframe.training.recordings import AgentRecordings
from dualframe.training.task_strengths import strengths_of_task

BRANCHES = ("task_driven", "biological")


@dataclass(frozen=True, kw_only=True)
class TrainingSpecification:
    """Who learns what, for how long, and with which random numbers.

    Attributes
    ----------
    task
        The whole task: its file's content, with the changes that were made.
    branch
        ``"task_driven"`` or ``"biological"``.
    model
        Point neurons of the task's cells; None for those that the task states.
    agents
        How many, side by side.
    trials
        Trials of each agent; None for those of the task, or for a task without trials.
    duration_s
        Simulated time in seconds.
    seed
        Seed of everything that is drawn.
    network_seed
        Seed that drew the cells and connections of agents that go on; None for ``seed``.
    target, threads, use_gpu
        As in `dualframe.run`.
    recordings
        What is kept of the agents beside what their outcome needs.
    frozen
        Whether the agents are evaluated: they do not learn or explore.
    earlier_agents
        Folder of the agents that go on, and are evaluated; empty for agents that start, or if
        the earlier ones had not been saved.
    earlier_weights
        SHA-256 of the weights with which they go on; empty for agents that start.
    """

    task: Task
    branch: str = BRANCHES[0]
    model: str | None = None
    agents: int
    trials: int | None = None
    duration_s: float
    seed: int
    network_seed: int | None = None
    target: str
    threads: int = 1
    use_gpu: bool | None = None
    recordings: AgentRecordings = field(default_factory=AgentRecordings)
    frozen: bool = False
    earlier_agents: str = ""
    earlier_weights: str = ""

    @classmethod
    def from_dict(cls, data: Any) -> TrainingSpecification:
        """Rebuild a specification from a manifest.

        Parameters
        ----------
        data
            What `to_dict` returned.

        Raises
        ------
        OutputError
            If it is not one.
        """
        try:
            specification = decode(data, SPECIFICATION_CLASSES)
        except (*DAMAGE, DualframeError) as problem:
            raise OutputError(f"the manifest's arguments are damaged: {problem}") from problem
        if not isinstance(specification, cls):
            raise OutputError("the manifest's arguments are not those of a training: damaged?")
        return specification

    def to_dict(self) -> dict[str, Any]:
        """Return the specification as JSON-ready data."""
        data: dict[str, Any] = encode(self)
        return data

    @property
    def goes_on(self) -> bool:
        """Whether the agents have learned before."""
        return bool(self.earlier_weights)

    @property
    def counted_task(self) -> Task:
        """The task with the trials that count."""
        return self.task if self.trials is None else with_trials(self.task, self.trials)


SPECIFICATION_CLASSES: Mapping[str, type] = {
    kind.__name__: kind
    for kind in (
        TrainingSpecification,
        Task,
        Perturbation,
        Plasticity,
        AgentRecordings,
        Recording,
    )
}


def build_agent(task: Task, branch: str, model: str | None) -> Network:
    """Return the network of one agent.

    Parameters
    ----------
    task
        The task.
    branch
        ``"task_driven"`` or ``"biological"``.
    model
        Point neurons of the task's cells; None for those that the task states.

    Raises
    ------
    UnknownName
        If there is no such branch or model.
    CatalogueError
        If the task cannot be built in the branch, or with the model.
    """
    if branch not in BRANCHES:
        raise UnknownName("branch", branch, BRANCHES)
    strengths = strengths_of_task(task, branch, model)
    return build_task(task, branch=branch, model=model, calibration=strengths)


def build_counted_agent(task: Task, branch: str, model: str | None) -> Network:
    """Return the network of one agent, whose neurons know how many trials count.

    Later trials teach nothing.

    Parameters
    ----------
    task
        The task with the trials that count.
    branch, model
        As in `build_agent`.
    """
    return count_trials(build_agent(task, branch, model), task)


def with_trials(task: Task, trials: int) -> Task:
    """Return the task with another number of trials.

    Parameters
    ----------
    task
        The task.
    trials
        Trials of each agent that count.

    Raises
    ------
    NetworkError
        If the task has no trials, or the number is no whole number above zero.
    """
    if "trials" not in task["protocol"]:
        raise NetworkError(f"task {task.name!r} has no trials: give duration=.")
    check_count(trials, "trials")
    return task.with_parameters(protocol__trials=float(trials))
