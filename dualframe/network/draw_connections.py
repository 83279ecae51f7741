"""The pairs of a projection, drawn on the host by its connection rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.network.connection_rules import ConnectionEnds, Pairs
from dualframe.network.connection_rules.connection_rule import Indices
from dualframe.network.projection import Projection


def draw_pairs(projection: Projection, source: Any, target: Any, rng: np.random.Generator) -> Pairs:
    """Return presynaptic and postsynaptic indices of every synapse of a projection.

    Parameters
    ----------
    projection
        Its rule decides.
    source, target
        The population or input at each end.
    rng
        Where the numbers come from; replicas draw one after the other.
    """
    if isinstance(projection.pairs, tuple):
        return projection.pairs[0], projection.pairs[1]
    connection = projection.connection
    ends = connection_ends(projection, source, target)
    parts = []
    for replica in range(projection.replicas):
        i, j = connection.rule.draw_pairs(connection.values, ends, rng)
        offsets = np.int32(replica * ends.n_source), np.int32(replica * ends.n_target)
        parts.append((i + offsets[0], j + offsets[1]))
    i, j = (np.concatenate(column) for column in zip(*parts, strict=True))
    if projection.excluded is None:
        return i, j
    excluded_i, excluded_j = projection.excluded
    excluded = _pair_codes(excluded_i, excluded_j, target.n)
    allowed = ~np.isin(_pair_codes(i, j, target.n), excluded)
    return i[allowed], j[allowed]


def connection_ends(projection: Projection, source: Any, target: Any) -> ConnectionEnds:
    """Return the ends of a projection as its rule sees them: one block of the replicas.

    Parameters
    ----------
    projection
        Says how many replicas there are, and whether neurons may contact themselves.
    source, target
        The population or input at each end.
    """
    n_source, n_target = source.n // projection.replicas, target.n // projection.replicas
    return ConnectionEnds(
        source=source.name,
        target=target.name,
        n_source=n_source,
        n_target=n_target,
        without_autapses=projection.source == projection.target and not projection.autapses,
        source_positions=_block_positions(source, n_source),
        target_positions=_block_positions(target, n_target),
    )


def _block_positions(end: Any, n: int) -> Any:
    positions = getattr(end, "positions", None)
    return None if positions is None else positions[:n]


def _pair_codes(i: Indices, j: Indices, n: int) -> NDArray[np.int64]:
    return i.astype(np.int64) * n + j
