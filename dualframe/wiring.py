"""What both branches make of a circuit: channels, inputs, projections and positions.

A branch says where a compartment's voltage is (`Site`) and how strong a contact is (`Strength`);
everything else about the wiring is the same in both.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualframe import catalogue
from dualframe.catalogue import CellType, Synapse
from dualframe.circuit import Background, Circuit, CircuitPopulation, CircuitProjection
from dualframe.errors import CatalogueError, NetworkError, suggestion
from dualframe.kinetics import (
    Contact,
    DoubleAlpha,
    DualExponential,
    Exponential,
    Kinetics,
    Magnesium,
    Part,
    contact,
)
from dualframe.network import PoissonInput, Population, Projection
from dualframe.quantity import unit_of

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
    """Return projections and background input that end on a population."""
    return tuple(c for c in circuit.contacts if c.target == population)


def channels(
    given: CircuitContact, cell: CellType, sites: tuple[Site, ...], rest: Any = None
) -> Contact:
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
            Part(
                id=f"{name}_{given.name}" + (f"_{site.compartment}" if len(sites) > 1 else ""),
                compartment=site.compartment,
                kinetics=_kinetics(given, synapse),
                share=share,
                voltage=site.voltage,
                reversal=reversal if rest is None else None,
                sign=float(synapse.sign),
                magnesium=magnesium if rest is None else None,
            )
            for site in sites
        ]
    return contact(given.name, parts)


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
    return float(
        force / (1 + float(np.asarray(block.concentration / block.beta)) * np.exp(-exponent))
    )


def _own_constant(cell: CellType, name: str) -> Any:
    numbers = cell.compartments.globals if cell.compartments is not None else {}
    return numbers[name].value if name in numbers else None


def _reversal(given: CircuitContact, synapse: Synapse, cell: CellType) -> Any:
    if synapse.name in given.reversal:
        return given.reversal[synapse.name]
    own = _own_constant(cell, f"E_{synapse.name}")
    return synapse.numbers.value("E") if own is None else own


def _magnesium(synapse: Synapse, cell: CellType) -> Magnesium | None:
    if not synapse.block:
        return None
    constants = {}
    for name in ("Mg", "alpha", "beta", "gamma"):
        own = _own_constant(cell, name)
        constants[name] = synapse.numbers.value(name) if own is None else own
    # Dendrify, and so the catalogue, adds gamma to the voltage; the kinetics subtract it
    return Magnesium(
        constants["Mg"], constants["alpha"], constants["beta"], -1 * constants["gamma"]
    )


def _kinetics(given: CircuitContact, synapse: Synapse) -> Kinetics:
    own = given.kinetics.get(synapse.name)
    if own is None:
        numbers = synapse.numbers
        if synapse.kinetics == "dual_exponential":
            return DualExponential(numbers.value("rise"), numbers.value("decay"))
        return Exponential(numbers.value("decay"))
    times = {key: value for key, value in own.items() if key != "kind"}
    makers: Mapping[str, Callable[..., Kinetics]] = {
        "exponential": Exponential,
        "dual_exponential": DualExponential,
        "double_alpha": DoubleAlpha,
    }
    return makers[own["kind"]](**times)


def positions(circuit: Circuit, population: CircuitPopulation, seed: int) -> Any:
    """Return where the neurons of a population are, or None in a circuit without space."""
    if circuit.space is None:
        return None
    rng = np.random.default_rng([seed, zlib.crc32(population.name.encode())])
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
                + suggestion(name, families)
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
    return [
        f"circuit {circuit.name}: {number} of {', '.join(where)} "
        f"{'is' if len(where) == 1 else 'are'} assumed"
        for number, where in places.items()
    ]


def projections(
    circuit: Circuit, written: Mapping[str, Contact], strengths: Strengths
) -> list[Projection]:
    """Return the projections of a circuit; ``written`` holds the channels by contact name."""
    made = []
    for given in circuit.projections:
        own = written[given.name]
        made.append(
            Projection(
                source=given.source,
                target=given.target,
                name=given.name,
                on_pre=f"{own.written} += w",
                weight=_weight(given, own, strengths(given)) * given.weight_factor,
                delay=given.delay,
                kernel=given.kernel,
                probability=given.probability,
                in_degree=given.in_degree,
            )
        )
    return made


def background(
    circuit: Circuit, written: Mapping[str, Contact], strengths: Strengths
) -> tuple[list[PoissonInput], list[Projection]]:
    """Return one Poisson source per neuron and background input, and their projections."""
    inputs, made = [], []
    for given in circuit.background:
        strength = strengths(given)
        inputs.append(
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
    return inputs, made


def _weight(given: CircuitContact, own: Contact, strength: Strength) -> Any:
    """Return a contact's weight; a current cannot be the weight of a conductance."""
    if unit_of(strength.weight) != own.weight_unit:
        raise CatalogueError(
            f"contact {given.name!r}: its strength is {strength.weight}, but its channels take "
            f"{own.weight_unit}. Calibrate the circuit for this model and mode of synapses."
        )
    return strength.weight
