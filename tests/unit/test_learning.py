"""Learning curves and outcomes: tables against numbers by hand, figures from their artists."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dualframe.analysis.learning import (
    learning_curve,
    plot_learning_curves,
    plot_outcomes,
    spread_apart,
    summarise_agents,
)
from dualframe.core.errors import DualframeError, UnknownName

# five agents, two trials, and what the last agent never reached
TRIALS = pd.DataFrame(
    {
        "agent": [0, 1, 2, 3, 4] * 2,
        "trial": [0] * 5 + [1] * 5,
        "success": [False, True, False, False, False, True, True, True, True, False],
        "duration_s": [5.0, 1.0, 4.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, np.inf],
    }
).sample(frac=1, random_state=0)


def test_a_curve_has_the_quartiles_over_agents_at_each_trial() -> None:
    curve = learning_curve(TRIALS, "duration_s")
    assert curve["trial"].tolist() == [0, 1]
    assert curve["n"].tolist() == [5, 5]
    assert curve["median"].tolist() == [3, 3]
    assert curve["q25"].tolist() == [2, 2]
    assert curve["q75"].tolist() == [4, 4]
    assert curve["mean"].tolist() == [3, np.inf]
    assert learning_curve(TRIALS, "duration_s", upper=15)["mean"].tolist() == [3, 5]


def test_successes_are_averaged_over_the_last_trials_of_each_agent() -> None:
    assert learning_curve(TRIALS)["mean"].tolist() == [0.2, 0.8]
    smooth = learning_curve(TRIALS, window=2)
    assert smooth["mean"].tolist() == [0.2, 0.5]
    assert smooth["median"].tolist() == [0, 0.5]  # agents: 0.5, 1, 0.5, 0.5, 0


def test_missing_values_are_left_out() -> None:
    some = TRIALS[~((TRIALS["agent"] == 1) & (TRIALS["trial"] == 1))]
    assert learning_curve(some, "duration_s")["n"].tolist() == [5, 4]
    gaps = TRIALS.assign(duration_s=TRIALS["duration_s"].where(TRIALS["trial"] == 0))
    assert learning_curve(gaps, "duration_s")["trial"].tolist() == [0]


def test_curves_refuse_what_is_no_table_of_trials() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'success'"):
        learning_curve(TRIALS, "sucess")
    with pytest.raises(DualframeError, match="a trial twice"):
        learning_curve(pd.concat([TRIALS, TRIALS]))
    with pytest.raises(DualframeError, match="window is 0"):
        learning_curve(TRIALS, window=0)


# --- figures ------------------------------------------------------------------------------------


def draw(figure: object) -> None:
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure).draw()


def test_each_condition_is_a_line_in_a_band_with_its_name() -> None:
    conditions = {
        "none": learning_curve(TRIALS, "duration_s", upper=9),
        "DA": learning_curve(TRIALS),
    }
    figure = plot_learning_curves(conditions, ylabel="value", marks={"reversal": 0.5}, title="two")
    draw(figure)
    ax = figure.axes[0]
    lines = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(lines["none"]) == [3, 3]
    assert list(lines["DA"]) == [0, 1]
    assert len(ax.collections) == 2
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (2, 4)
    drawn = "line: median of 5 agents; band: quartiles"
    assert {text.get_text() for text in ax.texts} == {"none", "DA", "reversal", drawn}
    assert len({line.get_linestyle() for line in ax.lines[:2]}) == 2  # not by colour alone
    assert all(tick == int(tick) for tick in ax.get_xticks())  # trials are whole numbers


def test_no_trial_comes_before_the_first() -> None:
    trials = pd.DataFrame({"agent": 0, "trial": range(1, 41), "success": True})
    figure = plot_learning_curves({"DA": learning_curve(trials)})
    assert isinstance(figure, Figure)
    ax = figure.axes[0]
    shown = [tick for tick in ax.get_xticks() if tick >= ax.get_xlim()[0]]
    assert shown[:4] == [10, 20, 30, 40]


def test_a_mean_is_drawn_in_its_bootstrap_interval() -> None:
    """Of one success among five the quartiles are zero, and the mean is not."""
    curve = learning_curve(TRIALS)
    ax = plot_learning_curves({"all": curve}, line="mean", ax=Figure().subplots())
    band = ax.collections[0].get_paths()[0].vertices
    first = band[band[:, 0] == 0, 1]
    assert first.min() == 0
    # of five draws at least three are the success in 5.8 %, at least four in 0.7 % of samples
    assert first.max() == pytest.approx(0.6)
    assert {text.get_text() for text in ax.texts} == {
        "line: mean of 5 agents; band: 95 % bootstrap interval of the mean"
    }
    one = learning_curve(TRIALS[TRIALS["agent"] == 0])
    assert one["low"].isna().all()  # of one agent there is none
    alone = plot_learning_curves({"all": one}, ax=Figure().subplots())
    assert alone.texts[0].get_text() == "line: median of 1 agent"


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=3, max_size=3),
        min_size=2,
        max_size=9,
    )
)
def test_no_line_leaves_its_band(rows: list[list[float]]) -> None:
    curve = summarise_agents(pd.DataFrame(rows).T)
    for line, low, high in (("mean", "low", "high"), ("median", "q25", "q75")):
        there = curve[low].notna()
        assert (curve[low] <= curve[line])[there].all()
        assert (curve[line] <= curve[high])[there].all()


def test_each_agent_is_a_point_and_each_condition_a_median() -> None:
    outcomes = {"none": [np.inf] * 3, "DA": [1.0, 2.0, 3.0, np.inf], "DA+ACh": [1.0, 1.5]}
    figure = plot_outcomes(outcomes, bars={"published": 2.0}, never="not in 3600 s")
    draw(figure)
    ax = figure.axes[0]
    points = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert list(points["DA+ACh"]) == [1, 1.5]
    row = points["none"][0]
    assert row > 3  # above all that is finite
    assert list(points["DA"]) == [1, 2, 3, row]
    names = [label.get_text() for label in ax.get_xticklabels()]
    assert names == ["none\n0 of 3", "DA\n3 of 4", "DA+ACh\nn = 2"]
    assert {text.get_text() for text in ax.texts} == {"not in 3600 s", "published"}


def test_figures_draw_into_axes_and_refuse_no_conditions() -> None:
    ax = Figure().subplots()
    assert plot_outcomes({"all": [1.0, 1.0]}, ax=ax) is ax
    assert plot_learning_curves({"all": learning_curve(TRIALS)}, line="mean", ax=ax) is ax
    draw(plot_outcomes({"never": [np.inf]}))
    for function in (plot_outcomes, plot_learning_curves):
        with pytest.raises(DualframeError, match="no conditions"):
            function({})
    with pytest.raises(UnknownName, match="line of a learning curve"):
        plot_learning_curves({"all": learning_curve(TRIALS)}, line="middle")


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=8))
def test_names_of_curves_lie_apart_and_in_their_order(ends: list[float]) -> None:
    placed = spread_apart(ends, 0.1, 0.0, 1.0)
    order = np.argsort(ends, kind="stable")
    # nine gaps fit between the bounds; sums of a few gaps are rounded
    assert (np.diff(np.array(placed)[order]) >= 0.1 - 1e-12).all()
    assert min(placed) >= -1e-12
    assert max(placed) <= 1 + 1e-12
