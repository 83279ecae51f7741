"""Tuning curves: each variable of a world has a row of Poisson neurons with overlapping fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import scipy
from brian2.units import Hz
from numpy.typing import NDArray

from dualframe.building.encoders.axes import Axis, axes, masks_of_rows, neurons_of_rows
from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.poisson_spikes import FIRES, gate_of
from dualframe.building.network_block import NetworkBlock
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_positive, check_count
from dualframe.network import Population

PROFILES: Mapping[str, str] = {
    "gaussian": "exp(-((value - centre)/width)**2/2)",
    "cosine": "(1 + cos(pi*clip((value - centre)/(2*width), -1, 1)))/2",
    "box": "int(value > left and value <= right)",
}


def tuning_curves(
    ranges: Mapping[str, Sequence[Any]],
    world: str = "world",
    *,
    fields: int | Mapping[str, int] = 20,
    profile: str = "gaussian",
    width: Any = 1.0,
    edges: Mapping[str, Sequence[float]] | None = None,
    rate_max: Any = 100 * Hz,
    gate: str | None = None,
    name: str = "tuning",
) -> NetworkBlock:
    """Return rows of receptive fields, one row for each variable of a world.

    A value x is clipped to its range and a neuron spikes in a step with the probability
    ``rate_max dt f(x)``, where with the distance d of x from the centre of its field and the width
    s (both of them in ranges) ::

        f = exp(-d^2/(2 s^2))                            "gaussian"
        f = (1 + cos(pi d/(2 s)))/2 for |d| < 2 s        "cosine": half at s, zero from 2 s on
        f = 1 in the field, 0 elsewhere                  "box": one neuron of the row is active

    Centres are evenly spaced from end to end of the range; boxes are equal parts of it. Boxes with
    20 fields for each of four variables, bounded by quantiles (`normal_edges`), are the input of
    Hasegan et al. 2022 (their code: one of 20 neurons active, at the maximal rate). The default of
    ``rate_max`` and the width of bumps are assumed.

    Parameters
    ----------
    ranges
        Two ends by variable of the world, in its dimension. Neurons are in the order of the
        variables, and of their centres.
    world
        Population with these variables.
    fields
        Number of neurons of every row, or by variable.
    profile
        ``"gaussian"``, ``"cosine"`` or ``"box"``.
    width
        Width s in distances of neighbouring centres; not of boxes.
    edges
        Boxes only: by variable, the bounds between fields, ascending, one less than fields. The
        outermost fields take all that lies beyond.
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
    if profile not in PROFILES:
        raise UnknownName("profile of tuning curves", profile, PROFILES)
    if edges and profile != "box":
        raise NetworkError(f"edges of {name!r} are for profile 'box', not {profile!r}.")
    rows = axes(ranges, fields)
    n = sum(row.fields for row in rows)
    value = " + ".join(f"sees_{row.variable}*{row.scaled}" for row in rows)
    factor, gating = gate_of(world, name, gate)
    declared = "\n".join([row.declaration for row in rows] + [gating.declaration])
    cells = Population(
        name,
        n,
        f"value = {value} : 1\nrate_now = rate_max*{PROFILES[profile]}{factor} : Hz\n{declared}",
        threshold=FIRES,
        parameters={
            **masks_of_rows(rows),
            **{key: bound for row in rows for key, bound in row.parameters.items()},
            **_fields(rows, profile, width, edges or {}, name),
            "rate_max": as_positive(rate_max, "rate", f"rate_max of {name!r}"),
        },
    )
    pairs = neurons_of_rows(rows)
    seen = tuple(row.copied(world, name, pairs[row.variable]) for row in rows)
    return NetworkBlock((cells,), seen + gating.projections)


def normal_edges(mean: float, sd: float, fields: int) -> NDArray[np.float64]:
    """Return the bounds of fields that are equally likely for a normal variable.

    The quantiles 1/n, 2/n ... of a normal distribution, ``fields - 1`` of them: "rf_normal" of
    Hasegan et al. 2022.
    """
    check_count(fields, "number of fields")
    if not sd > 0:
        raise NetworkError(f"sd of a normal variable is {sd}: expected more than zero.")
    return np.asarray(mean + sd * scipy.special.ndtri(np.arange(1, fields) / fields), dtype=float)


def _fields(
    rows: tuple[Axis, ...],
    profile: str,
    width: Any,
    edges: Mapping[str, Sequence[float]],
    name: str,
) -> dict[str, Any]:
    """Places of the fields of all neurons, as fractions of the range."""
    if profile != "box":
        size = float(as_positive(width, "dimensionless", f"width of {name!r}"))
        spread = [np.full(row.fields, size * row.spacing) for row in rows]
        centres = [row.centres for row in rows]
        return {"centre": np.concatenate(centres), "width": np.concatenate(spread)}
    for variable in edges:
        if variable not in [row.variable for row in rows]:
            raise UnknownName("variable of an encoder", variable, [row.variable for row in rows])
    bounds = [_bounds(row, edges.get(row.variable)) for row in rows]
    return {
        "left": np.concatenate([b[:-1] for b in bounds]),
        "right": np.concatenate([b[1:] for b in bounds]),
    }


def _bounds(row: Axis, edges: Sequence[float] | None) -> Any:
    """All bounds of a row; values are clipped to [0, 1], so the outermost lie outside of it."""
    if edges is None:
        inner = np.arange(1, row.fields) / row.fields
    else:
        inner = np.asarray(
            (np.asarray(edges) - np.asarray(row.low)) / np.asarray(row.high - row.low)
        )
    if inner.shape != (row.fields - 1,) or (np.diff(inner) <= 0).any():
        raise NetworkError(
            f"edges of {row.variable!r}: expected {row.fields - 1} ascending numbers between its "
            f"{row.fields} fields."
        )
    if inner.size and not (inner[0] >= 0 and inner[-1] < 1):
        raise NetworkError(
            f"edges of {row.variable!r} lie outside of its range, to which values are clipped."
        )
    return np.concatenate([[-1.0], inner, [2.0]])


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    component = f"encoder {name!r}"
    if entries["gate"]:
        context.check_variable(entries["gate"], component)
    return tuning_curves(
        context.observed_ranges(entries["observes"], component),
        ENVIRONMENT,
        fields=round(float(entries["fields"])),
        profile=entries["profile"],
        width=float(entries["width"]),
        rate_max=entries["rate_max"],
        gate=entries["gate"] or None,
        name=name,
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    return round(float(entries["fields"])) * len(entries["observes"])


TUNING_CURVES = Encoder(
    name="tuning_curves",
    title="Poisson neurons with receptive fields, a row for each variable",
    schema=SectionSchema(
        numbers={"fields": "dimensionless", "width": "dimensionless", "rate_max": "rate"},
        texts={"profile": tuple(PROFILES), "gate": ()},
        lists=("observes",),
        defaults={
            "fields": "20",
            "width": "1",
            "rate_max": "100 Hz",
            "profile": "gaussian",
            "gate": "",
        },
    ),
    count_neurons=_count_neurons,
    make_block=_make_block,
    source="Hasegan et al. 2022",
)
