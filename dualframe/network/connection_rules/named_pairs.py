"""Pairs that are not drawn: all to all, one to one, or stated as indices."""

from __future__ import annotations

import numpy as np

from dualframe.network.connection_rules.connection_rule import (
    ConnectionEnds,
    ConnectionRule,
    Pairs,
    Values,
)


def _pair_all(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    i, j = np.divmod(np.arange(ends.n_source * ends.n_target, dtype=np.int64), ends.n_target)
    return i.astype(np.int32), j.astype(np.int32)


def _pair_each(values: Values, ends: ConnectionEnds, rng: np.random.Generator) -> Pairs:
    return np.arange(ends.n_source, dtype=np.int32), np.arange(ends.n_target, dtype=np.int32)


def _find_unequal_ends(values: Values, ends: ConnectionEnds) -> str:
    if ends.n_source == ends.n_target:
        return ""
    return (
        f"is one to one, but {ends.source!r} has {ends.n_source} members and {ends.target!r} has "
        f"{ends.n_target}."
    )


ALL_TO_ALL = ConnectionRule(
    name="all_to_all",
    projection_field="pairs",
    draw_pairs=_pair_all,
    mean_in_degree=lambda values, ends: float(ends.n_source),
    read_field=lambda name: {},
    write_field=lambda values: "all_to_all",
)

ONE_TO_ONE = ConnectionRule(
    name="one_to_one",
    projection_field="pairs",
    draw_pairs=_pair_each,
    find_problem=_find_unequal_ends,
    mean_in_degree=lambda values, ends: 1.0,
    read_field=lambda name: {},
    write_field=lambda values: "one_to_one",
)

#: Stated as arrays of indices, in ``pairs`` of a projection only: no name calls it.
EXPLICIT_PAIRS = ConnectionRule(
    name="explicit_pairs",
    projection_field="pairs",
    draw_pairs=lambda values, ends, rng: (values["pairs"][0], values["pairs"][1]),
    describe=lambda values: f"{len(values['pairs'][0])} stated pairs",
)
