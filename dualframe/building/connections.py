"""What both branches make of a circuit: channels, inputs, projections and positions.

A branch says where a compartment's voltage is (`Site`) and how strong a contact is (`Strength`);
everything else about the wiring is the same in both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualframe import catalogue
from dualframe.catalogue import CellType, Synapse
from dualframe.circuit import Background, Circuit, CircuitPopulation, CircuitProjection
from dualframe.core.errors import CatalogueError, NetworkError, suggest_name
from dualframe.core.quantity import unit_of
from dualframe.core.random_streams import named_stream
from dualframe.network import Plasticity, PoissonInput, Population, Projection
from dualframe.network.distributions import Normal
from dualframe.synapses.kinetics import Kinetics
from dualframe.synapses.magnesium_block import PARAMETERS as MAGNESIUM_PARAMETERS
from dualframe.synapses.magnesium_block import MagnesiumBlock
from dualframe.synapses.registry import SYNAPSE_KINETICS
from dualframe.synapses.synapse_equations import (
    ReceptorComponent,
    SynapseEquations,
    synapse_equations,
)

CircuitContact = CircuitProjection | Background

_NO_DRIVE = 1e-3  # volt: a driving force below it is that of rounding and of the model's rest


@dataclass(frozen=True)
class Site:
    """Where a contact ends: a compartment's label and the name of its voltage."""

    compartment: str
    voltage: str


@dataclass(frozen=True)
class Strength:
    """Weight of a contact (conductance or current) and, for a background, its event rate."""

    weight: Any
    rate: Any = None


Sites = Callable[[CircuitContact], tuple[Site, ...]]
Strengths = Callable[[CircuitContact], Strength]


def contacts_onto(circuit: Circuit, population: str) -> tuple[CircuitContact, ...]:
    """Return projections and background input that end on a population, unless switched off."""
    return tuple(c for c in circuit.contacts if c.target == population and active(circuit, c))


def active(circuit: Circuit, given: CircuitContact) -> bool:
    """Whether a contact is built: projections from an input that is switched off are not."""
    if isinstance(given, Background):
        return True
    return all(own.on for own in circuit.inputs if own.name == given.source)


def channels(
    given: CircuitContact,
    cell: CellType,
    sites: tuple[Site, ...],
    rest: Any = None,
    gains: Mapping[str, str] | None = None,
) -> SynapseEquations:
    """Return the channels of a contact.

    Parameters
    ----------
    given
        The contact of the circuit.
    cell
        The postsynaptic cell, whose own synaptic constants (NMDA) stand before the catalogue's;
        a reversal potential of the contact stands before both.
    sites
        Compartments; the weight is divided evenly among them.
    rest
        Resting potential: current mode, in which a synapse passes the current that its
        conductance would pass at rest. ``None`` is conductance mode.
    gains
        Kind of synapse -> expression of a factor on its current, from receptors of the cell.

    Raises
    ------
    CatalogueError
        In current mode, if a contact of several synapses has its first one reverse at rest.
    """
    parts = []
    for name, ratio in given.synapses.items():
        synapse = catalogue.synapse(name)
        reversal, magnesium = _reversal(given, synapse, cell), _magnesium(synapse, cell)
        share = ratio / len(sites)
        if rest is not None:
            share *= _relative_drive(given, cell, name, rest)
        parts += [
            ReceptorComponent(
                id=f"{name}_{given.name}" + (f"_{site.compartment}" if len(sites) > 1 else ""),
                compartment=site.compartment,
                kinetics=_kinetics(given, synapse),
                share=share,
                voltage=site.voltage,
                reversal=reversal if rest is None else None,
                sign=float(synapse.sign),
                magnesium=magnesium if rest is None else None,
                gain=(gains or {}).get(name, ""),
            )
            for site in sites
        ]
    events = given.events if isinstance(given, Background) else None
    if events is None:
        return synapse_equations(given.name, parts)
    return _with_events(given, synapse_equations(given.name, parts, feed=_feed(given.name)), events)


def without_currents(circuit: Circuit, remedy: str) -> None:
    """Refuse a circuit whose source states strengths as currents into point neurons.

    Raises
    ------
    CatalogueError
        With ``remedy``.
    """
    for given in circuit.contacts:
        if given.current is not None:
            raise CatalogueError(
                f"circuit {circuit.name!r} states the strength of {given.name!r} as a current "
                f"into the point neurons of its source, which has no dendrites and no reversal "
                f"potential: {remedy}"
            )


