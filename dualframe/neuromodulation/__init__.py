"""Neuromodulators: from concentration through receptor occupancy to effects, for both branches."""

from dualframe.neuromodulation.parameter_substitution import substitute_parameters
from dualframe.neuromodulation.population_equations import modulation_equations
from dualframe.receptor_effects import Compartment, ModulatableParameters, ModulationEquations

__all__ = [
    "Compartment",
    "ModulatableParameters",
    "ModulationEquations",
    "modulation_equations",
    "substitute_parameters",
]
