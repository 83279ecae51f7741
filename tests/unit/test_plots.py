"""Figures: what is drawn, from the artists themselves, and that drawing never fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from brian2.units import ms
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from dualframe.analysis import plots, style
from dualframe.analysis.raster import bin_width, lay_out
from dualframe.analysis.trace_plots import pretty_name, readable_unit
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.results.results import Results, Trace, dspike_table, spike_table


def make(
    n: dict[str, int] | None = None, rate: float = 5.0, seed: int = 0, **extra: Any
) -> Results:
    rng = np.random.default_rng(seed)
    sizes = n or {"vip": 3, "pyr": 40, "pv": 6}
    kinds = {"pyr": "ctx_l23_pyr", "pv": "ctx_pv", "vip": "ctx_vip"}
    table = pd.DataFrame(
        {
            "population": list(sizes),
            "cell_type": [kinds.get(name, "") for name in sizes],
            "n": list(sizes.values()),
            "sign": [1 if name == "pyr" else -1 for name in sizes],
        }
    )
    trains = {}
    for name, count in sizes.items():
        spikes = rng.poisson(rate * count * 2)
        trains[name] = (rng.integers(0, count, spikes), rng.uniform(0, 2, spikes))
    return Results(populations=table, spikes=spike_table(table, trains), duration=2.0, **extra)


def recorded() -> Results:
    t = np.arange(0, 2, 1e-3)
    values = {
        "V_soma": np.zeros((4, t.size)) - 0.07,
        "V_dend": np.zeros((4, t.size)) - 0.06,
        "g_AMPA_dend": np.ones((4, t.size)) * 2e-9,
    }
    units = {"V_soma": "volt", "V_dend": "volt", "g_AMPA_dend": "siemens"}
    trace = Trace(t, np.array([0, 3, 5, 7]), values, units)
    dspikes = dspike_table({("pyr", "Na_dend"): ([0, 3, 1], [0.5, 0.6, 0.7])})
    return make(traces={"pyr": trace}, dspikes=dspikes)


def draw(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())


# --- raster -------------------------------------------------------------------------------------


def test_raster_shows_every_spike_once_in_the_colour_of_its_cell() -> None:
    result = make()
    raster, strip = plots.raster(result).axes
    ticks = [line for line in raster.lines if line.get_marker() == "|"]
    drawn = {to_hex(line.get_color()): len(line.get_xdata()) for line in ticks}
    counts = result.spikes["cell_type"].value_counts()
    assert drawn == {style.CELL_COLOURS[kind].lower(): n for kind, n in counts.items()}
    assert [line.get_label() for line in strip.lines] == ["pyr", "vip", "pv"]
    assert strip.get_xlabel() == "Time (s)"
    assert "Hz" in strip.get_ylabel()


def test_raster_stacks_excitatory_above_inhibitory() -> None:
    bands = lay_out(make(), None, 400)
    assert [band.population for band in bands] == ["pyr", "vip", "pv"]
    edges = [edge for band in bands for edge in (band.top, band.bottom)]
    assert edges == sorted(edges, reverse=True)
    words = [text.get_text() for text in plots.raster(make()).axes[0].texts]
    assert words.count("excitatory") == words.count("inhibitory") == 1


def test_raster_thins_large_networks_and_says_so() -> None:
    result = make({"pyr": 4000, "pv": 300, "vip": 10})
    bands = {band.population: band for band in lay_out(result, None, 400)}
    assert bands["pyr"].shown.size == pytest.approx(4000 * 400 / 4310, abs=1)
    assert bands["vip"].shown.size == 10  # all of a small population
    assert bands["vip"].top - bands["vip"].bottom > 0.08  # room for its label
    chosen, height = bands["pv"].spike_heights(np.arange(300))
    assert chosen.sum() == bands["pv"].shown.size
    assert ((height > bands["pv"].bottom) & (height < bands["pv"].top)).all()
    texts = [text.get_text() for text in plots.raster(result).axes[0].texts]
    assert f"{bands['pyr'].shown.size} of 4000 cells" in texts


def test_raster_window_and_choice_of_populations() -> None:
    figure = plots.raster(make(), ["pv"], 100 * ms, 0.6)
    raster, strip = figure.axes
    assert raster.get_xlim() == (100, 600)
    assert strip.get_xlabel() == "Time (ms)"
    x = raster.lines[0].get_xdata()
    assert x.min() >= 100
    assert x.max() < 600
    with pytest.raises(UnknownName, match="Did you mean 'pyr'"):
        plots.raster(make(), ["pry"])


def test_many_spikes_become_a_bitmap_in_vector_figures() -> None:
    few = plots.raster(make()).axes[0].lines[0]
    many = plots.raster(make({"pyr": 200}, rate=100), max_neurons=10).axes[0].lines[0]
    assert not few.get_rasterized()
    assert many.get_rasterized()


def test_given_axes_are_used_and_returned() -> None:
    with mpl.rc_context({"font.size": 7}):
        own = Figure().subplots()
        plots.rates({"control": make(), "ACh": make()}, ax=own)
    texts = [own.yaxis.label, *own.get_legend().get_texts()]
    assert {text.get_fontsize() for text in texts} == {7.0}  # the user's, not the house's
    ax = Figure().subplots()
    assert plots.raster(make(), ax=ax) is ax
    assert plots.rates(make(), ax=Figure().subplots()).get_ylabel() == "Firing rate (Hz)"
    assert plots.traces(recorded(), "pyr", "V_soma", ax=ax) is ax


@pytest.mark.parametrize(
    ("length", "n", "expected"),
    [(2, 1000, 0.02), (0.3, 1000, 0.002), (2, 4, 0.05), (0.2, 1, 0.01), (60, 1000, 0.5)],
)
def test_bins_are_round(length: float, n: int, expected: float) -> None:
    assert bin_width(0, length, n) == pytest.approx(expected)


# --- rates --------------------------------------------------------------------------------------


def test_rate_bars_are_the_means() -> None:
    result = make()
    ax = plots.rates(result).axes[0]
    mean = result.rates().set_index("population")["mean_rate_Hz"]
    heights = [bar.get_height() for bar in ax.patches]
    np.testing.assert_allclose(heights, mean[["pyr", "vip", "pv"]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["pyr", "vip", "pv"]
    assert ax.get_legend() is None


def test_dots_are_rates_of_neurons() -> None:
    result = make({"pyr": 200})
    (dots,) = [line for line in plots.rates(result).axes[0].lines if line.get_marker() == "o"]
    assert len(dots.get_ydata()) == 60
    assert set(dots.get_ydata()) <= set(result.neuron_rates("pyr"))


def test_rates_stand_side_by_side_and_darken() -> None:
    ax = plots.rates({"control": make(), "ACh": make(rate=9, seed=1)}).axes[0]
    assert len(ax.patches) == 6
    lightness = [sum(bar.get_facecolor()[:3]) for bar in ax.patches]
    assert all(
        first > second for first, second in zip(lightness[::2], lightness[1::2], strict=True)
    )
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["control", "ACh"]


def test_rates_of_results_with_different_populations() -> None:
    ax = plots.rates({"a": make({"pyr": 4}), "b": make({"pyr": 4, "pv": 3})}).axes[0]
    assert len(ax.patches) == 3


def test_nothing_to_draw() -> None:
    with pytest.raises(DualframeError, match="no results"):
        plots.rates({})
    with pytest.raises(DualframeError, match="no results"):
        plots.compare({"a": {}})


# --- traces -------------------------------------------------------------------------------------


def test_traces_have_a_panel_per_variable_with_its_unit() -> None:
    figure = plots.traces(recorded(), "pyr")
    labels = [ax.get_ylabel() for ax in figure.axes]
    assert [label.split("(")[1] for label in labels] == ["mV)", "mV)", "nS)"]
    np.testing.assert_allclose(figure.axes[0].lines[0].get_ydata(), -70)
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["neuron 0", "neuron 3", "neuron 5", "spike", "dendritic spike"]


def test_dendritic_spikes_stand_above_their_compartment() -> None:
    figure = plots.traces(recorded(), "pyr", neurons=[0, 3])
    marks = [[line for line in ax.lines if line.get_marker() == "v"] for ax in figure.axes]
    assert [len(lines) for lines in marks] == [0, 2, 0]
    assert [line.get_xdata().tolist() for line in marks[1]] == [[0.5], [0.6]]
    # Without V_dend among the panels they stand above the first.
    alone = plots.traces(recorded(), "pyr", "V_soma", neurons=0).axes[0]
    assert [line.get_marker() for line in alone.lines].count("v") == 1


def test_traces_in_one_axes_need_one_unit() -> None:
    ax = Figure().subplots()
    plots.traces(recorded(), "pyr", ["V_soma", "V_dend"], 0, ax=ax)
    assert "mV" in ax.get_ylabel()
    with pytest.raises(DualframeError, match="different units"):
        plots.traces(recorded(), "pyr", ax=ax)


@pytest.mark.parametrize(
    ("population", "variables", "neurons", "match"),
    [
        ("pv", None, None, "recorded population 'pv'"),
        ("pyr", "V_som", None, "Did you mean 'V_soma'"),
        ("pyr", None, 1, "recorded neuron"),
    ],
)
def test_what_was_not_recorded(population: str, variables: Any, neurons: Any, match: str) -> None:
    with pytest.raises(UnknownName, match=match):
        plots.traces(recorded(), population, variables, neurons)


@pytest.mark.parametrize(
    ("unit", "largest", "expected"),
    [
        ("volt", -0.07, (1e3, "mV")),
        ("volt", 1e-6, (1e3, "mV")),
        ("siemens", 2e-9, (1e9, "nS")),
        ("amp", 1e-12, (1e12, "pA")),
        ("amp", 999e-12, (1e12, "pA")),
        ("mmolar", 3e-6, (1e6, "nM")),
        ("hertz", 5.0, (1.0, "Hz")),
        ("1", 5.0, (1.0, "")),
        ("volt", 0.0, (1e3, "mV")),
        ("siemens", 0.0, (1.0, "S")),
        ("metre ** 2 * amp", 1.0, (1.0, "metre^2 amp")),
    ],
)
def test_units_are_readable(unit: str, largest: float, expected: tuple[float, str]) -> None:
    factor, text = readable_unit(unit, np.array([largest, 0.0, np.nan]))
    assert (pytest.approx(factor), text) == expected


def test_names_are_set_as_mathematics() -> None:
    assert pretty_name("V") == "V"
    assert pretty_name("V_soma") == r"$\mathrm{V}_{\mathrm{soma}}$"


# --- style --------------------------------------------------------------------------------------


def test_a_cell_type_keeps_its_colour() -> None:
    assert (
        style.cell_type_colours(["ctx_pv"])["ctx_pv"]
        == style.cell_type_colours(["x", "ctx_pv"])["ctx_pv"]
    )
    assert (
        style.cell_type_colours(["mine", "ctx_pv"])["mine"]
        == style.cell_type_colours(["ctx_sst", "mine"])["mine"]
    )
    unknown = [f"type {i}" for i in range(8)]
    assert len(set(style.cell_type_colours(unknown).values())) == 8
    assert len(style.cell_type_colours([f"type {i}" for i in range(40)])) == 40


@pytest.mark.parametrize(
    "circuit",
    [
        ["ctx_l23_pyr", "ctx_pv", "ctx_sst", "ctx_vip"],
        ["ca1_pyr", "ca1_pv_basket", "ca1_olm", "ca1_cck_basket"],
        [name for name in style.CELL_COLOURS if name.startswith("ctx_")],
        [name for name in style.CELL_COLOURS if name.startswith("ca1_")],
    ],
)
def test_cells_of_a_circuit_differ_for_colour_blind_eyes(circuit: list[str]) -> None:
    """Deuteranopia and protanopia by Machado et al. (2009), severity 1."""
    deutan = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
    protan = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
    for matrix in (deutan, protan, np.eye(3)):
        seen = [_lab(np.asarray(matrix) @ _linear(style.CELL_COLOURS[name])) for name in circuit]
        distances = [np.linalg.norm(a - b) for i, a in enumerate(seen) for b in seen[:i]]
        # 2.3 in CIELAB is just noticeable side by side. The nearest two of Okabe and Ito's own
        # colours that are used here (green, purple) are 17.9 apart under deuteranopia.
        assert min(distances) > 17


def _linear(colour: str) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _lab(linear: np.ndarray) -> np.ndarray:
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x = to_xyz @ np.clip(linear, 0, 1) / np.array([0.9505, 1.0, 1.089])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_ink_is_readable_and_tint_is_light() -> None:
    for colour in style.CELL_COLOURS.values():
        assert style._contrast_with_white(*to_rgb(style.readable_colour(colour))) >= 4.5
        assert style.tinted_colour(colour, 1.0) == colour.lower()
        assert style.tinted_colour(colour, 0.0) == "#ffffff"


def test_the_users_settings_are_left_alone() -> None:
    before = dict(mpl.rcParams)
    plots.raster(make())
    assert dict(mpl.rcParams) == before


def test_no_figure_stays_open() -> None:
    """Other packages may import pyplot; what counts is that no figure is left open there."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", OPEN_FIGURES], check=True, timeout=120)


