"""Networks that have learned: frozen for evaluation, or started from the weights of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.core.errors import NetworkError
from dualframe.network import Network, Projection


def freeze_learning(network: Network, frozen: bool = True) -> Network:
    """Return the network without learning, or with it again; nothing is compiled for it.

    Parameters
    ----------
    network
        Whose projections may learn.
    frozen
        Whether weights stay as they are.
    """
    return replace(
        network,
        projections=tuple(
            replace(p, plasticity=replace(p.plasticity, frozen=frozen)) if p.plasticity else p
            for p in network.projections
        ),
    )


def with_weights(network: Network, weights: Mapping[str, pd.DataFrame]) -> Network:
    """Return the network with the synapses and weights of a run.

    Parameters
    ----------
    network
        Its plastic projections that ``weights`` names get these synapses.
    weights
        Tables (pre, post, weight) by projection, in base units, such as ``Results.weights`` of a
        run that recorded ``{"projection": ["w"]}``.

    Raises
    ------
    NetworkError
        If a projection is not plastic, or a weight lies outside the bounds of its rule.
    """
    return replace(
        network,
        projections=tuple(
            _replace_synapses(p, weights[p.name]) if p.name in weights else p
            for p in network.projections
        ),
    )


def _replace_synapses(projection: Projection, table: pd.DataFrame) -> Projection:
    if projection.plasticity is None:
        raise NetworkError(
            f"projection {projection.name!r} is not plastic: its weights stay as they are."
        )
    if np.ndim(projection.delay) or not hasattr(projection.delay, "dim"):
        raise NetworkError(
            f"projection {projection.name!r} has several delays, which belong to synapses that "
            f"were drawn: give one delay."
        )
    dimension = get_dimensions(projection.plasticity.w_max)
    values = table["weight"].to_numpy(dtype=float)
    return projection.with_pairs(
        (table["pre"].to_numpy(), table["post"].to_numpy()),
        excluded=None,
        replicas=1,
        weight=values if dimension.is_dimensionless else Quantity(values, dim=dimension),
    )
