"""Figures of results, made for talks: raster, traces, rates, and a comparison of runs.

Every function returns the figure that it made, or the axes that it was given. Figures are plain
`matplotlib.figure.Figure` objects without pyplot: ``figure.savefig("raster.pdf")`` writes them,
and `savefig` of this module writes them with text that stays text in PDF and SVG.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from dualframe.analysis.raster import lay_out, raster
from dualframe.analysis.style import (
    GREY,
    SAVING,
    house_style,
    matplotlib_settings,
    new_figure,
    readable_colour,
    tinted_colour,
)
from dualframe.analysis.trace_plots import traces
from dualframe.core.atomic_files import atomic_replacement
from dualframe.core.errors import DualframeError
from dualframe.core.output_file import cannot_write_file, check_figure, figure_metadata
from dualframe.results.run_record import RunRecord

__all__ = ["compare", "raster", "rates", "savefig", "standard_figures", "traces"]

T = TypeVar("T")

_MOST_DOTS = 60
_MOST_BESIDE = 2  # rasters of a row that stand beside its rates; more stand above them
_MOST_COLUMNS = 3
#: Of bars of the first result, the second, ...: shades alone are not told apart in print.
HATCHES = ("", "////", "....", "xxxx", "----", "++++", "oooo", "\\\\\\\\")
_GOLDEN = 0.6180339887498949  # spreads dots evenly for any number of them


@house_style
def rates(
    results: RunRecord | Mapping[str, RunRecord],
    *,
    start: Any = None,
    stop: Any = None,
    title: str = "",
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the mean firing rate of each population, side by side for several results.

    Bars are means, whiskers standard deviations over neurons, dots single neurons (evenly spaced
    quantiles where a population has more than 60). Neurons of one run share its network and input:
    what the whiskers show is their scatter, not how sure a difference between two results is.

    Parameters
    ----------
    results
        One result, or several by label, for example ``{"control": a, "ACh": b}``. Bars get
        darker from the first to the last, and each result has a hatching of its own.
    start, stop
        Window of the rates: seconds or quantities; the default is the run without its warm-up.
    title
        Above the bars.
    ax
        Axes to draw into; the default is a new figure.

    Returns
    -------
    matplotlib.figure.Figure or matplotlib.axes.Axes
        The new figure, or ``ax``.
    """
    labelled = _label_results(results)
    populations = _population_colours(labelled)
    figure = None
    if ax is None:
        figure = new_figure(max(4.5, 2.2 + len(populations) * (0.7 + 0.45 * len(labelled))), 4.4)
        ax = figure.subplots()
    width = 0.8 / len(labelled)
    for k, (name, colour) in enumerate(populations.items()):
        for j, result in enumerate(labelled.values()):
            if name in set(result.populations["population"]):
                rate = result.neuron_rates(name, start, stop)
                place = k + (j - (len(labelled) - 1) / 2) * width
                _draw_bar(ax, place, width, rate, colour, _bar_style(j, len(labelled)))
    ax.set_xticks(range(len(populations)), list(populations))
    for label, colour in zip(ax.get_xticklabels(), populations.values(), strict=True):
        label.set_color(readable_colour(colour))
    ax.tick_params(axis="x", length=0)
    ax.set_xlim(-0.6, len(populations) - 0.4)
    ax.set_ylabel("Firing rate (Hz)")
    ax.set_ylim(bottom=0)
    if title:
        ax.set_title(title)
    if len(labelled) > 1:
        _draw_legend(ax, list(labelled))
    return figure if figure is not None else ax


@house_style
def compare(
    results: Mapping[str, RunRecord] | Mapping[str, Mapping[str, RunRecord]],
    t0: Any = 0.0,
    t1: Any = None,
    *,
    max_neurons: int = 300,
    title: str = "",
) -> Figure:
    """Draw rasters in a grid with the rates of each row beside them, or below more than two.

    Parameters
    ----------
    results
        Results by row and column, for example ``{"dendrites": {"control": a, "ACh": b},
        "point neurons": {"control": c, "ACh": d}}``; results by label make one row.
    t0, t1
        Window of the rasters; the rates are those of the run without its warm-up.
    max_neurons
        How many neurons each raster draws.
    title
        Above the figure.

    Returns
    -------
    matplotlib.figure.Figure
        Rasters and a rate plot per row of ``results``; never wider than 12.6 inches, so that the
        text is readable at the width of a page.
    """
    rows = _rows_of_results(results)
    figure, grid = _make_grid(len(rows), max(len(row) for row in rows.values()))
    for (axes, beside), (label, row) in zip(grid, rows.items(), strict=True):
        for ax in axes[len(row) :]:
            ax.set_axis_off()
        for ax, (name, result) in zip(axes, row.items(), strict=False):
            heading = f"{label}: {name}" if label else name
            raster(
                result, t0=t0, t1=t1, max_neurons=max_neurons, counts=False, title=heading, ax=ax
            )
        rates(row, ax=beside)
    if len({tuple(row) for row in rows.values()}) == 1:
        for _, ax in grid[1:]:
            if (legend := ax.get_legend()) is not None:
                legend.remove()  # the one in the first row says it
    highest = max(ax.get_ylim()[1] for _, ax in grid)
    for _, ax in grid:
        ax.set_ylim(0, highest)  # rows differ by what the cells do, not by the scale
    if title:
        figure.suptitle(title, fontweight="bold", fontsize=16, x=0.01, ha="left")
    return figure


