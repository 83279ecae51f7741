"""The figure of a pair: what the two models of one cell do with the same currents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import ms, mV, pA
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dualframe.analysis.style import (
    BLACK,
    GREY,
    cell_type_colours,
    house_style,
    new_figure,
    readable_colour,
)
from dualframe.experiments.clamp_summary import ClampSummary

_PEAK = 20.0  # mV: where the spikes of a model without a spike shape are drawn to
_LABELS = {
    "rheobase": "rheobase",
    "f_I": "f-I curve",
    "adaptation_index": "adaptation index",
    "latency": "latency",
    "r_in": "input resistance",
    "tau_m": "time constant",
    "rest": "rest",
    "rheobase_shift": "change of rheobase",
}
_CURVES = (
    ("rate", "Hz", "Firing rate (Hz)"),
    ("latency", "ms", "First spike (ms)"),
    ("adaptation", "", "Adaptation index"),
)


@house_style
def draw_comparison(
    title: str,
    summaries: Mapping[str, ClampSummary],
    *,
    curves: pd.DataFrame,
    rows: Sequence[Mapping[str, Any]],
) -> Figure:
    """Draw traces, f-I curve, latency and adaptation of two models, and the table.

    Parameters
    ----------
    title
        Above the figure.
    summaries
        What the compartments do, and what the point neuron does, by label.
    curves, rows
        As in `dualframe.experiments.model_comparison.Validation`.
    """
    figure = new_figure(12.5, 8.2)
    grid = figure.add_gridspec(3, 3, height_ratios=(1, 1, 1.35))
    cell = next(iter(summaries.values())).response.cell
    shade = readable_colour(cell_type_colours([cell])[cell])
    for row, ((label, summary), colour) in enumerate(
        zip(summaries.items(), (shade, BLACK), strict=True)
    ):
        _draw_trace(figure.add_subplot(grid[row, :2]), summary, colour, label, last=row == 1)
    _write_table(figure.add_subplot(grid[:2, 2]), rows)
    for column, (name, unit, heading) in enumerate(_CURVES):
        ax = figure.add_subplot(grid[2, column])
        _draw_curve(ax, curves, name, unit, tuple(summaries), shade)
        ax.set_title(heading)
    figure.suptitle(title, fontweight="bold", fontsize=16, x=0.01, ha="left")
    return figure


def _draw_trace(ax: Axes, summary: ClampSummary, colour: str, label: str, *, last: bool) -> None:
    response = summary.response
    copy = int(response.recorded[0])
    t, v = np.asarray(response.t / ms), np.asarray(response.V[0] / mV)
    ax.plot(t, v, color=colour, linewidth=1.0)
    spikes = 1e3 * response.spike_train(copy)
    if v.max() < 0:  # no spike shape: a stroke
        ax.vlines(spikes, v.max(), _PEAK, color=colour, linewidth=1.0)
    current = float(response.currents[copy] / pA)
    ax.set_title(f"{label}, {current:.0f} pA", color=colour)
    ax.set_xlim(-50, 1e3 * float(response.duration))
    ax.set_ylabel("V (mV)")
    if last:
        ax.set_xlabel("Time from the onset of the step (ms)")
    else:
        ax.tick_params(labelbottom=False)


def _draw_curve(
    ax: Axes, curves: pd.DataFrame, name: str, unit: str, labels: Sequence[str], shade: str
) -> None:
    ending = f"_{unit}" if unit else ""
    currents = curves["current_pA"]
    reference, point = (curves[f"{name}_{kind}{ending}"] for kind in ("compartments", "point"))
    ax.plot(currents, reference, color=shade, linewidth=4, alpha=0.55, label=labels[0])
    ax.plot(currents, point, color=BLACK, linewidth=1.6, label=labels[1])
    ax.set_xlabel("Current (pA)")
    ax.locator_params(nbins=5)
    if name == "adaptation":  # a smaller range would show the time step
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, -0.02), max(high, 0.02))
    if name == "rate":
        ax.legend(loc="upper left")


def _write_table(ax: Axes, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the table: measure, values, and whether they agree."""
    ax.set_axis_off()
    head: dict[str, Any] = {"color": GREY, "fontsize": 11}
    stated = any(np.isfinite(entry["stated"]) for entry in rows)
    columns = {"stated": 0.38, "comp.": 0.58, "point": 0.78, "diff.": 1.0}
    for words, x in columns.items():
        if words == "stated" and not stated:
            continue
        ax.text(x, 1.0, words, ha="right", transform=ax.transAxes, **head)
    for row, entry in enumerate(rows, 1):
        y = 1.0 - row / (len(rows) + 0.5)
        colour = BLACK if entry["passed"] else "#B00020"
        unit = "" if entry["unit"] == "1" else f" ({entry['unit'].replace('Mohm', 'MΩ')})"
        common: dict[str, Any] = {"transform": ax.transAxes, "color": colour, "fontsize": 11}
        ax.text(-0.34, y, _LABELS[entry["measure"]] + unit, **common)
        if np.isfinite(entry["stated"]):
            ax.text(columns["stated"], y, _format_value(entry["stated"]), ha="right", **common)
        ax.text(columns["comp."], y, _format_value(entry["compartments"]), ha="right", **common)
        ax.text(columns["point"], y, _format_value(entry["point"]), ha="right", **common)
        ax.text(columns["diff."], y, _format_difference(entry), ha="right", **common)


def _format_difference(entry: Mapping[str, Any]) -> str:
    if np.isnan(entry["difference"]):
        return "none"
    if entry["kind"] != "relative":
        return f"{entry['difference']:+.3f}"
    text = _format_percent(entry["difference"])
    return text.lstrip("+") if entry["measure"] == "f_I" else text  # an error, not a change


def _format_percent(share: float) -> str:
    return f"{100 * share:+.1f} %" if abs(share) < 1 else f"{100 * share:+.0f} %"


def _format_value(number: float) -> str:
    if np.isnan(number):
        return "none"
    return f"{number + 0.0:.3f}".replace("-0.000", "0.000") if abs(number) < 1 else f"{number:.4g}"
