"""The builders of tasks, by the name that a task file gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from dualframe.building.tasks import actor_critic, distal_reward, navigation
from dualframe.network import Network
from dualframe.task import Task

BUILDERS: Mapping[str, Callable[[Task], Network]] = MappingProxyType(
    {
        "distal_reward": distal_reward.build,
        "navigation": navigation.build,
        "actor_critic": actor_critic.build,
    }
)


def build_task(task: Task) -> Network:
    """Return the network of one agent; `dualframe.train` puts several side by side.

    ``meta`` says which task it is, which modulators act, and what is assumed.
    """
    network = BUILDERS[task.builder](task)
    facts = {
        "branch": "task_driven",
        "task": task.name,
        "modulators": list(task.modulators),
        "heterogeneity": task.heterogeneity,
        "assumptions": list(task.assumptions),
    }
    return replace(network, name=task.name, meta={**network.meta, **facts})
