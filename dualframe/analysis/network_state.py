"""What state the populations of a network are in, and how a condition shifts it.

The state of a population is its mean rate, the irregularity of its trains (CV of the inter-spike
intervals) and the mean correlation of the spike counts of its pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import ms
from scipy.stats import spearmanr, wilcoxon

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


def state_shifts(
    states: pd.DataFrame, control: str, by: Sequence[str] = ("model", "population")
) -> pd.DataFrame:
    """Return by how much each condition shifts the state, paired by seed.

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
        A row for each condition, measure and group: ``median``, ``low`` and ``high`` (quartiles)
        of the differences, ``seeds`` (their number), ``up`` (the fraction above zero) and
        ``p`` (Wilcoxon's signed-rank test, two-sided; NaN with fewer than five seeds or without
        any difference).
    """
    keys = [*by, "seed"]
    base = states[states["condition"] == control].set_index(keys)[list(MEASURES)]
    if base.empty:
        raise DualframeError(f"there is no condition {control!r} to compare with.")
    rows = []
    others = states[states["condition"] != control]
    for (condition, *group), table in others.groupby(["condition", *by], sort=False):
        difference = table.set_index(keys)[list(MEASURES)].sub(base).dropna(how="all")
        for measure in MEASURES:
            names = dict(zip(by, group, strict=True))
            rows.append(
                {"condition": condition, **names, "measure": measure}
                | _summary(difference[measure].dropna().to_numpy())
            )
    return pd.DataFrame(rows)


def _summary(values: np.ndarray[Any, Any]) -> dict[str, float]:
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75)) if values.size else (np.nan,) * 3
    tested = values.size >= 5 and np.any(values != 0)
    return {
        "median": float(median),
        "low": float(low),
        "high": float(high),
        "seeds": values.size,
        "up": float((values > 0).mean()) if values.size else np.nan,
        "p": float(wilcoxon(values).pvalue) if tested else np.nan,
    }


def rank_correlation(shifted: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return how alike two models are in whom a condition shifts, and in which order.

    Parameters
    ----------
    shifted
        From `state_shifts`, by ``model`` and ``population``.
    first, second
        Two models.

    Returns
    -------
    pandas.DataFrame
        A row for each condition and measure: ``rho`` (Spearman's, across populations),
        ``populations`` (their number) and ``same_sign`` (the fraction of populations that both
        models shift in the same direction). With four populations the smallest p that any order
        could reach is 0.08, so no p is given.
    """
    rows = []
    for (condition, measure), table in shifted.groupby(["condition", "measure"], sort=False):
        wide = table.pivot(index="population", columns="model", values="median")
        wide = wide[[first, second]].dropna()
        a, b = wide[first].to_numpy(), wide[second].to_numpy()
        varied = len(wide) > 2 and np.ptp(a) > 0 and np.ptp(b) > 0
        rows.append(
            {
                "condition": condition,
                "measure": measure,
                "rho": float(spearmanr(a, b).statistic) if varied else np.nan,
                "populations": len(wide),
                "same_sign": float((np.sign(a) == np.sign(b)).mean()) if len(wide) else np.nan,
            }
        )
    return pd.DataFrame(rows)
