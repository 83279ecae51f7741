"""Regularly spiking cells on a grid of two variables of an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.place_cells import grid_points
from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import CatalogueError
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import check_count
from dualframe.network import Population

_EQUATIONS = """
seen_0 : 1
seen_1 : 1
distance_2 = {squares} : 1
rate_now = rate_max*exp(-distance_2/2) : Hz
dphase/dt = rate_now : 1
"""


def regular_fields(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return perfect integrators with Gaussian receptive fields on a grid of two variables.

    A cell's phase grows at the rate ``rate_max exp(-d^2/2)``, where d is the distance of the two
    variables, each in units of its reach, from the cell's centre in widths; it spikes when the
    phase is one, which is then subtracted. Cells start at phases that are spread evenly, since
    those of one rate need not spike together.

    Parameters
    ----------
    name
        Of the population.
    entries
        ``observes`` (two variables), ``reach_first`` and ``reach_second`` (the grid reaches from
        minus to plus this), ``fields`` (a side), ``width`` (in units of the spacing), ``clip``
        (what is seen of a variable, in units of the reach), ``rate_max``.
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If there are not two variables.
    UnknownName
        If the environment does not show them.
    """
    component = f"encoder {name!r}"
    variables = entries["observes"]
    if len(variables) != 2:
        raise CatalogueError(
            f"task {context.task!r}: {component} observes {len(variables)} variables: expected two."
        )
    context.observed_ranges(variables, component)
    side = round(float(entries["fields"]))
    check_count(side, f"fields of {component}")
    spacing = 2 / (side - 1)
    centres = np.asarray(grid_points((-1, 1), (-1, 1), spacing=spacing))
    squares = " + ".join(
        f"((clip(seen_{k}/reach_{k}, -cut, cut) - centre_{k})/width)**2" for k in range(2)
    )
    cells = Population(
        name=name,
        n=len(centres),
        equations=_EQUATIONS.format(squares=squares),
        threshold="phase >= 1",
        reset="phase -= 1",
        parameters={
            "reach_0": float(entries["reach_first"]),
            "reach_1": float(entries["reach_second"]),
            **{f"centre_{k}": centres[:, k] for k in range(2)},
            "width": float(entries["width"]) * spacing,
            "cut": float(entries["clip"]),
            "rate_max": entries["rate_max"],
        },
        initial={"phase": (np.arange(len(centres)) * 0.6180339887498949) % 1.0},
        voltage="phase",
    )
    return NetworkBlock(
        (cells,),
        tuple(copy_variable(ENVIRONMENT, v, name, f"seen_{k}") for k, v in enumerate(variables)),
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    return round(float(entries["fields"])) ** 2


REGULAR_FIELDS = Encoder(
    name="regular_fields",
    title="perfect integrators with Gaussian fields on a grid of two variables",
    schema=SectionSchema(
        numbers={
            "fields": "dimensionless",
            "reach_first": "dimensionless",
            "reach_second": "dimensionless",
            "width": "dimensionless",
            "clip": "dimensionless",
            "rate_max": "rate",
        },
        lists=("observes",),
        defaults={"width": "1", "clip": "1"},
    ),
    count_neurons=_count_neurons,
    make_block=regular_fields,
    source="dualframe: no published counterpart",
)
