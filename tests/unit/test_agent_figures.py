"""Figures and reports of agents, tested for what they show: planted weights, paths and levels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import ms
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from small_task import AGENTS, small

import dualframe as df
from dualframe.building.encoders import population_code, tuning_curves
from dualframe.building.network_block import NetworkBlock
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.training.map_plots import _draw_choices
from dualframe.training.maps import (
    Grid,
    _observed_at_start,
    evaluate_fields,
    map_drive,
    observed_variables,
    standard_grid,
    weight_matrix,
)

HOW: dict[str, Any] = {"target": "runtime", "seed": 1, "progress": False}


@pytest.fixture(scope="module")
def navigators(tmp_path_factory: pytest.TempPathFactory) -> df.TrainedAgents:
    """Agents that have ended two trials of 22 ms, with weights as they began."""
    task = small(tmp_path_factory.mktemp("task"))
    return df.train(task, duration=60 * ms, **HOW)


@pytest.fixture(scope="module")
def balancers() -> df.TrainedAgents:
    """An agent of cartpole that has had time for two decisions."""
    record = {"decision": ["td_error"]}
    return df.train(df.task("cartpole"), agents=1, duration=50 * ms, record=record, **HOW)


def axes_of(draw: Any, *arguments: Any, **options: Any) -> Axes:
    """Return the axes into which something was drawn, all of it laid out."""
    ax = draw(*arguments, **options, ax=Figure().subplots())
    assert isinstance(ax, Axes)
    figure = ax.get_figure()
    assert isinstance(figure, Figure)
    FigureCanvasAgg(figure).draw()
    return ax


def with_weights(agents: df.TrainedAgents, name: str, change: Any) -> df.TrainedAgents:
    """Return agents with other weights: a function of the table."""
    table = agents.weights[name]
    weight = np.asarray(change(table), dtype=float)
    return replace(agents, weights={**agents.weights, name: table.assign(weight=weight)})


# --- numbers behind the maps ----------------------------------------------------------------------


def test_fields_are_those_of_the_place_cells(navigators: df.TrainedAgents) -> None:
    grid = standard_grid(navigators)
    assert grid.over == ("x", "y")
    rates = evaluate_fields(navigators.network, "place", grid)
    cells = navigators.network.population("place").parameters
    squares = sum(
        (grid.place_values(v) - np.asarray(cells[f"centre_{v}"])[:, np.newaxis]) ** 2 for v in "xy"
    )
    np.testing.assert_allclose(rates, 400 * np.exp(-squares))  # sigma is 1


@pytest.mark.parametrize("profile", ["gaussian", "cosine", "box"])
def test_fields_of_other_encoders_are_those_of_their_equations(profile: str) -> None:
    """Five fields a row: at the centre of the fourth it alone is at its largest rate."""
    ranges = {"x": (-2, 2), "y": (-1, 1)}
    arena = NetworkBlock((df.environment("open_field").population(),))
    rows = tuning_curves(ranges, fields=5, profile=profile, width=0.5, gate="found", name="rows")
    code = population_code(ranges, fields=5, gate="found", name="code")
    agent = (arena + rows + code).network("watching")
    assert observed_variables(agent) == {
        name: {"seen_x": "x", "seen_y": "y"} for name in ("rows", "code")
    }
    line = np.linspace(-2, 2, 5)
    grid = Grid(over=("x", "y"), axes=(line, line / 2), at={})
    in_rows = evaluate_fields(agent, "rows", grid).reshape(10, 5, 5)
    in_code = evaluate_fields(agent, "code", grid).reshape(25, 5, 5)
    assert (in_rows[:5].argmax(axis=0) == np.arange(5)[:, np.newaxis]).all()
    assert (in_rows[5:].argmax(axis=0) == np.arange(5)).all()
    assert (in_code.argmax(axis=0).ravel() == np.arange(25)).all()
    assert in_code.max() == pytest.approx(100)


def test_weights_are_by_cell_and_agent(navigators: df.TrainedAgents) -> None:
    chosen = with_weights(navigators, "learned", lambda t: 100 * t["pre"] + t["post"])
    first, second = (weight_matrix(chosen, "learned", k) for k in range(AGENTS))
    assert first.shape == (25, 40)
    there = ~np.isnan(first)
    pre, post = np.nonzero(there)
    np.testing.assert_array_equal(first[there], 100 * pre + post)
    np.testing.assert_array_equal(second[there], 100 * (pre + 25) + post + 40)
    assert (~there).any()  # actions that lead out of the arena have no synapses
    mean = weight_matrix(chosen, "learned")
    np.testing.assert_allclose(mean[there], (first + second)[there] / 2)


def test_the_drive_is_weights_times_fields(navigators: df.TrainedAgents) -> None:
    grid = standard_grid(navigators)
    drive = map_drive(navigators, "action", grid, 0)
    weights = np.nan_to_num(weight_matrix(navigators, "learned", 0))
    rates = evaluate_fields(navigators.network, "place", grid)
    np.testing.assert_allclose(drive, np.einsum("pa,px->ax", weights, rates))


def test_cartpole_is_seen_over_the_pole_with_the_cart_in_the_middle(
    balancers: df.TrainedAgents,
) -> None:
    grid = standard_grid(balancers)
    assert grid.over == ("theta", "theta_dot")
    assert (grid.axes[0][0], grid.axes[1][-1]) == (-0.12, pytest.approx(1.2))
    cart = evaluate_fields(balancers.network, "cart_fields", grid)
    assert (cart == cart[:, :1]).all()
    assert cart[12, 0] == cart.max() == 100  # the field in the middle of five by five
    other = standard_grid(balancers, ["x"])
    assert other.axes[0][-1] == pytest.approx(2.4)
    with pytest.raises(UnknownName, match="Did you mean"):
        standard_grid(balancers, ["tehta"])
    with pytest.raises(DualframeError, match="one or two variables"):
        standard_grid(balancers, ["x", "theta", "theta_dot"])


# --- figures --------------------------------------------------------------------------------------


def test_arrows_point_where_the_strongest_cells_push(navigators: df.TrainedAgents) -> None:
    """Cell 9 of 40 pushes east: it alone has large weights."""
    chosen = with_weights(navigators, "learned", lambda t: 1 + 2 * (t["post"] % 40 == 9))
    ax = axes_of(df.plots.policy_map, chosen, 0)
    (arrows,) = (item for item in ax.collections if isinstance(item, Quiver))
    inner = np.abs(np.asarray(arrows.X)) < 0.5  # near walls, cells that lead out are missing
    assert inner.sum() > 9
    # all 40 cells but those of directions at the walls push against each other
    assert (np.asarray(arrows.U)[inner] > 0).all()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    assert ax.get_title() == "Policy of agent 0"  # the place is the user's setting


def test_a_policy_of_two_actions_has_a_border(balancers: df.TrainedAgents) -> None:
    """The first action's weights are larger where theta is below zero."""
    pole = np.asarray(balancers.network.population("pole_fields").parameters["centre_0"])
    chosen = with_weights(
        balancers, "pole_fields_to_action_0", lambda t: 1 - pole[t["pre"].to_numpy()]
    )
    ax = axes_of(df.plots.policy_map, chosen)
    difference = np.asarray(ax.collections[0].get_array()).reshape(33, 33)  # rows: theta_dot
    assert (difference[:, :16] < 0).all()
    assert (difference[:, 17:] > 0).all()
    np.testing.assert_allclose(difference[:, 16], 0, atol=1e-9)
    assert {text.get_text() for text in ax.texts} == {"action 0", "action 1"}
    assert ax.get_title() == "Policy of 1 agent (mean)\nat x = 0, x_dot = 0"


