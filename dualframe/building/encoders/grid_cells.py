r"""Grid cells: Poisson neurons that fire at the corners of triangles that tile the plane.

.. math::

   S(r) = \sum_{k=0}^{2} \cos\Bigl(\frac{4\pi}{\sqrt{3}\,\lambda}\,
          u(\theta - 30° + 60° k) \cdot (r - c)\Bigr), \qquad -1.5 \le S \le 3,

with unit vectors u, the spacing :math:`\lambda` of neighbouring fields, the orientation
:math:`\theta` and the phase c. A profile turns the sum of three waves into a rate from zero to
``rate_max``::

    (exp(0.3 (S + 1.5)) - 1)/(exp(1.35) - 1)     "exponential": Blair et al. 2007
    (S + 1.5)/4.5                                "linear": the sum itself, shifted and scaled

Cells of a *module* share spacing and orientation; their phases fill the rhombus between four
fields evenly. Spacings of modules grow by a ratio: 1.4 to 1.7 for realistic neurons (Wei et al.
2015, abstract).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import Hz
from numpy.typing import NDArray

from dualframe.building.encoders.encoder import Encoder
from dualframe.building.encoders.poisson_spikes import FIRES, gate_of
from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_finite, as_positive, check_count
from dualframe.network import Population

PROFILES: Mapping[str, str] = {
    "exponential": "(exp(0.3*(waves + 1.5)) - 1)/(exp(1.35) - 1)",
    "linear": "(waves + 1.5)/4.5",
}
_WAVE_ANGLES = np.deg2rad([-30.0, 30.0, 90.0])
_FIELD_ANGLES = np.deg2rad([0.0, 60.0])


def grid_cells(
    world: str = "world",
    variables: Sequence[str] = ("x", "y"),
    *,
    spacings: Sequence[float],
    phases: int = 4,
    orientation: float = 0.0,
    rate_max: Any = 20 * Hz,
    profile: str = "exponential",
    gate: str | None = None,
    name: str = "grid",
) -> NetworkBlock:
    """Return grid cells that watch two variables of a world.

    A cell spikes in a step with the probability ``rate_max dt f``, independently of all else. The
    default of ``rate_max`` is assumed.

    Parameters
    ----------
    world, variables
        Population and the names of its two coordinates, plain numbers.
    spacings
        Distance of neighbouring fields, one for each module.
    phases
        Phases along each side of the rhombus between four fields: a module has their square.
    orientation
        Angle of a row of fields to the first coordinate, in radians.
    rate_max
        Rate in the middle of a field.
    profile
        ``"exponential"`` or ``"linear"``.
    gate
        A variable of the world that silences the cells where it is above one half.
    name
        Of the population.

    Raises
    ------
    NetworkError, QuantityError, UnknownName
        If there are not two variables, a number cannot be, or there is no such profile.
    """
    if profile not in PROFILES:
        raise UnknownName("profile of grid cells", profile, PROFILES)
    if len(variables) != 2:
        raise NetworkError(
            f"grid cells {name!r} watch {len(variables)} variables: expected two coordinates."
        )
    check_count(phases, f"phases of {name!r}")
    label = f"spacing of {name!r}"
    wide = np.repeat([float(as_positive(s, "dimensionless", label)) for s in spacings], phases**2)
    turn = float(as_finite(orientation, "dimensionless", f"orientation of {name!r}"))
    offsets = np.tile(_rhombus(phases, turn), (len(spacings), 1)) * wide[:, np.newaxis]
    waves = " + ".join(
        f"cos(wave_number*(along_{k}*(seen_0 - phase_0) + across_{k}*(seen_1 - phase_1)))"
        for k in range(3)
    )
    factor, gating = gate_of(world, name, gate)
    cells = Population(
        name,
        len(wide),
        f"waves = {waves} : 1\nrate_now = rate_max*{PROFILES[profile]}{factor} : Hz\n"
        f"seen_0 : 1\nseen_1 : 1\n{gating.declaration}",
        threshold=FIRES,
        parameters={
            "wave_number": 4 * np.pi / (np.sqrt(3) * wide),
            "phase_0": offsets[:, 0],
            "phase_1": offsets[:, 1],
            **{f"along_{k}": float(np.cos(a + turn)) for k, a in enumerate(_WAVE_ANGLES)},
            **{f"across_{k}": float(np.sin(a + turn)) for k, a in enumerate(_WAVE_ANGLES)},
            "rate_max": as_positive(rate_max, "rate", f"rate_max of {name!r}"),
        },
        sign=1,
    )
    seen = tuple(copy_variable(world, v, name, f"seen_{k}") for k, v in enumerate(variables))
    return NetworkBlock((cells,), seen + gating.projections)


def _rhombus(phases: int, orientation: float) -> NDArray[np.float64]:
    """Return the phases of a module, in spacings: shape ``(phases squared, 2)``."""
    steps = np.stack(np.meshgrid(np.arange(phases), np.arange(phases), indexing="ij"), axis=-1)
    angles = _FIELD_ANGLES + orientation
    sides = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(steps.reshape(-1, 2) / phases @ sides)


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    component = f"encoder {name!r}"
    variables = entries["observes"]
    context.observed_ranges(variables, component)
    if len(variables) != 2:
        raise CatalogueError(
            f"task {context.task!r}: {component} observes {len(variables)} variables: expected two "
            f"coordinates."
        )
    if entries["gate"]:
        context.check_variable(entries["gate"], component)
    modules = round(float(entries["modules"]))
    check_count(modules, f"modules of {component}")
    return grid_cells(
        ENVIRONMENT,
        variables,
        spacings=[float(entries["spacing"]) * float(entries["ratio"]) ** k for k in range(modules)],
        phases=round(float(entries["phases"])),
        orientation=float(entries["orientation"]),
        rate_max=entries["rate_max"],
        profile=entries["profile"],
        gate=entries["gate"] or None,
        name=name,
    )


def _count_neurons(entries: Mapping[str, Any]) -> int:
    return round(float(entries["modules"])) * round(float(entries["phases"])) ** 2


GRID_CELLS = Encoder(
    name="grid_cells",
    title="Poisson neurons whose fields tile a plane in triangles, in modules of growing spacing",
    schema=SectionSchema(
        numbers={
            "spacing": "dimensionless",
            "modules": "dimensionless",
            "ratio": "dimensionless",
            "phases": "dimensionless",
            "orientation": "dimensionless",
            "rate_max": "rate",
        },
        texts={"profile": tuple(PROFILES), "gate": ()},
        lists=("observes",),
        defaults={
            "modules": "1",
            "ratio": "1.5",
            "phases": "4",
            "orientation": "0",
            "rate_max": "20 Hz",
            "profile": "exponential",
            "gate": "",
        },
    ),
    count_neurons=_count_neurons,
    make_block=_make_block,
    source="Blair et al. 2007, as quoted in zaxhutchinson/SpaceCOG, grid_cell.py",
)