OPEN_FIGURES = (
    "import sys, pandas as pd, dualframe.analysis.plots;"
    "from dualframe.results.results import Results, spike_table;"
    "p = pd.DataFrame({'population': ['a'], 'cell_type': ['x'], 'n': [2]});"
    "s = spike_table(p, {'a': ([0], [0.5])});"
    "r = Results(populations=p, spikes=s, duration=1.0);"
    "dualframe.analysis.plots.raster(r);"
    "pyplot = sys.modules.get('matplotlib.pyplot');"
    "sys.exit(bool(pyplot and pyplot.get_fignums()))"
)


# --- drawing ------------------------------------------------------------------------------------

EXTREME = {
    "silent": make(rate=0.0),
    "one neuron": make({"pyr": 1}),
    "many populations": make({f"p{i}": 3 for i in range(30)}),
    "ordinary": make(),
}


@pytest.mark.parametrize("case", EXTREME)
def test_every_figure_can_be_drawn(case: str) -> None:
    result = EXTREME[case]
    for function in plots.standard_figures(result).values():
        assert draw(function()).std() > 0


def test_compare_draws_a_grid(tmp_path: Path) -> None:
    nested = {
        "dendrites": {"control": make(), "ACh": make(seed=1)},
        "points": {"control": make(seed=2), "ACh": make(seed=3)},
    }
    figure = plots.compare(nested, title="L2/3")
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert titles == [
        "dendrites: control",
        "dendrites: ACh",
        "",
        "points: control",
        "points: ACh",
        "",
    ]
    bars = [figure.axes[2], figure.axes[5]]
    assert bars[0].get_ylim() == bars[1].get_ylim()
    assert [ax.get_legend() is not None for ax in bars] == [True, False]
    plots.savefig(figure, tmp_path / "figure.png")
    ragged = plots.compare({"a": {"x": make()}, "b": {"x": make(), "y": make()}})
    assert len(ragged.axes) == 6
    draw(ragged)
    assert len(plots.compare({"x": make(), "y": make()}).axes) == 3


