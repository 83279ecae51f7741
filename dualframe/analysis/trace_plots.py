"""Traces of recorded variables over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.transforms import blended_transform_factory
from numpy.typing import NDArray

from dualframe.analysis.raster import time_unit
from dualframe.analysis.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, house_style, new_figure
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.results.run_record import RunRecord
from dualframe.results.spike_trains import spikes_within, time_window
from dualframe.results.trace import Trace

_SYMBOLS = {
    "volt": ("V", 1.0),
    "amp": ("A", 1.0),
    "siemens": ("S", 1.0),
    "second": ("s", 1.0),
    "hertz": ("Hz", 1.0),
    "farad": ("F", 1.0),
    "ohm": ("Ω", 1.0),
    "metre": ("m", 1.0),
    "mmolar": ("M", 1e-3),
    "coulomb": ("C", 1.0),
}
_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}
_MOST_NEURONS = 3
_LINES = (BLUE, ORANGE, GREEN, PURPLE, BLACK)
_SPIKE, _DSPIKE = "spike", "dendritic spike"

Floats = NDArray[np.float64]


@house_style
def traces(
    results: RunRecord,
    population: str,
    variables: Sequence[str] | str | None = None,
    neurons: Sequence[int] | int | None = None,
    *,
    t0: Any = 0.0,
    t1: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw recorded variables over time, a panel per variable and a line per neuron.

    Spikes are ticks above the first panel. Dendritic spikes are triangles above the panel of the
    compartment that their name names (``Na_dend`` above ``V_dend``), else above the first.

    Parameters
    ----------
    results
        What a run gave back, with a recording of the population.
    population
        Which population.
    variables
        Which variables; the default is all that were recorded.
    neurons
        Indices of neurons; the default is the first three that were recorded.
    t0, t1
        Window: seconds or quantities; the default is the whole run.
    title
        Above the panels; the default is the population and its cell type.
    ax
        Axes to draw into, for variables of one unit; the default is a new figure.

    Returns
    -------
    matplotlib.figure.Figure or matplotlib.axes.Axes
        The new figure, or ``ax``.

    Raises
    ------
    UnknownName
        If the population, a variable or a neuron was not recorded.
    DualframeError
        If variables of different units are to share ``ax``.
    """
    sweep = _select_sweep(results, population, variables, neurons, t0, t1)
    figure = None
    if ax is None:
        figure = new_figure(9, 1.4 + 1.75 * len(sweep.variables))
        panels = list(figure.subplots(len(sweep.variables), 1, sharex=True, squeeze=False)[:, 0])
        figure.align_ylabels(panels)
        for panel in panels[:-1]:
            panel.spines["bottom"].set_visible(False)
            panel.tick_params(axis="x", length=0)
    else:
        _require_one_unit(sweep)
        panels = [ax] * len(sweep.variables)
    for panel, variable in zip(panels, sweep.variables, strict=True):
        _draw_lines(panel, sweep, variable, together=ax is not None)
        _draw_dspikes(panel, results, sweep, variable)
    _draw_spikes(panels[0], results, sweep)
    panels[-1].set_xlabel(f"Time ({sweep.time_unit})")
    panels[-1].locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10])
    panels[0].set_xlim(sweep.begin * sweep.scale, sweep.end * sweep.scale)
    panels[0].set_title(_default_title(results, sweep) if title is None else title, pad=14)
    _draw_legend(panels, figure)
    return figure if figure is not None else panels[0]


@dataclass(frozen=True, kw_only=True)
class _Sweep:
    """What is drawn: variables and neurons of a trace in a window."""

    trace: Trace
    population: str
    variables: tuple[str, ...]
    neurons: tuple[int, ...]
    begin: float
    end: float

    @property
    def scale(self) -> float:
        return time_unit(self.begin, self.end)[0]

    @property
    def time_unit(self) -> str:
        return time_unit(self.begin, self.end)[1]

    def samples_of(self, variable: str, neuron: int) -> tuple[Floats, Floats]:
        inside = (self.trace.t >= self.begin) & (self.trace.t <= self.end)
        values = self.trace.values[variable][self.trace.row(neuron)]
        return self.trace.t[inside], values[inside]

    def readable_unit_of(self, variable: str) -> tuple[float, str]:
        """Return factor and unit that suit all neurons drawn."""
        values = np.concatenate([self.samples_of(variable, i)[1] for i in self.neurons])
        return readable_unit(self.trace.units[variable], values)


def _select_sweep(
    results: RunRecord, population: str, variables: Any, neurons: Any, t0: Any, t1: Any
) -> _Sweep:
    if population not in results.traces:
        raise UnknownName("recorded population", population, results.traces)
    trace = results.traces[population]
    if variables is None:
        variables = list(trace.values)
    names = (variables,) if isinstance(variables, str) else tuple(variables)
    for name in names:
        if name not in trace.values:
            raise UnknownName("recorded variable", name, trace.values)
    if not names:
        raise DualframeError(f"nothing was recorded of population {population!r}.")
    chosen = trace.neurons[:_MOST_NEURONS] if neurons is None else np.atleast_1d(neurons)
    for neuron in chosen:
        trace.row(int(neuron))
    begin, end = time_window(t0, results.duration if t1 is None else t1)
    return _Sweep(
        trace=trace,
        population=population,
        variables=names,
        neurons=tuple(int(i) for i in chosen),
        begin=begin,
        end=end,
    )


