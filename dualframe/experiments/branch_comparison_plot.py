"""The figure of a `BranchComparison`: who is shifted, by how much, in which model, and verdicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dualframe.analysis.branch_agreement import AGREES, MEASURE, NONE, ONE, SIGN, SIZE, UNKNOWN
from dualframe.analysis.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    house_style,
    new_figure,
    readable_colour,
)

LABELS = MappingProxyType(
    {
        "rate_Hz": "shift of the rate (Hz)",
        "cv_isi": "shift of the CV of intervals",
        "correlation": "shift of the correlation",
    }
)
#: A mark for each verdict; rows that do not count have none.
MARKS: Mapping[str, str] = MappingProxyType(
    {AGREES: "✓", SIZE: "≈", SIGN: "✗", ONE: "○", NONE: "", UNKNOWN: "?"}
)
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)
_ACROSS = 2  # panels
_SPREAD = 0.22  # between models of a population


@house_style
def draw_shifts(
    shifts: pd.DataFrame,
    agreement: pd.DataFrame | None = None,
    *,
    measure: str = MEASURE,
    title: str = "",
    least_shift: float = 1.0,
) -> Figure:
    """Draw the shifts against control: a panel for each condition.

    Points are means over seeds, whiskers their 95 % t interval. Rates are on an axis that is linear
    up to ``least_shift``, the grey band, and logarithmic beyond, so that a factor is a distance.
    Marks above the populations are the verdicts of each model against the first, in its colour.

    Parameters
    ----------
    shifts
        From `dualframe.analysis.network_state.state_shifts`, by ``model`` and ``population``.
    agreement
        From `dualframe.analysis.branch_agreement.agreement_table`; None for no marks.
    measure
        Which measure.
    title
        Above the figure.
    least_shift
        In Hz.
    """
    chosen = shifts[shifts["measure"] == measure]
    conditions, models = (list(chosen[name].unique()) for name in ("condition", "model"))
    names = list(chosen["population"].unique())
    across = min(_ACROSS, len(conditions))
    down = -(-len(conditions) // across)
    width = max(0.4 * len(names) * len(models), 3.6 if across > 1 else 4.6)
    figure = new_figure(width * across + 0.8, 3.1 * down + 1.2)
    axes = figure.subplots(down, across, squeeze=False, sharey=True, sharex=True).ravel()
    for ax, condition in zip(axes, conditions, strict=False):
        _draw_condition(ax, chosen[chosen["condition"] == condition], models, names)
        ax.set_title(condition)
        if measure == MEASURE:
            _scale_rates(ax, least_shift)
            if agreement is not None:
                _draw_marks(ax, agreement[agreement["condition"] == condition], models, names)
    for ax in axes[len(conditions) :]:
        ax.set_axis_off()
    for ax in axes[::across]:
        ax.set_ylabel(LABELS[measure])
    verdicts: list[str] = []
    if agreement is not None and measure == MEASURE:
        verdicts = list(agreement["verdict"].unique())
    caption = _caption(measure, least_shift, models[0])
    _draw_legend(figure, models, verdicts, caption, columns=across + 1)
    if title:
        figure.suptitle(title)
    return figure


def _draw_condition(ax: Axes, table: pd.DataFrame, models: list[str], names: list[str]) -> None:
    ax.axhline(0, color=GREY, linewidth=0.8)
    for k, model in enumerate(models):
        rows = table[table["model"] == model].set_index("population").reindex(names)
        middle = rows["shift"].to_numpy()
        reach = np.abs([middle - rows["low"].to_numpy(), rows["high"].to_numpy() - middle])
        ax.errorbar(
            _places(len(names), k, len(models)),
            middle,
            np.nan_to_num(reach),
            fmt="os^Dv"[k % 5],
            color=COLOURS[k % len(COLOURS)],
            markersize=6,
            capsize=3,
        )
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.tick_params(labelbottom=True)


def _places(n: int, model: int, models: int) -> np.ndarray:
    return np.arange(n) + _SPREAD * (model - (models - 1) / 2)


def _scale_rates(ax: Axes, least_shift: float) -> None:
    ax.set_yscale("symlog", linthresh=least_shift, linscale=0.6)
    low, high = ax.get_ylim()
    ends = [end for k in range(-1, 4) for end in (10.0**k * least_shift, 3 * 10.0**k * least_shift)]
    ticks = [tick for end in ends[2:] for tick in (-end, end) if low <= tick <= high]
    ax.set_yticks([0, *ticks], [f"{tick:+g}" if tick else "0" for tick in (0, *ticks)])
    ax.minorticks_off()
    ax.axhspan(-least_shift, least_shift, color=GREY, alpha=0.12, linewidth=0)


def _draw_marks(ax: Axes, rows: pd.DataFrame, models: list[str], names: list[str]) -> None:
    """Write the verdicts above the panel's populations, where nothing is drawn."""
    words = rows.set_index(["model", "population"])["verdict"]
    for k, model in enumerate(models[1:], start=1):
        for place, name in zip(_places(len(names), k, len(models)), names, strict=True):
            ax.annotate(
                MARKS[words[model, name]],
                (place, 1.0),
                xycoords=("data", "axes fraction"),
                ha="center",
                va="bottom",
                fontweight="bold",
                color=readable_colour(COLOURS[k % len(COLOURS)]),
            )
    ax.set_title(ax.get_title(loc="left"), pad=20)


def _draw_legend(
    figure: Figure, models: list[str], verdicts: Collection[str], caption: str, columns: int
) -> None:
    handles = [
        Line2D([], [], color=COLOURS[k % len(COLOURS)], marker="os^Dv"[k % 5], label=model)
        for k, model in enumerate(models)
    ]
    marks = [
        Line2D([], [], color=GREY, linestyle="", marker=f"${mark}$", markersize=9, label=word)
        for word, mark in MARKS.items()
        if mark and word in verdicts
    ]
    figure.legend(
        handles=[*handles, *marks],
        loc="outside lower center",
        ncols=columns,
        title=caption,
        title_fontsize=10,
    )


def _caption(measure: str, least_shift: float, reference: str) -> str:
    lines = ["Points: mean over seeds; whiskers: 95 % t interval."]
    if measure == MEASURE:
        lines += [
            f"Grey: up to {least_shift:g} Hz, beyond it logarithmic.",
            f"Marks: against {reference}; none: does not count.",
        ]
    return "\n".join(lines)
