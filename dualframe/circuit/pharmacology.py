"""What acts on a circuit's receptors: neuromodulators and drugs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from itertools import pairwise
from math import inf, isinf
from typing import Any

import numpy as np
from brian2.units import metre, mole, ms
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.catalogue import modulator_name
from dualframe.circuit.release_signal import ReleaseSignal
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.machine_memory import MemoryNeed, require_memory
from dualframe.core.quantity import quantity
from dualframe.core.validation import (
    as_fraction,
    as_names,
    as_not_negative,
    as_positive,
    as_records,
    check_count,
    set_frozen_field,
)
from dualframe.network import ValueRecord

_MOST_CONCENTRATED = 1000 * mole / metre**3
BYTES_PER_PULSE = 16  # a time and an index
DRUGS = ("agonist", "antagonist", "knockout")


@dataclass(frozen=True, eq=False)
class Pulses(ValueRecord):
    """Sudden rises of a concentration, at regular times.

    Parameters
    ----------
    start
        Time of the first.
    rise
        How much each adds, a level (see `Modulation`).
    interval
        Time from one to the next; needed if there are several.
    count
        How many there are.

    Raises
    ------
    NetworkError
        If a time, rise or count cannot be what was asked for.
    """

    start: Any
    rise: Any
    interval: Any = None
    count: int = 1

    def __post_init__(self) -> None:
        set_frozen_field(self, "start", as_not_negative(self.start, "time", "start of the pulses"))
        set_frozen_field(self, "rise", as_level(self.rise, "rise of the pulses"))
        check_count(self.count, "count of the pulses")
        need = MemoryNeed(float(self.count) * BYTES_PER_PULSE, "a time for each")
        require_memory(f"count of the pulses is {self.count:.3g}, which", [need], "give fewer")
        if self.interval is not None:
            set_frozen_field(
                self, "interval", as_positive(self.interval, "time", "interval of the pulses")
            )
        elif self.count > 1:
            raise NetworkError(
                f"{self.count} pulses have no interval: give the time from one to the next."
            )
        self._freeze()

    @property
    def times(self) -> Any:
        """When the pulses come: a time of shape ``(count,)``."""
        if self.interval is None:
            return self.start * np.ones(1)
        return self.start + np.arange(self.count) * self.interval


@dataclass(frozen=True, eq=False)
class Modulation(ValueRecord):
    """The concentration of a neuromodulator, in one region or everywhere.

    A level is a fraction (0 to 1) of the modulator's reference concentration in the catalogue, or
    a concentration.

    Parameters
    ----------
    modulator
        Name in the catalogue, or an alias: it is kept as the name.
    level
        Constant (tonic) level: what tonic release alone would hold, against the clearance.
    schedule
        ``((time, level), ...)``: each level holds from its time until the next. Before the first
        time the level is zero.
    released_by
        Name of a population whose spikes release the modulator, on top of the level or schedule.
    per_spike
        Rise of the concentration at each of these spikes, a level. In a scaled circuit a neuron
        releases for those that it stands for. It may be left out with an uptake whose source says
        how much all neurons together release.
    pulses
        Sudden rises at given times, on top of the rest: `Pulses`, a mapping of its fields, or
        several of these or of ``(time, rise)`` pairs.
    clearance
        A time constant, or the name of an uptake of the modulator (``"VTA"``,
        Michaelis-Menten). The default is the catalogue's time constant.
    region
        Name of a region of the circuit; "" means every region.
    exchange
        By name of another region, the rate constant k of ``dc/dt = k (c_other - c)`` in this one.
        The other region changes by the same amount in the opposite direction, so that its own
        rate constant is k times the ratio of the volumes.
    signals
        What signals from outside the circuit release: the releases of a task.

    Raises
    ------
    NetworkError
        If the level, schedule, release or exchange cannot be what was asked for.
    """

    modulator: str
    level: Any = None
    schedule: Any = ()
    released_by: str | None = None
    per_spike: Any = None
    _: KW_ONLY
    pulses: Any = ()
    clearance: Any = None
    region: str = ""
    exchange: Mapping[str, Any] = field(default_factory=dict)
    signals: tuple[ReleaseSignal, ...] = ()

    def __post_init__(self) -> None:
        set_frozen_field(self, "modulator", modulator_name(self.modulator))
        label = f"modulation by {self.modulator!r}"
        if self.level is not None:
            set_frozen_field(self, "level", as_level(self.level, f"level of {label}"))
        if self.per_spike is not None:
            set_frozen_field(self, "per_spike", as_level(self.per_spike, f"per_spike of {label}"))
        set_frozen_field(self, "schedule", _schedule(self.schedule, label))
        set_frozen_field(self, "pulses", _pulses(self.pulses, label))
        set_frozen_field(self, "clearance", _clearance(self.clearance, label))
        set_frozen_field(self, "exchange", self._exchange(label))
        signals = as_records(self.signals, ReleaseSignal, f"signals of {label}")
        set_frozen_field(self, "signals", signals)
        self._check(label)
        self._freeze()

    @property
    def constant(self) -> bool:
        """Whether there is nothing but a tonic level."""
        return not (self.schedule or self.pulses or self.released_by or self.signals)

    @property
    def silenced(self) -> Modulation:
        """The same modulation without any of the modulator: its equations stay as they are."""
        released = self.released_by is not None
        return replace(
            self,
            level=None if self.level is None else 0.0,
            schedule=tuple((time, 0.0) for time, _ in self.schedule),
            per_spike=0.0 if released else None,
            pulses=tuple(replace(pulses, rise=0.0) for pulses in self.pulses),
            signals=tuple(replace(signal, size=0 * signal.size) for signal in self.signals),
        )

    @property
    def uptake(self) -> str:
        """Name of the modulator's uptake that clears it; "" if a time constant does."""
        return self.clearance if isinstance(self.clearance, str) else ""

    def _exchange(self, label: str) -> dict[str, Any]:
        if not isinstance(self.exchange, Mapping):
            raise NetworkError(
                f"exchange of {label} is {self.exchange!r}: expected rate constants by region, "
                f'like {{"cortex": "0.1 /s"}}.'
            )
        if self.exchange and not self.region:
            raise NetworkError(
                f"exchange of {label}: name the region too, from which there is exchange."
            )
        return {
            other: as_not_negative(rate, "rate", f"exchange of {label} with {other!r}")
            for other, rate in self.exchange.items()
        }

    def _check(self, label: str) -> None:
        if self.level is not None and self.schedule:
            raise NetworkError(f"{label}: give either a level or a schedule, not both.")
        if self.per_spike is not None and self.released_by is None:
            raise NetworkError(
                f"{label}: per_spike (the rise of the concentration at each spike) needs "
                f"released_by (a population); give both."
            )
        if self.released_by is not None and self.per_spike is None and not self.uptake:
            raise NetworkError(
                f"{label}: released_by (a population) needs per_spike (the rise of the "
                f"concentration at each of its spikes); give both."
            )
        if self.level is None and self.constant:
            raise NetworkError(f"{label}: give level, schedule, pulses or released_by.")


