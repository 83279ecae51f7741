"""Neuromodulators: from concentration through receptor occupancy to effects, for both branches."""

from dualframe.neuromodulation.effect_records import Compartment, Places, Terms
from dualframe.neuromodulation.parameter_substitution import with_changes
from dualframe.neuromodulation.population_equations import modulation_terms

__all__ = ["Compartment", "Places", "Terms", "modulation_terms", "with_changes"]
