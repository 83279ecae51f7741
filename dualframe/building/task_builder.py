"""From a task to the network of one agent: the circuit, its environment, and what joins them.

The circuit is built as every circuit is. Around it stand blocks: the environment, encoders that see
it, readouts that act on it, and releases. `dualframe.building.task_signals` brings what rules and
releases hear of these to the neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import NeuronBuilder, build_circuit, check_circuit_size
from dualframe.building.dendritic_populations import DendriticNeurons
from dualframe.building.encoders.registry import ENCODERS
from dualframe.building.network_block import NetworkBlock
from dualframe.building.point_neurons import PointNeurons
from dualframe.building.readouts.registry import READOUTS
from dualframe.building.releases.registry import RELEASES
from dualframe.building.task_calibrations import find_calibration
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.building.task_signals import asked_signals, bring_signals
from dualframe.building.twin_choice import choose_twin
from dualframe.circuit import Circuit
from dualframe.core.errors import CatalogueError, DualframeError, UnknownName
from dualframe.core.quantity import quantity_text
from dualframe.environments import Environment, environment
from dualframe.environments.derived_signals import DERIVED_SIGNALS
from dualframe.network import Network, Population
from dualframe.neurons.registry import models_named
from dualframe.task import Task, TaskSection

BRANCHES = ("task_driven", "biological")


def build_task(
    task: Task,
    *,
    branch: str = "task_driven",
    model: str | None = None,
    calibration: Calibration | None = None,
) -> Network:
    """Return the network of one agent; `dualframe.train` puts several side by side.

    Parameters
    ----------
    task
        From `dualframe.task`.
    branch
        ``"task_driven"`` or ``"biological"``.
    model
        Point neurons of the populations, as in `dualframe.task_driven.build`; None takes those that
        the task's circuit states, else GLIF.
    calibration
        Strengths of its contacts; the default is what is stored with the task, or was kept.

    Returns
    -------
    Network
        ``meta`` says which task it is, which modulators act, and what is assumed.

    Raises
    ------
    CatalogueError
        If components do not fit together, the circuit cannot be built in the branch or with the
        model, or its contacts have no calibration.
    UnknownName
        If a component names a population, variable or modulator that the task does not have.
    """
    check_circuit_size(task.circuit)
    _refuse_readouts_without_spikes(task)
    world = make_environment(task)
    around = NetworkBlock((_environment_population(task, world),)) if world else NetworkBlock()
    context = TaskContext(
        task=task.name,
        environment=world,
        modulators=task.modulators,
        sizes=task.circuit.sizes,
        branch=branch,
        sources={population.name: population for population in around.populations},
    )
    encoders = _make_blocks(task, "encoders", context)
    sizes = {population.name: population.n for population in encoders.populations}
    context = replace(context, sizes={**context.sizes, **sizes})
    readouts = _make_blocks(task, "readouts", context)
    sources = {p.name: p for p in (around + encoders + readouts).populations}
    context = replace(context, sources=sources)
    releases = _make_blocks(task, "releases", context)
    circuit, signals = bring_signals(task.circuit, releases, context)
    neurons = neurons_of_task(task, branch, model)
    network = build_circuit(
        circuit,
        neurons,
        calibration=calibration or _known_calibration(task, neurons, branch),
        heterogeneity=_spread_of(circuit, branch, model, task.heterogeneity),
        surroundings=around + encoders + signals + readouts + releases,
    )
    facts = _describe_network(task, branch, model, world)
    assumptions = list(dict.fromkeys([*task.assumptions, *network.meta["assumptions"]]))
    meta = {**network.meta, **facts, "assumptions": assumptions}
    del meta["rate_ranges_Hz"]  # those of the circuit alone
    meta["actions"] = [*meta["actions"], *_release_rows(task, context)]
    return replace(network, name=task.name, meta=meta)


def _release_rows(task: Task, context: TaskContext) -> list[dict[str, Any]]:
    """Return what the releases of a task do, as `dualframe.neuromodulation.actions` has it."""
    rows = []
    for section in task.releases:
        block = RELEASES[section.kind].make_block(section.name, section.values, context)
        texts = {*section.values, *map(str, section.values.values())}
        if block.modulations:  # which the circuit's own table describes
            continue
        places = dict.fromkeys(change.population for change in block.changes) or [""]
        for modulator, population in product([n for n in task.offered if n in texts], places):
            asked, acts = modulator in task.modulators, modulator in task.modulators and population
            why = "nothing takes it up without the other modulators of its release"
            rows.append(
                {
                    "action": modulator,
                    "receptor": "",
                    "cell_type": "",
                    "acted": bool(acts),
                    "population": population,
                    "effects": f"release {section.name!r}",
                    "occupancy": None,
                    "without": None,
                    "named": False,
                    "in_inputs": False,
                    "why": "" if acts else why if asked else "it is not among those that act",
                    "intended": not asked,
                    "released_by": "",
                }
            )
    return rows


def _known_calibration(task: Task, neurons: NeuronBuilder, branch: str) -> Calibration:
    found = find_calibration(task, neurons, task.time_step(branch))
    if found is None:
        which = repr("biological" if branch == "biological" else neurons.calibration_key)
        raise CatalogueError(
            f"task {task.name!r} has no calibration of its contacts for {which}: train it, or run "
            f"dualframe.calibrate(task, model), which keeps one."
        )
    return found


def neurons_of_task(task: Task, branch: str, model: str | None) -> NeuronBuilder:
    """Return the neurons of which the network of a task is built.

    Parameters
    ----------
    task, branch, model
        As in `build_task`.

    Raises
    ------
    UnknownName
        If there is no such branch or model.
    CatalogueError
        If the task leaves no choice of model, or the branch has none.
    """
    circuit = task.circuit
    if branch not in BRANCHES:
        raise UnknownName("branch", branch, BRANCHES)
    if branch == "task_driven":
        if model is None:
            return PointNeurons(choice=choose_twin(circuit, "glif"), stated_stay=True)
        _check_model(task, model)
        choice = choose_twin(circuit, model, replaces_driven=True)
        return PointNeurons(choice=choice, model_was_chosen=True)
    if model is not None:
        raise CatalogueError(
            f"model={model!r} is of point neurons: leave it out, or train with "
            f"branch='task_driven'."
        )
    return DendriticNeurons()


def _check_model(task: Task, model: str) -> None:
    """Refuse point neurons of the cell types where the task's circuit leaves no choice."""
    models_named(model)
    if all(
        population.point is not None and population.drive is None
        for population in task.circuit.populations
    ):
        raise CatalogueError(
            f"model={model!r}: task {task.name!r} states its own point neurons, and none of its "
            f"populations has a drive for others: leave the model out."
        )


