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
from dataclasses import replace

import numpy as np

from dualframe.circuit.components import CircuitPopulation, CircuitProjection
from dualframe.circuit.space import Space
from dualframe.network.distributions import GaussianKernel


def partners(projection: CircuitProjection, n: Mapping[str, int]) -> int:
    """Return how many presynaptic partners a neuron could have, itself excluded."""
    return n[projection.source] - int(projection.recurrent)


def expected_in_degree(
    projection: CircuitProjection, n: Mapping[str, int], space: Space | None
) -> float:
    """Return the mean number of presynaptic partners of a target neuron.

    Parameters
    ----------
    projection
        Its rule decides.
    n
        Number of neurons by population.
    space
        Needed by kernels: the mean is over uniform positions, edge effects included.
    """
    if projection.number is not None:
        return projection.number / n[projection.target]
    available = partners(projection, n)
    if projection.in_degree is not None:
        return float(min(projection.in_degree, available))
    if projection.probability is not None:
        return projection.probability * available
    assert projection.kernel is not None  # one rule is given
    assert space is not None  # a circuit with a kernel has a space
    return space.mean_probability(projection.kernel) * available


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
    if projection.number is not None:
        per_neuron = expected_in_degree(projection, before, space)
        return replace(projection, number=max(1, round(per_neuron * after[projection.target])))
    available = partners(projection, after)
    if available == 0:
        return None
    denser = _denser(projection, partners(projection, before) / available, available)
    full = expected_in_degree(projection, before, space)
    kept = expected_in_degree(denser, after, space)
    factor = 1.0 if np.isclose(full, kept, rtol=1e-9, atol=0) else full / kept
    return replace(denser, weight_factor=projection.weight_factor * factor)


def _denser(projection: CircuitProjection, ratio: float, available: int) -> CircuitProjection:
    if projection.in_degree is not None:
        return replace(projection, in_degree=min(projection.in_degree, available))
    if projection.probability is not None:
        return replace(projection, probability=min(1.0, projection.probability * ratio))
    assert projection.kernel is not None  # one rule is given
    kernel = GaussianKernel(projection.kernel.p_max * ratio, projection.kernel.sigma)
    return replace(projection, kernel=kernel)
