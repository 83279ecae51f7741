"""Two models of one cell side by side: whether the point neuron is the same cell.

Both get the same currents: from a little below the rheobase of the compartmental cell up to the
current that makes it fire at 40 Hz.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import Mohm, ms, mV, pA
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dualframe import catalogue
from dualframe.building.dendritic_circuit import MODEL
from dualframe.catalogue.fitted_models import Cells, known_failure, twin_of
from dualframe.core.errors import UnknownName
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.current_clamp import Response, current_clamp
from dualframe.experiments.rheobase_search import COPIES, DELAY, Clamp, Survey, survey

Floats = NDArray[np.float64]
RELATIVE, ABSOLUTE = "relative", "absolute"


@dataclass(frozen=True)
class Tolerance:
    """How far the two models may differ in a measure, and why that far."""

    unit: str
    value: float
    kind: str
    reason: str


#: The measures in the order of the table.
TOLERANCES: Mapping[str, Tolerance] = MappingProxyType(
    {
        "rheobase": Tolerance(
            "pA",
            0.10,
            RELATIVE,
            "a quarter of the spread between cells of one type (SD 37 % of the median in ctx_pv, "
            "63 % in ctx_l23_pyr, Allen Cell Types)",
        ),
        "f_I": Tolerance(
            "Hz",
            0.10,
            RELATIVE,
            "the goal of the project; counting spikes in 1 s alone makes about 2 % of it",
        ),
        "adaptation_index": Tolerance(
            "1",
            0.01,
            ABSOLUTE,
            "each interval 2 % longer than the last one; the time step alone makes 0.002 of it at "
            "40 Hz",
        ),
        "latency": Tolerance(
            "ms",
            0.20,
            RELATIVE,
            "the latency grows without limit towards rheobase, so that 1 % of rheobase is about "
            "10 % of the latency there",
        ),
        "r_in": Tolerance(
            "Mohm",
            0.10,
            RELATIVE,
            "a third of the spread between cells of one type (SD 32 % of the median in ctx_pv)",
        ),
        "tau_m": Tolerance(
            "ms",
            0.20,
            RELATIVE,
            "one exponential is fitted to the charging of several compartments: the result depends "
            "by this much on the stretch that is fitted",
        ),
        "rest": Tolerance(
            "mV",
            2.0,
            ABSOLUTE,
            "half of the spread between cells of one type (SD 3.4 to 4.1 mV, Allen Cell Types)",
        ),
    }
)
#: Of the change of the rheobase by a modulator, where that is asked for.
SHIFT = Tolerance(
    "pA", 0.30, RELATIVE, "the goal of the project: the same sign, and the size to 30 %"
)


@dataclass(frozen=True, eq=False)
class Behaviour:
    """A cell's survey, and its response to a grid of currents."""

    survey: Survey
    response: Response

    @property
    def rates(self) -> Floats:
        """Firing rates (Hz) by current."""
        return np.asarray(measures.firing_rate(self.response))


