"""The task-driven branch: point neurons of the same cell types, and what they learn with."""

from dualframe.building.glif_specimens import from_glif
from dualframe.task_driven.build import build, build_circuit

__all__ = ["build", "build_circuit", "from_glif"]
