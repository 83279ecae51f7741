"""Sign test of effects on the cells themselves: one well for each cell type.

==========================  ======================================================================
kind                        measure that decides
==========================  ======================================================================
conductance, hcn, leak,     rheobase: falls where the effect excites
rest, threshold
adaptation                  firing rate in the second half of a step of 1 s, in the middle of the
                            control's f-I range: rises where the effect excites
dspike                      firing rate at such a step into the dendrite with the dendritic spikes
any, direction "mixed"      resting potential, and input resistance: where physics says that the
                            current drives them (a conductance that closes raises the resistance)
==========================  ======================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dualframe.building.dendritic_circuit import MODEL
from dualframe.circuit import Circuit, CircuitPopulation, Drug
from dualframe.core.errors import CatalogueError
from dualframe.experiments.batch_current_clamp import Well, build, well
from dualframe.experiments.batch_rheobase_search import Found
from dualframe.experiments.receptor_signs.tested_effects import SignEntry, expected
from dualframe.network import Network
from dualframe.receptor_effects import ActsOn

CONTROL = "control"
_SMALLEST = 1e-9  # relative: a smaller difference is rounding


@dataclass(frozen=True)
class Shift:
    """A measure without and with an effect, and where it should go (+1, -1, or 0: either way)."""

    measure: str
    unit: str
    control: float
    agonist: float
    wanted: int
    least: float = 0.0

    @property
    def verdict(self) -> str:
        """``"as catalogued"``, ``"opposite"``, ``"no shift"``, or ``"not measurable"``."""
        change = self.agonist - self.control
        if np.isnan(change):
            return "not measurable"
        if abs(change) <= max(self.least, _SMALLEST * abs(self.control)):
            return "no shift"
        return "as catalogued" if change * self.wanted >= 0 else "opposite"


def alone(cell: str, receptors: Iterable[str] = (), *, knockout: bool = False) -> Circuit:
    """Return one cell, with saturating agonists and, if asked for, without the receptors."""
    kinds = ("agonist", "knockout") if knockout else ("agonist",)
    drugs = tuple(Drug(kind, receptor) for receptor in receptors for kind in kinds)
    return Circuit("alone", (CircuitPopulation("cell", cell, 1),), drugs=drugs)


def wells_of(cell: str, model: str, entries: Sequence[SignEntry]) -> list[Well]:
    """Return the wells of a cell: control, and a condition for each effect and each receptor.

    There is one well, or one for each receptor where all of them together could close more than
    the leak. Effects on dendritic spikes are driven in the dendrite, in a well of their own.
    """
    own = [e for e in entries if e.acts_on is ActsOn.MEMBRANE and e.kind.sign_test is not None]
    dendritic = [e for e in own if e.kind.sign_test and e.kind.sign_test.in_dendrite]
    rest = [entry for entry in own if entry not in dendritic]
    name = entries[0].cell.name if entries else str(cell)
    made = []
    for label, group, place in (("", rest, "soma"), ("_dendrite", dendritic, _dendrite(dendritic))):
        if not group and label:
            continue
        try:
            made.append(_well(f"{name}{label}", cell, model, group, place))
        except CatalogueError:
            if len(_receptors(group)) < 2:
                raise
            for receptor in _receptors(group):
                part = [entry for entry in group if entry.given[0] == receptor]
                made.append(
                    _well(f"{name}{label}_{part[0].receptor.name}", cell, model, part, place)
                )
    return made


def _receptors(entries: Iterable[SignEntry]) -> list[str]:
    return list(dict.fromkeys(entry.given[0] for entry in entries))


def _dendrite(entries: Sequence[SignEntry]) -> str:
    layout = entries[0].cell.compartments if entries else None
    places = [c for spike in layout.dspikes for c in spike.compartments] if layout else []
    return places[0] if places else "soma"


def _well(name: str, cell: str, model: str, entries: Sequence[SignEntry], place: str) -> Well:
    network = build(alone(cell, _receptors(entries)), model)
    acting = [entry for entry in entries if acts(entry, network)]
    off: dict[str, Any] = {k: v for entry in acting for k, v in entry.off().items()}
    off |= {_saturated(entry): 0.0 for entry in acting}
    conditions: dict[str, Mapping[str, Any]] = {CONTROL: off}
    for entry in acting:
        conditions[entry.tag] = {**entry.on(), _saturated(entry): entry.occupancy}
        receptor = entry.receptor.name
        together = conditions.get(receptor, {})
        conditions[receptor] = {**together, **entry.on(), _saturated(entry): 1.0}
    for receptor in {entry.receptor.name for entry in acting}:
        if sum(entry.receptor.name == receptor for entry in acting) == 1:
            del conditions[receptor]
    return well(name, network, model, conditions, place)


def _saturated(entry: SignEntry) -> str:
    return f"saturated_{entry.receptor.name}"


def acts(entry: SignEntry, network: Network) -> bool:
    """Whether the model has a place for an effect."""
    return next(iter(entry.off())) in network.populations[0].parameters


def reason_for(entry: SignEntry, model: str) -> str:
    """Why an effect cannot be tested in a model."""
    if entry.kind.sign_test is None:
        return f"the kind {entry.kind.name!r} of effects has no sign test"
    lacks = entry.kind.lacks or "which has no place for it"
    return f"not in this model of {entry.cell.name}, {lacks}"


def knocked_out(entry: SignEntry, model: str) -> bool:
    """Whether a knock-out leaves exactly the network without agonist."""
    receptor, cell = entry.given
    without = build(alone(cell, [receptor], knockout=True), model)
    return without.populations == build(alone(cell), model).populations


def shifts(entry: SignEntry, found: Found, condition: str) -> list[Shift]:
    """Return what decides whether an effect goes the catalogued way."""
    wanted = expected(entry)
    measure = entry.kind.sign_test.measure if entry.kind.sign_test else ""
    if not wanted and measure == "rheobase":
        return _physical(entry, found, condition)
    if measure == "late rate":
        return [_shift("late rate", "Hz", found.late, found, condition, wanted)]
    if measure == "rate":
        return [_shift("rate", "Hz", found.rate, found, condition, wanted)]
    return [rheobase(found, condition, wanted)]


def rheobase(found: Found, condition: str, wanted: int) -> Shift:
    """Return the shift of the rheobase (pA); ``wanted`` is the direction of the excitability."""
    control, own = found.at(CONTROL), found.at(condition)
    least = max(found.resolution[control], found.resolution[own])
    values = 1e12 * found.rheobase
    return Shift(
        "rheobase", "pA", float(values[control]), float(values[own]), -wanted, 1e12 * float(least)
    )


def _physical(entry: SignEntry, found: Found, condition: str) -> list[Shift]:
    """Return rest and input resistance with the signs that a conductance gives them."""
    numbers = entry.effect.numbers
    opens = _opens(entry)
    wanted = 0
    if "reversal" in numbers:
        reversal = float(numbers.value("reversal"))
        wanted = opens * int(np.sign(reversal - found.rest[found.at(CONTROL)]))
    elif _moves(entry) == "rest":
        wanted = int(np.sign(entry.change))
    made = [_shift("rest", "mV", 1e3 * found.rest, found, condition, wanted)] if wanted else []
    if opens:
        made.append(_shift("input resistance", "Mohm", 1e-6 * found.r_in, found, condition, -opens))
    return made


def _opens(entry: SignEntry) -> int:
    return int(np.sign(entry.change)) if _moves(entry) == "conductance" else 0


def _moves(entry: SignEntry) -> str:
    return entry.kind.sign_test.moves if entry.kind.sign_test else ""


def _shift(
    measure: str, unit: str, values: Any, found: Found, condition: str, wanted: int
) -> Shift:
    control, own = found.at(CONTROL), found.at(condition)
    return Shift(measure, unit, float(values[control]), float(values[own]), wanted)


__all__ = [
    "CONTROL",
    "MODEL",
    "Shift",
    "acts",
    "alone",
    "knocked_out",
    "reason_for",
    "rheobase",
    "shifts",
    "wells_of",
]
