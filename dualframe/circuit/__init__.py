"""Circuits: which cells there are, who contacts whom, how strongly, and what modulates them."""

from dualframe.circuit.circuit import Circuit
from dualframe.circuit.components import Background, CircuitPopulation, CircuitProjection
from dualframe.circuit.external_input import CircuitInput
from dualframe.circuit.lookup import circuit, circuits
from dualframe.circuit.pharmacology import Drug, Modulation, Pulses
from dualframe.circuit.point_model import PointModel
from dualframe.circuit.regions import Region
from dualframe.circuit.release_signal import ReleaseSignal
from dualframe.circuit.resolved_circuit import ResolvedCircuit, ResolvedPopulation
from dualframe.circuit.space import Space
from dualframe.synapses.short_term_plasticity import ShortTerm

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
    "ReleaseSignal",
    "ResolvedCircuit",
    "ResolvedPopulation",
    "ShortTerm",
    "Space",
    "circuit",
    "circuits",
]