def _feed(name: str) -> str:
    return f"w_{name}*events_{name}/dt"


def _with_events(given: CircuitContact, made: SynapseEquations, rate: Any) -> SynapseEquations:
    """Add the Poisson events of all afferents of a published rate.

    They are counted, several in a step, where a spiking source could give one at most: a neuron
    with 1600 afferents at 8 Hz receives 1.3 in each 0.1 ms.
    """
    name = given.name
    counted = f"events_{name} = poisson(rate_{name}*dt) : 1 (constant over dt)"
    weight = _weight(given, made, Strength(given.current))
    return replace(
        made,
        equations=f"{counted}\n{made.equations}",
        parameters={**made.parameters, f"w_{name}": weight, f"rate_{name}": rate},
    )


def _relative_drive(given: CircuitContact, cell: CellType, name: str, rest: Any) -> float:
    """Current at rest per conductance, relative to the contact's first synapse."""
    first = next(iter(given.synapses))
    if name == first:
        return 1.0
    reference = _drive(given, first, cell, rest)
    if abs(reference) < _NO_DRIVE:
        raise CatalogueError(
            f"contact {given.name!r}: {first} reverses at the resting potential of {cell.name!r}, "
            f"so the current of {name} cannot be given relative to its. Name another synapse "
            f"first, or build with synapses='conductance'."
        )
    return abs(_drive(given, name, cell, rest) / reference)


def _drive(given: CircuitContact, name: str, cell: CellType, rest: Any) -> float:
    synapse = catalogue.synapse(name)
    force = float(np.asarray(_reversal(given, synapse, cell) - rest))
    block = _magnesium(synapse, cell)
    if block is None:
        return force
    exponent = float(np.asarray(block.alpha * (rest - block.gamma)))
    return float(force / (1 + float(np.asarray(block.Mg / block.beta)) * np.exp(-exponent)))


def _own_constant(cell: CellType, name: str) -> Any:
    numbers = cell.compartments.globals if cell.compartments is not None else {}
    return numbers[name].value if name in numbers else None


def _reversal(given: CircuitContact, synapse: Synapse, cell: CellType) -> Any:
    if synapse.name in given.reversal:
        return given.reversal[synapse.name]
    own = _own_constant(cell, f"E_{synapse.name}")
    return synapse.numbers.value("E") if own is None else own


def _magnesium(synapse: Synapse, cell: CellType) -> MagnesiumBlock | None:
    if not synapse.block:
        return None
    constants = {}
    for name in MAGNESIUM_PARAMETERS.required:
        own = _own_constant(cell, name)
        constants[name] = synapse.numbers.value(name) if own is None else own
    # Dendrify, and so the catalogue, adds gamma to the voltage; the block subtracts it
    return MagnesiumBlock(**constants | {"gamma": -1 * constants["gamma"]})


def _kinetics(given: CircuitContact, synapse: Synapse) -> Kinetics:
    own = given.kinetics.get(synapse.name)
    if own is not None:
        times = {key: value for key, value in own.items() if key != "kind"}
        return SYNAPSE_KINETICS[own["kind"]].model(**times)
    kind = SYNAPSE_KINETICS[synapse.kinetics]
    return kind.model(**{name: synapse.numbers.value(name) for name in kind.parameters.required})


def positions(circuit: Circuit, population: CircuitPopulation, seed: int) -> Any:
    """Return where the neurons of a population are, or None in a circuit without space."""
    if circuit.space is None:
        return None
    rng = named_stream(seed, population.name)
    return circuit.space.draw(rng, population.n)


def spread(
    populations: Iterable[Population], heterogeneity: Mapping[str, Any] | None
) -> tuple[Population, ...]:
    """Return populations of which each has the heterogeneity of the parameters that it has.

    Raises
    ------
    NetworkError
        If no population has a parameter that is named.
    """
    made = tuple(populations)
    for name in heterogeneity or {}:
        if not any(population.family(name) for population in made):
            families = {key.split("_")[0] for p in made for key in p.parameters}
            raise NetworkError(
                f"heterogeneity names {name!r}, which is a parameter of no population. "
                + suggest_name(name, families)
            )
    return tuple(
        replace(p, heterogeneity={k: v for k, v in (heterogeneity or {}).items() if p.family(k)})
        for p in made
    )


