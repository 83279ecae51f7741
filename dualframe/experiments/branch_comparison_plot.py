"""The figure of a `BranchComparison`: who is shifted, by how much, in which model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dualframe.analysis.style import GREY, house_style, new_figure

LABELS = {"rate_Hz": "rate (Hz)", "cv_isi": "CV of intervals", "correlation": "correlation"}


@house_style
def draw_shifts(shifted: pd.DataFrame, title: str = "") -> Figure:
    """Draw the shifts against control: a row per measure, a column per condition.

    Points are medians over seeds, whiskers quartiles.

    Parameters
    ----------
    shifted
        From `dualframe.analysis.network_state.shifts`, by ``model`` and ``population``.
    title
        Above the figure.
    """
    conditions = list(shifted["condition"].unique())
    models = list(shifted["model"].unique())
    figure = new_figure(max(3.0 * len(conditions), 5.0), 2.4 * len(LABELS) + 0.6)
    axes = figure.subplots(len(LABELS), len(conditions), squeeze=False, sharey="row", sharex="col")
    for row, measure in zip(axes, LABELS, strict=True):
        for ax, condition in zip(row, conditions, strict=True):
            chosen = (shifted["condition"] == condition) & (shifted["measure"] == measure)
            _draw_measure(ax, shifted[chosen], models)
        row[0].set_ylabel(f"shift of {LABELS[measure]}")
    for ax, condition in zip(axes[0], conditions, strict=True):
        ax.set_title(condition)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(models))
    if title:
        figure.suptitle(title)
    return figure


def _draw_measure(ax: Axes, table: pd.DataFrame, models: list[str]) -> None:
    names = list(table["population"].unique())
    ax.axhline(0, color=GREY, linewidth=0.8)
    for k, model in enumerate(models):
        rows = table[table["model"] == model].set_index("population").reindex(names)
        place = np.arange(len(names)) + 0.25 * (k - (len(models) - 1) / 2)
        middle = rows["median"].to_numpy()
        reach = np.abs([middle - rows["low"].to_numpy(), rows["high"].to_numpy() - middle])
        ax.errorbar(place, middle, reach, fmt="o^sD"[k % 4], color=f"C{k}", capsize=3, label=model)
    ax.set_xticks(range(len(names)), names)
