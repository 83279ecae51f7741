"""The task-driven branch: point neurons of the same cell types, and what they learn with."""

from dualframe.building.circuit_builder import build as build_circuit
from dualframe.building.glif_specimens import from_glif
from dualframe.task_driven.either import build

__all__ = ["build", "build_circuit", "from_glif"]
