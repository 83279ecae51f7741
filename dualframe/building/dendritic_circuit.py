"""From a circuit to a network of Dendrify compartments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration, fitting
from dualframe.building.connections import (
    CircuitContact,
    Site,
    assumed_numbers,
    background,
    channels,
    contacts_onto,
    inputs,
    positions,
    projections,
    spread,
    without_currents,
)
from dualframe.building.dendrify_import import from_dendrify
from dualframe.building.dendritic_neurons import Layout, layout, neuron_model
from dualframe.catalogue import CellType
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.circuit.describe import actions
from dualframe.network import Network, Population
from dualframe.neuromodulation import (
    Compartment,
    ModulatableParameters,
    ModulationEquations,
    modulation_equations,
    substitute_parameters,
)
from dualframe.neuromodulation.population_equations import (
    check_modulation,
    inputs_with_scaled_release,
)
from dualframe.neuromodulation.release import volume_release
from dualframe.synapses.synapse_equations import SynapseEquations

MODEL = "biological"

#: Parameters that an effect on adaptation scales, by soma model. The conductance of the first is
#: linear in both, so that its whole current is scaled: it flows below threshold too.
_ADAPTATION: Mapping[str, tuple[str, ...]] = {
    "adaptive_conductance_IF": ("gAmax", "delta_gA"),
    "adaptive_IF": ("jump_w",),
    "burst": ("jump_w",),
}


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
        If the circuit does not fit the catalogue or is one of point neurons (its strengths are
        currents), a cell type has no compartments, a calibration is missing or belongs to another
        model, or a modulator has no compiled effect on the circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has.
    """
    without_currents(circuit, "build it with dualframe.task_driven.")
    check_modulation(circuit.check())
    strengths = fitting(calibration, circuit, MODEL)
    written: dict[str, SynapseEquations] = {}
    populations, terms = [], {}
    for given in circuit.populations:
        population, terms[given.name] = build_population(circuit, given, written)
        place = positions(circuit, given, layout_seed)
        populations.append(replace(population, positions=place))
    sources, events = background(circuit, written, strengths.strength)
    pulses, raising = volume_release(circuit, terms)
    return Network(
        populations=spread(populations, heterogeneity),
        inputs=(*sources, *inputs(circuit), *pulses),
        projections=(
            *projections(circuit, written, strengths.strength, inputs_with_scaled_release(terms)),
            *events,
            *raising,
        ),
        name=circuit.name,
        meta=_meta(circuit, terms),
    )


def build_population(
    circuit: Circuit, given: CircuitPopulation, written: dict[str, SynapseEquations]
) -> tuple[Population, ModulationEquations]:
    """Build one population of a circuit; its channels are added to ``written`` by contact."""
    cell = catalogue.cell(given.cell)
    places = _places(cell)
    terms = modulation_equations(circuit, given, places)
    own = {
        c.name: channels(c, cell, sites(c), gains=terms.gains.get(c.name))
        for c in contacts_onto(circuit, given.name)
    }
    written |= own
    currents = {
        place.name: list(terms.currents.get(place.name, ())) for place in places.compartments
    }
    for contact in own.values():
        for compartment, names in contact.currents.items():
            currents[compartment] += names
    model = neuron_model(cell, currents)
    return _population(cell, given, model, terms, own), terms


def sites(contact: CircuitContact) -> tuple[Site, ...]:
    """Return the compartments that a contact ends on."""
    return tuple(Site(name, f"V_{name}") for name in contact.compartments)


def _places(cell: CellType) -> ModulatableParameters:
    """Where effects enter: the table from kinds of effects to Dendrify's parameters."""
    given = layout(cell)
    parameters = {
        "leak": {f"gL_{name}": "*" for name in given.names},
        "rest": {f"EL_{name}": "+" for name in given.names},
        "threshold": {"V_threshold": "+"},
    }
    if given.soma_model in _ADAPTATION:
        parameters["adaptation"] = dict.fromkeys(_ADAPTATION[given.soma_model], "*")
    if given.rule == "burst":
        parameters["dspike"] = {"plateau_soma": "*", "plateau_dend": "*"}
    if given.dspikes:
        parameters["dspike"] = {
            f"g_{phase}_max_{spike.kind}_{name}": "*"
            for spike in given.dspikes
            for name in spike.compartments
            for phase in ("rise", "fall")
        }
    compartments = (Compartment(n, f"V_{n}", f"gL_{n}", f"EL_{n}") for n in given.names)
    return ModulatableParameters(tuple(compartments), parameters)


def _population(
    cell: CellType,
    given: CircuitPopulation,
    made: Layout,
    terms: ModulationEquations,
    own: Mapping[str, SynapseEquations],
) -> Population:
    spike = made.spike
    parameters, initial = {**spike.parameters, **terms.parameters}, dict(terms.initial)
    for contact in own.values():
        parameters |= contact.parameters
        initial |= contact.initial
    population = from_dendrify(
        made.model,
        given.n,
        name=given.name,
        threshold=spike.threshold,
        reset=spike.reset,
        second_reset=spike.second_reset,
        spike_width=spike.spike_width,
        refractory=spike.refractory,
        parameters=parameters,
        cell_type=cell.name,
        sign=cell.sign or None,
    )
    population = substitute_parameters(population, terms.changes)
    added = "\n".join([*terms.equations, *(contact.equations for contact in own.values())])
    return replace(
        population,
        equations=population.equations + (f"\n\n{added}" if added else ""),
        initial={**population.initial, **initial},
        durations={**population.durations, **made.durations},
    )


def _meta(circuit: Circuit, terms: Mapping[str, ModulationEquations]) -> dict[str, Any]:
    lines = [line for own in terms.values() for line in own.assumptions]
    cells = {name: catalogue.cell(name) for name in circuit.cells}
    for name, cell in cells.items():
        lines += _assumed(name, cell)
    return {
        "branch": "biological",
        "circuit": circuit.name,
        "scale": circuit.scale,
        "cells": {name: layout(cell).layout for name, cell in cells.items()},
        "modulation": actions(circuit),
        "assumptions": list(dict.fromkeys([*lines, *assumed_numbers(circuit, dendrites=True)])),
    }


def _assumed(name: str, cell: CellType) -> list[str]:
    """What is assumed of a cell's compartments, in one line."""
    given = layout(cell)
    tables = [given.split, given.globals, given.soma, given.spike, given.burst]
    tables += [dendrite.numbers for dendrite in given.dendrites]
    tables += [spike.numbers for spike in given.dspikes]
    numbers = [(key, number) for table in tables for key, number in table.items()]
    if given.rule == "matched_passive" and cell.passive:
        numbers += [(key, cell.passive.numbers[key]) for key in ("r_in", "tau_m")]
    numbers += [("coupling", edge.coupling) for edge in given.edges if edge.coupling is not None]
    assumed = ", ".join(f"{key} {number.written}" for key, number in numbers if number.assumed)
    lines = [f"{name}: the compartments are a stand-in, not published for this cell type"]
    return (lines if given.stand_in else []) + (
        [f"{name}: {assumed} of the compartments are assumed"] if assumed else []
    )
