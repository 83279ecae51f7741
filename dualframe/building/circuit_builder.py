"""From a circuit to a network of point neurons.

The point branch has one compartment, so a contact's dendrites collapse onto the cell. Their effect
is kept where it was measured, at the soma: a contact's weight is calibrated to its unitary somatic
potential, its kinetics and delay stay the same.

In ``"current"`` mode (as in the Allen Institute's V1 model, the source of the layer 2/3 circuit) a
spike injects a current. In ``"conductance"`` mode it opens a conductance. A circuit says which one
its source has.

A current has the sign of Dale's law, whatever the reversal potential, and the absolute unitary
potential at rest as its amplitude. Where a reversal potential lies above rest (GABA_A of -60 mV
onto cells that rest lower, as in CA1) the two branches therefore disagree in sign at rest: there
the biological potential is a small depolarisation, the point neuron's a hyperpolarisation of the
same size. The current keeps what inhibition does near threshold, where both hyperpolarise, and
loses two things: the growth of the driving force between rest and threshold, and the shunt. In
``"conductance"`` mode neither is lost, but a contact that reverses at the point neuron's own rest
has no potential there that could be calibrated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from dualframe import catalogue
from dualframe.building.calibrated_weights import Calibration, fitting
from dualframe.building.connections import (
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
from dualframe.building.glif_specimens import Drawn, Source, as_specimens
from dualframe.catalogue import CellType
from dualframe.catalogue.fitted_models import Cells, chosen_cell
from dualframe.catalogue.point_neuron_set import ChosenPointNeuron
from dualframe.circuit import Circuit, CircuitPopulation, PointModel
from dualframe.circuit.describe import actions
from dualframe.core.errors import CatalogueError, UnknownName
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
from dualframe.neurons import glif
from dualframe.neurons.point_neuron import PointNeuron
from dualframe.neurons.registry import family_of, models_named
from dualframe.synapses.synapse_equations import SynapseEquations

MODES = ("current", "conductance")
_SITE = Site("cell", "V")


def build(
    circuit: Circuit,
    *,
    model: str = "glif",
    synapses: str | None = None,
    calibration: Calibration | None = None,
    heterogeneity: Mapping[str, Any] | None = None,
    layout_seed: int = 0,
    specimens: Mapping[str, Source] | None = None,
    cells: Cells = "published",
) -> Network:
    """Build a circuit of point neurons.

    Parameters
    ----------
    circuit
        From `dualframe.circuit`, possibly scaled, modulated and drugged.
    model
        A family of point-neuron models (``"glif"``, ``"izhikevich"``, ``"adex"``: each cell's first
        set of it; GLIF is level 3 where the catalogue has it, else level 1), or a model by name
        (``"glif1"`` to ``"glif5"``).
    synapses
        ``"current"`` or ``"conductance"``; the default is the circuit's ``synapse_mode``.
    calibration, heterogeneity, layout_seed
        As in `dualframe.building.dendritic_circuit`.
    specimens
        Population name -> GLIF specimens that its neurons are, instead of the catalogue's one:
        from `dualframe.read_glif_folder` or `dualframe.read_glif`, or a path of either kind. They
        are drawn whole with ``layout_seed``. Weights stay those of the circuit and calibration.
    cells
        ``"published"``: the catalogue's parameter sets. ``"fitted"``: those that were fitted to
        each cell type's compartments (`dualframe.fit_point`) and stored; they have calibrations
        of their own. Or fits by name of the cell type.

    Raises
    ------
    UnknownName
        If there is no such model or synapse mode.
    CatalogueError
        If the circuit does not fit the catalogue, a cell type lacks the model, a calibration is
        missing or belongs to another model, or a modulator has no compiled effect on the circuit.
    NetworkError
        If ``heterogeneity`` names a parameter that no population has.
    """
    synapses = synapses or circuit.synapse_mode
    key = model_key(model, synapses, cells)
    if synapses == "conductance":
        without_currents(circuit, "build it with synapses='current'.")
    check_modulation(circuit.check())
    drawn = _drawn(circuit, model, specimens, layout_seed)
    strengths = fitting(calibration, circuit, key)
    written: dict[str, SynapseEquations] = {}
    populations, terms = [], {}
    for given in circuit.populations:
        population, terms[given.name] = build_population(
            circuit, given, model, synapses, written, drawn.get(given.name), cells
        )
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
        meta=_meta(circuit, model, synapses, terms, drawn, cells),
    )


def model_key(model: str, synapses: str, cells: Cells = "published") -> str:
    """Return the name under which a calibration is stored, such as ``"glif_current"``.

    That of fitted cells ends in ``_fitted``.

    Raises
    ------
    UnknownName
        If there is no such model or mode.
    """
    models_named(model)
    if synapses not in MODES:
        raise UnknownName("synapse mode", synapses, MODES)
    return f"{model}_{synapses}" + ("" if cells == "published" else "_fitted")


def build_population(
    circuit: Circuit,
    given: CircuitPopulation,
    model: str,
    synapses: str,
    written: dict[str, SynapseEquations],
    drawn: Drawn | None = None,
    cells: Cells = "published",
) -> tuple[Population, ModulationEquations]:
    """Build one population of a circuit; its channels are added to ``written`` by contact."""
    cell = chosen_cell(catalogue.cell(given.cell), model, cells)

    if drawn is not None:
        plain = drawn.membrane(given.n)
    elif given.point is not None and given.point.serves(model):
        plain = published(given.point)
    else:
        plain = membrane(cell, model)
    if plain.leak is None or plain.rest is None:
        raise CatalogueError(f"the neurons of {given.name!r} take no currents.")
    place = Compartment(_SITE.compartment, plain.voltage, plain.leak, plain.rest)
    terms = modulation_equations(circuit, given, ModulatableParameters((place,), plain.places))
    neuron = substitute_parameters(plain, terms.changes)
    # what a contact's synapses pass relative to each other at rest is one number per population
    rest = np.median(plain.initial[plain.voltage]) if synapses == "current" else None
    own = {
        c.name: channels(c, cell, (_SITE,), rest, terms.gains.get(c.name))
        for c in contacts_onto(circuit, given.name)
    }
    written |= own
    return _population(cell, given, neuron, terms, own), terms


def membrane(cell: CellType, model: str) -> PointNeuron:
    """Return the point neuron of a cell type.

    Raises
    ------
    CatalogueError
        If the catalogue has no such model of this cell.
    """
    return cell.choose_point_neuron(model).make_neuron()


def published(point: PointModel) -> PointNeuron:
    """Return a point neuron that the source of a circuit publishes."""
    return point.model.make_neuron(point.parameters)


def _population(
    cell: CellType,
    given: CircuitPopulation,
    neuron: PointNeuron,
    terms: ModulationEquations,
    own: Mapping[str, SynapseEquations],
) -> Population:
    currents = [name for names in terms.currents.values() for name in names]
    parameters, initial = (
        {**neuron.parameters, **terms.parameters},
        {**neuron.initial, **terms.initial},
    )
    for contact in own.values():
        currents += [name for names in contact.currents.values() for name in names]
        parameters |= contact.parameters
        initial |= contact.initial
    equations = [
        neuron.equations,
        neuron.input_equation(["I_ext", *currents]),
        "I_ext : amp",
        *terms.equations,
        *(contact.equations for contact in own.values()),
    ]
    return Population(
        name=given.name,
        n=given.n,
        equations="\n".join(equations),
        threshold=neuron.threshold,
        reset=neuron.reset,
        refractory=neuron.refractory,
        parameters=parameters,
        initial=initial,
        cell_type=cell.name,
        sign=cell.sign or None,
        voltage=neuron.voltage,
    )


def _drawn(
    circuit: Circuit, model: str, given: Mapping[str, Source] | None, seed: int
) -> dict[str, Drawn]:
    """Return, by population, the specimens that its neurons are drawn from."""
    known = {population.name for population in circuit.populations}
    found = {}
    for name, source in (given or {}).items():
        if name not in known:
            raise UnknownName(f"population of circuit {circuit.name!r}", name, known)
        if family_of(model) != "glif":
            raise CatalogueError(f"specimens of {name!r} are GLIF neurons: choose model='glif'.")
        level = None if model == "glif" else glif.glif_level(model)
        found[name] = Drawn(as_specimens(source), level, seed, name)
    return found


def _meta(
    circuit: Circuit,
    model: str,
    synapses: str,
    terms: Mapping[str, ModulationEquations],
    drawn: Mapping[str, Drawn],
    choice: Cells,
) -> dict[str, Any]:
    lines = [line for own in terms.values() for line in own.assumptions]
    lines += [
        f"{name}: the neurons are specimens of {own.specimens.name}, with weights that were "
        "calibrated on the catalogue's cell"
        for name, own in drawn.items()
    ]
    points = {p.name: p.point for p in circuit.populations if p.point and p.point.serves(model)}
    used = dict.fromkeys(p.cell for p in circuit.populations if p.name not in points)
    cells = {
        name: chosen_cell(catalogue.cell(name), model, choice).choose_point_neuron(model)
        for name in used
    }
    for name, chosen in cells.items():
        lines += _assumed(name, chosen)
    return {
        "branch": "task_driven",
        "model": model,
        "synapses": synapses,
        "circuit": circuit.name,
        "scale": circuit.scale,
        "cells": {name: chosen.description for name, chosen in cells.items()},
        "points": {name: f"{own.form}, {own.name}" for name, own in points.items()},
        "specimens": {name: own.described for name, own in drawn.items()},
        "modulation": actions(circuit),
        "assumptions": list(dict.fromkeys([*lines, *assumed_numbers(circuit, dendrites=False)])),
    }


def _assumed(name: str, chosen: ChosenPointNeuron) -> list[str]:
    """What is assumed of a cell's point neuron, in one line."""
    assumed = ", ".join(chosen.assumed)
    return [f"{name}: {assumed} of {chosen.description} are assumed"] if assumed else []
