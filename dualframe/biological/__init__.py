"""The biological branch: Dendrify compartments and microcircuits of them."""

from dualframe.building.dendrify_import import from_dendrify
from dualframe.building.dendritic_circuit import build

__all__ = ["build", "from_dendrify"]
