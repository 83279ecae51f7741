"""Readouts: from the spikes of action cells to what a world does next. One agent each."""

from dualframe.task_driven.readouts.population_vector import angles, population_vector

__all__ = ["angles", "population_vector"]
