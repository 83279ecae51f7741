"""What acts on a circuit's receptors: neuromodulators and drugs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from brian2.units import ms
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.checks import fraction, names_of, not_negative, put
from dualframe.errors import NetworkError, UnknownName
from dualframe.network import Description
from dualframe.quantity import quantity

DRUGS = ("agonist", "antagonist", "knockout")


@dataclass(frozen=True, eq=False)
class Modulation(Description):
    """The concentration of a neuromodulator.

    A level is a fraction (0 to 1) of the modulator's reference concentration in the catalogue, or
    a concentration.

    Parameters
    ----------
    modulator
        Name in the catalogue.
    level
        Constant (tonic) level.
    schedule
        ``((time, level), ...)``: each level holds from its time until the next. Before the first
        time the level is zero.
    released_by
        Name of a population whose spikes release the modulator, on top of the level or schedule.
    per_spike
        Rise of the concentration at each of these spikes, a level. In a scaled circuit a neuron
        releases for those that it stands for.
    """

    modulator: str
    level: Any = None
    schedule: Any = ()
    released_by: str | None = None
    per_spike: Any = None

    def __post_init__(self) -> None:
        what = f"modulation by {self.modulator!r}"
        if self.level is not None:
            put(self, "level", as_level(self.level, f"level of {what}"))
        if self.per_spike is not None:
            put(self, "per_spike", as_level(self.per_spike, f"per_spike of {what}"))
        put(self, "schedule", _schedule(self.schedule, what))
        if self.level is not None and self.schedule:
            raise NetworkError(f"{what}: give either a level or a schedule, not both.")
        if (self.released_by is None) != (self.per_spike is None):
            raise NetworkError(
                f"{what}: released_by (a population) and per_spike (the rise of the "
                f"concentration at each of its spikes) go together; give both."
            )
        if self.level is None and not self.schedule and self.released_by is None:
            raise NetworkError(f"{what}: give level, schedule or released_by.")
        self._freeze()


@dataclass(frozen=True, eq=False)
class Drug(Description):
    """A drug or genetic manipulation that acts on one receptor.

    Parameters
    ----------
    kind
        ``"agonist"``: the ``dose`` is the occupancy that the drug alone brings about.
        ``"antagonist"``: the ``dose`` is the fraction of receptors that is blocked.
        ``"knockout"``: the receptor is absent; ``dose`` is 1.
    receptor
        Name in the catalogue.
    cells
        Cell types on which it acts; empty means all.
    dose
        Between 0 and 1. Not a concentration: the catalogue has no affinities of drugs.
    """

    kind: str
    receptor: str
    cells: Any = ()
    dose: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in DRUGS:
            raise UnknownName("kind of drug", self.kind, DRUGS)
        what = f"{self.kind} at {self.receptor}"
        put(self, "cells", names_of(self.cells, f"cells of the {what}"))
        put(self, "dose", fraction(self.dose, f"dose of the {what}"))
        if self.kind == "knockout" and self.dose != 1:
            raise NetworkError(f"dose of the {what} is {self.dose}: a knockout has no dose.")
        self._freeze()


def as_level(value: Any, what: str) -> Any:
    """Return a level: a float between 0 and 1, or a concentration."""
    level = quantity(value, None, what)
    if get_dimensions(level) is DIMENSIONLESS:
        return fraction(level, what, otherwise=', or a concentration like "2 uM"')
    return not_negative(level, "concentration", what)


def _schedule(value: Any, what: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise NetworkError(f"schedule of {what} is {value!r}: expected (time, level) pairs.")
    steps = []
    for step in value:
        if not isinstance(step, (list, tuple)) or len(step) != 2:
            raise NetworkError(f"schedule of {what} has {step!r}: expected (time, level) pairs.")
        time = not_negative(step[0], "time", f"time in the schedule of {what}")
        steps.append((time, as_level(step[1], f"level in the schedule of {what}")))
    times = [float(time / ms) for time, _ in steps]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise NetworkError(f"times in the schedule of {what} do not increase.")
    return tuple(steps)
