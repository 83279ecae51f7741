"""Neuromodulators: from concentration through receptor occupancy to effects, for both branches."""

from dualframe.modulation.changes import with_changes
from dualframe.modulation.parts import Compartment, Places, Terms
from dualframe.modulation.terms import modulation_terms

__all__ = ["Compartment", "Places", "Terms", "modulation_terms", "with_changes"]
