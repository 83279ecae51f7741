"""The encoders that a task file can name."""

from __future__ import annotations

from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.grid_cells import GRID_CELLS
from dualframe.building.encoders.latency_code import LATENCY_CODE
from dualframe.building.encoders.place_cells import PLACE_CELLS
from dualframe.building.encoders.poisson_rate import POISSON_RATE
from dualframe.building.encoders.population_code import POPULATION_CODE
from dualframe.building.encoders.regular_fields import REGULAR_FIELDS
from dualframe.building.encoders.tuning_curves import TUNING_CURVES
from dualframe.core.registry import Registry

ENCODERS: Registry[Encoder] = Registry(
    "encoder",
    Encoder,
    (
        PLACE_CELLS,
        GRID_CELLS,
        POPULATION_CODE,
        TUNING_CURVES,
        POISSON_RATE,
        LATENCY_CODE,
        REGULAR_FIELDS,
    ),
)