def test_values_are_the_critics_drive(
    balancers: df.TrainedAgents, navigators: df.TrainedAgents
) -> None:
    ax = axes_of(df.plots.value_map, balancers, 0)
    shown = np.asarray(ax.collections[0].get_array()).reshape(33, 33)
    drive = map_drive(balancers, "value", standard_grid(balancers), 0).mean(axis=0)
    np.testing.assert_allclose(shown, drive.reshape(33, 33).T)
    assert shown.max() == pytest.approx(shown[16, 16], rel=1e-3)  # equal weights: in the middle
    line = axes_of(df.plots.value_map, balancers, 0, over=["x"])
    assert line.lines[0].get_xdata().size == 33
    with pytest.raises(DualframeError, match="no critic"):
        df.plots.value_map(navigators)


def test_weights_are_an_image(navigators: df.TrainedAgents) -> None:
    ax = axes_of(df.plots.weight_map, navigators, "", 1)
    np.testing.assert_array_equal(
        ax.images[0].get_array().filled(np.nan), weight_matrix(navigators, "learned", 1).T
    )
    assert ax.get_ylabel() == "Postsynaptic cell (action)"
    with pytest.raises(UnknownName, match="projection that learns"):
        df.plots.weight_map(navigators, "lerned")
    with pytest.raises(UnknownName, match="agent"):
        df.plots.weight_map(navigators, "learned", AGENTS)


