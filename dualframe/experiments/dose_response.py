"""Dose-response curves of a cell: all doses, each at all currents, as copies of one network."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import Mohm, amp, ms, mV, pA
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dualframe import catalogue
from dualframe.analysis.style import (
    BLACK,
    cell_type_colours,
    house_style,
    new_figure,
    readable_colour,
)
from dualframe.building.dendritic_populations import MODEL
from dualframe.catalogue import Modulator
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Drug, Modulation
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.cell_survey import CellSurvey, Clamp, survey_cell
from dualframe.experiments.current_clamp import current_clamp
from dualframe.experiments.response import Response
from dualframe.experiments.rheobase_search import RheobaseSearch, run_searches

Floats = NDArray[np.float64]

_SETTLE = 500 * ms
_STEPS = 24  # currents for each dose
_SPAN = 8.0  # rheobases are looked for from the control's over this to the control's times this


@dataclass(frozen=True, eq=False)
class DoseResponse:
    """A measure of one cell by dose.

    Attributes
    ----------
    cell, ligand
        Which cell; which modulator, or which drug at which receptor.
    measure, unit
        What was measured.
    table
        ``level`` (as it was given, concentrations in mM), and a column for each model.
    """

    cell: str
    ligand: str
    measure: str
    unit: str
    table: pd.DataFrame

    @house_style
    def plot(self) -> Figure:
        """Draw the curve of each model, doses on a logarithmic axis where they are above zero."""
        figure = new_figure(6.5, 4.4)
        ax = figure.subplots()
        levels = self.table["level"].to_numpy(dtype=float)
        shades = (readable_colour(cell_type_colours([self.cell])[self.cell]), BLACK, "#777777")
        for k, model in enumerate(self.table.columns[1:]):
            ax.plot(levels, self.table[model], "o-", color=shades[min(k, 2)], label=model)
        positive = levels[levels > 0]
        if len(positive) > 2 and positive.max() / positive.min() > 30:
            ax.set_xscale("symlog", linthresh=float(positive.min()))
        ax.set_xlabel(self.ligand)
        ax.set_ylabel(f"{self.measure} ({self.unit})".replace("Mohm", "MΩ"))
        ax.set_title(self.cell)
        ax.legend()
        return figure


def dose_response(
    cell: str | os.PathLike[str],
    ligand: str,
    levels: Iterable[Any],
    *,
    measure: str = "rheobase",
    models: Iterable[str] = (MODEL, "glif"),
    current: Any = None,
    drug: str = "agonist",
    modulations: Mapping[str, Any] | Iterable[Modulation] = (),
    drugs: Iterable[Drug] = (),
    cells: Cells | None = None,
    target: str = "auto",
) -> DoseResponse:
    """Measure a cell at several doses of a modulator or a drug, in one network for each model.

    Parameters
    ----------
    cell
        Name of a cell type, or path of a user's cell file.
    ligand
        A modulator (``"ACh"``) or a receptor (``"M1"``).
    levels
        Doses. Of a modulator: fractions of its reference concentration, or concentrations. At a
        receptor: doses of a ``drug`` in units of its EC50 or K_B.
    measure
        ``"rate"`` (spikes in a step of 1 s of ``current``), ``"rheobase"``, ``"rest"`` or
        ``"r_in"``.
    models
        ``"biological"`` and point neuron models.
    current
        For ``"rate"``; the default is the middle of each model's own f-I range at control.
    drug
        ``"agonist"`` or ``"antagonist"``, where ``ligand`` is a receptor.
    modulations, drugs
        What acts besides, at fixed doses: see `current_clamp`.
    cells
        Which point neurons; the default is the fitted one where there is one.
    target
        As in `dualframe.run`.

    Returns
    -------
    DoseResponse
        With ``table`` and ``plot()``.

    Raises
    ------
    UnknownName
        For an unknown ligand, drug, measure, model or cell type.
    CatalogueError
        If the ligand has no compiled effect on the cell.

    Notes
    -----
    A rheobase below an eighth of the control's counts as zero where the cell fires without a
    current, else as NaN, as does one above eight times the control's.
    """
    if measure not in MEASURES:
        raise UnknownName("measure of a dose response", measure, MEASURES)
    cell_type = catalogue.cell(cell)
    doses = _doses_of_ligand(ligand, tuple(levels), drug)
    columns = {}
    for model in models:
        twin: Any = {} if model == MODEL else {"cells": cells}
        clamp = partial(current_clamp, cell, model, target=target, **twin)
        dosed = partial(_clamp_at_doses, clamp, doses, _ligands(doses, modulations, drugs))
        n = len(doses.values)
        columns[model] = MEASURES[measure].read(dosed, survey_cell(clamp), n, current)
    return DoseResponse(
        cell=cell_type.name,
        ligand=doses.label,
        measure=measure,
        unit=MEASURES[measure].unit,
        table=pd.DataFrame({"level": doses.shown, **columns}),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Doses:
    """Doses as one parameter of the network, and as they are shown."""

    label: str
    parameter: str
    values: Any
    shown: Floats
    modulation: Modulation | None = None
    drug: Drug | None = None


def _doses_of_ligand(ligand: str, levels: tuple[Any, ...], drug: str) -> _Doses:
    if not levels:
        raise NetworkError("a dose response needs at least one level.")
    try:
        modulator = catalogue.modulator(ligand)
    except UnknownName:
        return _doses_of_drug(ligand, levels, drug)
    return _doses_of_modulator(modulator, levels)


def _doses_of_modulator(modulator: Modulator, levels: tuple[Any, ...]) -> _Doses:
    reference = modulator.numbers.value("reference_concentration")
    doses = [quantity(level, None, f"level of {modulator.name}") for level in levels]
    fractions = all(get_dimensions(dose) is DIMENSIONLESS for dose in doses)
    unit = reference if fractions else 1.0
    values = np.array([float(np.asarray(dose * unit)) for dose in doses])
    written = modulator.numbers["reference_concentration"].written
    return _Doses(
        label=f"{modulator.name} ({f'fraction of {written}' if fractions else 'mM'})",
        parameter=f"c_{modulator.name}",
        values=values * (reference / float(reference)),
        shown=np.array([float(np.asarray(dose)) for dose in doses]),
        modulation=Modulation(modulator.name, doses[0]),
    )


def _doses_of_drug(name: str, levels: tuple[Any, ...], drug: str) -> _Doses:
    receptor = catalogue.receptor(name).name
    if drug not in ("agonist", "antagonist"):
        raise UnknownName("kind of drug with a dose", drug, ("agonist", "antagonist"))
    values = np.array([float(quantity(level, "dimensionless", "dose")) for level in levels])
    unit = "EC50" if drug == "agonist" else "K_B"
    return _Doses(
        label=f"{drug} at {receptor} (dose in units of its {unit})",
        parameter=f"{drug}_{receptor}",
        values=values,
        shown=values,
        drug=Drug(drug, receptor, dose=1.0),
    )


def _ligands(
    doses: _Doses, modulations: Mapping[str, Any] | Iterable[Modulation], drugs: Iterable[Drug]
) -> dict[str, Any]:
    """Return what acts on the cell, the ligand itself included."""
    if isinstance(modulations, Mapping):
        modulations = [Modulation(catalogue.modulator(k).name, v) for k, v in modulations.items()]
    dosed = [] if doses.modulation is None else [doses.modulation]
    names = {modulation.modulator for modulation in dosed}
    others = [modulation for modulation in modulations if modulation.modulator not in names]
    added = [] if doses.drug is None else [doses.drug]
    return {"modulations": [*others, *dosed], "drugs": [*drugs, *added]}


def _clamp_at_doses(
    clamp: Clamp,
    doses: _Doses,
    ligands: Mapping[str, Any],
    currents: Floats,
    repeats: int = 1,
    **options: Any,
) -> Response:
    """Clamp copies: all currents of the first dose, then of the second, ..."""
    values = doses.values[np.repeat(np.arange(len(doses.values)), repeats)]
    parameters = {doses.parameter: values}
    return clamp(currents * amp, parameters=parameters, delay=_SETTLE, **ligands, **options)


def _measure_rate(dosed: Clamp, control: CellSurvey, n: int, current: Any) -> Floats:
    amplitude = control.middle if current is None else quantity(current, "current", "current")
    response = dosed(np.full(n, float(amplitude)), record=False)
    return np.asarray(measures.firing_rate(response))


def _measure_rest(dosed: Clamp, control: CellSurvey, n: int, current: Any) -> Floats:
    response = dosed(np.zeros(n), record=True, duration=1 * ms)
    return np.asarray(measures.resting_potential(response) / mV)


def _measure_input_resistance(dosed: Clamp, control: CellSurvey, n: int, current: Any) -> Floats:
    step = -0.05 * abs(float(control.rheobase))
    response = dosed(np.full(n, step), record=True)
    return np.asarray(measures.input_resistance(response) / Mohm)


def _measure_rheobase(dosed: Clamp, control: CellSurvey, n: int, current: Any) -> Floats:
    base = abs(float(control.rheobase))
    wide = np.concatenate([[0.0], np.geomspace(base / _SPAN, base * _SPAN, _STEPS - 1)])
    searches = [RheobaseSearch(wide, onset_fill=_STEPS - 2) for _ in range(n)]

    def measure_rates(currents: list[Floats]) -> list[Floats]:
        steps = len(currents[0])
        response = dosed(np.concatenate(currents), repeats=steps, record=False)
        return list(np.asarray(measures.firing_rate(response)).reshape(n, steps))

    run_searches(searches, measure_rates, runs=3)  # to 0.04 %
    onsets = [search.onset or (np.nan, np.nan) for search in searches]
    return np.array([rheobase for _, rheobase in onsets]) / float(pA)


@dataclass(frozen=True)
class _Measure:
    unit: str
    read: Callable[[Clamp, CellSurvey, int, Any], Floats]


MEASURES: Mapping[str, _Measure] = MappingProxyType(
    {
        "rate": _Measure("Hz", _measure_rate),
        "rheobase": _Measure("pA", _measure_rheobase),
        "rest": _Measure("mV", _measure_rest),
        "r_in": _Measure("Mohm", _measure_input_resistance),
    }
)
