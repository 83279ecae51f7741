"""Encoders: populations whose spikes say where a world is. One agent each."""

from dualframe.task_driven.encoders.latency import latency
from dualframe.task_driven.encoders.place_cells import grid, place_cells
from dualframe.task_driven.encoders.population_code import population_code
from dualframe.task_driven.encoders.tuning_curves import normal_edges, tuning_curves

__all__ = ["grid", "latency", "normal_edges", "place_cells", "population_code", "tuning_curves"]
