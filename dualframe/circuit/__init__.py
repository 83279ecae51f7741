"""Circuits: which cells there are, who contacts whom, how strongly, and what modulates them."""

from dualframe.circuit.circuit import Circuit, circuit, circuits
from dualframe.circuit.components import Background, CircuitPopulation, CircuitProjection
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.pharmacology import Drug, Modulation, Pulses
from dualframe.circuit.point_model import PointModel
from dualframe.circuit.regions import Region
from dualframe.circuit.short_term import ShortTerm
from dualframe.circuit.space import Space

__all__ = [
    "Background",
    "Circuit",
    "CircuitInput",
    "CircuitPopulation",
    "CircuitProjection",
    "Drug",
    "Modulation",
    "PointModel",
    "Pulses",
    "Region",
    "ShortTerm",
    "Space",
    "circuit",
    "circuits",
]
