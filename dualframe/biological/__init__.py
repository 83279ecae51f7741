"""The biological branch: Dendrify compartments and microcircuits of them."""

from dualframe.biological.build import build
from dualframe.building.dendrify_import import from_dendrify

__all__ = ["build", "from_dendrify"]
