"""The figure of a pair: what the two models of one cell do with the same currents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
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

if TYPE_CHECKING:
    from dualframe.experiments.model_comparison import Behaviour, Validation

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


@house_style
def pair_figure(found: Validation) -> Figure:
    """Draw traces, f-I curve, latency and adaptation of both models, and the table."""
    figure = new_figure(12.5, 8.2)
    grid = figure.add_gridspec(3, 3, height_ratios=(1, 1, 1.35))
    shade = readable_colour(cell_type_colours([found.cell])[found.cell])
    pairs = (
        (found.compartments, shade, "compartments"),
        (found.point, BLACK, f"{found.model}, {found.twin}"),
    )
    for row, (behaviour, colour, label) in enumerate(pairs):
        _trace(figure.add_subplot(grid[row, :2]), behaviour, colour, label, last=row == 1)
    _table(figure.add_subplot(grid[:2, 2]), found)
    curves = (
        ("rate", "Hz", "Firing rate (Hz)"),
        ("latency", "ms", "First spike (ms)"),
        ("adaptation", "", "Adaptation index"),
    )
    for column, (name, unit, title) in enumerate(curves):
        _curve(figure.add_subplot(grid[2, column]), found, (name, unit, title), shade)
    verdict = "same cell" if found.passed else "not the same cell"
    figure.suptitle(f"{found.cell}: {verdict}", fontweight="bold", fontsize=16, x=0.01, ha="left")
    return figure


def _trace(ax: Axes, behaviour: Behaviour, colour: str, label: str, *, last: bool) -> None:
    response = behaviour.response
    copy = int(response.recorded[0])
    t, v = np.asarray(response.t / ms), np.asarray(response.V[0] / mV)
    ax.plot(t, v, color=colour, linewidth=1.0)
    spikes = 1e3 * response.train(copy)
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


def _curve(ax: Axes, found: Validation, what: tuple[str, str, str], shade: str) -> None:
    name, unit, title = what
    ending = f"_{unit}" if unit else ""
    x = found.curves["current_pA"]
    ax.plot(
        x,
        found.curves[f"{name}_compartments{ending}"],
        color=shade,
        linewidth=4,
        alpha=0.55,
        label="compartments",
    )
    ax.plot(x, found.curves[f"{name}_point{ending}"], color=BLACK, linewidth=1.6, label=found.model)
    ax.set_xlabel("Current (pA)")
    ax.set_title(title)
    ax.locator_params(nbins=5)
    if name == "adaptation":  # a smaller range would show the time step
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, -0.02), max(high, 0.02))
    if name == "rate":
        ax.legend(loc="upper left")


def _table(ax: Axes, found: Validation) -> None:
    """Write the table: measure, values, and whether they agree."""
    ax.set_axis_off()
    head: dict[str, Any] = {"color": GREY, "fontsize": 11}
    for x, words in ((0.56, "comp."), (0.78, "point"), (1.0, "diff.")):
        ax.text(x, 1.0, words, ha="right", transform=ax.transAxes, **head)
    for row, entry in enumerate(found.rows, 1):
        y = 1.0 - row / (len(found.table) + 0.5)
        colour = BLACK if entry["passed"] else "#B00020"
        unit = "" if entry["unit"] == "1" else f" ({entry['unit'].replace('Mohm', 'MΩ')})"
        common: dict[str, Any] = {"transform": ax.transAxes, "color": colour, "fontsize": 11}
        ax.text(-0.12, y, _LABELS[entry["measure"]] + unit, **common)
        ax.text(0.56, y, _value(entry["compartments"]), ha="right", **common)
        ax.text(0.78, y, _value(entry["point"]), ha="right", **common)
        ax.text(1.0, y, _difference(entry), ha="right", **common)


def _difference(entry: Mapping[str, Any]) -> str:
    if entry["kind"] != "relative":
        return f"{entry['difference']:+.3f}"
    text = _percent(entry["difference"])
    return text.lstrip("+") if entry["measure"] == "f_I" else text  # an error, not a change


def _percent(share: float) -> str:
    return f"{100 * share:+.1f} %" if abs(share) < 1 else f"{100 * share:+.0f} %"


def _value(number: float) -> str:
    if np.isnan(number):
        return "none"
    return f"{number + 0.0:.3f}".replace("-0.000", "0.000") if abs(number) < 1 else f"{number:.4g}"
