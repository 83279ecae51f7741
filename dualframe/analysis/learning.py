"""Learning curves and outcomes of conditions: tables from trials, and their figures.

A condition is a way of training, such as "DA" or "none"; agents are its independent repetitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from dualframe.analysis.statistics import bootstrap_intervals, median_iqr
from dualframe.analysis.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WINE,
    house_style,
    new_figure,
    readable_colour,
    tinted_colour,
)
from dualframe.core.errors import DualframeError, UnknownName

_COLOURS = (GREY, BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, WINE)
_MARKERS = "os^Dv<>P"
_DASHED: Mapping[str, Any] = {
    "color": GREY,
    "linewidth": 1,
    "linestyle": (0, (4, 3)),
    "zorder": 1,
}
_NOTE: Mapping[str, Any] = {"textcoords": "offset points", "color": GREY, "fontsize": "small"}
_COLUMNS = ("trial", "median", "q25", "q75", "mean", "low", "high", "n")
#: The band that belongs to a line: its columns, and what it is.
_BANDS: Mapping[str, tuple[str, str, str]] = {
    "median": ("q25", "q75", "quartiles"),
    "mean": ("low", "high", "95 % bootstrap interval of the mean"),
}
_DASHES = ("-", (0, (5, 1.6)), (0, (1, 1.4)), (0, (5, 1.4, 1, 1.4)))
_GOLDEN = 0.6180339887498949  # spreads points evenly for any number of them


def learning_curve(
    trials: pd.DataFrame,
    value: str = "success",
    *,
    window: int = 1,
    upper: float | None = None,
) -> pd.DataFrame:
    """Summarise a column of a table of trials over agents, trial by trial.

    Parameters
    ----------
    trials
        A row per agent and trial, with columns ``agent``, ``trial`` and ``value``, in any order.
    value
        A column of numbers or truth values, for example ``"success"``, ``"duration_s"`` or
        ``"reward"``. Rows where it is missing are left out.
    window
        Each agent's value is first averaged over the last ``window`` trials (as many as there are
        at the beginning), so that quartiles of successes say something.
    upper
        Replaces values above it, such as an infinite time.

    Returns
    -------
    pandas.DataFrame
        ``trial, median, q25, q75, mean, low, high, n``: over agents, ``n`` of them; ``low`` and
        ``high`` are the 95 % bootstrap interval of the mean, missing where ``n`` is one.

    Raises
    ------
    DualframeError, UnknownName
        If a column is missing, an agent has a trial twice, or the window is not above zero.
    """
    for column in ("agent", "trial", value):
        if column not in trials:
            raise UnknownName("column of trials", column, trials.columns)
    if window < 1:
        raise DualframeError(f"window is {window}: expected a number of trials, at least 1.")
    table = trials[["agent", "trial", value]].dropna().astype({value: float})
    if table.duplicated(["agent", "trial"]).any():
        raise DualframeError(
            "an agent has a trial twice: give the trials of one condition at a time."
        )
    wide = table.pivot(index="trial", columns="agent", values=value).sort_index()
    if upper is not None:
        wide = wide.clip(upper=upper)
    if window > 1:
        wide = wide.rolling(window, min_periods=1).mean()
    return summarise_agents(wide)


def summarise_agents(wide: pd.DataFrame) -> pd.DataFrame:
    """Summarise a table of agents side by side.

    Parameters
    ----------
    wide
        A row per trial or time, which is its index, and a column per agent; NaN is missing.

    Returns
    -------
    pandas.DataFrame
        As of `learning_curve`; ``trial`` is the index.
    """
    values = wide.to_numpy(dtype=float)
    curve = pd.DataFrame(
        [_summarise_values(row) for row in values], columns=["median", "q25", "q75", "mean", "n"]
    )
    curve.insert(0, "trial", wide.index.to_numpy())
    low, high = bootstrap_intervals(values.T)
    return curve.assign(low=low, high=high)[[*_COLUMNS]]


def _summarise_values(values: NDArray[np.float64]) -> tuple[object, ...]:
    present = values[~np.isnan(values)]
    if not present.size:
        return (np.nan, np.nan, np.nan, np.nan, 0)
    return (*median_iqr(present), float(present.mean()), present.size)


@house_style
def plot_learning_curves(
    curves_by_condition: Mapping[str, pd.DataFrame],
    *,
    line: str = "median",
    ylabel: str = "",
    xlabel: str = "Trial",
    title: str = "",
    marks: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw learning curves of conditions, each a line in its band, and say what they are.

    The band of a median has the quartiles over agents, that of a mean its 95 % bootstrap interval;
    neither line can leave its own. Conditions differ in colour and in how their lines are dashed.

    Parameters
    ----------
    curves_by_condition
        From `learning_curve`, by condition; the first condition is grey.
    line
        ``"median"`` or ``"mean"``.
    ylabel, xlabel, title
        What the value is, and headings.
    marks
        Vertical lines by label, such as ``{"reversal": 20.5}``.
    ax
        Axes to draw into; the default is a new figure.

    Returns
    -------
    matplotlib.figure.Figure or matplotlib.axes.Axes
        The new figure, or ``ax``.
    """
    if line not in _BANDS:
        raise UnknownName("line of a learning curve", line, _BANDS)
    lower, upper, band = _BANDS[line]
    figure, ax = _new_or_given_axes(curves_by_condition, ax, 7.2, 4.4)
    faint = (
        0.2 if len(curves_by_condition) < 4 else 0.1
    )  # bands of many conditions lie over each other
    for k, ((condition, curve), colour) in enumerate(
        zip(curves_by_condition.items(), _condition_colours(curves_by_condition), strict=True)
    ):
        trial = curve["trial"].to_numpy()
        ax.fill_between(
            trial, curve[lower], curve[upper], facecolor=colour, alpha=faint, linewidth=0, zorder=2
        )
        dashes: Any = _DASHES[k % len(_DASHES)]
        look: Mapping[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 2}
        ax.plot(trial, curve[line], **look, zorder=3, label=condition)
    _name_line_and_band(ax, line, band, curves_by_condition)
    ends = {
        condition: float(curve[line].iloc[-1]) for condition, curve in curves_by_condition.items()
    }
    if len(ends) > 1:
        _label_ends(ax, ends, _condition_colours(curves_by_condition))
    for label, place in (marks or {}).items():
        ax.axvline(place, **_DASHED)
        beside: Mapping[str, Any] = {"xytext": (4, -2), "va": "top"}
        ax.annotate(label, (place, 1.0), xycoords=("data", "axes fraction"), **_NOTE, **beside)
    ax.set_xlabel(xlabel)
    if xlabel.lower().startswith("trial"):
        ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, steps=[1, 2, 5, 10]))
        firsts = [curve["trial"].min() for curve in curves_by_condition.values() if len(curve)]
        ax.set_xlim(left=max(ax.get_xlim()[0], min(firsts, default=1) - 0.5))  # none before them
    ax.set_ylabel(ylabel)
    if title:
        ax.set_title(title, pad=22)  # above the line that says what is drawn
    return figure if figure is not None else ax


