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

from dualframe.core.machine_memory import MemoryNeed, require_memory
from dualframe.core.validation import check_count
from dualframe.network.inputs import CurrentInput, Input, PoissonInput, SpikeInput
from dualframe.network.network import Network, expect_network
from dualframe.network.population import Population
from dualframe.network.projection import Projection

BYTES_PER_NEURON = 32  # at least: a few variables


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
    expect_network(network)
    check_count(replicas, "number of replicas")
    neurons = float(sum(population.n for population in network.populations)) * replicas
    need = MemoryNeed(neurons * BYTES_PER_NEURON, f"{neurons:.3g} neurons")
    label = f"{replicas:.3g} replicas (agents) of {network.name!r}"
    require_memory(label, [need], "make fewer")
    sizes = {end.name: end.n for end in (*network.populations, *network.sources)}
    return replace(
        network,
        populations=tuple(_replicate_population(p, replicas) for p in network.populations),
        inputs=tuple(_replicate_input(i, replicas) for i in network.inputs),
        projections=tuple(_replicate_projection(p, replicas, sizes) for p in network.projections),
        meta={**network.meta, "replicas": replicas * network.meta.get("replicas", 1)},
    )


def _replicate_population(population: Population, replicas: int) -> Population:
    tables: dict[str, Any] = {
        kind: _tile_values(getattr(population, kind), replicas)
        for kind in ("parameters", "initial", "heterogeneity")
    }
    return replace(
        population,
        n=population.n * replicas,
        positions=_tile_array(population.positions, replicas),
        **tables,
    )


def _replicate_input(source: Input, replicas: int) -> Input:
    if isinstance(source, CurrentInput):
        if source.is_waveform:
            columns = np.ndim(source.values) > 1
            values = np.tile(source.values, (1, replicas)) if columns else source.values
            return replace(source, values=values)
        return replace(source, amplitude=_tile_array(source.amplitude, replicas))
    if isinstance(source, PoissonInput):
        columns = source.has_time_course and np.ndim(source.rates) > 1
        return replace(
            source,
            n=source.n * replicas,
            rate=_tile_array(source.rate, replicas),
            rates=np.tile(source.rates, (1, replicas)) if columns else source.rates,
        )
    return _replicate_spikes(source, replicas)


def _replicate_spikes(source: SpikeInput, replicas: int) -> SpikeInput:
    return replace(
        source,
        n=source.n * replicas,
        indices=_offset_copies(source.indices, replicas, source.n),
        times=_tile_array(source.times, replicas),
    )


def _replicate_projection(
    projection: Projection, replicas: int, sizes: Mapping[str, int]
) -> Projection:
    ends = (sizes[projection.source], sizes[projection.target])
    changed: dict[str, Any] = {
        name: tuple(
            _offset_copies(part, replicas, n)
            for part, n in zip(getattr(projection, name), ends, strict=True)
        )
        for name in ("pairs", "excluded")
        if isinstance(getattr(projection, name), tuple)
    }
    if "pairs" not in changed:
        changed["replicas"] = projection.replicas * replicas
    tiled = {name: _tile_array(getattr(projection, name), replicas) for name in ("weight", "delay")}
    return replace(projection, **changed, **tiled)


def _tile_values(values: Mapping[str, Any], replicas: int) -> dict[str, Any]:
    return {name: _tile_array(value, replicas) for name, value in values.items()}


def _tile_array(value: Any, replicas: int) -> Any:
    """Repeat an array along its first axis; a number is one for all."""
    if value is None or np.ndim(value) == 0:
        return value
    tiled = np.tile(np.asarray(value), (replicas,) + (1,) * (np.ndim(value) - 1))
    dimension = get_dimensions(value)
    return tiled if dimension.is_dimensionless else Quantity(tiled, dim=dimension)


def _offset_copies(indices: Any, replicas: int, n: int) -> Any:
    wide = indices.astype(np.int64)  # what 32 bit do not hold is refused by the record's own check
    return np.concatenate([wide + k * n for k in range(replicas)])