def _require_one_unit(sweep: _Sweep) -> None:
    units = {sweep.trace.units[variable] for variable in sweep.variables}
    if len(units) > 1:
        raise DualframeError(
            f"{', '.join(sweep.variables)} have different units ({', '.join(sorted(units))}) and "
            f"cannot share one axis: leave out ax, or draw one at a time."
        )


def _draw_lines(ax: Axes, sweep: _Sweep, variable: str, *, together: bool) -> None:
    factor, unit = sweep.readable_unit_of(variable)
    for place, neuron in enumerate(sweep.neurons):
        t, values = sweep.samples_of(variable, neuron)
        colour, label = _line_colour(place), f"neuron {neuron}"
        if together and len(sweep.variables) > 1:
            colour, label = _line_colour(sweep.variables.index(variable)), pretty_name(variable)
        ax.plot(t * sweep.scale, values * factor, color=colour, lw=1.3, label=label)
    name = pretty_name(variable.split("_")[0] if together else variable)
    ax.set_ylabel(f"{name} ({unit})" if unit else name)
    ax.locator_params(axis="y", nbins=4)


def _line_colour(place: int) -> str:
    return _LINES[place % len(_LINES)]


def _draw_dspikes(ax: Axes, results: RunRecord, sweep: _Sweep, variable: str) -> None:
    table = results.dspikes[results.dspikes["population"] == sweep.population]
    names = [
        n for n in table["dspike"].unique() if _panel_of_dspike(n, sweep.variables) == variable
    ]
    table = table[table["dspike"].isin(names)]
    times = table["t"].to_numpy()
    inside = (times >= sweep.begin) & (times < sweep.end)
    _mark_events(ax, sweep, table["neuron"].to_numpy()[inside], times[inside], "v", _DSPIKE)


def _panel_of_dspike(dspike: str, variables: Sequence[str]) -> str:
    """Return the variable on which a dendritic spike is marked."""
    compartment = dspike.partition("_")[2]
    return f"V_{compartment}" if f"V_{compartment}" in variables else variables[0]


def _draw_spikes(ax: Axes, results: RunRecord, sweep: _Sweep) -> None:
    neuron, t = spikes_within(*results.spike_trains(sweep.population), sweep.begin, sweep.end)
    _mark_events(ax, sweep, neuron, t, "|", _SPIKE)


def _mark_events(ax: Axes, sweep: _Sweep, neuron: Any, t: Any, marker: str, label: str) -> None:
    """Draw events above the panel, where they hide nothing, in the colours of the neurons."""
    place = blended_transform_factory(ax.transData, ax.transAxes)
    for index, mine in enumerate(sweep.neurons):
        when = t[neuron == mine] * sweep.scale
        if when.size:
            ax.plot(
                when,
                np.full(when.size, 1.05),
                linestyle="none",
                marker=marker,
                label=label,
                markersize=8 if marker == "|" else 6,
                markeredgewidth=1.5 if marker == "|" else 0,
                color=_line_colour(index),
                transform=place,
                clip_on=False,
            )


def _default_title(results: RunRecord, sweep: _Sweep) -> str:
    kind = str(results.populations.set_index("population")["cell_type"][sweep.population])
    cells = f"neuron {sweep.neurons[0]} of " if len(sweep.neurons) == 1 else ""
    return f"{cells}{sweep.population} ({kind})" if kind else f"{cells}{sweep.population}"


def _draw_legend(panels: Sequence[Axes], figure: Figure | None) -> None:
    shown: dict[str, Any] = {}
    for panel in panels:
        for handle, label in zip(*panel.get_legend_handles_labels(), strict=True):
            shown.setdefault(label, handle)
    lines = [label for label in shown if label not in (_SPIKE, _DSPIKE)]
    labels = [*(lines if len(lines) > 1 else []), *(x for x in (_SPIKE, _DSPIKE) if x in shown)]
    handles = [shown[label] if label in lines else _event_handle(label) for label in labels]
    if not labels:
        return
    if figure is None:
        panels[0].legend(handles, labels, loc="upper left", bbox_to_anchor=(1.01, 1.0))
    else:
        figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 5))


def _event_handle(label: str) -> Line2D:
    marker, size = ("|", 9) if label == _SPIKE else ("v", 6)
    return Line2D([], [], linestyle="none", marker=marker, markersize=size, color=BLACK)


def readable_unit(unit: str, values: Floats) -> tuple[float, str]:
    """Return the factor and the unit in which values are easy to read, such as ``1e3, "mV"``."""
    if unit not in _SYMBOLS:
        return 1.0, "" if unit == "1" else unit.replace(" ** ", "^").replace(" * ", " ")
    symbol, base = _SYMBOLS[unit]
    finite = np.abs(values[np.isfinite(values)]) * base
    largest = float(finite.max()) if finite.size else 0.0
    power = 0 if largest == 0 else int(3 * np.floor(np.log10(largest * (1 + 1e-9)) / 3))
    if symbol == "V":
        power = -3  # membrane potentials are read in millivolts, even a peak of 1 V
    power = min(max(power, min(_PREFIXES)), max(_PREFIXES))
    return base * 10.0**-power, _PREFIXES[power] + symbol


def pretty_name(variable: str) -> str:
    """Return ``V_soma`` as mathematical text with a subscript."""
    symbol, _, rest = variable.partition("_")
    subscript = rest.replace("_", r",\,")
    return rf"$\mathrm{{{symbol}}}_{{\mathrm{{{subscript}}}}}$" if rest else variable
