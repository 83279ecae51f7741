"""Neurons on a ring of directions, or from places to directions: pairs without chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dualframe.network.connection_rules.connection_rule import (
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    RuleParameter,
    Values,
)


def preferred_angles(n: int) -> NDArray[np.float64]:
    """Return the preferred angles ``2 pi k/n`` of n neurons on a ring, k = 1..n, in rad.

    The last points to ``2 pi``, as in ModelDB 245018 (Zannone et al. 2018).

    Parameters
    ----------
    n
        Number of neurons.
    """
    return 2 * np.pi * np.arange(1, n + 1) / n


def _pair_others(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    i, j = np.nonzero(~np.eye(ends.n_source, dtype=bool))
    return i.astype(np.int32), j.astype(np.int32)


def _von_mises_factors(values: Values, ends: ConnectionEnds) -> NDArray[np.float64]:
    theta = preferred_angles(ends.n_source)
    near = np.exp(float(values["concentration"]) * np.cos(theta[:, None] - theta[None, :]))
    np.fill_diagonal(near, 0.0)
    i, j = np.nonzero(~np.eye(ends.n_source, dtype=bool))
    factors: NDArray[np.float64] = near[i, j] / near.sum(axis=0)[0]
    return factors


def _find_unequal_ends(values: Values, ends: ConnectionEnds) -> str:
    if ends.source == ends.target:
        return ""
    return f"is a ring within one population, but leads from {ends.source!r} to {ends.target!r}."


RING = ConnectionRule(
    name="ring",
    parameters={"concentration": RuleParameter()},
    draw_pairs=_pair_others,
    weight_factors=_von_mises_factors,
    find_problem=_find_unequal_ends,
    describe=lambda values: (
        f"to all others on a ring of directions, weights by exp({values['concentration']:g} "
        f"cos dtheta), of sum one"
    ),
)


def _side(n: int) -> int:
    return round(float(np.sqrt(n)))


def _find_no_square(values: Values, ends: ConnectionEnds) -> str:
    if _side(ends.n_source) ** 2 == ends.n_source:
        return ""
    return (
        f"leads from places on a square grid, but {ends.source!r} has {ends.n_source} members, "
        f"which is no square number."
    )


def _pair_inwards(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    i, j = np.nonzero(~leaves_arena(_side(ends.n_source), ends.n_target))
    return i.astype(np.int32), j.astype(np.int32)


def leaves_arena(side: int, directions: int) -> NDArray[np.bool_]:
    """Return which pairs of a place at a wall and a direction lead out of a square arena.

    At a wall these are the directions whose component into it is positive, as of the lists of
    forbidden actions in ModelDB 245018.

    Parameters
    ----------
    side
        Places of a side of the grid; the outer ones are at the walls, and the second coordinate
        varies fastest.
    directions
        Number of preferred directions around the ring.

    Returns
    -------
    numpy.ndarray
        Shape ``(side*side, directions)``.
    """
    theta = preferred_angles(directions)
    push = np.stack([np.sin(theta), np.cos(theta)], axis=1)
    edge = np.zeros(side)
    edge[0], edge[-1] = -1.0, 1.0
    x, y = np.meshgrid(edge, edge, indexing="ij")
    at_wall = np.stack([x.ravel(), y.ravel()], axis=1)
    outwards: NDArray[np.bool_] = (at_wall[:, None, :] * push[None, :, :] > 1e-9).any(axis=2)
    return outwards


AWAY_FROM_WALLS = ConnectionRule(
    name="away_from_walls",
    draw_pairs=_pair_inwards,
    find_problem=_find_no_square,
    describe=lambda values: "from places of a square arena to directions that do not leave it",
)

SINGLE_PAIR = ConnectionRule(
    name="single_pair",
    parameters={"pre": RuleParameter(), "post": RuleParameter()},
    draw_pairs=lambda values, ends, rng: (
        np.array([round(float(values["pre"]))], dtype=np.int32),
        np.array([round(float(values["post"]))], dtype=np.int32),
    ),
    find_problem=lambda values, ends: (
        ""
        if 0 <= values["pre"] < ends.n_source and 0 <= values["post"] < ends.n_target
        else f"connects neurons {values['pre']:g} and {values['post']:g}, which there are not."
    ),
    describe=lambda values: f"from neuron {values['pre']:g} to neuron {values['post']:g}",
)
