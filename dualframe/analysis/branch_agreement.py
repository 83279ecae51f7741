"""Whether two models agree on what a condition does to each population: verdicts, and their counts.

A verdict is of one condition, population and model, against a reference model. Whether a row
counts, and how far sizes may differ, is a `Tolerance`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dualframe.analysis.network_state import paired_differences, state_shifts
from dualframe.analysis.statistics import mean_interval, ratio_interval, standard_error

Floats = NDArray[np.float64]
MEASURE = "rate_Hz"
AGREES, SIZE, SIGN = "agrees", "size differs", "sign differs"
ONE, NONE, UNKNOWN = "one model only", "no shift", "one seed"
#: Verdicts of rows that count.
COUNTED = (AGREES, SIZE, SIGN, ONE)


@dataclass(frozen=True, kw_only=True)
class Tolerance:
    """When a shift counts, and when two shifts agree.

    Attributes
    ----------
    least_shift
        In Hz: a row counts if the shift of at least one of its two models is larger than this ...
    standard_errors
        ... and than so many of its standard errors over seeds.
    factor
        Sizes agree within this factor, either way.
    share
        Of the rows that count, at least this share must agree in size, and none may differ in sign.
    """

    least_shift: float = 1.0
    standard_errors: float = 2.0
    factor: float = 1.5
    share: float = 0.8


#: The goal of the project.
DEFAULT = Tolerance()


def verdict_words(tolerance: Tolerance = DEFAULT) -> Mapping[str, str]:
    """Return what each verdict means, in words."""
    errors, factor = f"{tolerance.standard_errors:g} standard errors", f"{tolerance.factor:g}"
    counted = f"larger than {tolerance.least_shift:g} Hz and than {errors}"
    return MappingProxyType(
        {
            AGREES: f"same sign, sizes within a factor of {factor}",
            SIZE: f"same sign, sizes differ by more than a factor of {factor}",
            SIGN: f"opposite signs, both beyond {errors}",
            ONE: f"one model shifts, the other not beyond {errors}, and the sizes differ",
            NONE: f"does not count: neither shift is {counted}",
            UNKNOWN: "no verdict: a standard error needs two seeds",
        }
    )


#: What the columns of an agreement are.
COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "condition": "what was changed against the control",
        "population": "population of the circuit",
        "cell_type": "its cell type",
        "reference": "the model that is compared with",
        "model": "the model that is compared",
        "reference_control_Hz": "mean rate of the reference in the control, over seeds",
        "model_control_Hz": "mean rate of the model in the control, over seeds",
        "reference_shift_Hz": "shift of the reference: mean over seeds of the rate in the "
        "condition minus that in the control with the same seed",
        "reference_low_Hz": "lower end of its 95 % t interval over seeds",
        "reference_high_Hz": "upper end of it",
        "reference_p": "p of Wilcoxon's signed-rank test over seeds, two-sided, adjusted "
        "(Holm) for all rows of the same model",
        "model_shift_Hz": "shift of the model",
        "model_low_Hz": "lower end of its 95 % t interval over seeds",
        "model_high_Hz": "upper end of it",
        "model_p": "p of the model's shift, adjusted likewise",
        "counts": "whether the row counts: see the tolerance",
        "same_sign": "whether the two shifts have the same sign",
        "ratio": "shift of the model divided by that of the reference",
        "ratio_low": "lower end of its 95 % interval (Fieller), empty where it has none",
        "ratio_high": "upper end of it",
        "verdict": "see the verdicts",
        "reason": "why a row that counts does not agree, as far as the two networks say it",
    }
)


def agreement_table(
    states: pd.DataFrame, control: str, tolerance: Tolerance = DEFAULT
) -> pd.DataFrame:
    """Compare the shift of the mean rate of every model with that of the first.

    Parameters
    ----------
    states
        Rows of `dualframe.analysis.network_state.population_states` with columns ``model``,
        ``condition`` and ``seed``.
    control
        The condition that the others are compared with.
    tolerance
        When a row counts and when two shifts agree.

    Returns
    -------
    pandas.DataFrame
        A row for each model but the first, condition and population; `COLUMNS` says what the
        columns are (``reason`` is left out).
    """
    reference, *models = states["model"].unique()
    differences = paired_differences(states, control)
    shifts = dict(iter(differences.groupby(["model", "condition", "population"])))
    tests = state_shifts(states, control).query("measure == @MEASURE")
    p = tests.set_index(["model", "condition", "population"])["p_holm"]
    rates = states[states["condition"] == control].groupby(["model", "population"])[MEASURE].mean()
    kinds = states.drop_duplicates("population").set_index("population")["cell_type"]
    rows = []
    for model, condition, population in product(
        models, differences["condition"].unique(), kinds.index
    ):
        first, other = ((name, condition, population) for name in (reference, model))
        pairs = shifts[first].merge(shifts[other], on="seed", suffixes=("", "_model"))
        labels = {
            "condition": condition,
            "population": population,
            "cell_type": kinds[population],
            "reference": reference,
            "model": model,
            "reference_control_Hz": rates[reference, population],
            "model_control_Hz": rates[model, population],
            "reference_p": p[first],
            "model_p": p[other],
        }
        values = pairs[MEASURE].to_numpy(), pairs[f"{MEASURE}_model"].to_numpy()
        rows.append(labels | compare_shifts(*values, tolerance))
    return pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "reason"])


def compare_shifts(
    reference: Floats, model: Floats, tolerance: Tolerance = DEFAULT
) -> dict[str, Any]:
    """Return the numbers and the verdict of one row.

    Parameters
    ----------
    reference, model
        Differences to the control (Hz), value k of both of the same seed.
    tolerance
        When the row counts and when the shifts agree.
    """
    a, b = float(reference.mean()), float(model.mean())
    (a_low, a_high), (b_low, b_high) = mean_interval(reference), mean_interval(model)
    low, high = ratio_interval(model, reference)
    word = shift_verdict(reference, model, tolerance)
    return {
        "reference_shift_Hz": a,
        "reference_low_Hz": a_low,
        "reference_high_Hz": a_high,
        "model_shift_Hz": b,
        "model_low_Hz": b_low,
        "model_high_Hz": b_high,
        "counts": word in COUNTED,
        "same_sign": bool(np.sign(a) == np.sign(b)),
        "ratio": b / a if a else np.nan,
        "ratio_low": low,
        "ratio_high": high,
        "verdict": word,
    }


def shift_verdict(reference: Floats, model: Floats, tolerance: Tolerance = DEFAULT) -> str:
    """Return the verdict of one row: see `verdict_words`.

    Parameters
    ----------
    reference, model, tolerance
        As in `compare_shifts`.
    """
    if len(reference) < 2:
        return UNKNOWN
    sizes = np.abs([reference.mean(), model.mean()])
    clear = sizes > tolerance.standard_errors * np.array(
        [standard_error(reference), standard_error(model)]
    )
    if not (clear & (sizes > tolerance.least_shift)).any():
        return NONE
    same = reference.mean() * model.mean() > 0
    if same and sizes.max() <= tolerance.factor * sizes.min():
        return AGREES
    if not clear.all():
        return ONE
    return SIZE if same else SIGN


@dataclass(frozen=True, kw_only=True)
class AgreementCounts:
    """How many rows of one model agree with the reference.

    Attributes
    ----------
    reference, model
        The two models.
    rows, counted
        Rows, and those that count.
    same_sign, opposite
        Of those that count: with the same sign of the two shifts, and with opposite signs beyond
        the standard errors of both.
    sized
        Of those that count: with the same sign and sizes within the factor.
    tolerance
        What the counts and the verdict refer to.
    """

    reference: str
    model: str
    rows: int
    counted: int
    same_sign: int
    opposite: int
    sized: int
    tolerance: Tolerance = DEFAULT

    @property
    def verdict(self) -> str:
        """Whether they ``"agree"``, ``"do not agree"`` or ``"cannot be compared"``."""
        if not self.counted:
            return "cannot be compared"
        agree = not self.opposite and self.sized >= self.tolerance.share * self.counted
        return "agree" if agree else "do not agree"

    def __str__(self) -> str:
        if not self.counted:
            return (
                f"{self.reference} and {self.model} {self.verdict}: no shift is larger than "
                f"{self.tolerance.least_shift:g} Hz and {self.tolerance.standard_errors:g} "
                f"standard errors in either."
            )
        return (
            f"{self.reference} and {self.model} {self.verdict}: of {self.counted} rows that count "
            f"(of {self.rows}), {self.same_sign} have the same sign, {self.opposite} have opposite "
            f"signs (0 allowed), and {self.sized} ({100 * self.sized / self.counted:.0f} %) agree "
            f"in size within a factor of {self.tolerance.factor:g} "
            f"({100 * self.tolerance.share:.0f} % needed)."
        )


def count_agreement(
    table: pd.DataFrame, tolerance: Tolerance = DEFAULT
) -> tuple[AgreementCounts, ...]:
    """Count the verdicts of each model.

    Parameters
    ----------
    table
        From `agreement_table`.
    tolerance
        The one that it was made with.
    """
    return tuple(
        AgreementCounts(
            reference=str(rows["reference"].iloc[0]),
            model=str(model),
            rows=len(rows),
            counted=int(rows["counts"].sum()),
            same_sign=int((rows["counts"] & rows["same_sign"]).sum()),
            opposite=int((rows["verdict"] == SIGN).sum()),
            sized=int((rows["verdict"] == AGREES).sum()),
            tolerance=tolerance,
        )
        for model, rows in table.groupby("model", sort=False)
    )
