"""Every ordered pair connects with the same probability, independently."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from dualframe.network.connection_rules.connection_rule import (
    PROBABILITY_VALUE,
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    Values,
)

PAIRS_AT_A_TIME = 4_000_000


def draw_independent_pairs(
    probability: Callable[[slice], NDArray[np.float64] | float],
    ends: ConnectionEnds,
    rng: np.random.Generator,
) -> Pairs:
    """Draw every ordered pair on its own, in blocks of presynaptic neurons.

    Parameters
    ----------
    probability
        From a slice of presynaptic neurons to the probability of each pair.
    ends
        What is connected.
    rng
        Where the numbers come from: one for each pair, row by row.
    """
    rows = max(1, PAIRS_AT_A_TIME // ends.n_target)
    sources, targets = [], []
    for first in range(0, ends.n_source, rows):
        block = slice(first, min(first + rows, ends.n_source))
        hit = rng.random((block.stop - first, ends.n_target)) < probability(block)
        i, j = np.nonzero(hit)
        i = i + first
        if ends.without_autapses:
            i, j = i[i != j], j[i != j]
        sources.append(i)
        targets.append(j)
    return np.concatenate(sources).astype(np.int32), np.concatenate(targets).astype(np.int32)


def _draw_pairs(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    return draw_independent_pairs(lambda rows: float(values["probability"]), ends, rng)


def _scale_probability(values: Values, full: ConnectionEnds, scaled: ConnectionEnds) -> Values:
    ratio = full.partners / scaled.partners
    return {"probability": min(1.0, values["probability"] * ratio)}


PROBABILITY = ConnectionRule(
    name="probability",
    projection_field="probability",
    parameters={"probability": PROBABILITY_VALUE},
    draw_pairs=_draw_pairs,
    draws_every_pair=True,
    describe=lambda values: f"probability {values['probability']:.4g}",
    mean_in_degree=lambda values, ends: values["probability"] * ends.partners,
    scale_values=_scale_probability,
)
