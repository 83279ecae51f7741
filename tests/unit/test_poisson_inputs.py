"""Poisson inputs: the spikes that are drawn, in how much memory, and what their counts vary by."""

from __future__ import annotations

import tracemalloc
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, second

import dualframe as df
from dualframe.core.errors import DualframeError, DualframeWarning
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


# --- rates that change with time ------------------------------------------------------------------


def test_counts_of_a_time_course_are_those_of_the_formula() -> None:
    """A binomial count of N steps with chances p has mean sum p and variance sum p (1 - p)."""
    rates = np.array([[50.0, 400.0], [0.0, 100.0], [300.0, 20.0]])
    n = 400  # of each course
    source = df.PoissonInput(
        "in", 2 * n, times=[0.1, 0.5, 0.6] * second, rates=np.repeat(rates, n, axis=1) * Hz
    )
    spikes = lower_source(source, DT, 1.0, np.random.default_rng(3))
    assert isinstance(spikes, LoweredSpikes)
    assert spikes.times.min() >= 0.1 - DT / 2
    edges = np.array([0.1, 0.5, 0.6, 1.0]) - DT / 2
    for k, low, high in zip(range(3), edges[:-1], edges[1:], strict=True):
        here = (spikes.times >= low) & (spikes.times < high)
        for course in range(2):
            chosen = here & (spikes.indices // n == course)
            steps, chance = round((high - low) / DT) * n, rates[k, course] * DT
            expected, sd = steps * chance, np.sqrt(steps * chance * (1 - chance))
            # six counts: one is further off than four deviations with one seed of 2600
            assert abs(chosen.sum() - expected) <= 4 * sd


def test_a_longer_run_with_a_time_course_begins_as_the_shorter_one() -> None:
    source = df.PoissonInput("in", 3, times=[0, 0.2] * second, rates=[300.0, 80.0] * Hz)
    short, long = (lower_source(source, DT, t, np.random.default_rng(5)) for t in (0.4, 4.0))
    assert isinstance(short, LoweredSpikes)
    assert isinstance(long, LoweredSpikes)
    begin = long.times < 0.4 - DT / 2
    assert np.array_equal(long.indices[begin], short.indices)
    assert np.array_equal(long.times[begin], short.times)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rates": [1.0, -2.0] * Hz}, "below 0 Hz"),
        ({"rates": np.ones((2, 4)) * Hz}, "a column for each of 3"),
        ({"rates": [1.0] * Hz}, "a row for each time"),
        ({"rates": None}, "give times and rates"),
        ({"times": [0.2, 0.1] * second}, "do not increase"),
        ({"rate": 5 * Hz}, "give one of them"),
        ({"drawn": "target"}, "let drawn be 'host'"),
    ],
)
def test_what_is_no_time_course(changes: dict[str, Any], message: str) -> None:
    course = {"times": [0.0, 0.1] * second, "rates": [1.0, 2.0] * Hz, **changes}
    with pytest.raises(DualframeError, match=message):
        df.PoissonInput("in", 3, **course)


def test_a_time_course_is_replicated_and_runs() -> None:
    course = {"times": [0, 0.02] * second, "rates": [[900.0, 0.0], [0.0, 900.0]] * Hz}
    cells = df.Population("cells", 2, "V : 1", threshold="V > 0.5", reset="V = 0")
    into = df.Projection("in", "cells", "V += w", weight=1.0, pairs="one_to_one")
    network = df.replicate(df.Network([cells], [df.PoissonInput("in", 2, **course)], [into]), 2)
    results = df.run(network, 40 * ms, target="runtime", progress=False, seed=1)
    neuron, t = results.spike_trains("cells")
    assert {*neuron[t < 0.0195]} == {0, 2}
    assert {*neuron[t > 0.0205]} == {1, 3}
    with pytest.raises(DualframeError, match="give a duration"):
        df.assemble(network)