def test_paths_are_the_positions_within_trials(navigators: df.TrainedAgents) -> None:
    ax = axes_of(df.plots.trajectories, navigators, 1)
    trials = navigators.trials[navigators.trials["agent"] == 1]
    trace = navigators.traces["environment"]
    paths = [line for line in ax.lines if line.get_marker() != "o"]
    assert len(paths) == len(trials) == 2
    start = -1.0
    for line, end in zip(paths, trials["end_s"], strict=True):
        inside = (trace.t > start) & (trace.t <= end)
        np.testing.assert_array_equal(line.get_xdata(), trace["x"][1, 0, inside])
        np.testing.assert_array_equal(line.get_ydata(), trace["y"][1, 0, inside])
        start = end
    assert len({line.get_linestyle() for line in paths}) == 2  # early and late
    texts = {text.get_text() for text in ax.get_legend().get_texts()}
    assert texts == {"trial 1", "trial 2"}
    assert {"goal", "later goal"} == {text.get_text() for text in ax.texts}
    with pytest.raises(UnknownName, match="trial that has ended"):
        df.plots.trajectories(navigators, 0, [3])


def test_levels_are_those_that_were_recorded(
    balancers: df.TrainedAgents, navigators: df.TrainedAgents
) -> None:
    ax = axes_of(df.plots.modulator_levels, balancers)
    trace = balancers.traces["decision"]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), trace["td_error"][0, 0])
    assert ax.get_legend().get_texts()[0].get_text() == "td_error in decision"
    with pytest.raises(DualframeError, match="no variable that is the level of a modulator"):
        df.plots.modulator_levels(navigators)  # held levels are numbers of the rule
    without = replace(balancers, recorded=navigators.recorded)
    with pytest.raises(DualframeError, match=r"record={'decision': \['td_error'\]"):
        df.plots.modulator_levels(without)


def test_paths_need_a_position_that_was_recorded(
    balancers: df.TrainedAgents, navigators: df.TrainedAgents
) -> None:
    with pytest.raises(DualframeError, match="no environment with a position"):
        df.plots.trajectories(balancers)
    without = replace(navigators, recorded=balancers.recorded)
    with pytest.raises(DualframeError, match=r"record={'environment': \['x', 'y'\]}"):
        df.plots.trajectories(without)


def test_the_overview_has_a_panel_for_what_there_is(
    balancers: df.TrainedAgents, navigators: df.TrainedAgents
) -> None:
    titles = {
        name: [ax.get_title(loc="left") for ax in agents.plot().axes if ax.axison]
        for name, agents in {"navigation": navigators, "cartpole": balancers}.items()
    }
    assert titles["navigation"] == [
        "small, 2 agents, ACh, DA",
        "Paths of agent 0",
        "Policy of agent 0",
        "learned, agent 0",
    ]
    # no trial of cartpole has ended: there is no curve
    assert titles["cartpole"] == [
        "Policy of agent 0\nat x = 0, x_dot = 0",
        "Value to agent 0\nat x = 0, x_dot = 0",
        "pole_fields_to_value, agent 0",
        "Modulators, agent 0",
    ]
    with pytest.raises(UnknownName, match="agent"):
        navigators.plot(AGENTS)


# --- report ---------------------------------------------------------------------------------------


def test_a_report_says_what_was_trained_and_what_came_of_it(
    navigators: df.TrainedAgents, tmp_path: Path
) -> None:
    conditions = {"with": navigators, "again": navigators}
    page = df.report(conditions, tmp_path / "out.html").read_text(encoding="utf-8")
    for text in (
        "agents of &#39;small&#39;",
        "2 agents trained; modulators ACh, DA; 4 trials ended",
        "action: 40 ctx_l23_pyr",
        "open_field",
        "<h2>Outcome</h2>",
        "last_success_rate",
        "<h2>Modulators and drugs</h2>",
        "<h2>Assumptions</h2>",
        "network_hash",
    ):
        assert text in page, text
    # success, duration, reward, outcomes, and an agent of each condition
    assert page.count("<img src=") == 4 + 2


def test_a_report_of_one_condition_that_was_interrupted(
    navigators: df.TrainedAgents, tmp_path: Path
) -> None:
    """Before a trial has ended there is no curve, and nothing to compare."""
    agents = replace(
        navigators,
        provenance={**navigators.provenance, "completed": False},
        trials=navigators.trials.head(0),
    )
    path = df.report(agents, tmp_path / "out.html", text={"outcome": "<b>mine</b>"})
    page = path.read_text(encoding="utf-8")
    assert "The training was interrupted: what follows is the first 0.06 s of it." in page
    assert "&lt;b&gt;mine" in page
    assert page.count("<img src=") == 2