def assumed_numbers(circuit: Circuit, *, dendrites: bool) -> list[str]:
    """Return a line for each kind of number of the circuit that is assumed, and where it is.

    Which compartments a contact has does not matter to a model without dendrites.
    """
    places: dict[str, list[str]] = {}
    for row in circuit.numbers().itertuples():
        if row.status == "assumed" and (dendrites or row.number != "compartments"):
            places.setdefault(str(row.number), []).append(str(row.where))
    learned = [
        f"{p.name}: {line}"
        for p in circuit.projections
        if p.plasticity
        for line in p.plasticity.assumptions
    ]
    return learned + [
        f"circuit {circuit.name}: {number} of {', '.join(where)} "
        f"{'is' if len(where) == 1 else 'are'} assumed"
        for number, where in places.items()
    ]


def projections(
    circuit: Circuit,
    written: Mapping[str, SynapseEquations],
    strengths: Strengths,
    released: Collection[str] = (),
) -> list[Projection]:
    """Return the projections of a circuit; ``written`` holds the channels by contact name.

    ``released`` names the contacts of which a receptor at the terminals scales the release: their
    target has the factor as its variable ``release_<contact>``.
    """
    made = []
    for given in circuit.projections:
        if not active(circuit, given):
            continue
        own = written[given.name]
        made.append(
            Projection(
                source=given.source,
                target=given.target,
                name=given.name,
                **_release(given, own, given.name in released),
                weight=_weights(given, _weight(given, own, strengths(given))),
                delay=_delays(given),
                delay_groups=given.delay_groups,
                **given.connection.fields,
                autapses=given.connection.rule.multapses,
                plasticity=_plasticity(given, _weight(given, own, strengths(given))),
            )
        )
    return made


def _release(given: CircuitProjection, own: SynapseEquations, scaled: bool) -> dict[str, Any]:
    """Return what a presynaptic spike does, with the short-term plasticity of release."""
    response = f"{own.written} += w" + (f"*release_{given.name}" if scaled else "")
    if given.short_term is None:
        return {"on_pre": response}
    rule = given.short_term
    return {
        "on_pre": rule.on_pre(response),
        "equations": rule.equations,
        "parameters": rule.parameters,
    }


def _weights(given: CircuitProjection, weight: Any) -> Any:
    """Return a projection's weight or, with a spread, its distribution of one sign."""
    mean = weight * given.weight_factor
    return Normal(mean, given.weight_cv * mean, low=0 * mean) if given.weight_cv else mean


def _plasticity(given: CircuitProjection, weight: Any) -> Plasticity | None:
    """Return a projection's plasticity, its bounds and scale in units of the weight."""
    if given.plasticity is None:
        return None
    return given.plasticity.times(weight * given.weight_factor)


def _delays(given: CircuitProjection) -> Any:
    if given.delay_sd is None:
        return given.delay
    return Normal(given.delay, given.delay_sd, low=0 * given.delay)


def inputs(circuit: Circuit) -> list[PoissonInput]:
    """Return the circuit's inputs that are switched on."""
    return [
        PoissonInput(name=own.name, n=own.n, rate=own.rate, start=own.start, stop=own.stop)
        for own in circuit.inputs
        if own.on
    ]


def background(
    circuit: Circuit, written: Mapping[str, SynapseEquations], strengths: Strengths
) -> tuple[list[PoissonInput], list[Projection]]:
    """Return a Poisson source per neuron for background of a calibrated rate, and projections."""
    sources, made = [], []
    for given in circuit.background:
        if given.events is not None:
            continue  # its channels count them
        strength = strengths(given)
        sources.append(
            PoissonInput(
                name=f"{given.name}_events",
                n=circuit.sizes[given.target],
                rate=strength.rate * given.share,
            )
        )
        made.append(
            Projection(
                source=f"{given.name}_events",
                target=given.target,
                name=given.name,
                on_pre=f"{written[given.name].written} += w",
                weight=_weight(given, written[given.name], strength),
                pairs="one_to_one",
            )
        )
    return sources, made


def _weight(given: CircuitContact, own: SynapseEquations, strength: Strength) -> Any:
    """Return a contact's weight; a current cannot be the weight of a conductance."""
    if unit_of(strength.weight) != own.weight_unit:
        raise CatalogueError(
            f"contact {given.name!r}: its strength is {strength.weight}, but its channels take "
            f"{own.weight_unit}. Calibrate the circuit for this model and mode of synapses."
        )
    return strength.weight
