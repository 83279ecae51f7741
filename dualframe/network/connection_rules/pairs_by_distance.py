"""Pairs whose probability falls with distance, drawn at the cost of those that connect.

Both ends are divided into cells of space. A pair of cells bounds the probability of its pairs of
neurons by that at the least distance of the two; neurons are candidates with that bound, which
costs a number per candidate and not per pair, and a candidate connects with its own probability
over the bound. This is thinning: every pair connects independently with its own probability,
however far apart, and nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dualframe.network.connection_rules.connection_rule import ConnectionEnds, Indices, Pairs

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Probability = Callable[[Floats], Floats]

MOST_CELLS = 4096  # of each end
NEURONS_OF_CELL = 4  # on average, at least: pairs of cells stay few beside pairs of neurons
CANDIDATES_AT_A_TIME = 500_000
EVERY_PAIR = 0.5  # a bound above which every pair is a candidate: most of them connect


@dataclass(frozen=True)
class SpatialCells:
    """Neurons by cells of space.

    Parameters
    ----------
    neurons
        Indices, those of one cell after the other.
    first
        Where the neurons of each cell begin in ``neurons``; its last entry is their number.
    low, high
        Corners of the box around the neurons of each cell (m), of shape ``(cells, 3)``.
    """

    neurons: Indices
    first: Integers
    low: Floats
    high: Floats

    @cached_property
    def sizes(self) -> Integers:
        """Number of neurons of each cell."""
        return np.diff(self.first)


def divide_space(positions: Floats, side: float) -> SpatialCells:
    """Return the cells that hold neurons, of a side or, where there were too many, of a larger.

    Parameters
    ----------
    positions
        Of shape ``(n, 3)`` (m).
    side
        Length of a cell (m).
    """
    low = positions.min(axis=0)
    span = positions.max(axis=0) - low
    dimensions = max(1, int(np.count_nonzero(span)))
    cells = min(MOST_CELLS, max(1, len(positions) // NEURONS_OF_CELL))
    most = int(cells ** (1 / dimensions))
    along = np.clip(np.ceil(span / side), 1, most)
    place = np.minimum((positions - low) * (along / np.where(span > 0, span, 1)), along - 1)
    label = np.ravel_multi_index(tuple(place.astype(np.int64).T), tuple(along.astype(np.int64)))
    order = np.argsort(label, kind="stable")
    starts = np.flatnonzero(np.diff(label[order], prepend=-1))
    sorted_positions = positions[order]
    return SpatialCells(
        order.astype(np.int32),
        np.append(starts, len(order)),
        np.minimum.reduceat(sorted_positions, starts),
        np.maximum.reduceat(sorted_positions, starts),
    )


def draw_pairs_by_distance(
    probability: Probability, side: float, ends: ConnectionEnds, rng: np.random.Generator
) -> Pairs:
    """Draw every ordered pair on its own; return pairs by source, then by target.

    Parameters
    ----------
    probability
        From distances (m) to probabilities, which do not rise with distance.
    side
        Length of a cell of space (m), small beside the length over which the probability falls.
    ends
        What is connected; both ends have positions.
    rng
        Where the numbers come from.
    """
    here, there = np.asarray(ends.source_positions), np.asarray(ends.target_positions)
    sources, targets = divide_space(here, side), divide_space(there, side)
    codes = [np.empty(0, dtype=np.int64)]
    for rows, bounds in _blocks_of_cells(probability, sources, targets):
        cells, pairs = _draw_candidates(
            np.multiply.outer(sources.sizes[rows], targets.sizes).ravel(), bounds.ravel(), rng
        )
        a, b = np.divmod(cells, len(targets.sizes))
        row, column = np.divmod(pairs, targets.sizes[b])
        i = sources.neurons[sources.first[a + rows.start] + row]
        j = targets.neurons[targets.first[b] + column]
        apart = np.sqrt(((here[i] - there[j]) ** 2).sum(axis=-1))
        connects = rng.random(len(i)) * bounds.ravel()[cells] < probability(apart)
        if ends.without_autapses:
            connects &= i != j
        codes.append(i[connects].astype(np.int64) * ends.n_target + j[connects])
    i, j = np.divmod(np.sort(np.concatenate(codes)), ends.n_target)
    return i.astype(np.int32), j.astype(np.int32)


def _blocks_of_cells(
    probability: Probability, sources: SpatialCells, targets: SpatialCells
) -> Iterator[tuple[slice, Floats]]:
    """Yield slices of source cells, and bounds of the probability to each target cell."""
    highest = float(probability(np.zeros(1))[0])
    each = sources.sizes.max() * highest * len(targets.neurons) + len(targets.sizes)
    rows = max(1, int(CANDIDATES_AT_A_TIME / each))
    for first in range(0, len(sources.sizes), rows):
        block = slice(first, first + rows)
        below, above = (
            targets.low - sources.high[block, None],
            sources.low[block, None] - targets.high,
        )
        gap = np.maximum(0, np.maximum(below, above))
        bound = probability(np.sqrt((gap**2).sum(axis=-1)))
        yield block, np.where(bound > EVERY_PAIR, 1.0, bound)


def _draw_candidates(
    sizes: Integers, bounds: Floats, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Return the pair of cells of every candidate, and which of its pairs of neurons it is.

    The pairs stand on an axis, one after the other, each as long as ``-log(1 - bound)``. Points
    fall on the axis at rate one, so that at least one falls on a pair with its bound as
    probability, independently of the others. Where the bound is one every pair is a candidate.

    Parameters
    ----------
    sizes
        Pairs of neurons of each pair of cells.
    bounds
        Of their probability: one, or at most `EVERY_PAIR`.
    rng
        Where the numbers come from.
    """
    certain = bounds == 1
    length = np.where(certain, 0.0, -np.log1p(-np.where(certain, 0.0, bounds)))
    stop = np.cumsum(sizes * length)
    gaps = rng.standard_exponential(rng.poisson(stop[-1]) + 1)
    points = np.cumsum(gaps)
    points = points[:-1] * (stop[-1] / points[-1])
    counts = np.diff(np.searchsorted(points, stop), prepend=0)
    cells = np.repeat(np.arange(len(sizes)), counts)
    pairs = ((points[: len(cells)] - (stop - sizes * length)[cells]) / length[cells]).astype(
        np.int64
    )
    pairs = np.clip(pairs, 0, sizes[cells] - 1)
    again = np.flatnonzero((np.diff(pairs) == 0) & (np.diff(cells) == 0))
    all_cells = np.repeat(np.flatnonzero(certain), sizes[certain])
    starts = np.cumsum(sizes[certain]) - sizes[certain]
    all_pairs = np.arange(len(all_cells)) - np.repeat(starts, sizes[certain])
    return (
        np.concatenate([np.delete(cells, again), all_cells]),
        np.concatenate([np.delete(pairs, again), all_pairs]),
    )
