"""Population vector: every spike pushes the world into the direction of its cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.building.network_block import NetworkBlock
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_finite, check_count
from dualframe.network import Projection


def preferred_directions(n: int) -> NDArray[np.float64]:
    """Return the preferred angles ``2 pi k/n`` of n action cells on a ring, k = 1..n, in rad.

    The last points to ``2 pi``, as in ModelDB 245018 (Zannone et al. 2018).
    """
    check_count(n, "number of action cells")
    return 2 * np.pi * np.arange(1, n + 1) / n


def population_vector(
    actors: str,
    n: int,
    world: str = "world",
    *,
    into: tuple[str, str] = ("spikes_x", "spikes_y"),
    gain: Any = 1.0,
) -> NetworkBlock:
    """Return the synapses that sum the directions of spikes into two variables of a world.

    A spike of cell k adds ``gain sin(theta_k)`` to the first variable and ``gain cos(theta_k)`` to
    the second, without delay, after the world's update of the same step. The world filters
    what it gets into a velocity, divides by the number of cells and clears it.

    Parameters
    ----------
    actors, n
        Population of action cells, and their number; their directions are `angles`.
    world, into
        Population and two of its variables.
    gain
        A plain number.
    """
    theta, size = (
        preferred_directions(n),
        as_finite(gain, "dimensionless", "gain of the population vector"),
    )
    pairs = (np.arange(n), np.zeros(n, dtype=int))
    return NetworkBlock(
        projections=tuple(
            Projection(
                actors,
                world,
                f"{variable} += w",
                name=f"{actors}_push_{variable}",
                weight=size * part,
                pairs=pairs,
            )
            for variable, part in zip(into, (np.sin(theta), np.cos(theta)), strict=True)
        )
    )


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    component = f"readout {name!r}"
    actors, (first, second) = entries["population"], entries["into"]
    for variable in (first, second):
        context.check_variable(variable, component)
    return population_vector(
        actors,
        context.population_size(actors, component),
        ENVIRONMENT,
        into=(first, second),
        gain=float(entries["gain"]),
    )


POPULATION_VECTOR = Readout(
    name="population_vector",
    title="every spike pushes the environment into the direction of its cell",
    schema=SectionSchema(
        numbers={"gain": "dimensionless"},
        texts={"population": ()},
        lists=("into",),
        defaults={"gain": "1", "into": ("spikes_x", "spikes_y")},
    ),
    make_block=_make_block,
    source="Zannone et al. 2018, ModelDB 245018",
)
