"""Encoders: populations whose spikes say where a world is. One agent each."""

from dualframe.building.encoders.grid_cells import grid_cells
from dualframe.building.encoders.latency_code import latency_code
from dualframe.building.encoders.place_cells import grid_points, place_cells
from dualframe.building.encoders.poisson_rate import poisson_rate
from dualframe.building.encoders.population_code import population_code
from dualframe.building.encoders.tuning_curves import normal_edges, tuning_curves

__all__ = [
    "grid_cells",
    "grid_points",
    "latency_code",
    "normal_edges",
    "place_cells",
    "poisson_rate",
    "population_code",
    "tuning_curves",
]
