"""What both branches make of a circuit besides neurons: inputs, projections and positions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dualframe.building.calibrated_weights import SynapticStrength, weight_of
from dualframe.circuit import (
    Background,
    Circuit,
    CircuitInput,
    CircuitPopulation,
    CircuitProjection,
    ResolvedCircuit,
    Space,
)
from dualframe.circuit.connection_ends import connection_ends
from dualframe.circuit.resolved_circuit import SynapticInput
from dualframe.core.errors import CatalogueError, NetworkError, suggest_name
from dualframe.core.random_streams import named_stream
from dualframe.network import Plasticity, PoissonInput, Population, Projection
from dualframe.network.connection_rules import ConnectionEnds
from dualframe.network.distributions import Normal
from dualframe.synapses.synapse_equations import SynapseEquations

Strengths = Callable[[CircuitProjection | Background], SynapticStrength]


def refuse_currents(circuit: Circuit, remedy: str) -> None:
    """Refuse a circuit whose source states strengths as currents into point neurons.

    Parameters
    ----------
    circuit
        The circuit.
    remedy
        What the user can do.

    Raises
    ------
    CatalogueError
        Naming the contact.
    """
    for contact in circuit.contacts:
        if contact.current is not None:
            raise CatalogueError(
                f"circuit {circuit.name!r} states the strength of {contact.name!r} as a current "
                f"into the point neurons of its source, which has no dendrites and no reversal "
                f"potential: {remedy}"
            )


def refuse_native_weights(circuit: Circuit, remedy: str) -> None:
    """Refuse a circuit of which weights go into variables of point neurons.

    Parameters
    ----------
    circuit
        The circuit.
    remedy
        What the user can do.

    Raises
    ------
    CatalogueError
        Naming the projection.
    """
    for projection in circuit.projections:
        if projection.weight is not None:
            raise CatalogueError(
                f"circuit {circuit.name!r} states a weight of {projection.name!r} into "
                f"{projection.into!r} of point neurons: {remedy}"
            )


def draw_positions(space: Space | None, population: CircuitPopulation, seed: int) -> Any:
    """Return where the neurons of a population are, or None in a circuit without space.

    Parameters
    ----------
    space, population
        Of the circuit.
    seed
        Together with the population's name it seeds the draw.
    """
    if space is None:
        return None
    return space.draw(named_stream(seed, population.name), population.n)


def with_heterogeneity(
    populations: Iterable[Population], heterogeneity: Mapping[str, Any] | None
) -> tuple[Population, ...]:
    """Return populations of which each has the heterogeneity of the parameters that it has.

    Parameters
    ----------
    populations
        Those of the network.
    heterogeneity
        Spread by name or family of a parameter.

    Raises
    ------
    NetworkError
        If no population has a parameter that is named.
    """
    spreads, unspread = heterogeneity or {}, tuple(populations)
    if not spreads:
        return unspread
    for name in spreads:
        if not any(population.family(name) for population in unspread):
            families = {key.split("_")[0] for p in unspread for key in p.parameters}
            raise NetworkError(
                f"heterogeneity names {name!r}, which is a parameter of no population. "
                + suggest_name(name, families)
            )
    return tuple(
        replace(p, heterogeneity={k: v for k, v in spreads.items() if p.family(k)})
        for p in unspread
    )


def build_projections(
    circuit: ResolvedCircuit,
    channels: Mapping[str, SynapseEquations],
    strengths: Strengths,
    with_scaled_release: Collection[str] = (),
) -> list[Projection]:
    """Return the projections of a circuit, but for those from inputs that are switched off.

    Parameters
    ----------
    circuit
        The circuit.
    channels
        By name of the projection; one with a native weight has none.
    strengths
        Returns the strength of a projection.
    with_scaled_release
        Projections of which a receptor at the terminals scales the release: their target has the
        factor as its variable ``release_<projection>``.
    """
    return [
        _build_projection(
            synaptic_input,
            channels.get(synaptic_input.name),
            strengths,
            f"*release_{synaptic_input.name}" if synaptic_input.name in with_scaled_release else "",
            lambda entry: connection_ends(entry, circuit.circuit.ends, circuit.circuit.space),
        )
        for synaptic_input in circuit.synaptic_inputs
        if isinstance(synaptic_input.entry, CircuitProjection) and synaptic_input.enabled
    ]


def _build_projection(
    synaptic_input: SynapticInput,
    channels: SynapseEquations | None,
    strengths: Strengths,
    release: str,
    ends: Callable[[CircuitProjection], ConnectionEnds],
) -> Projection:
    entry = synaptic_input.entry
    assert isinstance(entry, CircuitProjection)  # the caller has looked
    if channels is None:
        lowers = entry.lowers or _inhibits(synaptic_input)
        weight, raised = entry.weight, f"{entry.into} {'-=' if lowers else '+='} w"
        plasticity = _scaled_bounds(entry)
    else:
        weight, raised = (
            weight_of(entry.name, channels, strengths(entry)),
            f"{channels.written} += w",
        )
        plasticity = entry.plasticity and entry.plasticity.times(weight * entry.weight_factor)
    pairs, weights = _connected_weights(entry, ends, _weights(entry, weight))
    return Projection(
        source=entry.source,
        target=entry.target,
        name=entry.name,
        **_release(entry, raised + release),
        weight=weights,
        excluded=entry.excluded,
        delay=_delays(entry),
        delay_groups=entry.delay_groups,
        **pairs,
        autapses=entry.connection.rule.multapses,
        plasticity=plasticity,
    )


def _connected_weights(
    entry: CircuitProjection, ends: Callable[[CircuitProjection], ConnectionEnds], weight: Any
) -> tuple[dict[str, Any], Any]:
    """Return the fields that say who connects, and the weight, of each pair if they differ."""
    rule, values = entry.connection.rule, entry.connection.values
    if rule.weight_factors is None:
        return entry.connection.fields, weight
    pairs = rule.draw_pairs(values, ends(entry), np.random.default_rng(0))
    return {"pairs": pairs}, weight * rule.weight_factors(values, ends(entry))


def _inhibits(synaptic_input: SynapticInput) -> bool:
    return synaptic_input.source_cell is not None and synaptic_input.source_cell.sign < 0


def _scaled_bounds(entry: CircuitProjection) -> Plasticity | None:
    """Return the plasticity of a native weight, its bounds grown with it in a scaled circuit."""
    if entry.plasticity is None or entry.weight_factor == 1:
        return entry.plasticity
    return entry.plasticity.with_scaled_bounds(entry.weight_factor)


def _release(entry: CircuitProjection, response: str) -> dict[str, Any]:
    """Return what a presynaptic spike does, with the short-term plasticity of release."""
    if entry.short_term is None:
        return {"on_pre": response}
    return {
        "on_pre": entry.short_term.on_pre(response),
        "equations": entry.short_term.equations,
        "parameters": entry.short_term.parameters,
    }


def _weights(entry: CircuitProjection, weight: Any) -> Any:
    """Return a projection's weight or, with a spread, its distribution of one sign."""
    mean = weight * entry.weight_factor
    return Normal(mean, entry.weight_cv * mean, low=0 * mean) if entry.weight_cv else mean


def _delays(entry: CircuitProjection) -> Any:
    if entry.delay_sd is None:
        return entry.delay
    return Normal(entry.delay, entry.delay_sd, low=0 * entry.delay)


def build_inputs(inputs: Iterable[CircuitInput]) -> list[PoissonInput]:
    """Return the inputs of a circuit that are switched on, but for those that encoders make."""
    return [
        PoissonInput(
            name=source.name,
            n=source.n,
            rate=None if source.has_time_course else source.rate,
            start=source.start,
            stop=source.stop,
            times=source.times,
            rates=source.rates,
        )
        for source in inputs
        if source.on and source.rate is not None
    ]
