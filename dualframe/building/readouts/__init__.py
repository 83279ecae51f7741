"""Readouts: from the spikes of action cells to what a world does next. One agent each."""

from dualframe.building.readouts.population_vector import population_vector, preferred_directions
from dualframe.building.readouts.softmax_policy import decision_credit, softmax_policy
from dualframe.building.readouts.winner_take_all import winner_take_all

__all__ = [
    "decision_credit",
    "population_vector",
    "preferred_directions",
    "softmax_policy",
    "winner_take_all",
]
