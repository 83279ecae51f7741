"""How far results differ from each other, population by population."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from dualframe.core.errors import DualframeError, UnknownName
from dualframe.results.run_record import RunRecord

COLUMNS = (
    "population",
    "cell_type",
    "label",
    "rate_Hz",
    "reference_Hz",
    "difference_Hz",
    "ratio",
    "difference_sd",
)


def compare_rates(
    results: Mapping[str, RunRecord],
    reference: str | None = None,
    *,
    start: Any = None,
    stop: Any = None,
) -> pd.DataFrame:
    """Compare the mean firing rates of several results with those of one of them.

    Parameters
    ----------
    results
        Results by label, for example of the two branches.
    reference
        The label to compare with; the default is the first.
    start, stop
        Window: seconds or quantities; the default is the run without its warm-up.

    Returns
    -------
    pandas.DataFrame
        A row per population and label: ``population, cell_type, label, rate_Hz, reference_Hz,
        difference_Hz, ratio, difference_sd``. The ratio is NaN where the reference is silent. The
        last is the difference in units of the pooled standard deviation over neurons, NaN where
        neither varies. It describes two runs and tests nothing: neurons of a run share its network
        and input, so that only runs of several seeds are samples (`dualframe.compare_branches`).
        Populations without a counterpart are left out.

    Raises
    ------
    DualframeError
        If there are fewer than two results.
    UnknownName
        If the reference is none of the labels.
    """
    if len(results) < 2:
        raise DualframeError("a comparison needs at least two results, by label.")
    label = next(iter(results)) if reference is None else reference
    if label not in results:
        raise UnknownName("label of a result", label, results)
    base = results[label].rates(start, stop)
    tables = [
        _compare_with_reference(base, name, other.rates(start, stop))
        for name, other in results.items()
        if name != label
    ]
    return pd.concat(tables, ignore_index=True)[list(COLUMNS)]


def _compare_with_reference(base: pd.DataFrame, label: str, other: pd.DataFrame) -> pd.DataFrame:
    both = other.merge(base, on="population", suffixes=("", "_reference"), how="inner")
    rate, reference = both["mean_rate_Hz"], both["mean_rate_Hz_reference"]
    pooled = np.sqrt((both["sd_rate_Hz"] ** 2 + both["sd_rate_Hz_reference"] ** 2) / 2)
    return both.assign(
        label=label,
        rate_Hz=rate,
        reference_Hz=reference,
        difference_Hz=rate - reference,
        ratio=rate / reference.where(reference > 0),
        difference_sd=(rate - reference) / pooled.where(pooled > 0),
    )
