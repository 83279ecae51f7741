"""Encoders against their formulas; worlds that stand still, and copies of them side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, cm, ms, second
from scipy.stats import binom

import dualframe as df
from dualframe.errors import NetworkError, QuantityError, UnknownName
from dualframe.network import Network, Population
from dualframe.task_driven.block import Block
from dualframe.task_driven.encoders import grid, place_cells

DT = 1 * ms


def still(n: int = 1, **values: Any) -> Population:
    """Worlds that stand still, by variable."""
    equations = "\n".join(f"{name} : 1" for name in values)
    return Population("world", n, equations, initial=values)


def counts(world: Population, block: Block, steps: int, seed: int = 1) -> np.ndarray:
    """Spikes of each neuron of the only population of a block."""
    network = Network((world, *block.populations), (), block.projections)
    run = df.run(network, steps * DT, dt=DT, target="runtime", seed=seed, progress=False)
    cells = block.populations[0]
    neurons = run.spikes.loc[run.spikes["population"] == cells.name, "neuron"]
    return np.bincount(neurons, minlength=cells.n)


def assert_binomial(found: np.ndarray, steps: int, p: np.ndarray) -> None:
    """All counts lie where a binomial variable of this p does, but for 1 in 10^4 test runs."""
    tail = 1e-4 / found.size / 2
    assert (found >= binom.ppf(tail, steps, p)).all()
    assert (found <= binom.isf(tail, steps, p)).all()


# --- place cells --------------------------------------------------------------------------------


def test_zannones_grid_has_121_centres() -> None:
    points = grid((-2, 2), (-2, 2), spacing=0.4)
    assert points.shape == (121, 2)
    assert points[0] == pytest.approx([-2, -2])
    assert points[-1] == pytest.approx([2, 2])
    assert sorted(set(points[:, 0].round(9))) == pytest.approx(np.arange(-2, 2.1, 0.4))


@pytest.mark.parametrize(("profile", "twice"), [("zannone", 1), ("gaussian", 2)])
def test_place_cells_fire_with_the_published_probability(profile: str, twice: int) -> None:
    centres = grid((-2, 2), (-2, 2), spacing=0.4)
    block = place_cells(centres=centres, profile=profile)
    found = counts(still(x=0.3, y=-0.9), block, 2000)
    d2 = ((centres - [0.3, -0.9]) ** 2).sum(axis=1)
    assert_binomial(found, 2000, 0.4 * np.exp(-d2 / (twice * 0.16)))


@pytest.mark.parametrize("dimensions", [1, 3])
def test_place_cells_in_any_number_of_dimensions_and_with_units(dimensions: int) -> None:
    names = "xyz"[:dimensions]
    axis = (0 * cm, 20 * cm)
    centres = grid(*[axis] * dimensions, spacing=10 * cm)
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
        grid((0, 1), spacing=0.3)
    with pytest.raises(QuantityError, match="end of a grid"):
        grid((0, 1), spacing=3 * cm)
    assert grid((0 * second, 1 * second), spacing=250 * ms).shape == (5, 1)
