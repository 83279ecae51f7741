"""The task-driven branch: point neurons of the same cell types, and what they learn with."""

from dualframe.task_driven.build import build as build_circuit
from dualframe.task_driven.either import build
from dualframe.task_driven.specimens import from_glif

__all__ = ["build", "build_circuit", "from_glif"]
