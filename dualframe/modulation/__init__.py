"""Neuromodulators: from concentration through receptor occupancy to effects, for both branches."""

from dualframe.modulation.terms import Compartment, Terms, modulation_terms

__all__ = ["Compartment", "Terms", "modulation_terms"]
