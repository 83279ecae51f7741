"""Agents that learn a task, side by side in one network, as `dualframe.train` simulates them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dualframe.building.task_builder import build_task
from dualframe.core.errors import NetworkError
from dualframe.core.validation import check_count, expect_type
from dualframe.network import Network, replicate
from dualframe.task import Task

_OPTIONS = ("agents", "calibration", "model")


def build_agents(task: Task, branch: str, options: Mapping[str, Any]) -> Network:
    """Return the network of agents side by side, before they have learned.

    Parameters
    ----------
    task
        From `dualframe.task`.
    branch
        ``"task_driven"`` or ``"biological"``.
    options
        ``model`` and ``calibration`` as in `dualframe.building.task_builder.build_task`, and
        ``agents``: how many, one unless it is given.

    Raises
    ------
    NetworkError
        If there are other options, or the number of agents is no whole number above zero.
    CatalogueError
        If the task cannot be built in the branch, or with the model.
    """
    expect_type(task, Task, "task", "a Task, as of dualframe.task('navigation')")
    if unknown := sorted(set(options) - set(_OPTIONS)):
        raise NetworkError(
            f"task {task.name!r} is built without {', '.join(unknown)}: change the task, like "
            f"task.with_parameters(place__sigma=0.5) or task.with_heterogeneity(0.2)."
        )
    agents = options.get("agents", 1)
    check_count(agents, "number of agents")
    chosen = {name: options[name] for name in ("model", "calibration") if name in options}
    network = count_trials(build_task(task, branch=branch, **chosen), task)
    return network if agents == 1 else replicate(network, agents)


def refuse_agents(options: Mapping[str, Any]) -> None:
    """Refuse a number of agents for a circuit, which has none.

    Parameters
    ----------
    options
        Those that were given.

    Raises
    ------
    NetworkError
        If ``agents`` is among them.
    """
    if "agents" in options:
        raise NetworkError(
            "agents learn a task, and this is a circuit: leave agents out, or put copies side by "
            "side with dualframe.replicate(network, 5)."
        )


def count_trials(network: Network, task: Task) -> Network:
    """Return the network of an agent whose neurons know how many trials count.

    Later trials teach nothing.

    Parameters
    ----------
    network
        Of one agent.
    task
        The task with the trials that count.
    """
    if "trials" not in task["protocol"]:
        return network
    return with_population_parameter(network, "trials", float(task["protocol"]["trials"]))


def with_population_parameter(network: Network, name: str, value: float) -> Network:
    """Return the network with another value of a parameter, in all populations that have it.

    Parameters
    ----------
    network
        Any network.
    name, value
        Of the parameter.
    """
    return replace(
        network,
        populations=tuple(
            replace(p, parameters={**p.parameters, name: value}) if name in p.parameters else p
            for p in network.populations
        ),
    )