@dataclass(frozen=True, eq=False)
class Drug(ValueRecord):
    """A drug or genetic manipulation that acts on one receptor.

    With an agonist of dose A and an antagonist of dose B, the receptor sees the ratio
    ``r = (c/EC50 + A)/(1 + B)`` and its occupancy is ``r**n/(1 + r**n)`` (Gaddum; Schild).

    Parameters
    ----------
    kind
        ``"agonist"`` (full), ``"antagonist"`` (competitive), or ``"knockout"``: no receptor.
    receptor
        Name in the catalogue.
    cells
        Cell types on which it acts; empty means all.
    dose
        Concentration of the drug relative to its own EC50 (agonist) or K_B (antagonist), zero or
        more, or its concentration, with ``affinity``. Infinite, which is the default, saturates:
        an agonist then occupies every receptor, an antagonist leaves none.
    affinity
        EC50 or K_B of the drug, a concentration.
    name
        Of the drug in the catalogue, "" for one without a name.
    assumption
        What is assumed about its affinity, in words.

    Raises
    ------
    UnknownName
        If there is no such kind of drug.
    NetworkError
        If the dose cannot be one.
    """

    kind: str
    receptor: str
    cells: Any = ()
    dose: Any = inf
    affinity: Any = None
    _: KW_ONLY
    name: str = ""
    assumption: str = ""

    def __post_init__(self) -> None:
        if self.kind not in DRUGS:
            raise UnknownName("kind of drug", self.kind, DRUGS)
        label = f"{self.kind} at {self.receptor}"
        set_frozen_field(self, "cells", as_names(self.cells, f"cells of the {label}"))
        set_frozen_field(self, "dose", as_dose(self.dose, label))
        if self.affinity is not None:
            set_frozen_field(
                self,
                "affinity",
                as_positive(self.affinity, "concentration", f"affinity of {label}"),
            )
        if self.kind == "knockout" and not (self.affinity is None and self.saturating):
            raise NetworkError(f"dose of the {label} is {self.dose}: a knockout has no dose.")
        self._check_affinity(label)
        self._freeze()

    @property
    def saturating(self) -> bool:
        """Whether the dose is infinite."""
        return isinf(np.asarray(self.dose))

    @property
    def relative(self) -> float:
        """Dose in units of the drug's EC50 or K_B."""
        return float(self.dose if self.affinity is None else self.dose / self.affinity)

    def _check_affinity(self, label: str) -> None:
        relative = get_dimensions(self.dose) is DIMENSIONLESS
        if not relative and self.affinity is None:
            raise NetworkError(
                f"dose of the {label} is {self.dose}: a concentration needs affinity, the EC50 or "
                f"K_B of the drug; or give the dose as a multiple of it."
            )
        if relative and self.affinity is not None:
            raise NetworkError(
                f"dose of the {label} is {self.dose:g} and has an affinity: give the dose as a "
                f"concentration, or leave out the affinity."
            )


