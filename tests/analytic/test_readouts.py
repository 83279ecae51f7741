"""Readouts against sums and recursions over the spikes that they were given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2.units import ms

import dualframe as df
from dualframe.errors import NetworkError, QuantityError
from dualframe.network import Network, Population, Recording, SpikeInput
from dualframe.task_driven.block import Block
from dualframe.task_driven.readouts import angles, population_vector

DT = 1 * ms
STEPS = 400


def spikes(n: int, rate: float = 0.1, steps: int = STEPS, seed: int = 5) -> np.ndarray:
    """Random spikes: step and neuron, true or false."""
    return np.random.default_rng(seed).random((steps, n)) < rate


def run(world: Population, block: Block, fired: np.ndarray, record: dict[str, Any]) -> df.Results:
    """Feed spikes of 'actors' to a readout."""
    step, neuron = np.nonzero(fired)
    actors = SpikeInput("actors", fired.shape[1], neuron, step * DT)
    network = Network((world, *block.populations), (actors,), block.projections)
    kept = {name: Recording(tuple(variables)) for name, variables in record.items()}
    return df.run(
        network, len(fired) * DT, dt=DT, target="runtime", seed=1, progress=False, record=kept
    )


# --- population vector --------------------------------------------------------------------------


def test_forty_cells_point_into_forty_directions() -> None:
    theta = angles(40)
    assert theta[0] == pytest.approx(2 * np.pi / 40)
    assert theta[-1] == pytest.approx(2 * np.pi)
    assert np.sin(theta).sum() == pytest.approx(0, abs=1e-13)


def test_spikes_push_a_world_along_the_sum_of_their_directions() -> None:
    fired = spikes(40)
    fired[-1] = False  # what is pushed in a step is seen in the next
    world = Population("world", 1, "spikes_x : 1\nspikes_y : 1")
    block = population_vector("actors", 40, gain=0.5)
    trace = run(world, block, fired, {"world": ["spikes_x", "spikes_y"]}).traces["world"].values
    sums = 0.5 * np.stack([np.sin(angles(40)), np.cos(angles(40))]) @ fired.cumsum(axis=0).T
    # sums of some thousand numbers of size one, in another order
    assert trace["spikes_x"][0, 1:] == pytest.approx(sums[0, :-1], abs=1e-12)
    assert trace["spikes_y"][0, 1:] == pytest.approx(sums[1, :-1], abs=1e-12)


def test_a_population_vector_refuses_no_cells_and_a_gain_with_a_unit() -> None:
    with pytest.raises(NetworkError, match="number of action cells"):
        population_vector("actors", 0)
    with pytest.raises(QuantityError, match="gain"):
        population_vector("actors", 40, gain=1 * ms)
