"""Who connects to whom: pairs drawn on the host from a projection's rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.network import Projection

Indices = NDArray[np.int32]
Pairs = tuple[Indices, Indices]
_BLOCK = 4_000_000  # pairs tried at a time


def draw_pairs(projection: Projection, source: Any, target: Any, rng: np.random.Generator) -> Pairs:
    """Return presynaptic and postsynaptic indices of every synapse of a projection."""
    if isinstance(projection.pairs, tuple):
        return projection.pairs[0], projection.pairs[1]
    here, there = (_Block(end, projection.replicas) for end in (source, target))
    parts = []
    for replica in range(projection.replicas):
        i, j = _draw(projection, here, there, rng)
        parts.append((i + np.int32(replica * here.n), j + np.int32(replica * there.n)))
    i, j = (np.concatenate(column) for column in zip(*parts, strict=True))
    if projection.excluded is None:
        return i, j
    refused_i, refused_j = projection.excluded
    kept = ~np.isin(_codes(i, j, target.n), _codes(refused_i, refused_j, target.n))
    return i[kept], j[kept]


class _Block:
    """One of the equal blocks of a population or input."""

    def __init__(self, end: Any, replicas: int) -> None:
        self.n = end.n // replicas
        positions = getattr(end, "positions", None)
        self.positions = None if positions is None else positions[: self.n]


def _codes(i: Indices, j: Indices, n: int) -> NDArray[np.int64]:
    return i.astype(np.int64) * n + j


def _draw(
    projection: Projection, source: _Block, target: _Block, rng: np.random.Generator
) -> Pairs:
    if projection.pairs is not None:
        return _named(projection.pairs, source.n, target.n)
    same = projection.source == projection.target and not projection.autapses
    if projection.in_degree is not None:
        return _fixed_in_degree(projection.in_degree, source.n, target.n, same, rng)
    if projection.out_degree is not None:
        j, i = _fixed_in_degree(projection.out_degree, target.n, source.n, same, rng)
        return i, j
    if projection.number is not None:
        return _fixed_number(projection.number, source.n, target.n, same, rng)
    return _bernoulli(_probability(projection, source, target), source.n, target.n, same, rng)


def _named(rule: str, n_source: int, n_target: int) -> Pairs:
    if rule == "one_to_one":
        return np.arange(n_source, dtype=np.int32), np.arange(n_target, dtype=np.int32)
    i, j = np.divmod(np.arange(n_source * n_target, dtype=np.int64), n_target)
    return i.astype(np.int32), j.astype(np.int32)


def _fixed_in_degree(
    degree: int, n_source: int, n_target: int, same: bool, rng: np.random.Generator
) -> Pairs:
    partners = []
    for j in range(n_target):
        pool = n_source - 1 if same else n_source
        chosen = rng.choice(pool, min(degree, pool), replace=False)
        partners.append(chosen + (chosen >= j) if same else chosen)
    i = np.concatenate(partners).astype(np.int32)
    return i, np.repeat(np.arange(n_target, dtype=np.int32), [len(p) for p in partners])


def _fixed_number(
    number: int, n_source: int, n_target: int, same: bool, rng: np.random.Generator
) -> Pairs:
    """Both ends drawn independently; sorted, so that a spike reads its weights in one stretch."""
    i = np.sort(rng.integers(n_source, size=number, dtype=np.int32))
    if not same:
        return i, rng.integers(n_target, size=number, dtype=np.int32)
    other = rng.integers(n_target - 1, size=number, dtype=np.int32)
    return i, other + (other >= i).astype(np.int32)


def _probability(
    projection: Projection, source: Any, target: Any
) -> Callable[[slice], NDArray[np.float64] | float]:
    if projection.kernel is None:
        return lambda rows: float(projection.probability or 0.0)
    kernel = projection.kernel
    here, there = np.asarray(source.positions), np.asarray(target.positions)

    def by_distance(rows: slice) -> NDArray[np.float64]:
        difference = here[rows, None, :] - there[None, :, :]
        return kernel.probability(np.sqrt((difference**2).sum(axis=-1)))

    return by_distance


def _bernoulli(
    probability: Callable[[slice], NDArray[np.float64] | float],
    n_source: int,
    n_target: int,
    same: bool,
    rng: np.random.Generator,
) -> Pairs:
    rows = max(1, _BLOCK // n_target)
    found_i, found_j = [], []
    for first in range(0, n_source, rows):
        block = slice(first, min(first + rows, n_source))
        hit = rng.random((block.stop - first, n_target)) < probability(block)
        i, j = np.nonzero(hit)
        i = i + first
        if same:
            i, j = i[i != j], j[i != j]
        found_i.append(i)
        found_j.append(j)
    return np.concatenate(found_i).astype(np.int32), np.concatenate(found_j).astype(np.int32)
