"""Poisson inputs: the spikes that are drawn, in how much memory, and what their counts vary by."""

from __future__ import annotations

import tracemalloc
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, second

import dualframe as df
from dualframe.core.errors import DualframeWarning
from dualframe.targets.lowering.lower_spike_inputs import lower_source
from dualframe.targets.lowering.lowered_network import LoweredSpikes

DT = 1e-4


def drawn(rate: Any, duration: float, seed: int = 1, **changes: Any) -> LoweredSpikes:
    source = df.PoissonInput("in", np.size(rate), rate * Hz, **changes)
    spikes = lower_source(source, DT, duration, np.random.default_rng(seed))
    assert isinstance(spikes, LoweredSpikes)
    return spikes


def columnwise_spikes(rates: Any, steps: int, seed: int) -> set[tuple[int, int]]:
    """First gap of every source, second of every source, and so on, all in memory at once."""
    gaps = np.random.default_rng(seed).geometric(np.asarray(rates) * DT, (steps, len(rates)))
    reached = np.cumsum(gaps, axis=0) - 1
    rows, sources = np.nonzero(reached < steps)
    return set(zip(sources.tolist(), reached[rows, sources].tolist(), strict=True))


@pytest.mark.parametrize("rates", [[40.0] * 7, [900.0, 20.0, 3.0], [5000.0]])
def test_gaps_are_geometric_in_a_stated_order(rates: list[float]) -> None:
    found = drawn(np.array(rates), 0.05, seed=4)
    steps = np.rint(found.times / DT).astype(int)
    assert set(zip(found.indices.tolist(), steps.tolist(), strict=True)) == columnwise_spikes(
        rates, 500, seed=4
    )
    assert np.array_equal(np.lexsort((found.indices, steps)), np.arange(len(steps)))


def test_a_longer_run_begins_as_the_shorter_one() -> None:
    rates = np.array([800.0, 30.0, 200.0])
    short, long = drawn(rates, 0.5), drawn(rates, 5.0)
    begin = long.times < 0.5 - DT / 2
    assert np.array_equal(long.indices[begin], short.indices)
    assert np.array_equal(long.times[begin], short.times)


@pytest.mark.parametrize("tiny", [1e-12, 1e-80, 5e-324, 0.0])
def test_tiny_rates_are_silent(tiny: float) -> None:
    found = drawn(np.array([50.0, tiny, 50.0, tiny]), 2.0)
    counts = np.bincount(found.indices, minlength=4)
    assert counts[1] == counts[3] == 0
    assert min(counts[0], counts[2]) > 50
    assert found.times.min() >= 0
    assert found.times.max() < 2.0


def test_tiny_rates_run(target: str) -> None:
    cells = df.Population("cells", 2, "dv/dt = -v/(5*ms) : 1", "v > 0.5", "v = 0")
    excite = df.Projection("in", "cells", "v += 1", pairs="one_to_one")
    for rates in ([50.0, 1e-80], [1e-80, 50.0]):  # the second one with the program of the first
        noise = df.PoissonInput("in", 2, np.array(rates) * Hz)
        results = df.run(
            df.Network([cells], [noise], [excite]), 200 * ms, target=target, seed=1, use_gpu=False
        )
        assert set(results.spikes.neuron) == {int(np.argmax(rates))}


def test_unequal_rates_take_no_more_memory_than_their_spikes() -> None:
    def peak(rates: Any) -> float:
        tracemalloc.start()
        spikes = drawn(rates, 5.0)
        size = tracemalloc.get_traced_memory()[1] / max(len(spikes.indices), 1)
        tracemalloc.stop()
        return size

    equal = np.full(2000, 20.0)
    unequal = np.r_[np.full(1999, 18.0), 4000.0]
    assert peak(unequal) < 1.5 * peak(equal)


@pytest.mark.parametrize("rate", [200.0, 2168.0, 6000.0])
def test_fano_factor_of_counts_is_one_less_the_chance_per_step(rate: float) -> None:
    windows, n = 100, 400
    found = drawn(np.full(n, rate), windows * 0.01)
    window = np.floor(found.times / 0.01 + 1e-6).astype(int)
    counts = np.zeros((n, windows))
    np.add.at(counts, (found.indices, window), 1)
    assert counts.mean() == pytest.approx(rate * 0.01, rel=0.02)
    # 40 000 windows: the standard error of a Fano factor is sqrt(2/40 000) of it
    assert counts.var() / counts.mean() == pytest.approx(1 - rate * DT, rel=4 * np.sqrt(2 / 4e4))


def test_fano_factor_of_what_targets_draw() -> None:
    cells = df.Population("cells", 400, "dv/dt = -v/(5*ms) : 1\nk : 1", "v > 0.5", "v = 0")
    noise = df.PoissonInput("in", 400, 2168 * Hz, drawn="target")
    count = df.Projection("in", "cells", "k += 1", pairs="one_to_one")
    net = df.Network([cells], [noise], [count])
    record = {"cells": df.Recording("k", every=5 * ms)}
    with pytest.warns(DualframeWarning, match="'in' reaches 2168 Hz.*Fano factor of 0.78"):
        results = df.run(net, 0.5 * second, target="runtime", seed=2, record=record)
    counts = np.diff(results.traces["cells"].values["k"], axis=1)
    assert counts.var() / counts.mean() == pytest.approx(
        1 - 0.2168, rel=4 * np.sqrt(2 / counts.size)
    )


@pytest.mark.parametrize(("rate", "warned"), [(900, False), (1100, True), ((10, 1100), True)])
def test_a_run_says_where_counts_are_binomial(rate: Any, warned: bool) -> None:
    cells = df.Population("cells", 1, "dv/dt = -v/(5*ms) : 1")
    noise = df.PoissonInput("in", 2, np.array(rate) * Hz)
    with pytest.warns(DualframeWarning) if warned else nullcontext():
        facts = df.run(df.Network([cells], [noise]), 1 * ms, target="runtime").provenance
    assert bool(facts["warnings"]) is warned
