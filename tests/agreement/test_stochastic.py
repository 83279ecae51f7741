"""Noise that the targets draw themselves: equal in distribution, by tests fixed beforehand.

``PoissonInput(drawn="target")`` draws a Bernoulli variable per source and step with each target's
own generator. Two populations look at it: relays spike once per input spike, and dendritic cells
integrate it. The level of every test is ``ALPHA``; targets with a seed give one fixed answer, GeNN,
which has none, fails by chance once in 1/ALPHA runs. Each test has a case that must fail.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms
from compare import SPIKE, Trains, first_difference
from models import SHARP, amplification
from ours import run_ours
from scipy import stats

import dualframe as df
from dualframe.network import Network, PoissonInput, Population, Projection
from dualframe.targets.target_support import missing_requirements

ALPHA = 1e-5
N, RATE, DURATION, DT = 60, 80.0, 500.0, 0.1  # neurons, Hz, ms, ms
STEPS = round(DURATION / DT)
EACH = 10  # sources of each cell's own, so that the counts of cells are independent
UNSEEN = 1  # a relay spikes in the step after its input
MARKS = {
    "cpp_standalone": [pytest.mark.cpp],
    "genn": [pytest.mark.genn, pytest.mark.slow, pytest.mark.timeout(1800)],
    "genn5": [pytest.mark.genn5],
}
TARGETS = [
    pytest.param(target, marks=MARKS.get(target, []))
    for target in ("runtime", "cpp_standalone", "genn", "genn5")
]


def network(rate: float) -> Network:
    relay = Population("relay", N, "level : 1", "level > 0.5", "level -= 1")
    cells = df.biological.from_dendrify(amplification(True), N, name="cells", **SHARP)
    return Network(
        (relay, cells),
        (
            PoissonInput("to_relay", N, rate * Hz, drawn="target"),
            PoissonInput("to_cells", EACH * N, rate / 2 * Hz, drawn="target"),
        ),
        (
            Projection("to_relay", "relay", "level += 1", pairs="one_to_one"),
            Projection(
                "to_cells",
                "cells",
                "s_AMPA_x_dend += 1; s_NMDA_x_dend += 0.2",
                pairs=(np.arange(EACH * N), np.arange(EACH * N) // EACH),
            ),
        ),
    )


@cache
def sample(target: str, rate: float = RATE, seed: int = 1) -> Trains:
    """One run; a target that is not usable here skips the test."""
    if reasons := missing_requirements(target, use_gpu=False):
        pytest.skip("; ".join(reasons))
    options = {"use_gpu": False} if target.startswith("genn") else {}
    return run_ours(network(rate), target, duration=DURATION * ms, seed=seed, **options)


def per_neuron(trains: Trains, population: str, kind: str = SPIKE) -> Any:
    return np.bincount(trains[population, kind][0], minlength=N)


def total_is_binomial(trains: Trains, rate: float) -> bool:
    """Exact: all input spikes together are Binomial(sources * steps, rate * dt)."""
    count = int(per_neuron(trains, "relay").sum())
    trials = N * (STEPS - UNSEEN)
    return bool(stats.binomtest(count, trials, rate * DT / 1000).pvalue > ALPHA)


def counts_are_binomial(trains: Trains, rate: float) -> bool:
    """Dispersion: the sum of squared standardised counts per source is chi-squared (N degrees)."""
    p = rate * DT / 1000
    mean, variance = (STEPS - UNSEEN) * p, (STEPS - UNSEEN) * p * (1 - p)
    statistic = ((per_neuron(trains, "relay") - mean) ** 2 / variance).sum()
    low, high = stats.chi2.interval(1 - ALPHA, N)
    return bool(low < statistic < high)


def intervals_are_geometric(trains: Trains, rate: float) -> bool:
    """Chi-squared test of the intervals in ten classes of about the same probability."""
    neurons, steps = trains["relay", SPIKE]
    order = np.lexsort((steps, neurons))
    gaps = np.diff(steps[order])[np.diff(neurons[order]) == 0]
    # only intervals that begin early enough to end: no other is missed more than once in 1e4
    begin = steps[order][:-1][np.diff(neurons[order]) == 0]
    longest = int(np.log(1e-4) / np.log1p(-rate * DT / 1000))
    gaps = gaps[begin < STEPS - longest]
    law = stats.geom(rate * DT / 1000)
    edges = np.unique(law.ppf(np.linspace(0.1, 0.9, 9))).astype(int)
    expected = np.diff(np.concatenate([[0], law.cdf(edges), [1]])) * len(gaps)
    found = np.bincount(np.searchsorted(edges, gaps), minlength=len(expected))
    return bool(stats.chisquare(found, expected).pvalue > ALPHA)


LAWS = [total_is_binomial, counts_are_binomial, intervals_are_geometric]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("law", LAWS)
def test_input_drawn_by_a_target_follows_its_law(
    target: str, law: Callable[[Trains, float], bool]
) -> None:
    assert law(sample(target), RATE)


@pytest.mark.parametrize("law", LAWS)
def test_another_rate_is_noticed(law: Callable[[Trains, float], bool]) -> None:
    """Fails where it must: the same spikes are not those of a rate a quarter higher."""
    assert not law(sample("runtime"), 1.25 * RATE)


def same_distribution(one: Trains, other: Trains, kind: str) -> bool:
    """Two-sample Kolmogorov-Smirnov test of the counts per cell (exact p-value)."""
    counts = (per_neuron(trains, "cells", kind) for trains in (one, other))
    return bool(stats.ks_2samp(*counts, method="exact").pvalue > ALPHA)


@pytest.mark.parametrize("target", TARGETS[1:])
@pytest.mark.parametrize("kind", [SPIKE, "Na_dend"])
def test_cells_respond_alike_on_every_target(target: str, kind: str) -> None:
    here, there = sample("runtime"), sample(target)
    assert per_neuron(here, "cells", kind).sum() > 100
    assert same_distribution(here, there, kind)


@pytest.mark.parametrize("kind", [SPIKE, "Na_dend"])
def test_cells_with_more_input_are_noticed(kind: str) -> None:
    """Fails where it must: a quarter more input shifts the counts."""
    assert not same_distribution(sample("runtime"), sample("runtime", 1.25 * RATE), kind)


def test_seeds_are_kept_where_a_target_has_them() -> None:
    again = run_ours(network(RATE), "runtime", duration=50 * ms, seed=1)
    same = run_ours(network(RATE), "runtime", duration=50 * ms, seed=1)
    other = run_ours(network(RATE), "runtime", duration=50 * ms, seed=3)
    assert first_difference(again, same) is None
    assert first_difference(again, other) is not None
