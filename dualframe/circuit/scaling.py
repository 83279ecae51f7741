"""Smaller circuits that keep the mean input of every neuron.

The number of neurons of each population is multiplied by f and rounded. A population keeps at
least `SMALLEST_POPULATION` neurons (all, if it has fewer): by chance, a few cells that inhibit each
other would decide in which state the circuit is. Such a population is larger, relative to the
others, than in the full circuit; what its cells receive and what they give to others stays. Each
in-degree K is kept if the smaller presynaptic population allows it: connection probabilities,
and the peak of distance-dependent ones, are multiplied by the factor by which the number of
possible partners fell; the probability of a pair is cut at one. Where only K' < K partners can be
had, weights are multiplied by K/K', so that the mean synaptic drive stays what it was. Where
multapses are allowed (a ``number`` of synapses), every in-degree is kept: pairs then share more
synapses. Inputs from outside keep their size.

What this does not keep: neurons of a smaller circuit share more of their input, so correlations
grow, and with K/K' > 1 so does the variance of the input (by K/K'). Mean rates are approximately
kept, second-order statistics are not (van Albada, Helias and Diesmann 2015, PLoS Comput Biol
11:e1004490). Distances are kept: the density of neurons falls, not the space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from dualframe.circuit.circuit_record import CircuitRecord
from dualframe.circuit.components import CircuitPopulation, CircuitProjection
from dualframe.circuit.connection_ends import connection_ends
from dualframe.circuit.space import Space
from dualframe.core.errors import NetworkError
from dualframe.core.quantity import quantity
from dualframe.core.validation import check_count
from dualframe.network.connection_rules import Connection

Record = TypeVar("Record", bound=CircuitRecord)

SMALLEST_POPULATION = 8  # neurons; assumed: states of populations of 2 to 6 were seen to flip


def expected_in_degree(
    projection: CircuitProjection, n: Mapping[str, int], space: Space | None
) -> float:
    """Return the mean number of presynaptic partners of a target neuron; NaN if not known.

    Parameters
    ----------
    projection
        Its rule decides.
    n
        Number of neurons by population and input.
    space
        Needed by kernels: the mean is over uniform positions, edge effects included.
    """
    rule, values = projection.connection.rule, projection.connection.values
    if rule.mean_in_degree is None:
        return float("nan")
    return rule.mean_in_degree(values, connection_ends(projection, n, space))


def scaled_population(
    population: CircuitPopulation, factor: float, minimum: int
) -> CircuitPopulation:
    """Return a population of ``factor`` times as many neurons, or the minimum, or all.

    Parameters
    ----------
    population
        Of the full-size circuit.
    factor
        More than zero.
    minimum
        Number of neurons.
    """
    least = min(minimum, population.n)
    return replace(population, n=max(least, round(factor * population.n)))


def scaled_projection(
    projection: CircuitProjection,
    before: Mapping[str, int],
    after: Mapping[str, int],
    space: Space | None,
) -> CircuitProjection | None:
    """Return a projection that keeps the mean drive, or None if no partner is left.

    Parameters
    ----------
    projection
        Of the full-size circuit.
    before, after
        Number of neurons by population, full-size and scaled.
    space
        Of the circuit.
    """
    rule, values = projection.connection.rule, projection.connection.values
    ends = [connection_ends(projection, n, space) for n in (before, after)]
    if ends[1].partners == 0:
        return None
    connection = Connection(rule, rule.scale_values(values, *ends))
    scaled = replace(projection, **circuit_fields(connection))
    if rule.multapses or rule.mean_in_degree is None:
        return scaled
    full = rule.mean_in_degree(values, ends[0])
    remaining = rule.mean_in_degree(connection.values, ends[1])
    factor = 1.0 if np.isclose(full, remaining, rtol=1e-9, atol=0) else full / remaining
    return replace(scaled, weight_factor=projection.weight_factor * factor)


def circuit_fields(connection: Connection) -> dict[str, Any]:
    """Return the fields of a circuit's projection that state a rule."""
    names = {item.name for item in fields(CircuitProjection)}
    return {name: value for name, value in connection.fields.items() if name in names}


def scaled_circuit(circuit: Record, factor: float, minimum: int = SMALLEST_POPULATION) -> Record:
    """Return a circuit with ``factor`` times as many neurons and the same mean drive.

    Parameters
    ----------
    circuit
        Full-size, or scaled already.
    factor
        More than zero.
    minimum
        Number of neurons that a population keeps; one that has fewer keeps all.

    Raises
    ------
    NetworkError
        If the factor is not a positive number, or the minimum no whole number above zero.
    """
    check_count(minimum, "minimum of neurons of a scaled population")
    ratio = float(quantity(factor, "dimensionless", "scale factor"))
    if not 0 < ratio < float("inf"):
        raise NetworkError(f"scale factor is {factor}: expected more than zero.")
    full = circuit.full_size
    if full.modulations or full.drugs or full.effects or circuit.inputs != full.inputs:
        full = replace(full, modulations=(), drugs=(), effects=(), inputs=circuit.inputs)
    total = float(f"{circuit.scale * ratio:.12g}")  # 0.1 of 0.1 is 0.01
    if total == 1:
        return replace(
            full,
            modulations=circuit.modulations,
            drugs=circuit.drugs,
            effects=circuit.effects,
        )
    populations = tuple(scaled_population(p, total, minimum) for p in full.populations)
    sizes = full.ends | {population.name: population.n for population in populations}
    projections = (scaled_projection(p, full.ends, sizes, circuit.space) for p in full.projections)
    return replace(
        circuit,
        populations=populations,
        scale=total,
        full=full,
        projections=tuple(p for p in projections if p is not None),
    )


def scaling_table(full: CircuitRecord, scaled: CircuitRecord) -> pd.DataFrame:
    """Return what scaling did, a row for each projection of the full-size circuit.

    Parameters
    ----------
    full, scaled
        The full-size circuit, and the one that was made of it.
    """
    scaled_projections = {projection.name: projection for projection in scaled.projections}
    return pd.DataFrame(
        [_scaling_row(p, scaled_projections.get(p.name), full, scaled) for p in full.projections]
    )


def _scaling_row(
    projection: CircuitProjection,
    denser: CircuitProjection | None,
    full: CircuitRecord,
    scaled: CircuitRecord,
) -> dict[str, Any]:
    in_degree, factor = 0.0, float("nan")
    if denser is not None:
        in_degree = expected_in_degree(denser, scaled.ends, scaled.space)
        factor = denser.weight_factor / projection.weight_factor
    return {
        "projection": projection.name,
        "n_source_full": full.ends[projection.source],
        "n_source_scaled": scaled.ends[projection.source],
        "in_degree_full": expected_in_degree(projection, full.ends, full.space),
        "in_degree_scaled": in_degree,
        "weight_factor": factor,
    }
