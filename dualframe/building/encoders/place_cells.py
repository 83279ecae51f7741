"""Place cells: Poisson neurons that fire most where their field is centred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import Hz
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.poisson_spikes import FIRES, gate_of
from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity, unit_of
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_positive
from dualframe.network import Population

PROFILES: Mapping[str, str] = {
    "zannone": "exp(-distance_2)",
    "gaussian": "exp(-distance_2/2)",
}


def grid_points(*axes: tuple[Any, Any], spacing: Any) -> Any:
    """Return the points of a regular grid, both ends included.

    Parameters
    ----------
    axes
        First and last coordinate of each axis, numbers or quantities of one dimension.
    spacing
        Distance of neighbours; each axis must be a whole number of them long.

    Returns
    -------
    numpy.ndarray or Quantity
        Shape ``(points, axes)``; the last axis varies fastest.

    Raises
    ------
    NetworkError, QuantityError
        If an axis is no multiple of the spacing, or dimensions differ.
    """
    dimension = get_dimensions(quantity(spacing))
    step = float(np.asarray(as_positive(spacing, dimension, "spacing of a grid")))
    ticks = [_ticks(axis, step, dimension) for axis in axes]
    if not ticks:
        raise NetworkError("a grid needs at least one axis, like (-2, 2).")
    points = np.stack([x.ravel() for x in np.meshgrid(*ticks, indexing="ij")], axis=1)
    return points if dimension.is_dimensionless else Quantity(points, dim=dimension)


def place_cells(
    world: str = "world",
    variables: Sequence[str] = ("x", "y"),
    *,
    centres: Any,
    sigma: Any = 0.4,
    rate_max: Any = 400 * Hz,
    profile: str = "zannone",
    gate: str | None = None,
    name: str = "place",
) -> NetworkBlock:
    """Return place cells that watch variables of a world.

    A cell spikes in a step with the probability ``rate_max dt f(d)``, independently of all else,
    where d is the Euclidean distance of the position from the centre of its field and ::

        f = exp(-d^2/sigma^2)        "zannone": ModelDB 245018, Zannone et al. 2018
        f = exp(-d^2/(2 sigma^2))    "gaussian"

    Zannone's arena [-2, 2]^2 with ``grid((-2, 2), (-2, 2), spacing=0.4)`` has 121 cells with
    sigma 0.4 and 400 Hz, that is 0.4 per step of 1 ms; these are the defaults. A probability above
    one (a time step longer than ``1/rate_max``) counts as one. There is no refractory period. In
    step n cells fire by the position at the beginning of the step.

    Parameters
    ----------
    world, variables
        Population and the names of its coordinates.
    centres
        Shape ``(cells, coordinates)``, or ``(cells,)`` for one coordinate; from `grid`, or any.
    sigma
        Width of the fields, of the dimension of the centres.
    rate_max
        Rate at the centre.
    profile
        ``"zannone"`` or ``"gaussian"``.
    gate
        A variable of the world that silences the cells where it is above one half, for example
        ``"found"``.
    name
        Of the population.

    Raises
    ------
    NetworkError, QuantityError, UnknownName
        If shapes or dimensions do not fit, or there is no such profile.
    """
    if profile not in PROFILES:
        raise UnknownName("profile of place cells", profile, PROFILES)
    points = _points(centres, len(variables), name)
    dimension = get_dimensions(points)
    unit = unit_of(points)
    squares = " + ".join(f"((seen_{v} - centre_{v})/sigma)**2" for v in variables)
    open_, gating = gate_of(world, name, gate)
    declared = "\n".join(f"seen_{v} : {unit}" for v in variables)
    cells = Population(
        name,
        len(points),
        f"""
        distance_2 = {squares} : 1
        rate_now = rate_max*{PROFILES[profile]}{open_} : Hz
        {declared}
        """
        + gating.declaration,
        threshold=FIRES,
        parameters={
            **{f"centre_{v}": points[:, k] for k, v in enumerate(variables)},
            "sigma": as_positive(sigma, dimension, f"sigma of {name!r}"),
            "rate_max": as_positive(rate_max, "rate", f"rate_max of {name!r}"),
        },
    )
    seen = tuple(copy_variable(world, v, name, f"seen_{v}", unit=unit) for v in variables)
    return NetworkBlock((cells,), seen + gating.projections)


def _ticks(axis: tuple[Any, Any], step: float, dimension: Any) -> Any:
    low, high = (float(np.asarray(quantity(end, dimension, "end of a grid"))) for end in axis)
    count = (high - low) / step
    # 0.4 in [-2, 2] is a whole number of times but for rounding
    if high <= low or abs(count - round(count)) > 1e-6:
        raise NetworkError(
            f"a grid from {low:g} to {high:g} is no whole number of spacings of {step:g}."
        )
    return np.linspace(low, high, round(count) + 1)


def _points(centres: Any, coordinates: int, name: str) -> Any:
    points = quantity(Quantity(centres), None, f"centres of {name!r}")
    if np.ndim(points) == 1:
        points = points[:, np.newaxis]
    if np.ndim(points) != 2 or np.shape(points)[1] != coordinates or len(points) == 0:
        raise NetworkError(
            f"centres of {name!r} have shape {np.shape(centres)}: expected (cells, {coordinates})."
        )
    return points


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    variables = entries["observes"]
    component = f"encoder {name!r}"
    context.observed_ranges(variables, component)
    if entries["gate"]:
        context.check_variable(entries["gate"], component)
    low, high = float(entries["low"]), float(entries["high"])
    points = grid_points(*[(low, high)] * len(variables), spacing=float(entries["spacing"]))
    return place_cells(
        ENVIRONMENT,
        variables,
        # a spacing of 0.4 puts a cell at 0, not at 4e-16
        centres=np.round(np.asarray(points), 9),
        sigma=entries["sigma"],
        rate_max=entries["rate_max"],
        profile=entries["profile"],
        gate=entries["gate"] or None,
        name=name,
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    steps = (float(entries["high"]) - float(entries["low"])) / float(entries["spacing"])
    return int((round(steps) + 1) ** len(entries["observes"]))


PLACE_CELLS = Encoder(
    name="place_cells",
    title="Poisson neurons that fire most where their field is centred, on a grid",
    schema=SectionSchema(
        numbers={
            "low": "dimensionless",
            "high": "dimensionless",
            "spacing": "dimensionless",
            "sigma": "dimensionless",
            "rate_max": "rate",
        },
        texts={"profile": tuple(PROFILES), "gate": ()},
        lists=("observes",),
        defaults={"profile": "zannone", "gate": ""},
    ),
    count_neurons=_count_neurons,
    make_block=_make_block,
    source="Zannone et al. 2018, ModelDB 245018",
)
