"""Population code: Poisson neurons on a joint grid over several variables of a world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import Hz

from dualframe.building.encoders.axes import Axis, axes
from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.poisson_spikes import FIRES, gate_of
from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import UnknownName
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_positive
from dualframe.network import Population


def population_code(
    ranges: Mapping[str, Sequence[Any]],
    world: str = "world",
    *,
    fields: int | Mapping[str, int],
    width: float | Mapping[str, float] = 1.0,
    periodic: Iterable[str] = (),
    rate_max: Any = 100 * Hz,
    gate: str | None = None,
    name: str = "code",
) -> NetworkBlock:
    """Return neurons with Gaussian fields on the grid of all combinations of centres.

    A neuron spikes in a step with the probability ``rate_max dt exp(-sum_v d_v^2/(2 s_v^2))``,
    with the distance d_v of each variable, clipped to its range, from the neuron's centre. Centres
    are evenly spaced from end to end, or around the ring of a periodic variable, where the
    distance is the shorter way around.

    Such grids are the place cells of Fremaux et al. 2013: 5 x 7 x 19 x 19 for CartPole and
    6 x 6 x 7 x 7, with periodic angles, for Acrobot (numbers from a re-implementation). The default
    of ``rate_max`` and the width of one spacing are assumed.

    Parameters
    ----------
    ranges
        Two ends by variable of the world, in its dimension.
    world
        Population with these variables.
    fields
        Number of centres of every variable, or by variable. The population has their product;
        the last variable varies fastest.
    width
        Width s in distances of neighbouring centres, for all or by variable.
    periodic
        Variables whose ends are one state.
    rate_max
        Rate at the centre.
    gate
        A variable of the world that silences the neurons where it is above one half.
    name
        Of the population.

    Raises
    ------
    NetworkError, QuantityError, UnknownName
        If a range, number or name cannot be what was asked for.
    """
    joint_axes = axes(ranges, fields, periodic)
    widths = _widths(joint_axes, width, name)
    points = np.meshgrid(*(axis.centres for axis in joint_axes), indexing="ij")
    centres = {f"centre_{a.variable}": x.ravel() for a, x in zip(joint_axes, points, strict=True)}
    squares = " + ".join(f"(off_{a.variable}/width_{a.variable})**2" for a in joint_axes)
    factor, gating = gate_of(world, name, gate)
    lines = [f"off_{axis.variable} = {_distance(axis)} : 1" for axis in joint_axes]
    lines += [f"rate_now = rate_max*exp(-({squares})/2){factor} : Hz"]
    lines += [axis.declaration for axis in joint_axes] + [gating.declaration]
    cells = Population(
        name,
        points[0].size,
        "\n".join(lines),
        threshold=FIRES,
        parameters={
            **centres,
            **widths,
            **{key: bound for axis in joint_axes for key, bound in axis.parameters.items()},
            "rate_max": as_positive(rate_max, "rate", f"rate_max of {name!r}"),
        },
    )
    return NetworkBlock(
        (cells,), tuple(axis.copied(world, name) for axis in joint_axes) + gating.projections
    )


def _distance(axis: Axis) -> str:
    straight = f"({axis.scaled} - centre_{axis.variable})"
    return f"{straight} - floor({straight} + 0.5)" if axis.periodic else straight


def _widths(
    joint_axes: tuple[Axis, ...], width: float | Mapping[str, float], name: str
) -> dict[str, float]:
    by_name = width if isinstance(width, Mapping) else {axis.variable: width for axis in joint_axes}
    known = [axis.variable for axis in joint_axes]
    for variable in by_name:
        if variable not in known:
            raise UnknownName("variable of an encoder", variable, known)
    label = f"width of {name!r}"
    return {
        f"width_{axis.variable}": axis.spacing
        * float(as_positive(by_name.get(axis.variable, 1.0), "dimensionless", label))
        for axis in joint_axes
    }


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    component = f"encoder {name!r}"
    if entries["gate"]:
        context.check_variable(entries["gate"], component)
    return population_code(
        context.observed_ranges(entries["observes"], component),
        ENVIRONMENT,
        fields=round(float(entries["fields"])),
        width=float(entries["width"]),
        periodic=entries["periodic"],
        rate_max=entries["rate_max"],
        gate=entries["gate"] or None,
        name=name,
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    return int(round(float(entries["fields"])) ** len(entries["observes"]))


POPULATION_CODE = Encoder(
    name="population_code",
    title="Poisson neurons with Gaussian fields on the joint grid of several variables",
    schema=SectionSchema(
        numbers={"fields": "dimensionless", "width": "dimensionless", "rate_max": "rate"},
        texts={"gate": ()},
        lists=("observes", "periodic"),
        defaults={"width": "1", "rate_max": "100 Hz", "gate": "", "periodic": ()},
    ),
    count_neurons=_count_neurons,
    make_block=_make_block,
    source="Fremaux et al. 2013",
)
