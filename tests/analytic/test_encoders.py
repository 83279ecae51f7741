"""Encoders against their formulas; worlds that stand still, and copies of them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, cm, ms, second
from scipy.stats import binom

import dualframe as df
from dualframe.building.encoders import (
    grid_cells,
    grid_points,
    latency_code,
    normal_edges,
    place_cells,
    poisson_rate,
    population_code,
    tuning_curves,
)
from dualframe.building.network_block import NetworkBlock
from dualframe.core.errors import NetworkError, QuantityError, UnknownName
from dualframe.network import Population

DT = 1 * ms


def still(n: int = 1, **values: Any) -> Population:
    """Worlds that stand still, by variable."""
    equations = "\n".join(f"{name} : 1" for name in values)
    return Population("world", n, equations, initial=values)


def spikes(world: Population, block: NetworkBlock, steps: int) -> pd.DataFrame:
    """Spikes of the only population of a block."""
    network = (NetworkBlock((world,)) + block).network()
    run = df.run(network, steps * DT, dt=DT, target="runtime", seed=1, progress=False)
    return run.spikes[run.spikes["population"] == block.populations[0].name]


def counts(world: Population, block: NetworkBlock, steps: int) -> np.ndarray:
    """Number of spikes of each neuron of the only population of a block."""
    return np.bincount(spikes(world, block, steps)["neuron"], minlength=block.populations[0].n)


def assert_binomial(found: np.ndarray, steps: int, p: np.ndarray) -> None:
    """All counts lie where a binomial variable of this p does, but for 1 in 10^4 test runs."""
    tail = 1e-4 / found.size / 2
    assert (found >= binom.ppf(tail, steps, p)).all()
    assert (found <= binom.isf(tail, steps, p)).all()


# --- grid cells -----------------------------------------------------------------------------------


def grid_rate(r: np.ndarray, phase: np.ndarray, spacing: float, turn: float) -> np.ndarray:
    """Sum of three plane waves, 60 degrees apart, by the formula."""
    angles = np.deg2rad([-30, 30, 90]) + turn
    waves = np.stack([np.cos(angles), np.sin(angles)])
    return np.cos(4 * np.pi / np.sqrt(3) / spacing * ((r - phase) @ waves)).sum(axis=-1)


@pytest.mark.parametrize("profile", ["exponential", "linear"])
def test_grid_cells_fire_by_the_sum_of_three_waves(profile: str) -> None:
    place, turn = np.array([0.3, -0.9]), 0.2
    block = grid_cells(
        spacings=[1.0, 1.5], phases=3, orientation=turn, rate_max=400 * Hz, profile=profile
    )
    cells = block.populations[0].parameters
    found = counts(still(x=place[0], y=place[1]), block, 2000)
    assert len(found) == 18
    phases = np.stack([cells["phase_0"], cells["phase_1"]], axis=1)
    sums = [
        grid_rate(place, phase, spacing, turn)
        for phase, spacing in zip(phases, np.repeat([1.0, 1.5], 9), strict=True)
    ]
    rising = (np.exp(0.3 * (np.array(sums) + 1.5)) - 1) / (np.exp(1.35) - 1)
    assert_binomial(
        found, 2000, 0.4 * (rising if profile == "exponential" else (np.array(sums) + 1.5) / 4.5)
    )


def test_fields_of_a_grid_cell_are_corners_of_triangles() -> None:
    """The six nearest fields are one spacing away; midway between two it fires less."""
    angles = np.deg2rad(60 * np.arange(6)) + 0.3
    corners = 0.7 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert grid_rate(corners, np.zeros(2), 0.7, 0.3) == pytest.approx(3)
    assert (grid_rate(corners / 2, np.zeros(2), 0.7, 0.3) < 0).all()
    phases = grid_cells(spacings=[0.7], phases=2, orientation=0.3).populations[0].parameters
    assert np.hypot(phases["phase_0"], phases["phase_1"])[:3] == pytest.approx([0, 0.35, 0.35])


# --- rates ----------------------------------------------------------------------------------------


def test_a_rate_code_is_linear_and_clipped() -> None:
    block = poisson_rate({"x": (-1, 1), "y": (0, 4)}, cells=3, rate_low=20 * Hz, rate_high=420 * Hz)
    found = counts(still(x=0.5, y=9.0), block, 2000)
    assert_binomial(found, 2000, np.repeat([0.02 + 0.4 * 0.75, 0.42], 3))


# --- place cells --------------------------------------------------------------------------------


def test_zannones_grid_has_121_centres() -> None:
    points = grid_points((-2, 2), (-2, 2), spacing=0.4)
    assert points.shape == (121, 2)
    assert points[0] == pytest.approx([-2, -2])
    assert points[-1] == pytest.approx([2, 2])
    assert sorted(set(points[:, 0].round(9))) == pytest.approx(np.arange(-2, 2.1, 0.4))


@pytest.mark.parametrize(("profile", "twice"), [("zannone", 1), ("gaussian", 2)])
def test_place_cells_fire_with_the_published_probability(profile: str, twice: int) -> None:
    centres = grid_points((-2, 2), (-2, 2), spacing=0.4)
    block = place_cells(centres=centres, profile=profile)
    found = counts(still(x=0.3, y=-0.9), block, 2000)
    d2 = ((centres - [0.3, -0.9]) ** 2).sum(axis=1)
    assert_binomial(found, 2000, 0.4 * np.exp(-d2 / (twice * 0.16)))


@pytest.mark.parametrize("dimensions", [1, 3])
def test_place_cells_in_any_number_of_dimensions_and_with_units(dimensions: int) -> None:
    names = "xyz"[:dimensions]
    axis = (0 * cm, 20 * cm)
    centres = grid_points(*[axis] * dimensions, spacing=10 * cm)
    equations = "\n".join(f"{name} : metre" for name in names)
    world = Population("world", 1, equations, initial=dict.fromkeys(names, 7 * cm))
    block = place_cells(variables=names, centres=centres, sigma=8 * cm, rate_max=200 * Hz)
    d2 = ((np.asarray(centres) - 0.07) ** 2).sum(axis=1)
    found = counts(world, block, 2000)
    assert_binomial(found, 2000, 0.2 * np.exp(-d2 / 0.08**2))


@pytest.mark.parametrize(("found", "silent"), [(0.0, False), (1.0, True)])
def test_a_gate_silences_place_cells(found: float, silent: bool) -> None:
    block = place_cells(variables=["x"], centres=[0.0], gate="found")
    assert (counts(still(x=0.0, found=found), block, 200).sum() == 0) == silent


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"profile": "gausian"}, UnknownName, "Did you mean 'gaussian'"),
        ({"sigma": 4 * cm}, QuantityError, "sigma of 'place'"),
        ({"sigma": 0}, NetworkError, "more than zero"),
        ({"rate_max": 400}, QuantityError, "rate_max of 'place'"),
        ({"centres": np.zeros((4, 3))}, NetworkError, "expected \\(cells, 2\\)"),
        ({"variables": ()}, NetworkError, "expected \\(cells, 0\\)"),
    ],
)
def test_place_cells_refuse(change: Mapping[str, Any], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        place_cells(**{"centres": np.zeros((4, 2)), **change})


def test_a_grid_is_a_whole_number_of_spacings() -> None:
    with pytest.raises(NetworkError, match="no whole number of spacings"):
        grid_points((0, 1), spacing=0.3)
    with pytest.raises(QuantityError, match="end of a grid"):
        grid_points((0, 1), spacing=3 * cm)
    assert grid_points((0 * second, 1 * second), spacing=250 * ms).shape == (5, 1)


# --- tuning curves ------------------------------------------------------------------------------

RANGES = {"x": (-2.4, 2.4), "theta": (-0.2, 0.2)}


def bump(profile: str, d: np.ndarray, s: float) -> np.ndarray:
    if profile == "gaussian":
        return np.exp(-(d**2) / (2 * s**2))
    return np.where(np.abs(d) < 2 * s, (1 + np.cos(np.pi * d / (2 * s))) / 2, 0)


@pytest.mark.parametrize("profile", ["gaussian", "cosine"])
def test_each_variable_has_a_row_of_bumps(profile: str) -> None:
    block = tuning_curves(RANGES, fields=20, profile=profile, width=1.5, rate_max=200 * Hz)
    assert block.populations[0].n == 40
    found = counts(still(x=-1.0, theta=0.31), block, 2000)  # theta is beyond its range
    centres = np.linspace(0, 1, 20)
    x = bump(profile, 1.4 / 4.8 - centres, 1.5 / 19)
    theta = bump(profile, 1.0 - centres, 1.5 / 19)
    assert_binomial(found, 2000, 0.2 * np.concatenate([x, theta]))


def test_cosine_bumps_add_up_to_the_same_everywhere() -> None:
    # half at one spacing, zero at two: neighbours complement each other
    x = np.linspace(0.2, 0.8, 50)
    total = sum(bump("cosine", x - centre, 0.1) for centre in np.linspace(0, 1, 11))
    assert total == pytest.approx(2, abs=1e-12)


def test_rows_have_their_own_lengths_and_units() -> None:
    world = Population("world", 1, "x : metre\nv : 1", initial={"x": 5 * cm, "v": 0.0})
    block = tuning_curves(
        {"v": (-1, 1), "x": ("0 cm", "20 cm")}, fields={"x": 5, "v": 3}, rate_max=200 * Hz
    )
    v = bump("gaussian", 0.5 - np.linspace(0, 1, 3), 1 / 2)
    x = bump("gaussian", 0.25 - np.linspace(0, 1, 5), 1 / 4)
    assert_binomial(counts(world, block, 1000), 1000, 0.2 * np.concatenate([v, x]))


@pytest.mark.parametrize(("x", "active"), [(-9.0, 0), (-0.1, 1), (0.1, 2), (0.6, 2), (0.7, 3)])
def test_one_box_of_a_row_is_active(x: float, active: int) -> None:
    edges = normal_edges(0, 1, 4)
    assert edges == pytest.approx([-0.6745, 0, 0.6745], abs=1e-4)  # quartiles of a normal variable
    block = tuning_curves(
        {"x": (-3, 3)}, fields=4, profile="box", edges={"x": edges}, rate_max=500 * Hz
    )
    assert np.flatnonzero(counts(still(x=x), block, 40)).tolist() == [active]


def test_boxes_without_edges_are_equal_parts_of_the_range() -> None:
    block = tuning_curves({"x": (0, 2)}, fields=4, profile="box")
    parameters = block.populations[0].parameters
    assert parameters["right"][:-1] == pytest.approx([0.25, 0.5, 0.75])
    assert parameters["left"][1:] == pytest.approx([0.25, 0.5, 0.75])


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"profile": "gauss"}, UnknownName, "Did you mean 'gaussian'"),
        ({"ranges": {}}, NetworkError, "at least one variable"),
        ({"ranges": {"x": (1, 1)}}, NetworkError, "a lower end first"),
        ({"ranges": {"x": (0, np.inf)}}, NetworkError, "one finite number"),
        ({"ranges": {"x": (0, 1 * cm)}}, QuantityError, "range of 'x'"),
        ({"ranges": {"x": (0, 1, 2)}}, NetworkError, "two ends"),
        ({"fields": 0}, NetworkError, "number of fields of 'x'"),
        ({"fields": {"x": 3, "thata": 3}}, UnknownName, "Did you mean 'theta'"),
        ({"fields": {"x": 3}}, NetworkError, "no number for 'theta'"),
        ({"edges": {"x": [0]}}, NetworkError, "are for profile 'box'"),
        ({"profile": "box", "edges": {"x": [0, 0]}, "fields": 3}, NetworkError, "ascending"),
        ({"profile": "box", "edges": {"x": [0, 9]}, "fields": 3}, NetworkError, "outside"),
        ({"profile": "box", "edges": {"y": [0]}}, UnknownName, "variable of an encoder 'y'"),
        ({"width": -1}, NetworkError, "width of 'tuning'"),
    ],
)
def test_tuning_curves_refuse(change: Mapping[str, Any], error: type, says: str) -> None:
    with pytest.raises(error, match=says):
        tuning_curves(**{"ranges": RANGES, **change})


# --- population code ----------------------------------------------------------------------------


def test_a_population_code_is_the_product_of_its_tuning_curves() -> None:
    block = population_code(
        RANGES, fields={"x": 5, "theta": 7}, width={"theta": 0.8}, rate_max=250 * Hz
    )
    found = counts(still(x=0.7, theta=-0.03), block, 1500)
    x = bump("gaussian", 3.1 / 4.8 - np.linspace(0, 1, 5), 1 / 4)
    theta = bump("gaussian", 0.17 / 0.4 - np.linspace(0, 1, 7), 0.8 / 6)
    assert_binomial(found, 1500, 0.25 * np.outer(x, theta).ravel())


@pytest.mark.parametrize("turns", [0, 1, -2])
def test_a_periodic_variable_is_seen_around_the_ring(turns: int) -> None:
    block = population_code(
        {"angle": (-np.pi, np.pi)}, fields=8, periodic=["angle"], rate_max=300 * Hz
    )
    angle = -3.0
    found = counts(still(angle=angle + 2 * np.pi * turns), block, 1500)
    off = np.angle(np.exp(1j * (angle - (-np.pi + 2 * np.pi * np.arange(8) / 8))))
    assert_binomial(found, 1500, 0.3 * np.exp(-((off / (np.pi / 4)) ** 2) / 2))


def test_a_population_code_refuses_a_variable_without_range() -> None:
    for change in ({"periodic": ["phi"]}, {"width": {"phi": 1}}):
        with pytest.raises(UnknownName, match="variable of an encoder 'phi'"):
            population_code(RANGES, fields=3, **change)


# --- latency ------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [25, 40])
def test_a_latency_code_fires_once_per_window_at_the_published_time(interval: int) -> None:
    values = np.array([-0.5, 0.0, 0.013, 0.1, 0.33, 0.5, 0.777, 1.0, 3.0])
    world = still(**{f"x{k}": value for k, value in enumerate(values)})
    block = latency_code(
        {f"x{k}": (0, 1) for k in range(len(values))}, window=25 * ms, interval=interval * ms
    )
    found = spikes(world, block, 4 * interval)
    # T (1 - x), to the nearest step, after the state of the tick has arrived; 12.5 rounds down
    after = np.round(25 * (1 - np.clip(values, 0, 1)) - 1e-9).astype(int)
    expected = {
        (k, window * interval + 1 + step)
        for k, step in enumerate(after)
        for window in range(4)
        if step < 25 and window * interval + 1 + step < 4 * interval
    }
    steps = np.rint(found["t"] / 1e-3).astype(int)
    assert set(zip(found["neuron"], steps, strict=True)) == expected
    assert len(found) == len(expected)


def test_a_latency_code_holds_the_value_at_the_opening_of_its_window() -> None:
    # x rises from 0 by 0.01 per step: at the steps 1, 21, 41 that open windows it is step/100
    world = Population("world", 1, "dx/dt = 0.01/dt : 1")
    found = spikes(world, latency_code({"x": (0, 1)}, window=20 * ms), 81)
    opened = np.array([21, 41, 61])  # at step 1, 20 x = 0.2 rounds to silence
    steps = np.rint(found["t"] / 1e-3)
    assert steps.tolist() == (opened + 20 - np.rint(0.2 * opened)).tolist()


def test_a_latency_code_refuses_a_window_longer_than_its_interval() -> None:
    with pytest.raises(NetworkError, match="shorter than its window"):
        latency_code({"x": (0, 1)}, window=20 * ms, interval=10 * ms)
    with pytest.raises(QuantityError, match="window of 'latency'"):
        latency_code({"x": (0, 1)}, window=20)
