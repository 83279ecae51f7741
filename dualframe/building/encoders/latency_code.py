"""Latency code: the larger a variable, the earlier its cell fires in each window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import ms

from dualframe.building.encoders.axes import axes
from dualframe.building.encoders.encoder import Encoder
from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import NetworkError
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_positive
from dualframe.network import Population


def latency_code(
    ranges: Mapping[str, Sequence[Any]],
    world: str = "world",
    *,
    window: Any = 20 * ms,
    interval: Any = None,
    name: str = "latency",
) -> NetworkBlock:
    """Return one cell for each variable that fires once in every window (time to first spike).

    With x between 0 and 1, the value scaled to and clipped at its range when the window opens,
    and T the window, a cell fires at ``T (1 - x)`` after the opening, rounded to whole steps: at
    once for x = 1. What rounds to T is not in the window: at the lower end a cell is silent.

    A window opens every ``interval``, one step after the world's tick, when its new state
    arrives: a spike for x lies ``dt + T (1 - x)`` after the tick.

    Parameters
    ----------
    ranges
        Two ends by variable of the world, in its dimension; cells are in this order.
    world
        Population with these variables.
    window
        T, at least one time step.
    interval
        Time from tick to tick of the world, not shorter than the window; the default is the
        window. Both are counted in whole time steps.
    name
        Of the population.

    Raises
    ------
    NetworkError, QuantityError
        If the interval is shorter than the window, or a range cannot be what was asked for.
    """
    cells = axes(ranges)
    length = as_positive(window, "time", f"window of {name!r}")
    period = length if interval is None else as_positive(interval, "time", f"interval of {name!r}")
    if np.asarray(period) < np.asarray(length):
        raise NetworkError(
            f"the interval of {name!r} ({period}) is shorter than its window ({length})."
        )
    value = " + ".join(f"sees_{cell.variable}*{cell.scaled}" for cell in cells)
    declared = "\n".join(cell.declaration for cell in cells)
    group = Population(
        name,
        len(cells),
        f"""
        value = {value} : 1
        since = timestep(t, dt) - 1 - interval*floor((timestep(t, dt) - 1)/interval) : 1
        dlead/dt = int(since < 0.5)*(floor(window*value + 0.5) - lead)/dt : 1
        {declared}
        """,
        # lead, the time from spike to end of window in steps, is whole but for rounding
        threshold="abs(since + lead - window) < 0.5 and lead > 0.5",
        durations={"window": length, "interval": period},
        parameters={
            **{f"sees_{c.variable}": row for c, row in zip(cells, np.eye(len(cells)), strict=True)},
            **{key: bound for cell in cells for key, bound in cell.parameters.items()},
        },
    )
    return NetworkBlock((group,), tuple(cell.copied(world, name) for cell in cells))


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    component = f"encoder {name!r}"
    return latency_code(
        context.observed_ranges(entries["observes"], component),
        ENVIRONMENT,
        window=entries["window"],
        interval=context.require_environment(component).interval,
        name=name,
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    return len(entries["observes"])


LATENCY_CODE = Encoder(
    name="latency_code",
    title="one cell for each variable: the larger it is, the earlier the cell fires in a window",
    schema=SectionSchema(numbers={"window": "time"}, lists=("observes",)),
    count_neurons=_count_neurons,
    make_block=_make_block,
)