def as_level(value: Any, label: str) -> Any:
    """Return a level: a float between 0 and 1, or a concentration."""
    level = quantity(value, None, label)
    if get_dimensions(level) is DIMENSIONLESS:
        return as_fraction(level, label, otherwise=', or a concentration like "2 uM"')
    concentration = as_not_negative(level, "concentration", label)
    if concentration > _MOST_CONCENTRATED:
        raise NetworkError(f"{label} is {value}: expected at most 1 M, for example 2 uM.")
    return concentration


def as_dose(value: Any, label: str) -> Any:
    """Return a dose: a float, which may be infinite, or a concentration; zero or more.

    Parameters
    ----------
    value
        The value; ``"inf"`` is infinite.
    label
        Whose dose it is, in an error.
    """
    if isinstance(value, str) and value.strip().lower() in ("inf", "infinity"):
        return inf
    dose = quantity(value, None, f"dose of the {label}")
    dimension = "concentration" if get_dimensions(dose) is not DIMENSIONLESS else "dimensionless"
    quantity(dose, dimension, f"dose of the {label}")
    number = np.asarray(dose)
    if number.ndim or not number >= 0:
        raise NetworkError(
            f"dose of the {label} is {value}: expected zero or more, in units of the drug's EC50 "
            f"or K_B, or a concentration with affinity."
        )
    return float(dose) if dimension == "dimensionless" else dose


def _clearance(value: Any, label: str) -> Any:
    """Return a time constant, the name of an uptake, or None."""
    if value is None or (isinstance(value, str) and value[:1].isalpha()):
        return value
    return as_positive(value, "time", f"clearance of {label}")


def _pulses(value: Any, label: str) -> tuple[Pulses, ...]:
    several = [value] if isinstance(value, (Pulses, Mapping)) else value
    if not isinstance(several, (list, tuple)):
        raise NetworkError(
            f"pulses of {label} are {value!r}: expected start, interval, count and rise, or "
            f"(time, rise) pairs."
        )
    return tuple(_one_pulse(item, label) for item in several)


def _one_pulse(item: Any, label: str) -> Pulses:
    if isinstance(item, Pulses):
        return item
    if isinstance(item, Mapping):
        known = ("start", "rise", "interval", "count")
        for key in item:
            if key not in known:
                raise UnknownName(f"key in the pulses of {label}:", key, known)
        if "start" not in item or "rise" not in item:
            raise NetworkError(f"pulses of {label} need start and rise, not only {list(item)}.")
        return Pulses(**item)
    if isinstance(item, (list, tuple)) and len(item) == 2:
        return Pulses(*item)
    raise NetworkError(f"pulses of {label} have {item!r}: expected (time, rise) pairs.")


def _schedule(value: Any, label: str) -> tuple[Any, ...]:
    if not isinstance(value, (list, tuple)):
        raise NetworkError(f"schedule of {label} is {value!r}: expected (time, level) pairs.")
    steps = []
    for step in value:
        if not isinstance(step, (list, tuple)) or len(step) != 2:
            raise NetworkError(f"schedule of {label} has {step!r}: expected (time, level) pairs.")
        time = as_not_negative(step[0], "time", f"time in the schedule of {label}")
        steps.append((time, as_level(step[1], f"level in the schedule of {label}")))
    times = [float(time / ms) for time, _ in steps]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise NetworkError(f"times in the schedule of {label} must increase: sort them.")
    return tuple(steps)