def _name_line_and_band(
    ax: Axes, line: str, band: str, curves_by_condition: Mapping[str, pd.DataFrame]
) -> None:
    """Write what line and band are, and over how many agents, above the axes."""
    most = [int(curve["n"].max()) for curve in curves_by_condition.values() if len(curve)]
    counts = "" if not most else f" of {_range_text(most)} agent{'s' * (max(most) > 1)}"
    drawn = f"line: {line}{counts}" + (f"; band: {band}" if max(most, default=0) > 1 else "")
    above: Mapping[str, Any] = {"xytext": (0, 6), "va": "bottom"}
    ax.annotate(drawn, (0.0, 1.0), xycoords="axes fraction", **_NOTE, **above)


def _range_text(counts: Sequence[int]) -> str:
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


@house_style
def plot_outcomes(
    outcomes_by_condition: Mapping[str, ArrayLike],
    *,
    ylabel: str = "",
    title: str = "",
    bars: Mapping[str, float] | None = None,
    never: str = "never",
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw one point per agent, and the median and the quartiles of each condition.

    Parameters
    ----------
    outcomes_by_condition
        One value per agent, by condition; the first condition is grey. Infinite values are drawn
        in a row of their own above the others.
    ylabel, title
        What the value is, and a heading.
    bars
        Horizontal lines by label, for example a published value or a baseline.
    never
        What the row of infinite values is called.
    ax
        Axes to draw into; the default is a new figure.

    Returns
    -------
    matplotlib.figure.Figure or matplotlib.axes.Axes
        The new figure, or ``ax``.
    """
    figure, ax = _new_or_given_axes(
        outcomes_by_condition, ax, max(4.0, 1.6 + 1.1 * len(outcomes_by_condition)), 4.4
    )
    values = {
        condition: np.asarray(v, dtype=float).ravel()
        for condition, v in outcomes_by_condition.items()
    }
    row = _row_of_infinite(list(values.values()))
    for k, ((condition, outcomes), colour) in enumerate(
        zip(values.items(), _condition_colours(values), strict=True)
    ):
        middle, low, high = median_iqr(outcomes)
        drawn = np.where(np.isinf(outcomes), row, outcomes)
        spread = (np.arange(1, outcomes.size + 1) * _GOLDEN) % 1.0 - 0.5
        ax.plot(
            k + 0.5 * spread,
            drawn,
            _MARKERS[k % len(_MARKERS)],
            markersize=5,
            color=tinted_colour(colour, 0.75),
            markeredgecolor=readable_colour(colour),
            markeredgewidth=0.6,
            alpha=0.8,
            zorder=2,
            label=condition,
            clip_on=False,
        )
        shown = [min(x, row) for x in (low, middle, high)]
        ax.vlines(k, shown[0], shown[2], color=readable_colour(colour), linewidth=2, zorder=3)
        ax.hlines(
            shown[1], k - 0.33, k + 0.33, color=readable_colour(colour), linewidth=3, zorder=4
        )
    for label, place in (bars or {}).items():
        ax.axhline(place, **_DASHED)
        above: Mapping[str, Any] = {"xytext": (-2, 2), "ha": "right", "va": "bottom"}
        ax.annotate(label, (1.0, place), xycoords=("axes fraction", "data"), **_NOTE, **above)
    if np.isfinite(row):
        _mark_row(ax, row, never)
    names = [
        f"{fill(condition, 11)}\n{_count_label(outcomes)}" for condition, outcomes in values.items()
    ]
    ax.set_xticks(range(len(values)), names)
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.6, len(values) - 0.4)
    ax.set_ylabel(ylabel)
    if title:
        ax.set_title(title)
    return figure if figure is not None else ax


def _count_label(values: NDArray[np.float64]) -> str:
    finite = int(np.isfinite(values).sum())
    return f"n = {values.size}" if finite == values.size else f"{finite} of {values.size}"


def _row_of_infinite(values: Sequence[NDArray[np.float64]]) -> float:
    """Where infinite values are drawn: above the largest finite one; infinite if there are none."""
    together = np.concatenate(values)
    finite = together[np.isfinite(together)]
    if finite.size == together.size:
        return np.inf
    if not finite.size:
        return 1.0
    return float(finite.max() + 0.15 * (np.ptp(finite) or abs(finite.max()) or 1))


def _mark_row(ax: Axes, row: float, never: str) -> None:
    ax.axhline(row, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    low, high = ax.get_ylim()
    ax.set_ylim(low, max(high, row + 0.1 * (row - low)))  # room for the name above the row
    above: Mapping[str, Any] = {"xytext": (4, 5), "va": "bottom"}
    ax.annotate(never, (0.0, row), xycoords=("axes fraction", "data"), **_NOTE, **above)


def _condition_colours(conditions: Mapping[str, object]) -> list[str]:
    return [_COLOURS[k % len(_COLOURS)] for k in range(len(conditions))]


def _new_or_given_axes(
    conditions: Mapping[str, object], ax: Axes | None, width: float, height: float
) -> tuple[Figure | None, Axes]:
    if not conditions:
        raise DualframeError("there are no conditions to draw: give at least one, by label.")
    if ax is not None:
        return None, ax
    figure = new_figure(width, height)
    return figure, figure.subplots()


def _label_ends(ax: Axes, ends: Mapping[str, float], colours: Sequence[str]) -> None:
    """Write the name of each curve to the right of its end, apart from the other names."""
    low, high = ax.get_ylim()
    names = list(ends)
    places = spread_apart([ends[name] for name in names], 0.065 * (high - low), low, high)
    for name, place, colour in zip(names, places, colours, strict=True):
        ax.annotate(
            name,
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(5, 0),
            textcoords="offset points",
            color=readable_colour(colour),
            va="center",
            annotation_clip=False,
        )


def spread_apart(values: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return values moved apart to at least ``gap``, within two bounds if there is room."""
    order = np.argsort(values, kind="stable")
    placed = np.clip(np.asarray(values, dtype=float)[order], low, high)
    for k in range(1, placed.size):
        placed[k] = max(placed[k], placed[k - 1] + gap)
    placed[-1] = min(placed[-1], max(high, low + gap * (placed.size - 1)))
    for k in range(placed.size - 2, -1, -1):
        placed[k] = min(placed[k], placed[k + 1] - gap)
    apart = np.empty(placed.size)
    apart[order] = placed
    return [float(x) for x in apart]
