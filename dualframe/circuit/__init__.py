"""Circuits: which cells there are, who contacts whom, how strongly, and what modulates them."""

from dualframe.circuit.actions import Drug, Modulation
from dualframe.circuit.circuit import Circuit, circuit, circuits
from dualframe.circuit.parts import Background, CircuitPopulation, CircuitProjection, Space

__all__ = [
    "Background",
    "Circuit",
    "CircuitPopulation",
    "CircuitProjection",
    "Drug",
    "Modulation",
    "Space",
    "circuit",
    "circuits",
]
