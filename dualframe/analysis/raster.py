"""Raster plots: one band per population, excitatory above inhibitory, rates beneath."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray

from dualframe.analysis.style import (
    GREY,
    cell_type_colours,
    house_style,
    new_figure,
    readable_colour,
)
from dualframe.core.errors import UnknownName
from dualframe.results.run_record import RunRecord
from dualframe.results.spike_trains import population_rate, spikes_within, time_window
from dualframe.results.units import as_seconds

# Above this many spikes the dots become a bitmap inside vector figures, which stay editable.
_BITMAP_ABOVE = 20_000
_SMALLEST_SHARE = 0.13  # of the height, so that a band of few neurons can carry its label
_GAP = 0.015
_TWO_LINES = 22  # points


@dataclass(frozen=True, kw_only=True)
class Band:
    """The place of a population in a raster, from 0 (bottom) to 1 (top)."""

    population: str
    n: int
    sign: int
    colour: str
    shown: NDArray[np.int64]
    bottom: float
    top: float

    @property
    def middle(self) -> float:
        """Height of the label."""
        return (self.bottom + self.top) / 2

    def spike_heights(
        self, neuron: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
        """Return which spikes are of neurons that are shown, and at which height those are."""
        rank = np.full(self.n, -1)
        rank[self.shown] = np.arange(self.shown.size)
        place = rank[neuron]
        chosen = place >= 0
        relative = (place[chosen] + 0.5) / self.shown.size
        return chosen, self.top - relative * (self.top - self.bottom)


@house_style
def raster(
    results: RunRecord,
    populations: Sequence[str] | None = None,
    t0: Any = 0.0,
    t1: Any = None,
    *,
    max_neurons: int = 400,
    counts: bool = True,
    title: str = "",
    ax: Axes | None = None,
    rate_ax: Axes | None = None,
) -> Figure | Axes:
    """Draw spikes over time, a band per population, and the population rates beneath.

    Excitatory populations stand above inhibitory ones, in the colours of their cell types.

    Parameters
    ----------
    results
        What a run gave back.
    populations
        Which populations; the default is all.
    t0, t1
        Window: seconds or quantities; the default is the whole run.
    max_neurons
        How many neurons are drawn in all. Larger networks are thinned evenly, each population by
        the same factor but not below 20 neurons; the label says how many are shown. Rates are
        those of all neurons.
    counts
        Whether the labels give the numbers of neurons, where ``ax`` has room for them.
    title
        Above the raster.
    ax, rate_ax
        Axes to draw the raster and the rates into. With neither, a figure is made; with ``ax``
        alone, rates are left out.

    Returns
    -------
    matplotlib.figure.Figure or matplotlib.axes.Axes
        The new figure, or ``ax``.
    """
    begin, end = time_window(t0, results.duration if t1 is None else t1)
    bands = lay_out(results, populations, max_neurons)
    figure = None
    if ax is None:
        figure = new_figure(9, max(5.6, 1.9 + 0.52 * len(bands)))
        ax, rate_ax = figure.subplots(
            2, 1, sharex=True, height_ratios=[max(4.0, 0.48 * len(bands)), 1.15]
        )
    scale, unit = time_unit(begin, end)
    draw_spikes(ax, results, bands, begin, end, scale)
    room = figure is not None or min(_height_in_points(ax, band) for band in bands) > _TWO_LINES
    label_bands(ax, bands, counts=counts and room)
    if title:
        ax.set_title(title)
    if rate_ax is not None:
        draw_rates(rate_ax, results, bands, begin, end, scale)
        ax.tick_params(axis="x", labelbottom=False)
    (rate_ax or ax).set_xlabel(f"Time ({unit})")
    (rate_ax or ax).locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    return figure if figure is not None else ax


def lay_out(
    results: RunRecord, populations: Sequence[str] | None, max_neurons: int
) -> tuple[Band, ...]:
    """Order populations, choose their neurons and give each a band."""
    table = results.populations
    names = table["population"].tolist()
    for name in populations or ():
        if name not in names:
            raise UnknownName("population", name, names)
    chosen = [names.index(name) for name in (names if populations is None else populations)]
    order = sorted(chosen, key=lambda i: -table["sign"][i])  # stable: excitatory first
    kinds = [table["cell_type"][i] or names[i] for i in range(len(names))]
    colour = cell_type_colours(kinds)
    sizes = np.array([table["n"][i] for i in order])
    factor = min(1.0, max_neurons / sizes.sum())
    shown = np.minimum(sizes, np.maximum(np.ceil(sizes * factor), 20)).astype(int)
    share = np.maximum(shown / shown.sum(), min(_SMALLEST_SHARE, 0.9 / len(order)))
    edge = np.concatenate([[0.0], np.cumsum(share / share.sum())])
    return tuple(
        Band(
            population=names[i],
            n=int(sizes[k]),
            sign=int(table["sign"][i]),
            colour=colour[kinds[i]],
            shown=np.linspace(0, sizes[k] - 1, shown[k]).round().astype(np.int64),
            top=1 - edge[k] - _GAP / 2,
            bottom=1 - edge[k + 1] + _GAP / 2,
        )
        for k, i in enumerate(order)
    )


def draw_spikes(
    ax: Axes, results: RunRecord, bands: Sequence[Band], begin: float, end: float, scale: float
) -> None:
    """Draw a tick per spike, as tall as the row of its neuron within what the eye needs."""
    trains = [
        (band, *spikes_within(*results.spike_trains(band.population), begin, end)) for band in bands
    ]
    bitmap = sum(len(t) for _, _, t in trains) > _BITMAP_ABOVE
    for band, neuron, t in trains:
        chosen, height = band.spike_heights(neuron)
        row = _height_in_points(ax, band) / band.shown.size
        ax.plot(
            t[chosen] * scale,
            height,
            linestyle="none",
            marker="|",
            rasterized=bitmap,
            markersize=float(np.clip(0.85 * row, 2.4, 9)),
            color=band.colour,
            markeredgewidth=float(np.clip(0.35 * row, 0.8, 1.5)),
        )
    ax.set_xlim(begin * scale, end * scale)
    ax.set_ylim(0, 1)
    ax.spines["left"].set_visible(False)


def _height_in_points(ax: Axes, band: Band) -> float:
    return (band.top - band.bottom) * 72 * ax.bbox.height / ax.figure.dpi


def label_bands(ax: Axes, bands: Sequence[Band], *, counts: bool = True) -> None:
    """Write the population names beside the bands, and a bracket over each sign."""
    ax.set_yticks([band.middle for band in bands], [band.population for band in bands])
    ax.tick_params(axis="y", length=0, pad=6)
    for label, band in zip(ax.get_yticklabels(), bands, strict=True):
        label.set_color(readable_colour(band.colour))
        label.set_fontweight("bold")
        if counts:
            label.set_verticalalignment("bottom")
            _write_count(ax, band)
    place = blended_transform_factory(ax.transAxes, ax.transData)
    for sign, word in ((1, "excitatory"), (-1, "inhibitory")):
        same = [band for band in bands if band.sign == sign]
        if same:
            ends = [same[-1].bottom, same[0].top]
            ax.plot([1.012, 1.012], ends, color=GREY, lw=1.5, transform=place, clip_on=False)
            _write_beside(ax, sum(ends) / 2, word)


def _write_count(ax: Axes, band: Band) -> None:
    some = f"{band.shown.size} of " if band.shown.size < band.n else ""
    ax.annotate(
        f"{some}{band.n} cells",
        (0, band.middle),
        (-6, -1),
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize="x-small",
        color=GREY,
    )


def _write_beside(ax: Axes, height: float, word: str) -> None:
    ax.annotate(
        word,
        (1.012, height),
        (5, 0),
        xycoords=("axes fraction", "data"),
        rotation=270,
        textcoords="offset points",
        ha="left",
        va="center",
        fontsize="small",
        color=GREY,
    )


def draw_rates(
    ax: Axes, results: RunRecord, bands: Sequence[Band], begin: float, end: float, scale: float
) -> None:
    """Draw the rate of each population over time."""
    width = bin_width(begin, end, min(band.n for band in bands))
    for band in bands:
        _, t = results.spike_trains(band.population)
        centre, rate = population_rate(t, band.n, start=begin, stop=end, bin=width)
        ax.plot(centre * scale, rate, color=band.colour, lw=1.6, label=band.population)
    ax.set_xlim(begin * scale, end * scale)
    ax.set_ylim(bottom=0)
    ax.locator_params(axis="y", nbins=3)
    ax.set_ylabel("Rate (Hz)")
    _write_beside(ax, sum(ax.get_ylim()) / 2, f"{1e3 * width:g} ms bins")


def bin_width(begin: float, end: float, n: int) -> float:
    """Return a round bin width in seconds for the rate of a population of ``n`` neurons.

    There are 20 to 150 bins, and one spike counts for no more than 10 Hz where that allows.
    """
    length = end - begin
    least = min(max(length / 150, 0.1 / n), length / 20)
    decade = 10.0 ** np.floor(np.log10(least))
    return float(
        min(next(m for m in (1, 2, 5, 10) if m * decade >= 0.999 * least) * decade, length)
    )


def time_unit(begin: float, end: float) -> tuple[float, str]:
    """Return factor and unit of a time axis."""
    return (1e3, "ms") if as_seconds(end) - as_seconds(begin) <= 1.0 else (1.0, "s")
