"""From a task to the network of one agent: a builder for each kind of task."""

from dualframe.building.tasks.registry import build_task

__all__ = ["build_task"]
