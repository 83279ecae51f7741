"""The biological branch: Dendrify compartments and microcircuits of them."""

from dualframe.biological.build import build
from dualframe.building.dendrify_import import from_dendrify
from dualframe.building.graded_spikes import add_graded_spike

__all__ = ["add_graded_spike", "build", "from_dendrify"]
