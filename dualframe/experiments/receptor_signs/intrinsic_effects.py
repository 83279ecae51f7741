"""Sign test of effects on the cells themselves: one batch of copies for each cell type.

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
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.circuit import Circuit, CircuitPopulation, Drug
from dualframe.core.errors import CatalogueError
from dualframe.experiments.batch_current_clamp import CellBatch, make_batch
from dualframe.experiments.batch_survey import BatchSurvey
from dualframe.experiments.receptor_signs.tested_effects import (
    TestedEffect,
    expected_sign,
)
from dualframe.experiments.single_cell import build_cell_network
from dualframe.network import Network
from dualframe.receptor_effects import ActsOn

Floats = NDArray[np.float64]

CONTROL = "control"
_SMALLEST = 1e-9  # relative: a smaller difference is rounding


@dataclass(frozen=True, kw_only=True)
class EffectMeasurement:
    """A measure without and with an effect.

    Attributes
    ----------
    measure, unit
        What was measured.
    control, agonist
        Its values.
    direction
        Where it should go: +1, -1, or 0 for either way.
    least
        A smaller change is no shift.
    """

    measure: str
    unit: str
    control: float
    agonist: float
    direction: int
    least: float = 0.0

    @property
    def verdict(self) -> str:
        """``"as catalogued"``, ``"opposite"``, ``"no shift"``, or ``"not measurable"``."""
        change = self.agonist - self.control
        if np.isnan(change):
            return "not measurable"
        if abs(change) <= max(self.least, _SMALLEST * abs(self.control)):
            return "no shift"
        return "as catalogued" if change * self.direction >= 0 else "opposite"


def single_cell_circuit(
    cell: str, receptors: Iterable[str] = (), *, knockout: bool = False
) -> Circuit:
    """Return one cell, with saturating agonists and, if asked for, without the receptors."""
    kinds = ("agonist", "knockout") if knockout else ("agonist",)
    drugs = tuple(Drug(kind, receptor) for receptor in receptors for kind in kinds)
    return Circuit("alone", (CircuitPopulation("cell", cell, 1),), drugs=drugs)


def make_effect_batches(cell: str, model: str, entries: Sequence[TestedEffect]) -> list[CellBatch]:
    """Return the batches of a cell: control, and a condition for each effect and each receptor.

    There is one batch, or one for each receptor where all of them together could close more than
    the leak. Effects on dendritic spikes are driven in the dendrite, in a batch of their own.
    """
    intrinsic = [entry for entry in entries if entry.acts_on is ActsOn.MEMBRANE]
    somatic: list[TestedEffect] = []
    dendritic: list[TestedEffect] = []
    for entry in intrinsic:
        if entry.kind.sign_test is not None:
            (dendritic if entry.kind.sign_test.in_dendrite else somatic).append(entry)
    name = entries[0].cell.name if entries else str(cell)
    batches = _batches_of_group(name, cell, model, somatic, "soma")
    if dendritic:
        place = _driven_compartment(dendritic)
        batches += _batches_of_group(f"{name}_dendrite", cell, model, dendritic, place)
    return batches


def _batches_of_group(
    name: str, cell: str, model: str, entries: Sequence[TestedEffect], place: str
) -> list[CellBatch]:
    try:
        return [_effect_batch(name, cell, model, entries, place)]
    except CatalogueError:
        receptors = _receptor_references(entries)
        if len(receptors) < 2:
            raise
    batches = []
    for receptor in receptors:
        part = [entry for entry in entries if entry.references[0] == receptor]
        batches.append(_effect_batch(f"{name}_{part[0].receptor.name}", cell, model, part, place))
    return batches


def _receptor_references(entries: Iterable[TestedEffect]) -> list[str]:
    return list(dict.fromkeys(entry.references[0] for entry in entries))


def _driven_compartment(entries: Sequence[TestedEffect]) -> str:
    compartments = entries[0].cell.compartments
    spikes = compartments.dspikes if compartments is not None else ()
    places = [place for spike in spikes for place in spike.compartments]
    return places[0] if places else "soma"


def _effect_batch(
    name: str, cell: str, model: str, entries: Sequence[TestedEffect], place: str
) -> CellBatch:
    network = build_cell_network(single_cell_circuit(cell, _receptor_references(entries)), model)
    acting = [entry for entry in entries if has_place_for(entry, network)]
    off: dict[str, Any] = {k: v for entry in acting for k, v in entry.switched_off().items()}
    off |= {entry.occupancy_parameter: 0.0 for entry in acting}
    conditions: dict[str, Mapping[str, Any]] = {CONTROL: off}
    for entry in acting:
        receptor, effect = entry.receptor.name, entry.switched_on()
        conditions[entry.tag] = {**effect, entry.occupancy_parameter: entry.occupancy}
        together = conditions.get(receptor, {})
        conditions[receptor] = {**together, **effect, entry.occupancy_parameter: 1.0}
    for receptor in {entry.receptor.name for entry in acting}:
        if sum(entry.receptor.name == receptor for entry in acting) == 1:
            del conditions[receptor]
    return make_batch(name, network, model, conditions, place)


def has_place_for(entry: TestedEffect, network: Network) -> bool:
    """Whether the model has a place for an effect."""
    return next(iter(entry.switched_off())) in network.populations[0].parameters


def reason_untestable(entry: TestedEffect, model: str) -> str:
    """Why an effect cannot be tested in a model."""
    if entry.kind.sign_test is None:
        return f"the kind {entry.kind.name!r} of effects has no sign test"
    lacks = entry.kind.lacks or "which has no place for it"
    return f"not in this model of {entry.cell.name}, {lacks}"


def knockout_is_exact(entry: TestedEffect, model: str) -> bool:
    """Whether a knock-out leaves exactly the network without agonist."""
    receptor, cell = entry.references
    control = build_cell_network(single_cell_circuit(cell), model)
    without = build_cell_network(single_cell_circuit(cell, [receptor], knockout=True), model)
    return bool(without.populations == control.populations)


def measure_effect(
    entry: TestedEffect, survey: BatchSurvey, condition: str
) -> list[EffectMeasurement]:
    """Return what decides whether an effect goes the catalogued way.

    Parameters
    ----------
    entry, survey, condition
        The effect, the survey of its batch, and the condition in which it is switched on.
    """
    direction = expected_sign(entry)
    measure = entry.kind.sign_test.measure if entry.kind.sign_test else ""
    if not direction and measure == "rheobase":
        return _measure_passive(entry, survey, condition)
    if measure == "late rate":
        return [measure_late_rate(survey, condition, direction)]
    if measure == "rate":
        rates = survey.middle_rate
        return [_measurement("rate", "Hz", rates, survey, condition, direction)]
    return [measure_rheobase(survey, condition, direction)]


def measure_rheobase(survey: BatchSurvey, condition: str, direction: int) -> EffectMeasurement:
    """Return how the rheobase (pA) changes.

    Parameters
    ----------
    survey, condition
        The survey of a batch, and the condition that is compared with its control.
    direction
        Where the excitability should go; the rheobase goes the other way.
    """
    control, agonist = survey.index_of(CONTROL), survey.index_of(condition)
    least = max(survey.resolution[control], survey.resolution[agonist])
    values = 1e12 * survey.rheobase
    rheobase = _measurement("rheobase", "pA", values, survey, condition, -direction)
    return replace(rheobase, least=1e12 * float(least))


def measure_late_rate(survey: BatchSurvey, condition: str, direction: int) -> EffectMeasurement:
    """Return how the firing rate (Hz) in the second half of a step changes.

    Parameters
    ----------
    survey, condition, direction
        As in `measure_rheobase`.
    """
    return _measurement("late rate", "Hz", survey.late_rate, survey, condition, direction)


def _measure_passive(
    entry: TestedEffect, survey: BatchSurvey, condition: str
) -> list[EffectMeasurement]:
    """Return rest and input resistance with the signs that a conductance gives them."""
    numbers = entry.effect.numbers
    opens = _conductance_direction(entry)
    direction = 0
    if "reversal" in numbers:
        reversal = float(numbers.value("reversal"))
        direction = opens * int(np.sign(reversal - survey.rest[survey.index_of(CONTROL)]))
    elif _moved_quantity(entry) == "rest":
        direction = int(np.sign(entry.change))
    measured = []
    if direction:
        rest = 1e3 * survey.rest
        measured.append(_measurement("rest", "mV", rest, survey, condition, direction))
    if opens:
        r_in = 1e-6 * survey.r_in
        measured.append(_measurement("input resistance", "Mohm", r_in, survey, condition, -opens))
    return measured


def _conductance_direction(entry: TestedEffect) -> int:
    return int(np.sign(entry.change)) if _moved_quantity(entry) == "conductance" else 0


def _moved_quantity(entry: TestedEffect) -> str:
    return entry.kind.sign_test.moves if entry.kind.sign_test else ""


def _measurement(
    measure: str, unit: str, values: Floats, survey: BatchSurvey, condition: str, direction: int
) -> EffectMeasurement:
    return EffectMeasurement(
        measure=measure,
        unit=unit,
        control=float(values[survey.index_of(CONTROL)]),
        agonist=float(values[survey.index_of(condition)]),
        direction=direction,
    )
