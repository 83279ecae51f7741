"""Readouts: from the spikes of action cells to what a world does next. One agent each."""

from dualframe.task_driven.readouts.boltzmann import boltzmann, surprise
from dualframe.task_driven.readouts.population_vector import angles, population_vector
from dualframe.task_driven.readouts.winner import winner

__all__ = ["angles", "boltzmann", "population_vector", "surprise", "winner"]
