"""Readouts: from the spikes of action cells to what a world does next. One agent each."""

from dualframe.building.readouts.population_vector import angles, population_vector
from dualframe.building.readouts.softmax_policy import boltzmann, surprise
from dualframe.building.readouts.winner_take_all import winner

__all__ = ["angles", "boltzmann", "population_vector", "surprise", "winner"]
