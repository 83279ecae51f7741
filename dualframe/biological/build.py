"""From a circuit to a network of Dendrify compartments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dualframe import catalogue
from dualframe.biological.compartments import Layout, layout, neuron_model
from dualframe.biological.dendrify_models import from_dendrify
from dualframe.catalogue import CellType
from dualframe.catalogue.schema import Compartments
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.circuit.text import actions
from dualframe.kinetics import Contact
from dualframe.modulation import Compartment, Terms, modulation_terms
from dualframe.modulation.terms import check_modulation, release
from dualframe.network import Network, Population
from dualframe.strengths import Calibration, fitting
from dualframe.wiring import (
    CircuitContact,
    Site,
    assumed_numbers,
    background,
    channels,
    contacts_onto,
    positions,
    projections,
    spread,
)

MODEL = "biological"


def build(
    circuit: Circuit,
    *,
    calibration: Calibration | None = None,
    heterogeneity: Mapping[str, Any] | None = None,
    layout_seed: int = 0,
) -> Network:
    """Build a circuit with dendrites.

    Parameters
    ----------
    circuit
        From `dualframe.circuit`, possibly scaled, modulated and drugged.
    calibration
        Strengths of its contacts; the default is the calibration stored with the circuit.
    heterogeneity
        Spread of parameters across neurons, by name or family (``{"gL": 0.1}``), for every
        population that has them. An array has one factor for each neuron, so it is for circuits
        whose populations are of one size.
    layout_seed
        Seed of the positions of the neurons.

    Returns
    -------
    Network
        Populations and projections under the circuit's names, background input, and in ``meta``
        the assumptions that its results depend on.

    Raises
    ------
    CatalogueError
        If the circuit does not fit the catalogue, a cell type has no compartments, a calibration
        is missing or belongs to another model, or a modulator has no compiled effect on the
        circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has.
    """
    check_modulation(circuit.check())
    strengths = fitting(calibration, circuit, MODEL)
    written: dict[str, Contact] = {}
    populations, terms = [], {}
    for given in circuit.populations:
        population, terms[given.name] = build_population(circuit, given, written)
        place = positions(circuit, given, layout_seed)
        populations.append(replace(population, positions=place))
    inputs, events = background(circuit, written, strengths.strength)
    return Network(
        populations=spread(populations, heterogeneity),
        inputs=tuple(inputs),
        projections=(
            *projections(circuit, written, strengths.strength),
            *events,
            *release(circuit, terms),
        ),
        name=circuit.name,
        meta=_meta(circuit, terms),
    )


def build_population(
    circuit: Circuit, given: CircuitPopulation, written: dict[str, Contact]
) -> tuple[Population, Terms]:
    """Build one population of a circuit; its channels are added to ``written`` by contact."""
    cell = catalogue.cell(given.cell)
    places = _compartments(cell)
    adapts = layout(cell).soma_model == "adaptive_conductance_IF"
    terms = modulation_terms(circuit, cell, places, adapts=adapts)
    own = {c.name: channels(c, cell, sites(c)) for c in contacts_onto(circuit, given.name)}
    written |= own
    currents = {place.name: list(terms.currents.get(place.name, ())) for place in places}
    for contact in own.values():
        for compartment, names in contact.currents.items():
            currents[compartment] += names
    equations = [*terms.equations, *(contact.equations for contact in own.values())]
    if terms.adaptation is not None:
        # the adaptation conductance opens below threshold too, so the whole current is scaled
        equations.append(f"I_less_adaptation = (1 - {terms.adaptation})*w_soma : amp")
        currents["soma"].append("I_less_adaptation")
    model = neuron_model(cell, currents, "\n".join(equations))
    parameters, initial = dict(terms.parameters), dict(terms.initial)
    for contact in own.values():
        parameters |= contact.parameters
        initial |= contact.initial
    return _population(cell, given, model, parameters, initial), terms


def sites(contact: CircuitContact) -> tuple[Site, ...]:
    """Return the compartments that a contact ends on."""
    return tuple(Site(name, f"V_{name}") for name in contact.compartments)


def _compartments(cell: CellType) -> list[Compartment]:
    return [Compartment(name, f"V_{name}", f"gL_{name}") for name in layout(cell).names]


def _population(
    cell: CellType,
    given: CircuitPopulation,
    made: Layout,
    parameters: dict[str, Any],
    initial: dict[str, Any],
) -> Population:
    spike = layout(cell).spike
    reset = "V_soma = V_peak"
    if made.adapts:
        reset += "; gA += delta_gA"
    potentials = {"V_threshold": "threshold", "V_peak": "peak", "V_reset": "reset"}
    population = from_dendrify(
        made.model,
        given.n,
        name=given.name,
        threshold="V_soma > V_threshold",
        reset=reset,
        second_reset="V_soma = V_reset",
        spike_width=spike.value("spike_width"),
        refractory=spike.value("refractory"),
        parameters=parameters | {ours: spike.value(own) for ours, own in potentials.items()},
        initial=initial,
        cell_type=cell.name,
        sign=cell.sign or None,
    )
    return replace(population, durations={**population.durations, **made.durations})


def _meta(circuit: Circuit, terms: Mapping[str, Terms]) -> dict[str, Any]:
    lines = [line for own in terms.values() for line in own.assumptions]
    cells = {name: catalogue.cell(name) for name in circuit.cells}
    for name, cell in cells.items():
        lines += _assumed(name, layout(cell))
    return {
        "branch": "biological",
        "circuit": circuit.name,
        "scale": circuit.scale,
        "cells": {name: layout(cell).layout for name, cell in cells.items()},
        "modulation": actions(circuit),
        "assumptions": list(dict.fromkeys([*lines, *assumed_numbers(circuit, dendrites=True)])),
    }


def _assumed(name: str, given: Compartments) -> list[str]:
    """What is assumed of a cell's compartments, in one line."""
    tables = [given.split, given.globals, given.soma, given.spike]
    tables += [dendrite.numbers for dendrite in given.dendrites]
    tables += [spike.numbers for spike in given.dspikes]
    numbers = [(key, number) for table in tables for key, number in table.items()]
    numbers += [("coupling", edge.coupling) for edge in given.edges if edge.coupling is not None]
    assumed = ", ".join(f"{key} {number.written}" for key, number in numbers if number.assumed)
    lines = [f"{name}: the compartments are a stand-in, not published for this cell type"]
    return (lines if given.stand_in else []) + (
        [f"{name}: {assumed} of the compartments are assumed"] if assumed else []
    )