def test_what_cannot_be_reported(navigators: df.TrainedAgents, tmp_path: Path) -> None:
    path = tmp_path / "out.html"
    with pytest.raises(DualframeError, match="runs and agents"):
        df.report({"a": navigators, "b": navigators.results(0)}, path)  # type: ignore[dict-item]
    with pytest.raises(UnknownName, match="section of a report of agents"):
        df.report(navigators, path, text={"rates": ""})
    with pytest.raises(DualframeError):
        df.report([navigators], path)  # type: ignore[arg-type]
    assert not path.exists()


PLANE = Grid(over=("x", "y"), axes=(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), at={})


def drawn_choices(*drives: Any) -> tuple[Any, set[str]]:
    """The figure of a policy by the drives of its actions, and the actions that it names."""
    figure = Figure()
    ax = figure.subplots()
    _draw_choices(ax, PLANE, np.stack(drives))
    return figure, {text.get_text() for text in ax.texts}


def test_an_action_that_is_preferred_nowhere_is_not_named() -> None:
    x = PLANE.place_values("x")
    assert drawn_choices(0 * x, x)[1] == {"action 0", "action 1"}
    assert drawn_choices(0 * x, x + 3)[1] == {"action 1"}
    assert drawn_choices(0 * x, 0 * x + 1, 0 * x)[1] == {"action 1"}


def test_names_of_actions_stand_within_the_map() -> None:
    x = PLANE.place_values("x")
    figure, names = drawn_choices(0 * x, x, -x)
    assert names == {"action 0", "action 1", "action 2"}
    FigureCanvasAgg(figure).draw()
    ax = figure.axes[0]
    for text in ax.texts:
        (left, bottom), (right, top) = text.get_window_extent().get_points()
        assert ax.bbox.x0 <= left
        assert right <= ax.bbox.x1
        assert ax.bbox.y0 <= bottom
        assert top <= ax.bbox.y1


def test_one_preferred_action_of_several_has_its_colour_among_all() -> None:
    x = PLANE.place_values("x")
    figure, _ = drawn_choices(0 * x, 0 * x + 1, 0 * x)
    image = figure.axes[0].collections[0]
    assert image.get_clim() == (-0.5, 2.5)
    assert image.colorbar.get_ticks().tolist() == [0, 1, 2]


def test_an_action_has_its_colour_in_every_map() -> None:
    x = PLANE.place_values("x")
    few, many = (drawn_choices(*(k * x for k in range(n)))[0] for n in (3, 14))
    three, fourteen = (figure.axes[0].collections[0].get_cmap() for figure in (few, many))
    assert [three(k) for k in range(3)] == [fourteen(k) for k in range(3)]
    assert len({fourteen(k) for k in range(14)}) == 14


def test_actions_over_one_variable_are_steps_at_their_numbers() -> None:
    line = Grid(over=("x",), axes=(np.linspace(-1, 1, 9),), at={"y": 0.25})
    x, ax = line.place_values("x"), Figure().subplots()
    _draw_choices(ax, line, np.stack([-x, 0 * x + 0.3, x]))
    steps, *points = ax.lines
    assert steps.get_drawstyle() == "steps-mid"
    assert steps.get_ydata().tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert ax.get_yticks().tolist() == [0, 1, 2]
    assert len({point.get_color() for point in points}) == 3


@pytest.mark.parametrize(("unit", "label"), [("1", "Hz"), ("siemens", "nS Hz"), ("volt", "mV Hz")])
def test_maps_name_unit_and_what_is_held(
    balancers: df.TrainedAgents, unit: str, label: str
) -> None:
    units = dict.fromkeys(balancers.weights, unit)
    agents = replace(balancers, weight_units=units)
    ax = axes_of(df.plots.policy_map, agents, 0, over=["theta", "theta_dot"])
    assert ax.get_title() == "Policy of agent 0\nat x = 0, x_dot = 0"
    assert ax.child_axes[0].get_ylabel() == f"Drive of action 1 minus 0 ({label})"
    ax = axes_of(df.plots.value_map, agents, 0, over=["x"])
    assert ax.get_ylabel() == f"Drive of the critic ({label})"


def test_observations_are_held_where_trials_start() -> None:
    """The acrobot hangs down at first: the cosine of no angle is one."""
    held = _observed_at_start(df.environment("acrobot"))
    assert held["cos_theta1"] == held["cos_theta2"] == pytest.approx(1)
    assert held["sin_theta1"] == pytest.approx(0)
