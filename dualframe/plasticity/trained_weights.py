"""Networks that have learned: frozen for evaluation, or started from the weights of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import second
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
            replace(
                p, plasticity=p.plasticity.with_each_rule(lambda rule: replace(rule, frozen=frozen))
            )
            if p.plasticity
            else p
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
        If a projection is not plastic, a weight lies outside the bounds of its rule, or its delays
        belong to synapses that were drawn. Delays that are stated pair by pair stay with the pairs.
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
    dimension = get_dimensions(projection.plasticity.w_max)
    values = table["weight"].to_numpy(dtype=float)
    return projection.with_pairs(
        (table["pre"].to_numpy(), table["post"].to_numpy()),
        excluded=None,
        replicas=1,
        weight=values if dimension.is_dimensionless else Quantity(values, dim=dimension),
        delay=_delays_of(projection, table),
    )


def _delays_of(projection: Projection, table: pd.DataFrame) -> Any:
    """Return the delay of a projection; where it states them by pair, of each row of a table."""
    delay = projection.delay
    if np.ndim(delay) == 0 and hasattr(delay, "dim"):
        return delay
    if not (isinstance(projection.pairs, tuple) and np.ndim(delay)):
        raise NetworkError(
            f"projection {projection.name!r} has several delays, which belong to synapses that "
            f"were drawn: give one delay, or pairs and a delay for each."
        )
    pre, post = projection.pairs
    stated = pd.DataFrame({"pre": pre, "post": post, "delay": np.asarray(delay, dtype=float)})
    stated = stated.drop_duplicates()
    if stated.duplicated(["pre", "post"]).any():
        raise NetworkError(
            f"projection {projection.name!r} has pairs with several synapses of different delays, "
            f"so that a weight does not say whose it is: give each pair one delay."
        )
    delays = table[["pre", "post"]].merge(stated, how="left", on=["pre", "post"])["delay"]
    if delays.isna().any():
        i, j = table[["pre", "post"]].to_numpy()[int(delays.isna().to_numpy().argmax())]
        raise NetworkError(
            f"projection {projection.name!r} has no pair {i} -> {j}, of which the weights have a "
            f"synapse: use the weights of this network, or give one delay."
        )
    return Quantity(delays.to_numpy(), dim=second.dim)