def _spread_of(
    circuit: Circuit, branch: str, model: str | None, cv: float
) -> dict[str, float] | None:
    """Return the spread of what the circuit's neurons let vary; of compartments C and gL."""
    if not cv:
        return None
    if branch == "biological":
        return dict.fromkeys(("C", "gL"), cv)
    varies = set[str]()
    for population in circuit.populations:
        point = population.point
        if point is not None and (model is None or population.drive is None):
            varies |= set(point.model.varies) & set(point.neuron.parameters)
        else:
            cell = circuit.resolved.population(population.name).cell
            chosen = cell.choose_point_neuron(model or "glif")
            varies |= set(chosen.model.varies) & set(chosen.make_neuron().parameters)
    return dict.fromkeys(sorted(varies), cv)


def make_environment(task: Task) -> Environment | None:
    """Return the environment of a task.

    Parameters
    ----------
    task
        The task.

    Raises
    ------
    CatalogueError
        If the protocol would end before a trial is over.
    """
    section = task.environment
    if section is None:
        return None
    world = environment(section.kind, **section.values)
    limit = None if world.limit is None else world.limit * world.interval
    protocol = task["protocol"]
    if limit is None or "trial_limit" not in protocol:
        return world
    if float(protocol["trial_limit"]) < float(limit) * (1 - 1e-9):
        raise CatalogueError(
            f"task {task.name!r}: protocol.trial_limit is "
            f"{quantity_text(protocol['trial_limit'])}, but a "
            f"trial of environment {world.name!r} lasts up to {quantity_text(limit)}: raise the "
            f"one, or shorten the other."
        )
    return world


def _environment_population(task: Task, world: Environment) -> Population:
    """Return the environment of one agent, with the derived signals that the task asks for."""
    derived = asked_signals(task) & set(DERIVED_SIGNALS)
    own = world.population(ENVIRONMENT).variables
    return world.population(ENVIRONMENT, derived=sorted(derived - own))


def _refuse_readouts_without_spikes(task: Task) -> None:
    """Refuse readouts of populations whose stated neurons have no spikes, such as rate neurons."""
    forms = {
        population.name: population.point.form
        for population in task.circuit.populations
        if population.point is not None
        and population.drive is None
        and population.point.neuron.threshold is None
    }
    for readout in task.readouts:
        named = readout.values.get("populations", [readout.values.get("population")])
        for name in (name for name in named if name in forms):
            raise CatalogueError(
                f"task {task.name!r}: readout {readout.name!r} reads the spikes of {name!r}, but "
                f"{forms[name]} neurons have none: state a model with spikes for them, or let the "
                "readout read another population."
            )


def _make_blocks(task: Task, noun: str, context: TaskContext) -> NetworkBlock:
    block = NetworkBlock()
    sections, kinds = _COMPONENTS[noun](task)
    for section in sections:
        try:
            block += kinds[section.kind].make_block(section.name, section.values, context)
        except DualframeError as error:
            place = f"task {task.name!r} ({Path(task.file).name}), [{noun}.{section.name}]"
            error.args = (f"{place}: {error}",)
            raise
    return block


_COMPONENTS: Mapping[str, Callable[[Task], tuple[tuple[TaskSection, ...], Mapping[str, Any]]]] = {
    "encoders": lambda task: (task.encoders, ENCODERS),
    "readouts": lambda task: (task.readouts, READOUTS),
    "releases": lambda task: (task.releases, RELEASES),
}


def _describe_network(
    task: Task, branch: str, model: str | None, world: Environment | None
) -> dict[str, Any]:
    facts = {
        "branch": branch,
        "model": model,
        "task": task.name,
        "modulators": list(task.modulators),
        "heterogeneity": task.heterogeneity,
    }
    if world is not None:
        facts |= {"trials": list(world.trial_outcomes), "interval_s": float(world.interval)}
    return facts
