"""Rate code: Poisson neurons whose rate grows linearly with a variable of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brian2.units import Hz

from dualframe.building.encoders.axes import axes, masks_of_rows, neurons_of_rows
from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.poisson_spikes import FIRES, gate_of
from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_not_negative
from dualframe.network import Population


def poisson_rate(
    ranges: Mapping[str, Sequence[Any]],
    world: str = "world",
    *,
    cells: int = 10,
    rate_low: Any = 0 * Hz,
    rate_high: Any = 100 * Hz,
    gate: str | None = None,
    name: str = "rate",
) -> NetworkBlock:
    """Return equal Poisson neurons for each variable of a world, with rates linear in it.

    With x between 0 and 1, the value scaled to and clipped at its range, a neuron spikes in a step
    with the probability ``(rate_low + (rate_high - rate_low) x) dt``. A ``rate_low`` above
    ``rate_high`` makes cells that fall silent; equal ones make cells that see nothing. All numbers
    are assumed.

    Parameters
    ----------
    ranges
        Two ends by variable of the world, in its dimension. Neurons are in this order.
    world
        Population with these variables.
    cells
        Neurons of every variable.
    rate_low, rate_high
        Rates at the ends of the range.
    gate
        A variable of the world that silences the neurons where it is above one half.
    name
        Of the population.

    Raises
    ------
    NetworkError, QuantityError, UnknownName
        If a range, number or name cannot be what was asked for.
    """
    rows = axes(ranges, cells)
    members, masks = neurons_of_rows(rows), masks_of_rows(rows)
    value = " + ".join(f"sees_{row.variable}*{row.scaled}" for row in rows)
    factor, gating = gate_of(world, name, gate)
    declared = "\n".join([row.declaration for row in rows] + [gating.declaration])
    neurons = Population(
        name,
        sum(row.fields for row in rows),
        f"value = {value} : 1\n"
        f"rate_now = (rate_low + (rate_high - rate_low)*value){factor} : Hz\n{declared}",
        threshold=FIRES,
        parameters={
            **masks,
            **{key: bound for row in rows for key, bound in row.parameters.items()},
            "rate_low": as_not_negative(rate_low, "rate", f"rate_low of {name!r}"),
            "rate_high": as_not_negative(rate_high, "rate", f"rate_high of {name!r}"),
        },
        sign=1,
    )
    seen = tuple(row.copied(world, name, members[row.variable]) for row in rows)
    return NetworkBlock((neurons,), seen + gating.projections)


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    component = f"encoder {name!r}"
    if entries["gate"]:
        context.check_variable(entries["gate"], component)
    return poisson_rate(
        context.observed_ranges(entries["observes"], component),
        ENVIRONMENT,
        cells=round(float(entries["cells"])),
        rate_low=entries["rate_low"],
        rate_high=entries["rate_high"],
        gate=entries["gate"] or None,
        name=name,
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    return round(float(entries["cells"])) * len(entries["observes"])


POISSON_RATE = Encoder(
    name="poisson_rate",
    title="Poisson neurons whose rate is linear in a variable, a group for each variable",
    schema=SectionSchema(
        numbers={"cells": "dimensionless", "rate_low": "rate", "rate_high": "rate"},
        texts={"gate": ()},
        lists=("observes",),
        defaults={"cells": "10", "rate_low": "0 Hz", "rate_high": "100 Hz", "gate": ""},
    ),
    count_neurons=_count_neurons,
    make_block=_make_block,
    source="dualframe: the plainest rate code",
)
