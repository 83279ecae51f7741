"""Smaller circuits that keep the mean input of every neuron.

The number of neurons of each population is multiplied by f (and rounded, at least 1). Each
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
from typing import Any

import numpy as np

from dualframe.circuit.components import CircuitPopulation, CircuitProjection
from dualframe.circuit.space import Space
from dualframe.network.connection_rules import Connection, ConnectionEnds


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


def scaled_population(population: CircuitPopulation, factor: float) -> CircuitPopulation:
    """Return a population of ``factor`` times as many neurons, at least one."""
    return replace(population, n=max(1, round(factor * population.n)))


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
