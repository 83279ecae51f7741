"""Independent copies of a network side by side: agents or seeds that share one run.

The interpreter, the step and the build are paid once for all of them. Copies share parameters and
differ in what is drawn: connectivity, heterogeneity, input and noise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.core.validation import check_count
from dualframe.network.inputs import CurrentInput, Input, PoissonInput, SpikeInput
from dualframe.network.network import Network
from dualframe.network.population import Population
from dualframe.network.projection import Projection


def replicate(network: Network, replicas: int) -> Network:
    """Return a network of independent copies of a network.

    Parameters
    ----------
    network
        One copy.
    replicas
        Number of copies. Neuron ``i`` of copy ``k`` of a population of ``n`` has index
        ``k*n + i``; ``meta["replicas"]`` says how many there are.

    Raises
    ------
    NetworkError
        If ``replicas`` is not a whole number above zero.
    """
    check_count(replicas, "number of replicas")
    sizes = {end.name: end.n for end in (*network.populations, *network.sources)}
    return replace(
        network,
        populations=tuple(_population(p, replicas) for p in network.populations),
        inputs=tuple(_input(i, replicas) for i in network.inputs),
        projections=tuple(_projection(p, replicas, sizes) for p in network.projections),
        meta={**network.meta, "replicas": replicas * network.meta.get("replicas", 1)},
    )


def _population(population: Population, replicas: int) -> Population:
    tables: dict[str, Any] = {
        kind: _tiled_values(getattr(population, kind), replicas)
        for kind in ("parameters", "initial", "heterogeneity")
    }
    return replace(
        population,
        n=population.n * replicas,
        positions=_tiled(population.positions, replicas),
        **tables,
    )


def _input(given: Input, replicas: int) -> Input:
    if isinstance(given, CurrentInput):
        return replace(given, amplitude=_tiled(given.amplitude, replicas))
    if isinstance(given, PoissonInput):
        return replace(given, n=given.n * replicas, rate=_tiled(given.rate, replicas))
    return _spikes(given, replicas)


def _spikes(given: SpikeInput, replicas: int) -> SpikeInput:
    return replace(
        given,
        n=given.n * replicas,
        indices=_shifted(given.indices, replicas, given.n),
        times=_tiled(given.times, replicas),
    )


def _projection(projection: Projection, replicas: int, sizes: Mapping[str, int]) -> Projection:
    ends = (sizes[projection.source], sizes[projection.target])
    changed: dict[str, Any] = {
        what: tuple(
            _shifted(part, replicas, n)
            for part, n in zip(getattr(projection, what), ends, strict=True)
        )
        for what in ("pairs", "excluded")
        if isinstance(getattr(projection, what), tuple)
    }
    if "pairs" not in changed:
        changed["replicas"] = projection.replicas * replicas
    tiled = {what: _tiled(getattr(projection, what), replicas) for what in ("weight", "delay")}
    return replace(projection, **changed, **tiled)


def _tiled_values(values: Mapping[str, Any], replicas: int) -> dict[str, Any]:
    return {name: _tiled(value, replicas) for name, value in values.items()}


def _tiled(value: Any, replicas: int) -> Any:
    """Repeat an array along its first axis; a number is one for all."""
    if value is None or np.ndim(value) == 0:
        return value
    tiled = np.tile(np.asarray(value), (replicas,) + (1,) * (np.ndim(value) - 1))
    dimension = get_dimensions(value)
    return tiled if dimension.is_dimensionless else Quantity(tiled, dim=dimension)


def _shifted(indices: Any, replicas: int, n: int) -> Any:
    return np.concatenate([indices + k * n for k in range(replicas)])
