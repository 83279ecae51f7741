"""Who connects to whom: named rules, explicit pairs, fixed in-degree, probability and distance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import um

from dualframe.network import Population, Projection, SpikeInput
from dualframe.network.connection_rules import pairs_by_distance
from dualframe.network.connection_rules import probability as bernoulli
from dualframe.network.distributions import GaussianKernel
from dualframe.network.draw_connections import draw_pairs

EQUATIONS = "dv/dt = -v/second : 1"


def cells(n: int, name: str = "cells", **more: Any) -> Population:
    return Population(name, n, EQUATIONS, **more)


def source(n: int, name: str = "source") -> SpikeInput:
    return SpikeInput(name, n, [], [])


def pairs(given: Projection, n_source: int, n_target: int, seed: int = 0) -> np.ndarray:
    """Drawn pairs as rows."""
    target = cells(n_target)
    origin = target if given.source == "cells" else source(n_source)
    i, j = draw_pairs(given, origin, target, np.random.default_rng(seed))
    assert i.dtype == j.dtype == np.int32
    return np.column_stack([i, j])


def projection(origin: str = "source", **rule: Any) -> Projection:
    return Projection(origin, "cells", on_pre="v += 1", **rule)


def test_one_to_one() -> None:
    found = pairs(projection(pairs="one_to_one"), 4, 4)
    assert found.tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_all_to_all() -> None:
    found = pairs(projection(pairs="all_to_all"), 2, 3)
    assert found.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]


def test_explicit_pairs_are_kept_in_order() -> None:
    given = [[3, 1], [0, 0], [3, 1]]  # a pair may have several contacts
    found = pairs(projection(pairs=tuple(np.transpose(given))), 4, 2)
    assert found.tolist() == given


@pytest.mark.parametrize(("degree", "n_source"), [(1, 5), (3, 5), (5, 5), (7, 40)])
def test_fixed_in_degree_is_exact_and_without_repeats(degree: int, n_source: int) -> None:
    found = pairs(projection(in_degree=degree), n_source, 9)
    assert np.bincount(found[:, 1], minlength=9).tolist() == [degree] * 9
    assert len(np.unique(found, axis=0)) == len(found)
    assert found[:, 0].max() < n_source


def test_in_degree_within_a_population_leaves_out_autapses() -> None:
    found = pairs(projection("cells", in_degree=7), 8, 8)
    assert (found[:, 0] != found[:, 1]).all()
    assert np.bincount(found[:, 1]).tolist() == [7] * 8
    with_autapses = pairs(projection("cells", in_degree=8, autapses=True), 8, 8)
    assert np.bincount(with_autapses[:, 1]).tolist() == [8] * 8


def test_every_partner_of_a_fixed_in_degree_is_as_likely() -> None:
    found = pairs(projection("cells", in_degree=2), 6, 6, seed=3)
    chosen = np.zeros((6, 6))
    for seed in range(400):
        found = pairs(projection("cells", in_degree=2), 6, 6, seed)
        np.add.at(chosen, (found[:, 0], found[:, 1]), 1)
    assert np.diag(chosen).tolist() == [0] * 6
    others = chosen[~np.eye(6, dtype=bool)]
    # Binomial(400, 2/5): mean 160, sd 9.8; all 30 within 4.5 sd but for a chance of 2e-4
    assert np.abs(others - 160).max() < 4.5 * np.sqrt(400 * 0.4 * 0.6)


@pytest.mark.parametrize(("probability", "expected"), [(0.0, 0), (1.0, 12)])
def test_certain_probabilities(probability: float, expected: int) -> None:
    assert len(pairs(projection(probability=probability), 3, 4)) == expected


def test_probability_one_within_a_population() -> None:
    assert len(pairs(projection("cells", probability=1.0), 5, 5)) == 20
    assert len(pairs(projection("cells", probability=1.0, autapses=True), 5, 5)) == 25


def test_pairs_of_a_probability_are_unique_and_in_order() -> None:
    found = pairs(projection(probability=0.3), 40, 30)
    assert np.array_equal(found, np.unique(found, axis=0))


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = pairs(projection(probability=0.3), 40, 30)
    monkeypatch.setattr(bernoulli, "PAIRS_AT_A_TIME", 100)
    assert np.array_equal(pairs(projection(probability=0.3), 40, 30), whole)


def test_a_kernel_connects_the_near_more_than_the_far() -> None:
    place = np.zeros((300, 3)) * um
    place[:, 0] = np.linspace(0, 1000, 300) * um
    here = cells(300, positions=place)
    given = Projection("cells", "cells", on_pre="v += 1", kernel=GaussianKernel(0.8, 100 * um))
    i, j = draw_pairs(given, here, here, np.random.default_rng(1))
    distance = np.abs(np.asarray(place)[i, 0] - np.asarray(place)[j, 0])
    assert (i != j).all()
    assert distance.max() < 6e-4  # six sigma: p = 1e-8
    apart = np.abs(np.subtract.outer(np.asarray(place)[:, 0], np.asarray(place)[:, 0]))
    for low, high in ((0, 0.5e-4), (0.5e-4, 1e-4), (1e-4, 2e-4), (2e-4, 3e-4)):
        inside = (apart >= low) & (apart < high) & ~np.eye(300, dtype=bool)
        p = 0.8 * np.exp(-(apart[inside] ** 2) / (2 * 1e-8))
        count = ((distance >= low) & (distance < high)).sum()
        # a sum of Bernoulli variables: 4.5 sd, passed by chance in all but 3e-5 of seeds
        assert abs(count - p.sum()) < 4.5 * np.sqrt((p * (1 - p)).sum())


def test_every_pair_of_a_kernel_connects_with_its_own_probability() -> None:
    rng = np.random.default_rng(4)
    here = cells(40, positions=rng.uniform(0, 600, (40, 3)) * um)
    kernel = GaussianKernel(1.3, 100 * um)  # some bounds are one, most are thinned
    given = Projection("cells", "cells", on_pre="v += 1", kernel=kernel)
    place = np.asarray(here.positions)
    p = kernel.probability(np.sqrt(((place[:, None] - place[None]) ** 2).sum(axis=-1)))
    np.fill_diagonal(p, 0)
    draws, count = 2000, np.zeros((40, 40))
    for _ in range(draws):
        np.add.at(count, draw_pairs(given, here, here, rng), 1)
    assert (count[p == 1] == draws).all()
    assert count[p == 0].sum() == 0
    often = (draws * p * (1 - p) > 9) & (p < 1)
    z = (count - draws * p)[often] / np.sqrt(draws * p * (1 - p))[often]
    # a square has variance 2 + (1 - 6 pq)/npq, below 2.12 where npq > 9: 4.5 sd on both sides
    assert abs((z**2).sum() - z.size) < 4.5 * np.sqrt(2.12 * z.size)
    far = ~often & (p < 0.5)
    assert abs((count - draws * p)[far].sum()) < 4.5 * np.sqrt((draws * p)[far].sum())


def test_pairs_of_a_kernel_are_independent_in_order_and_the_same_by_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = np.random.default_rng(2).uniform(0, 400, (300, 3)) * [1, 1, 0] * um
    here = cells(300, positions=place)
    given = Projection("cells", "cells", on_pre="v += 1", kernel=GaussianKernel(0.4, 90 * um))

    def drawn(seed: int) -> np.ndarray:
        return np.column_stack(draw_pairs(given, here, here, np.random.default_rng(seed)))

    assert np.array_equal(drawn(3), drawn(3))
    assert np.array_equal(drawn(3), np.unique(drawn(3), axis=0))
    monkeypatch.setattr(pairs_by_distance, "CANDIDATES_AT_A_TIME", 500)
    numbers = [len(drawn(seed)) for seed in range(300)]
    apart = np.sqrt(((np.asarray(place)[:, None] - np.asarray(place)[None]) ** 2).sum(axis=-1))
    p = given.kernel.probability(apart)[~np.eye(300, dtype=bool)]
    mean, variance = p.sum(), (p * (1 - p)).sum()
    assert abs(np.mean(numbers) - mean) < 4.5 * np.sqrt(variance / 300)
    # the variance of 300 numbers has a relative sd of sqrt(2/299)
    assert abs(np.var(numbers, ddof=1) / variance - 1) < 4.5 * np.sqrt(2 / 299)


def test_a_kernel_above_one_is_certainty() -> None:
    here = cells(6, positions=np.zeros((6, 3)) * um)
    given = Projection("cells", "cells", on_pre="v += 1", kernel=GaussianKernel(3.0, 1 * um))
    assert len(draw_pairs(given, here, here, np.random.default_rng(0))[0]) == 30
