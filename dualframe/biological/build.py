"""From a circuit to a network of Dendrify compartments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dualframe import catalogue
from dualframe.biological.compartments import Layout, layout, neuron_model
from dualframe.biological.dendrify_models import from_dendrify
from dualframe.catalogue import CellType
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.kinetics import Contact
from dualframe.modulation import Compartment, Terms, modulation_terms
from dualframe.modulation.terms import check_modulation, release
from dualframe.network import Network, Population
from dualframe.strengths import Calibration, stored
from dualframe.wiring import (
    CircuitContact,
    Site,
    background,
    channels,
    contacts_onto,
    positions,
    projections,
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
        population that has them.
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
        If a cell type has no compartments, a calibration is missing, or a modulator has no
        compiled effect on the circuit.
    """
    strengths = calibration or stored(circuit, MODEL)
    check_modulation(circuit)
    written: dict[str, Contact] = {}
    populations, terms = [], {}
    for given in circuit.populations:
        population, terms[given.name] = build_population(circuit, given, written)
        place = positions(circuit, given, layout_seed)
        spread = {k: v for k, v in (heterogeneity or {}).items() if population.family(k)}
        populations.append(replace(population, positions=place, heterogeneity=spread))
    inputs, events = background(circuit, written, strengths.strength)
    return Network(
        populations=tuple(populations),
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
    model = neuron_model(cell, currents, "\n".join(equations))
    parameters, initial = dict(terms.parameters), dict(terms.initial)
    for contact in own.values():
        parameters |= contact.parameters
        initial |= contact.initial
    return _population(cell, given, model, terms.adaptation, parameters, initial), terms


def sites(contact: CircuitContact) -> tuple[Site, ...]:
    """Return the compartments that a contact ends on."""
    return tuple(Site(name, f"V_{name}") for name in contact.compartments)


def _compartments(cell: CellType) -> list[Compartment]:
    return [Compartment(name, f"V_{name}", f"gL_{name}") for name in layout(cell).names]


def _population(
    cell: CellType,
    given: CircuitPopulation,
    made: Layout,
    adaptation: str | None,
    parameters: dict[str, Any],
    initial: dict[str, Any],
) -> Population:
    spike = layout(cell).spike
    reset = "V_soma = V_peak"
    if made.adapts:
        reset += "; gA += delta_gA" + ("" if adaptation is None else f"*({adaptation})")
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
    assumptions = [line for own in terms.values() for line in own.assumptions]
    stand_ins = [
        f"{name}: the compartments are a stand-in, not published for this cell type"
        for name in circuit.cells
        if layout(catalogue.cell(name)).stand_in
    ]
    return {
        "branch": "biological",
        "circuit": circuit.name,
        "scale": circuit.scale,
        "assumptions": list(dict.fromkeys([*assumptions, *stand_ins])),
    }