@pytest.mark.parametrize("ending", ["pdf", "svg"])
def test_vector_figures_keep_their_text(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"figure.{ending}"
    plots.savefig(plots.rates(make()), path)
    content = path.read_bytes()
    assert (b"Firing rate (Hz)" in content) if ending == "svg" else (b"/FontFile2" in content)


# --- four conditions ------------------------------------------------------------------------------

FOUR = ("control", "ACh", "ACh, M1 blocked", "ACh, nAChR knocked out")


def test_conditions_differ_by_more_than_shades() -> None:
    ax = plots.rates({label: make(seed=k) for k, label in enumerate(FOUR)}).axes[0]
    hatches = [bar.get_hatch() for bar in ax.patches]
    assert len(set(hatches[:4])) == 4
    legend = ax.get_legend()
    assert legend is not None
    assert [patch.get_hatch() for patch in legend.get_patches()] == hatches[:4]
    assert len(set(plots.HATCHES)) == len(plots.HATCHES)


@pytest.mark.parametrize("count", [3, 4, 5, 7])
def test_many_rasters_stand_above_their_rates(count: int) -> None:
    """No wider than two rasters and their rates, whose text is that of 7 pt at 7 inches."""
    few = plots.compare({"a": make(), "b": make()})
    figure = plots.compare({str(k): make({"pyr": 4}, seed=k) for k in range(count)})
    assert figure.get_figwidth() == few.get_figwidth()
    size = min(mpl.rcParams["font.size"], style.STYLE["xtick.labelsize"])
    assert size * 7 / figure.get_figwidth() > 5  # journals ask for at least five points
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.axison]
    assert titles == [*map(str, range(count)), ""]
    draw(figure)
    rates = figure.axes[-1].get_position()
    assert rates.width > 0.8
    assert all(ax.get_position().y0 > rates.y1 for ax in figure.axes[:-1] if ax.axison)