@dataclass(frozen=True, eq=False)
class Validation:
    """How a point neuron compares with the compartmental cell.

    Attributes
    ----------
    cell, model
        Which cell, and which model of the point neuron.
    twin
        Which point neuron: ``"fitted"``, ``"published"`` or ``"given"``.
    table
        A row for each measure: ``measure``, ``unit``, ``compartments``, ``point``,
        ``difference``, ``tolerance``, ``kind`` (relative to the compartmental cell, or
        absolute), ``passed``. A measure that only one of the two models has does not pass; one
        that neither has does not count.
    curves
        Currents (pA) with rates (Hz), adaptation indices and latencies (ms) of both models.
    reason
        Why the pair is known to fail, "" if it is not.
    """

    cell: str
    model: str
    twin: str
    table: pd.DataFrame
    curves: pd.DataFrame
    reason: str
    compartments: Behaviour = field(repr=False)
    point: Behaviour = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether every measure is within its tolerance."""
        return bool(self.table["passed"].all())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the table."""
        return [
            dict(zip(map(str, self.table), row, strict=True))
            for row in self.table.to_numpy().tolist()
        ]

    @property
    def failed(self) -> list[str]:
        """The measures that disagree."""
        return [row["measure"] for row in self.rows if not row["passed"]]

    def difference(self, measure: str) -> float:
        """Return the difference in a measure: relative, or absolute."""
        found = {row["measure"]: row["difference"] for row in self.rows}
        if measure not in found:
            raise UnknownName("measure", measure, found)
        return float(found[measure])

    def plot(self) -> Figure:
        """Draw f-I curves, latency, adaptation, and a voltage trace of both models."""
        from dualframe.experiments.model_comparison_plots import pair_figure

        return pair_figure(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict and the measures as plain data."""
        return {
            "cell": self.cell,
            "model": self.model,
            "twin": self.twin,
            "passed": self.passed,
            "known_failure": self.reason,
            "measures": self.rows,
        }


def validate(
    cell: str | os.PathLike[str],
    model: str = "glif",
    *,
    cells: Cells | None = None,
    shift: Mapping[str, Any] | None = None,
    target: str = "auto",
    dt: Any = 0.1 * ms,
    **clamp: Any,
) -> Validation:
    """Compare the compartmental cell with its point neuron.

    Parameters
    ----------
    cell
        Name of a cell type with compartments, or path of a user's cell file.
    model
        ``"glif"``, ``"glif1"`` to ``"glif5"``, or ``"izhikevich"``.
    cells
        Which point neuron: ``"fitted"`` to the compartments, ``"published"``, or fits by name of
        the cell type. The default is the stored fit where there is one.
    shift
        Levels by modulator, ``{"ACh": 0.8}``: the table has a further row ``rheobase_shift``, how
        much these change the rheobase of either model.
    target, dt
        As in `dualframe.run`.
    clamp
        Further arguments of `current_clamp`, for both models: ``modulations={"ACh": 0.8}``
        compares the two under acetylcholine.

    Returns
    -------
    Validation
        With ``passed``, a ``table`` and ``plot()``.

    Raises
    ------
    UnknownName
        For an unknown cell type, model or choice of cells.
    CatalogueError
        If the cell type lacks one of the models, or its fit is out of date.
    DualframeError
        If a model does not fire at any current up to 10 nA.

    Notes
    -----
    Rheobase, latency, adaptation and rates are those of steps of 1 s from rest. The error of the
    f-I curve is the sum of the rates' absolute differences over the sum of the compartmental
    cell's rates. Adaptation index and latency are means over the currents at which both models
    have them.
    """
    entry = catalogue.cell(cell)
    twin = cells or twin_of(cell, entry, model)
    common = {"target": target, "dt": dt, **clamp}
    reference = partial(current_clamp, cell, MODEL, **common)
    point = partial(current_clamp, cell, model, cells=twin, **common)
    reason = known_failure(entry, model) if twin == "fitted" else ""
    label = twin if isinstance(twin, str) else "given"
    found = compare(behaviour(reference), point, (entry.name, model, label), reason)
    return found if shift is None else _with_shift(found, reference, point, shift)


def _with_shift(
    found: Validation, reference: Clamp, point: Clamp, levels: Mapping[str, Any]
) -> Validation:
    """Return the validation with a row for what modulators do to the rheobase."""
    shifts = [
        float((survey(partial(clamp, modulations=levels)).rheobase - own.survey.rheobase) / pA)
        for clamp, own in ((reference, found.compartments), (point, found.point))
    ]
    values = _relative(*shifts)
    row = pd.DataFrame([_entry("rheobase_shift", SHIFT, *values)])
    return replace(found, table=pd.concat([found.table, row], ignore_index=True))


def behaviour(clamp: Clamp, found: Survey | None = None) -> Behaviour:
    """Return what a cell does: its survey, and its response to the f-I range of ``found``.

    ``clamp(currents, **options)`` returns its `Response`; the default range is the cell's own.
    """
    own = survey(clamp)
    return Behaviour(own, sweep(clamp, found or own))


def compare(
    ours: Behaviour, point: Clamp, names: tuple[str, str, str], reason: str = ""
) -> Validation:
    """Compare any two cells: what one does, and the clamp of the other.

    ``names`` are those of the cell, the model and the twin.
    """
    theirs = behaviour(point, ours.survey)
    cell, model, twin = names
    table = pd.DataFrame([_row(name, ours, theirs) for name in TOLERANCES])
    return Validation(cell, model, twin, table, _curves(ours, theirs), reason, ours, theirs)


def sweep(clamp: Clamp, found: Survey) -> Response:
    """Return the responses to the f-I range of a survey; one of about 20 Hz is recorded."""
    grid = found.grid(COPIES)
    middle = 0.5 * (float(found.rheobase) + float(found.top))
    shown = int(np.argmin(np.abs(np.asarray(grid) - middle)))
    return clamp(grid, record=[shown, COPIES - 1], delay=DELAY)


def _row(name: str, ours: Behaviour, theirs: Behaviour) -> dict[str, Any]:
    return _entry(name, TOLERANCES[name], *MEASURES[name](ours, theirs))


def _entry(
    name: str, tolerance: Tolerance, reference: float, point: float, difference: float
) -> dict[str, Any]:
    neither = bool(np.isnan(reference) and np.isnan(point))
    return {
        "measure": name,
        "unit": tolerance.unit,
        "compartments": reference,
        "point": point,
        "difference": difference,
        "tolerance": tolerance.value,
        "kind": tolerance.kind,
        "passed": neither or bool(abs(difference) <= tolerance.value),
    }


def _relative(reference: float, point: float) -> tuple[float, float, float]:
    return reference, point, (point - reference) / abs(reference) if reference else float("nan")


def _rheobase(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    return _relative(float(ours.survey.rheobase / pA), float(theirs.survey.rheobase / pA))


def _r_in(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    return _relative(float(ours.survey.r_in / Mohm), float(theirs.survey.r_in / Mohm))


def _tau(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    return _relative(float(ours.survey.tau / ms), float(theirs.survey.tau / ms))


def _rest(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    reference, point = float(ours.survey.rest / mV), float(theirs.survey.rest / mV)
    return reference, point, point - reference


def _f_i(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    return ours.rates.mean(), theirs.rates.mean(), rate_error(ours.rates, theirs.rates)


def rate_error(reference: Floats, point: Floats) -> float:
    """Sum of absolute differences of rates over the sum of the reference's rates."""
    return float(np.abs(point - reference).sum() / reference.sum())


def _adaptation(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    reference, point = _both(
        measures.adaptation_index(ours.response), measures.adaptation_index(theirs.response)
    )
    return reference, point, point - reference


def _latency(ours: Behaviour, theirs: Behaviour) -> tuple[float, float, float]:
    reference, point = _both(
        np.asarray(measures.first_spike_latency(ours.response)),
        np.asarray(measures.first_spike_latency(theirs.response)),
    )
    return _relative(1e3 * reference, 1e3 * point)


def _both(reference: Floats, point: Floats) -> tuple[float, float]:
    """Return means over the currents at which both have a value, or what one alone has."""
    common = np.isfinite(reference) & np.isfinite(point)
    if common.any():
        return float(reference[common].mean()), float(point[common].mean())
    alone = [
        float(np.mean(x[np.isfinite(x)])) if np.isfinite(x).any() else np.nan
        for x in (reference, point)
    ]
    return alone[0], alone[1]


MEASURES = {
    "rheobase": _rheobase,
    "f_I": _f_i,
    "adaptation_index": _adaptation,
    "latency": _latency,
    "r_in": _r_in,
    "tau_m": _tau,
    "rest": _rest,
}


def _curves(ours: Behaviour, theirs: Behaviour) -> pd.DataFrame:
    columns: dict[str, Any] = {"current_pA": np.asarray(ours.response.currents / pA)}
    for label, own in (("compartments", ours), ("point", theirs)):
        columns[f"rate_{label}_Hz"] = own.rates
        columns[f"adaptation_{label}"] = measures.adaptation_index(own.response)
        latency = np.asarray(measures.first_spike_latency(own.response))
        columns[f"latency_{label}_ms"] = 1e3 * latency
    return pd.DataFrame(columns)
