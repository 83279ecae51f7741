"""The two ends of a circuit's projection, as connection rules see them."""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.circuit.components import CircuitProjection
from dualframe.circuit.space import Space
from dualframe.network.connection_rules import ConnectionEnds


def connection_ends(
    projection: CircuitProjection, n: Mapping[str, int], space: Space | None
) -> ConnectionEnds:
    """Return the ends of a projection as its rule sees them.

    Parameters
    ----------
    projection
        Of a circuit.
    n
        Number of neurons by population and input.
    space
        Of the circuit.
    """
    return ConnectionEnds(
        source=projection.source,
        target=projection.target,
        n_source=n[projection.source],
        n_target=n[projection.target],
        without_autapses=projection.recurrent and not projection.connection.rule.multapses,
        space=space,
    )
