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
from dualframe.building.dendritic_circuit import MODEL
from dualframe.catalogue import Modulator
from dualframe.catalogue.fitted_models import Cells, twin_of
from dualframe.circuit import Drug, Modulation
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.current_clamp import Response, current_clamp
from dualframe.experiments.rheobase_search import Survey, survey

Floats = NDArray[np.float64]
Dosed = Callable[..., Response]

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
    entry = catalogue.cell(cell)
    dose = _dose(ligand, tuple(levels), drug)
    columns = {}
    for model in models:
        twin: Any = {}
        if model != MODEL:
            twin = {"cells": cells or twin_of(cell, entry, model)}
        plain = partial(current_clamp, cell, model, target=target, **twin)
        acting = _acting(dose, modulations, drugs)
        columns[model] = _values(plain, acting, dose, measure, current)
    table = pd.DataFrame({"level": dose.shown, **columns})
    return DoseResponse(entry.name, dose.label, measure, MEASURES[measure].unit, table)


@dataclass(frozen=True, eq=False)
class _Dose:
    """Doses as one parameter of the network, and as they are shown."""

    label: str
    parameter: str
    values: Any
    shown: Floats
    modulation: Modulation | None = None
    drug: Drug | None = None


def _dose(ligand: str, levels: tuple[Any, ...], drug: str) -> _Dose:
    if not levels:
        raise NetworkError("a dose response needs at least one level.")
    try:
        modulator = catalogue.modulator(ligand)
    except UnknownName:
        return _of_drug(ligand, levels, drug)
    return _of_modulator(modulator, levels)


def _of_modulator(modulator: Modulator, levels: tuple[Any, ...]) -> _Dose:
    reference = modulator.numbers.value("reference_concentration")
    given = [quantity(level, None, f"level of {modulator.name}") for level in levels]
    fractions = all(get_dimensions(level) is DIMENSIONLESS for level in given)
    unit = reference if fractions else 1.0
    values = np.array([float(np.asarray(level * unit)) for level in given])
    return _Dose(
        f"{modulator.name} (fraction of {modulator.numbers['reference_concentration'].written})"
        if fractions
        else f"{modulator.name} (mM)",
        f"c_{modulator.name}",
        values * (reference / float(reference)),
        np.array([float(np.asarray(level)) for level in given]),
        modulation=Modulation(modulator.name, given[0]),
    )


def _of_drug(name: str, levels: tuple[Any, ...], drug: str) -> _Dose:
    receptor = catalogue.receptor(name).name
    if drug not in ("agonist", "antagonist"):
        raise UnknownName("kind of drug with a dose", drug, ("agonist", "antagonist"))
    values = np.array([float(quantity(level, "dimensionless", "dose")) for level in levels])
    unit = "EC50" if drug == "agonist" else "K_B"
    label = f"{drug} at {receptor} (dose in units of its {unit})"
    return _Dose(label, f"{drug}_{receptor}", values, values, drug=Drug(drug, receptor, dose=1.0))


def _acting(
    dose: _Dose, modulations: Mapping[str, Any] | Iterable[Modulation], drugs: Iterable[Drug]
) -> dict[str, Any]:
    """Return what acts on the cell, the ligand itself included."""
    if isinstance(modulations, Mapping):
        modulations = [Modulation(catalogue.modulator(k).name, v) for k, v in modulations.items()]
    others = [
        m
        for m in modulations
        if dose.modulation is None or m.modulator != dose.modulation.modulator
    ]
    own = [] if dose.modulation is None else [dose.modulation]
    added = [] if dose.drug is None else [dose.drug]
    return {"modulations": [*others, *own], "drugs": [*drugs, *added]}


def _values(
    plain: Dosed, acting: Mapping[str, Any], dose: _Dose, measure: str, current: Any
) -> Floats:
    control = survey(plain)

    def dosed(currents: Floats, repeats: int = 1, **options: Any) -> Response:
        """Clamp copies: all currents of the first dose, then of the second, ..."""
        values = dose.values[np.repeat(np.arange(len(dose.values)), repeats)]
        return plain(
            currents * amp, parameters={dose.parameter: values}, delay=_SETTLE, **acting, **options
        )

    return MEASURES[measure].read(dosed, control, len(dose.values), current)


def _rate(dosed: Dosed, control: Survey, n: int, current: Any) -> Floats:
    middle = 0.5 * (float(control.rheobase) + float(control.top))
    chosen = middle if current is None else float(quantity(current, "current", "current"))
    return np.asarray(measures.firing_rate(dosed(np.full(n, chosen), record=False)))


def _rest(dosed: Dosed, control: Survey, n: int, current: Any) -> Floats:
    response = dosed(np.zeros(n), record=True, duration=1 * ms)
    return np.asarray(measures.resting_potential(response) / mV)


def _r_in(dosed: Dosed, control: Survey, n: int, current: Any) -> Floats:
    step = -0.05 * abs(float(control.rheobase))
    response = dosed(np.full(n, step), record=True)
    return np.asarray(measures.input_resistance(response) / Mohm)


def _rheobase(dosed: Dosed, control: Survey, n: int, current: Any) -> Floats:
    base = abs(float(control.rheobase))
    wide = np.concatenate([[0.0], np.geomspace(base / _SPAN, base * _SPAN, _STEPS - 1)])
    grid = np.tile(wide, (n, 1))
    start = _first(dosed, grid)
    found = start
    for _ in range(2):  # to 0.04 %
        grid = _between(grid, found)
        found = _first(dosed, grid)
    chosen = _at(grid, found)
    return np.where(start >= _STEPS, np.nan, np.where(start == 0, 0.0, chosen)) / float(pA)


def _between(grid: Floats, first: NDArray[np.int64]) -> Floats:
    """Return, by dose, currents that fill the gap below the first one that made the cell fire."""
    low, high = _at(grid, np.maximum(first - 1, 0)), _at(grid, first)
    return low[:, None] + (high - low)[:, None] * np.linspace(0, 1, grid.shape[1])


def _at(grid: Floats, column: NDArray[np.int64]) -> Floats:
    chosen: Floats = grid[np.arange(len(grid)), np.minimum(column, grid.shape[1] - 1)]
    return chosen


def _first(dosed: Dosed, grid: Floats) -> NDArray[np.int64]:
    """Return, by dose, the index of the first current that makes the cell fire."""
    response = dosed(grid.ravel(), repeats=grid.shape[1], record=False)
    fired = (measures.spike_counts(response) > 0).reshape(grid.shape)
    return np.where(fired.any(axis=1), np.argmax(fired, axis=1), grid.shape[1])


@dataclass(frozen=True)
class _Measure:
    unit: str
    read: Callable[[Dosed, Survey, int, Any], Floats]


MEASURES: Mapping[str, _Measure] = MappingProxyType(
    {
        "rate": _Measure("Hz", _rate),
        "rheobase": _Measure("pA", _rheobase),
        "rest": _Measure("mV", _rest),
        "r_in": _Measure("Mohm", _r_in),
    }
)
