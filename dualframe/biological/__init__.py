"""The biological branch: Dendrify compartments and microcircuits of them."""

from dualframe.biological.build import build
from dualframe.biological.dendrify_models import from_dendrify

__all__ = ["build", "from_dendrify"]
