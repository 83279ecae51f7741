"""What state the populations of a network are in, and how a condition shifts it.

The state of a population is its mean rate, the irregularity of its trains (CV of the inter-spike
intervals) and the mean correlation of the spike counts of its pairs. A shift is the change of one
of them by a condition: the mean over seeds of the difference to the control with the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy
from brian2.units import ms

from dualframe.analysis.rank_tests import signed_rank_test
from dualframe.analysis.significance import holm_adjusted
from dualframe.analysis.statistics import mean_interval, standard_error
from dualframe.core.errors import DualframeError
from dualframe.results.run_record import RunRecord
from dualframe.results.spike_trains import mean_pairwise_correlation, spike_counts, time_window
from dualframe.results.units import as_seconds

MEASURES = ("rate_Hz", "cv_isi", "correlation")
_MOST_CELLS = 200  # 19900 pairs; more would only cost time
_FEWEST_CELLS = 5  # 10 pairs; the mean over fewer says nothing of a population


def population_states(
    results: RunRecord, *, start: Any = 0.0, stop: Any = None, bin: Any = 50 * ms
) -> pd.DataFrame:
    """Return rate, CV and pairwise correlation of every population.

    Parameters
    ----------
    results
        A run.
    start, stop
        Window: seconds or quantities; the default is the whole run.
    bin
        Width of the bins in which spikes are counted for the correlation.

    Returns
    -------
    pandas.DataFrame
        ``population, cell_type, n, rate_Hz, cv_isi, correlation``. The correlation is the mean
        Pearson correlation over all pairs of the population's first 200 neurons, NaN where fewer
        than five of them spike or the window has fewer than two bins.
    """
    table = results.rates(start, stop).rename(columns={"mean_rate_Hz": "rate_Hz"})
    table["correlation"] = [
        _population_correlation(results, name, start, stop, bin) for name in table["population"]
    ]
    return table[["population", "cell_type", "n", *MEASURES]]


def _population_correlation(
    results: RunRecord, population: str, start: Any, stop: Any, bin: Any
) -> float:
    neuron, t = results.spike_trains(population)
    n = min(results.population_size(population), _MOST_CELLS)
    begin, end = time_window(start, results.duration if stop is None else stop)
    if end - begin < 2 * as_seconds(bin, "bin"):
        return float("nan")
    counts = spike_counts(neuron[neuron < n], t[neuron < n], n, start=begin, stop=end, bin=bin)
    active = counts[counts.any(axis=1)]
    return mean_pairwise_correlation(active) if len(active) >= _FEWEST_CELLS else float("nan")


def paired_differences(
    states: pd.DataFrame, control: str, by: Sequence[str] = ("model", "population")
) -> pd.DataFrame:
    """Return the difference of each state to the control with the same seed.

    Parameters
    ----------
    states
        Rows of `population_states` with columns ``condition`` and ``seed``, and those of ``by``.
    control
        The condition that the others are compared with.
    by
        Columns that tell the populations apart.

    Returns
    -------
    pandas.DataFrame
        ``condition``, the columns of ``by``, ``seed``, and the differences of the measures.

    Raises
    ------
    DualframeError
        If there is no control.
    """
    keys = [*by, "seed"]
    measures = list(MEASURES)
    base = states.loc[states["condition"] == control, [*keys, *measures]]
    if base.empty:
        raise DualframeError(f"there is no condition {control!r} to compare with.")
    others = states.loc[states["condition"] != control, ["condition", *keys, *measures]]
    pairs = others.merge(base, on=keys, suffixes=("", "_control"))
    for measure in measures:
        pairs[measure] -= pairs.pop(f"{measure}_control")
    return pairs


def state_shifts(
    states: pd.DataFrame, control: str, by: Sequence[str] = ("model", "population")
) -> pd.DataFrame:
    """Return by how much each condition shifts the state, paired by seed.

    Parameters
    ----------
    states, control, by
        As in `paired_differences`.

    Returns
    -------
    pandas.DataFrame
        A row for each condition, group and measure, of the differences to the control: ``shift``
        (their mean over seeds), ``standard_error``, ``low`` and ``high`` (95 % t interval),
        ``seeds`` (their number), ``up`` (the fraction above zero), ``p`` (Wilcoxon's signed-rank
        test, two-sided; NaN with fewer than two seeds or without any difference) and ``p_holm``
        (adjusted for the conditions and populations of the same model and measure).
    """
    differences = paired_differences(states, control, by)
    rows = [
        {"condition": condition, **dict(zip(by, group, strict=True)), "measure": measure}
        | _summary(table[measure].dropna().to_numpy())
        for (condition, *group), table in differences.groupby(["condition", *by], sort=False)
        for measure in MEASURES
    ]
    shifts = pd.DataFrame(rows)
    family = ["measure", *(name for name in by if name != "population")]
    shifts["p_holm"] = shifts.groupby(family)["p"].transform(holm_adjusted)
    return shifts


def _summary(values: np.ndarray[Any, Any]) -> dict[str, float]:
    low, high = mean_interval(values) if values.size else (np.nan, np.nan)
    tested = values.size >= 2 and np.any(values != 0)
    return {
        "shift": float(values.mean()) if values.size else np.nan,
        "standard_error": standard_error(values) if values.size else np.nan,
        "low": low,
        "high": high,
        "seeds": values.size,
        "up": float((values > 0).mean()) if values.size else np.nan,
        "p": signed_rank_test(values)[1] if tested else np.nan,
    }


def rank_correlation(shifts: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return how alike two models are in whom a condition shifts, and in which order.

    Parameters
    ----------
    shifts
        From `state_shifts`, by ``model`` and ``population``.
    first, second
        Two models.

    Returns
    -------
    pandas.DataFrame
        A row for each condition and measure: ``reference`` and ``model`` (the two models), ``rho``
        (Spearman's rank correlation of the shifts of the two models, across populations) and
        ``populations`` (their number). With four populations the smallest p that any order could
        reach is 0.08, so no p is given.
    """
    rows = []
    for (condition, measure), table in shifts.groupby(["condition", "measure"], sort=False):
        wide = table.pivot(index="population", columns="model", values="shift")
        wide = wide[[first, second]].dropna()
        a, b = wide[first].to_numpy(), wide[second].to_numpy()
        varied = len(wide) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0
        rows.append(
            {
                "condition": condition,
                "measure": measure,
                "reference": first,
                "model": second,
                "rho": float(scipy.stats.spearmanr(a, b).statistic) if varied else np.nan,
                "populations": len(wide),
            }
        )
    return pd.DataFrame(rows)
