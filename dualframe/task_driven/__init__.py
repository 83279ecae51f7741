"""The task-driven branch: point neurons of the same cell types, and what they learn with."""

from dualframe.task_driven.build import build

__all__ = ["build"]