def _make_grid(rows: int, rasters: int) -> tuple[Figure, list[tuple[list[Axes], Axes]]]:
    """Return a figure, and for each row the axes of its rasters and those of its rates."""
    if rasters <= _MOST_BESIDE:
        figure = new_figure(4.2 * rasters + 4.2, 3.4 * rows + 0.5)
        beside = figure.subplots(
            rows, rasters + 1, squeeze=False, width_ratios=[1.0] * rasters + [0.95]
        )
        return figure, [(list(axes[:-1]), axes[-1]) for axes in beside]
    lines = ceil(rasters / _MOST_COLUMNS)
    columns = ceil(rasters / lines)
    figure = new_figure(4.2 * (_MOST_BESIDE + 1), (3.2 * lines + 3.6) * rows + 0.5)
    cells = figure.add_gridspec(
        (lines + 1) * rows, columns, height_ratios=[*[3.2] * lines, 3.6] * rows
    )
    grid = []
    for first in range(0, (lines + 1) * rows, lines + 1):
        places = product(range(first, first + lines), range(columns))
        axes = [figure.add_subplot(cells[place]) for place in places]
        grid.append((axes, figure.add_subplot(cells[first + lines, :])))
    return figure, grid


def savefig(figure: Figure, path: str | Path, *, force: bool = False) -> None:
    """Write a figure; the ending of the path chooses the format (png, pdf, svg).

    Parameters
    ----------
    figure
        The figure.
    path
        The file; its folder is made if need be. A figure that this function wrote is replaced.
    force
        Whether another file is replaced as well.

    Raises
    ------
    OutputError
        If such a file stands there and ``force`` is not given, or it cannot be written.
    """
    target = check_figure(path, force=force)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with matplotlib_settings(SAVING), atomic_replacement(target) as draft:
            figure.savefig(draft, metadata=figure_metadata(target))
    except OSError as problem:
        raise cannot_write_file(target, problem) from problem


def standard_figures(results: RunRecord) -> dict[str, Callable[[], Figure]]:
    """Return the figures that are saved with every run, as functions by file name."""
    figures: dict[str, Callable[[], Any]] = {
        "raster": partial(raster, results),
        "rates": partial(rates, results),
    }
    for population in results.traces:
        figures[f"traces_{population}"] = partial(traces, results, population)
    return figures


def _label_results(results: RunRecord | Mapping[str, RunRecord]) -> dict[str, RunRecord]:
    labelled = {"": results} if isinstance(results, RunRecord) else dict(results)
    if not labelled:
        raise DualframeError("there are no results to draw: give one, or several by label.")
    return _plain_labels(labelled)


def _plain_labels(labelled: Mapping[str, T]) -> dict[str, T]:
    """Return things by labels that matplotlib takes for plain text, not for mathematics."""
    return {label.replace("$", r"\$"): item for label, item in labelled.items()}


def _rows_of_results(
    results: Mapping[str, RunRecord] | Mapping[str, Mapping[str, RunRecord]],
) -> dict[str, dict[str, RunRecord]]:
    flat = {label: item for label, item in results.items() if isinstance(item, RunRecord)}
    nested = {
        label: dict(item) for label, item in results.items() if not isinstance(item, RunRecord)
    }
    rows = ({"": flat} if flat else {}) | nested
    if not rows or not all(rows.values()):
        raise DualframeError("there are no results to compare: give results by label.")
    return _plain_labels({label: _plain_labels(row) for label, row in rows.items()})


def _population_colours(results: Mapping[str, RunRecord]) -> dict[str, str]:
    """Return the colour of each population of any result, in the order of the raster."""
    found: dict[str, str] = {}
    for result in results.values():
        found |= {
            b.population: b.colour for b in lay_out(result, None, 1) if b.population not in found
        }
    return found


def _bar_style(index: int, count: int) -> tuple[float, str]:
    """Return the strength of the tint and the hatching of a result among several."""
    strength = 0.5 if count == 1 else 0.15 + 0.55 * index / (count - 1)
    return strength, HATCHES[index % len(HATCHES)]


def _draw_bar(
    ax: Axes, place: float, width: float, rate: Any, colour: str, style: tuple[float, str]
) -> None:
    strength, hatch = style
    mean, deviation = float(rate.mean()), float(rate.std())
    ax.bar(
        place,
        mean,
        0.9 * width,
        color=tinted_colour(colour, strength),
        edgecolor=readable_colour(colour),
        linewidth=1.0,
        hatch=hatch,
    )
    dots = np.quantile(rate, np.linspace(0, 1, min(rate.size, _MOST_DOTS)), method="nearest")
    spread = (np.arange(1, dots.size + 1) * _GOLDEN) % 1.0 - 0.5
    ax.plot(
        place + 0.6 * width * spread,
        dots,
        "o",
        markersize=2.6,
        color=readable_colour(colour),
        alpha=0.8,
        markeredgecolor="white",
        markeredgewidth=0.4,
        zorder=3,
        clip_on=False,
    )
    ax.errorbar(
        place,
        mean,
        [[min(deviation, mean)], [deviation]],
        color="black",
        capsize=3.5,
        elinewidth=1.5,
        capthick=1.5,
        zorder=4,
    )


def _draw_legend(ax: Axes, labels: list[str]) -> None:
    patches = []
    for j, label in enumerate(labels):
        strength, hatch = _bar_style(j, len(labels))
        face = tinted_colour(GREY, strength)
        patches.append(Patch(facecolor=face, edgecolor=GREY, hatch=hatch, label=label))
    columns = len(labels) if sum(map(len, labels)) < 50 else 2
    ax.legend(
        handles=patches,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=columns,
        borderaxespad=0.2,
        handlelength=1.8,
        columnspacing=1.2,
    )
