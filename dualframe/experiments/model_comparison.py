"""Two models of one cell side by side: whether the point neuron is the same cell.

Both get the same currents: from a little below the rheobase of the compartmental cell up to the
current that makes it fire at 40 Hz.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
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
from dualframe.building.dendritic_populations import MODEL
from dualframe.catalogue.fitted_models import Cells, how_to_fit, known_failure, twin_of
from dualframe.core.errors import UnknownName
from dualframe.core.user_warnings import warn_user
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.cell_survey import Clamp, survey_cell
from dualframe.experiments.clamp_summary import ClampSummary, summarise_clamp
from dualframe.experiments.current_clamp import current_clamp
from dualframe.experiments.model_comparison_plots import draw_comparison
from dualframe.experiments.stated_measures import find_unmatched, stated_measures

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


@dataclass(frozen=True, eq=False, kw_only=True)
class Validation:
    """How a point neuron compares with the compartmental cell.

    Attributes
    ----------
    cell, model
        Which cell, and which model of the point neuron.
    twin
        Which point neuron: ``"fitted"``, ``"published"`` or ``"given"``.
    table
        A row for each measure: ``measure``, ``unit``, ``stated`` (in ``[passive]`` of the cell's
        file, NaN where it is not), ``compartments``, ``point``, ``difference`` (of these two),
        ``tolerance``, ``kind`` (relative to the compartments, or absolute), ``passed``. A measure
        that only one of the two models has does not pass; one that neither has does not count.
    curves
        Currents (pA) with rates (Hz), adaptation indices and latencies (ms) of both models.
    reason
        Why the pair is known to fail, "" if it is not.
    unfitted
        How to fit the point neuron, where it stands for the cell without a fit; else "".
    unmatched
        A sentence for each measure that a user's file states and its compartments do not have.
    """

    cell: str
    model: str
    twin: str
    table: pd.DataFrame
    curves: pd.DataFrame
    reason: str
    compartments: ClampSummary = field(repr=False)
    point: ClampSummary = field(repr=False)
    unfitted: str = ""
    unmatched: tuple[str, ...] = ()

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

    def difference_in(self, measure: str) -> float:
        """Return the difference in a measure: relative, or absolute."""
        differences = {row["measure"]: row["difference"] for row in self.rows}
        if measure not in differences:
            raise UnknownName("measure", measure, differences)
        return float(differences[measure])

    def plot(self) -> Figure:
        """Draw f-I curves, latency, adaptation, and a voltage trace of both models."""
        verdict = "same cell" if self.passed else self.unfitted or "not the same cell"
        return draw_comparison(
            f"{self.cell}: {verdict}",
            {"compartments": self.compartments, f"{self.model}, {self.twin}": self.point},
            curves=self.curves,
            rows=self.rows,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict and the measures as plain data."""
        return {
            "cell": self.cell,
            "model": self.model,
            "twin": self.twin,
            "passed": self.passed,
            "known_failure": self.reason,
            "unfitted": self.unfitted,
            "unmatched": list(self.unmatched),
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
    names = (entry.name, model, twin if isinstance(twin, str) else "given")
    ours = summarise_clamp(reference)
    comparison = replace(
        compare_cells(ours, point, names, reason, stated_measures(entry)),
        unfitted="" if cells or twin != "published" else how_to_fit(cell, model),
        unmatched=tuple(warn_user(find_unmatched(entry, ours.survey))),
    )
    return comparison if shift is None else _with_shift(comparison, reference, point, shift)


def _with_shift(
    comparison: Validation, reference: Clamp, point: Clamp, levels: Mapping[str, Any]
) -> Validation:
    """Return the validation with a row for what modulators do to the rheobase."""
    shifts = []
    for clamp, control in ((reference, comparison.compartments), (point, comparison.point)):
        survey = survey_cell(partial(clamp, modulations=levels))
        shifts.append(float((survey.rheobase - control.survey.rheobase) / pA))
    row = pd.DataFrame([_table_row("rheobase_shift", SHIFT, *_relative_difference(*shifts))])
    return replace(comparison, table=pd.concat([comparison.table, row], ignore_index=True))


def compare_cells(
    reference: ClampSummary,
    point: Clamp,
    names: tuple[str, str, str],
    reason: str = "",
    stated: Mapping[str, float] = MappingProxyType({}),
) -> Validation:
    """Compare any two cells.

    Parameters
    ----------
    reference
        What one of them does.
    point
        The clamp of the other, which gets the same currents.
    names
        Those of the cell, the model and the twin.
    reason
        Why the pair is known to fail.
    stated
        Measures that the cell's file states, in the table's units.
    """
    summary = summarise_clamp(point, reference.survey)
    cell, model, twin = names
    rows = [
        _table_row(name, tolerance, *MEASURES[name](reference, summary))
        for name, tolerance in TOLERANCES.items()
    ]
    table = pd.DataFrame(rows)
    table.insert(2, "stated", [stated.get(name, np.nan) for name in TOLERANCES])
    return Validation(
        cell=cell,
        model=model,
        twin=twin,
        table=table,
        curves=_curves_table(reference, summary),
        reason=reason,
        compartments=reference,
        point=summary,
    )


def _table_row(
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


Difference = tuple[float, float, float]  # of the reference, of the point neuron, between them


def _relative_difference(reference: float, point: float) -> Difference:
    return reference, point, (point - reference) / abs(reference) if reference else float("nan")


def _compare_passive(name: str, unit: Any, ours: ClampSummary, theirs: ClampSummary) -> Difference:
    reference, point = (float(getattr(summary.survey, name) / unit) for summary in (ours, theirs))
    return _relative_difference(reference, point)


def _compare_rest(ours: ClampSummary, theirs: ClampSummary) -> Difference:
    reference, point = float(ours.survey.rest / mV), float(theirs.survey.rest / mV)
    return reference, point, point - reference


def _compare_rates(ours: ClampSummary, theirs: ClampSummary) -> Difference:
    return ours.rates.mean(), theirs.rates.mean(), rate_error(ours.rates, theirs.rates)


def rate_error(reference: Floats, point: Floats) -> float:
    """Sum of absolute differences of rates over the sum of the reference's rates."""
    return float(np.abs(point - reference).sum() / reference.sum())


def _compare_adaptation(ours: ClampSummary, theirs: ClampSummary) -> Difference:
    reference, point = _means_where_both(
        measures.adaptation_index(ours.response), measures.adaptation_index(theirs.response)
    )
    return reference, point, point - reference


def _compare_latency(ours: ClampSummary, theirs: ClampSummary) -> Difference:
    reference, point = _means_where_both(
        np.asarray(measures.first_spike_latency(ours.response)),
        np.asarray(measures.first_spike_latency(theirs.response)),
    )
    return _relative_difference(1e3 * reference, 1e3 * point)


def _means_where_both(reference: Floats, point: Floats) -> tuple[float, float]:
    """Return means over the currents at which both have a value, or what one alone has."""
    common = np.isfinite(reference) & np.isfinite(point)
    if common.any():
        return float(reference[common].mean()), float(point[common].mean())
    means = [
        float(np.mean(values[np.isfinite(values)])) if np.isfinite(values).any() else np.nan
        for values in (reference, point)
    ]
    return means[0], means[1]


MEASURES: Mapping[str, Callable[[ClampSummary, ClampSummary], Difference]] = MappingProxyType(
    {
        "rheobase": partial(_compare_passive, "rheobase", pA),
        "f_I": _compare_rates,
        "adaptation_index": _compare_adaptation,
        "latency": _compare_latency,
        "r_in": partial(_compare_passive, "r_in", Mohm),
        "tau_m": partial(_compare_passive, "tau", ms),
        "rest": _compare_rest,
    }
)


def _curves_table(ours: ClampSummary, theirs: ClampSummary) -> pd.DataFrame:
    columns: dict[str, Any] = {"current_pA": np.asarray(ours.response.currents / pA)}
    for label, summary in (("compartments", ours), ("point", theirs)):
        columns[f"rate_{label}_Hz"] = summary.rates
        columns[f"adaptation_{label}"] = measures.adaptation_index(summary.response)
        latency = np.asarray(measures.first_spike_latency(summary.response))
        columns[f"latency_{label}_ms"] = 1e3 * latency
    return pd.DataFrame(columns)
