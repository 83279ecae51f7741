"""Sign test of effects on synapses and on plasticity: one spike onto each cell.

Every target cell has one population: a copy without input, a copy for each synapse, and a copy
for each effect, which differ in the numbers of the effects only. The synapses of one spike come
from the cell types that an effect names (terminals have their own receptors); a held current
brings the cell near threshold, where a potential counts and where chloride is inhibitory.

A gain or a release decides by the unitary potential: it becomes more positive where the effect
excites the target. A factor on plasticity is read from the neuron's equations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2.units import Hz, amp, ms, mV
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe import catalogue
from dualframe.circuit import (
    Circuit,
    CircuitInput,
    CircuitPopulation,
    CircuitProjection,
    Drug,
)
from dualframe.experiments.receptor_signs.intrinsic_effects import EffectMeasurement
from dualframe.experiments.receptor_signs.tested_effects import SIGN, TestedEffect
from dualframe.experiments.single_cell import build_cell_network, injected_variable
from dualframe.network import (
    CurrentInput,
    Network,
    Population,
    Projection,
    Recording,
    SpikeInput,
)
from dualframe.neuromodulation import (
    ModulatableParameters,
    ModulationEquations,
    modulation_equations,
)
from dualframe.receptor_effects import PLASTICITY_FACTORS, ActsOn
from dualframe.results.results import Results
from dualframe.simulation.run import run

ANY = "any"  # a source without receptors
VOLLEY = "volley"
SPIKE, END = 400 * ms, 520 * ms
HELD = 0.2  # below the rheobase, as a fraction of it
WEIGHT = 0.05  # of the rheobase: the unitary current
_DRIVE = 60 * mV  # a conductance of the weight over this is a similar current
_FALLBACK = 100.0  # pA: the scale of a cell that never fires
_OFF: Mapping[str, float] = {"size": 0.0, "shift": 0.0, "saturated": 0.0, "scale": 1.0}
_TERMINAL: Mapping[int, str] = {1: "AMPA", -1: "GABA_A"}


@dataclass(frozen=True)
class TestedSynapse:
    """What one spike opens: a kind of synapse, from terminals of a cell type (`ANY`: of none)."""

    source: str
    kind: str

    @property
    def name(self) -> str:
        """Name of the synapse in the equations."""
        return f"{self.kind}_of_{self.source}"


@dataclass(frozen=True)
class SynapticEffect:
    """An effect on a synapse, at one target."""

    entry: TestedEffect
    target: str
    synapse: TestedSynapse

    @property
    def tag(self) -> str:
        """The ending of the effect's numbers at this target."""
        return f"{self.entry.tag}{self._terminal}"

    @property
    def occupancy_parameter(self) -> str:
        """The parameter that is the occupancy under the agonist."""
        return f"saturated_{self.entry.receptor.name}{self._terminal}"

    @property
    def _terminal(self) -> str:
        """The cell type whose terminals have the receptor, if it is not the target's own."""
        cell = self.entry.cell.name
        at_target = self.entry.acts_on is ActsOn.SYNAPSES or cell == self.target
        return "" if at_target else f"_{cell}"


@dataclass(eq=False)
class PostsynapticTarget:
    """The effects on synapses onto one target cell."""

    cell: str
    effects: list[SynapticEffect] = field(default_factory=list)

    @property
    def synapses(self) -> list[TestedSynapse]:
        """The synapses that the effects are on, each once."""
        return list(dict.fromkeys(effect.synapse for effect in self.effects))

    @property
    def copies(self) -> list[tuple[TestedSynapse | None, SynapticEffect | None]]:
        """What each copy of the cell has: nothing, a synapse, or a synapse with an effect."""
        plain: list[tuple[TestedSynapse | None, SynapticEffect | None]] = [(None, None)]
        plain += [(synapse, None) for synapse in self.synapses]
        return plain + [(effect.synapse, effect) for effect in self.effects]


def locate_effect(entry: TestedEffect) -> SynapticEffect | None:
    """Return where an effect on a synapse is tested; None if no synapse has it."""
    effect, cell = entry.effect, entry.cell
    if entry.acts_on is ActsOn.SYNAPSES:
        source = effect.presynaptic[0] if effect.presynaptic else ANY
        return SynapticEffect(entry, cell.name, TestedSynapse(source, effect.synapse))
    synapse = effect.synapse or _TERMINAL.get(cell.sign, "")
    if synapse not in catalogue.names("synapse"):
        return None
    target = effect.onto[0] if effect.onto else cell.name
    return SynapticEffect(entry, target, TestedSynapse(cell.name, synapse))


def postsynaptic_targets(entries: Iterable[TestedEffect]) -> list[PostsynapticTarget]:
    """Return the target cells of the effects on synapses."""
    targets: dict[str, PostsynapticTarget] = {}
    for entry in entries:
        effect = locate_effect(entry) if entry.synaptic else None
        if effect is not None:
            target = targets.setdefault(effect.target, PostsynapticTarget(effect.target))
            target.effects.append(effect)
    return list(targets.values())


def cell_with_synapses(
    cell: str,
    synapses: Sequence[TestedSynapse],
    receptors: Iterable[str],
    drugs: Sequence[str] = (),
) -> Circuit:
    """Return one cell with synapses, and drugs at receptors.

    Parameters
    ----------
    cell
        The postsynaptic cell.
    synapses
        What it has, each from one neuron of its source.
    receptors, drugs
        A drug of each of these kinds at each of these receptors.
    """
    compartments = catalogue.cell(cell).compartments
    place = compartments.names[-1] if compartments is not None else "soma"
    sources = dict.fromkeys(synapse.source for synapse in synapses if synapse.source != ANY)
    populations = [CircuitPopulation("cell", cell, 1)]
    populations += [CircuitPopulation(f"from_{name}", name, 1) for name in sources]
    projections = tuple(
        CircuitProjection(
            VOLLEY if synapse.source == ANY else f"from_{synapse.source}",
            "cell",
            synapse.kind,
            place,
            name=synapse.name,
            probability=1.0,
            psp=1 * mV,
        )
        for synapse in synapses
    )
    return Circuit(
        "synapses",
        tuple(populations),
        projections,
        inputs=(CircuitInput(VOLLEY, 1, 0 * Hz),),
        drugs=tuple(Drug(kind, receptor) for receptor in receptors for kind in drugs),
    )


def measure_unitary_potentials(
    targets: Sequence[PostsynapticTarget],
    model: str,
    rheobases: Mapping[str, float],
    **options: Any,
) -> dict[str, dict[int, float]]:
    """Return the unitary potential (mV) of every copy of every target cell.

    Parameters
    ----------
    targets
        The target cells.
    model
        Name of the model.
    rheobases
        Of the cells in this model (A).
    options
        ``target`` and ``dt``, as in `dualframe.run`.
    """
    if not targets:
        return {}
    populations, projections, steps = [], [], []
    for target in targets:
        rheobase = rheobases.get(target.cell, np.nan)
        fires = bool(np.isfinite(rheobase))
        scale = abs(rheobase) if fires else _FALLBACK * 1e-12
        population, onto_copies = _target_copies(target, model, WEIGHT * scale)
        populations.append(population)
        projections += onto_copies
        steps.append(_holding_current(population, (rheobase if fires else 0.0) - HELD * scale))
    network = Network(
        tuple(populations),
        projections=tuple(projections),
        inputs=(SpikeInput(VOLLEY, 1, [0], [float(SPIKE / ms)] * ms), *steps),
        name="synapses",
    )
    record = {p.name: Recording((p.voltage,)) for p in populations}
    results = run(network, END, seed=0, progress=False, record=record, **options)
    return {
        target.cell: _read_potentials(results, population)
        for target, population in zip(targets, populations, strict=True)
    }


def _holding_current(population: Population, current: float) -> CurrentInput:
    return CurrentInput(
        population.name,
        np.full(population.n, current) * amp,
        variable=injected_variable(population.variables, "soma"),
        name=f"held_{population.name}",
    )


def _build_target(
    target: PostsynapticTarget, model: str, current: float, drugs: Sequence[str]
) -> Network:
    receptors = dict.fromkeys(effect.entry.references[0] for effect in target.effects)
    circuit = cell_with_synapses(target.cell, target.synapses, receptors, drugs)
    weight = current * amp / _DRIVE
    weights = {synapse.name: weight for synapse in target.synapses}
    return build_cell_network(circuit, model, weights)


def _target_copies(
    target: PostsynapticTarget, model: str, current: float
) -> tuple[Population, list[Projection]]:
    """Return the copies of a target cell and the projections of the volley to them."""
    network = _build_target(target, model, current, ("agonist",))
    population, copies = network.populations[0], target.copies
    population = replace(
        population,
        name=f"syn_{target.cell}",
        n=len(copies),
        parameters={**population.parameters, **_parameters_by_copy(target, population)},
    )
    projections = []
    for projection in network.projections:
        onto = [
            k
            for k, (synapse, _) in enumerate(copies)
            if synapse is not None and synapse.name == projection.name
        ]
        projections.append(
            projection.with_pairs(
                (np.zeros(len(onto), dtype=int), np.array(onto)),
                source=VOLLEY,
                target=population.name,
                name=f"{projection.name}_onto_{target.cell}",
            )
        )
    return population, projections


def _parameters_by_copy(target: PostsynapticTarget, population: Population) -> dict[str, Any]:
    """Return the numbers of the effects by copy: those of one effect, all others switched off."""
    columns: dict[str, Any] = {}
    receptors = tuple(f"_{effect.entry.receptor.name}" for effect in target.effects)
    for name, value in population.parameters.items():
        kind, _, rest = name.partition("_")
        off = _OFF.get(kind) if f"_{rest}".startswith(receptors) else None
        if off is not None:
            values = np.full(len(target.copies), off)
            columns[name] = Quantity(values, dim=get_dimensions(value))
    for k, (_, effect) in enumerate(target.copies):
        if effect is not None:
            columns[f"scale_{effect.tag}"][k] = float(effect.entry.effect.numbers.value("scale"))
            columns[effect.occupancy_parameter][k] = effect.entry.occupancy
    return columns


def _read_potentials(results: Results, population: Population) -> dict[int, float]:
    """Largest deflection from the copy without input, signed, in mV."""
    trace = results.traces[population.name]
    v = np.asarray(trace.values[population.voltage])
    difference = (v - v[0])[:, np.asarray(trace.t) >= float(SPIKE)]
    largest = np.abs(difference).argmax(axis=1)
    fired = set(np.asarray(results.spike_trains(population.name)[0], dtype=int).tolist())
    peaks = 1e3 * difference[np.arange(population.n), largest]
    return {k: float("nan") if fired & {0, k} else float(peaks[k]) for k in range(population.n)}


def measure_potential(
    effect: SynapticEffect, target: PostsynapticTarget, potentials: Mapping[int, float]
) -> EffectMeasurement:
    """Return how an effect changes the unitary potential.

    Parameters
    ----------
    effect, target
        The effect, and the target that it is one of.
    potentials
        Of the target's copies (mV).
    """
    return EffectMeasurement(
        measure="unitary potential",
        unit="mV",
        control=potentials[target.copies.index((effect.synapse, None))],
        agonist=potentials[target.copies.index((effect.synapse, effect))],
        direction=SIGN[effect.entry.effect.direction],
    )


def knockout_is_exact(effect: SynapticEffect, model: str) -> bool:
    """Whether a knock-out leaves exactly the network without agonist."""
    target = PostsynapticTarget(effect.target, [effect])
    weight = _FALLBACK * 1e-12
    without = _build_target(target, model, weight, ("agonist", "knockout"))
    control = _build_target(target, model, weight, ())
    same = without.populations == control.populations
    return bool(same and without.projections == control.projections)


# --- plasticity ---------------------------------------------------------------------------------


def plasticity_factors(entries: Sequence[TestedEffect], **options: Any) -> list[dict[str, float]]:
    """Return the factors on plasticity in the equations of each entry's cell, under its agonist.

    Parameters
    ----------
    entries
        Effects of kind "plasticity".
    options
        ``target`` and ``dt``, as in `dualframe.run`.
    """
    if not entries:
        return []
    populations = [_factor_neuron(f"rule_{k}", entry) for k, entry in enumerate(entries)]
    names = [[n for n in PLASTICITY_FACTORS if f"{n}_factor" in p.variables] for p in populations]
    record = {
        population.name: Recording(tuple(f"{name}_factor" for name in factors))
        for population, factors in zip(populations, names, strict=True)
    }
    network = Network(tuple(populations), name="rules")
    results = run(network, 1 * ms, seed=0, progress=False, record=record, **options)
    return [
        {n: float(np.asarray(results.traces[p.name].values[f"{n}_factor"])[0, 0]) for n in factors}
        for p, factors in zip(populations, names, strict=True)
    ]


def _factor_neuron(name: str, entry: TestedEffect) -> Population:
    """Return a neuron with nothing but the factors on a rule of its synapses."""
    terms = _factor_equations(entry, ("agonist",))
    terms.parameters |= {f"saturated_{entry.receptor.name}": entry.occupancy}
    equations = "\n".join(["dV/dt = 0*volt/second : volt", *terms.equations])
    return Population(name, 1, equations, parameters=terms.parameters, initial=terms.initial)


def _factor_equations(entry: TestedEffect, kinds: Sequence[str]) -> ModulationEquations:
    receptor, cell = entry.references
    drugs = tuple(Drug(kind, receptor) for kind in kinds)
    circuit = Circuit("rule", (CircuitPopulation("cell", cell, 1),), drugs=drugs).resolved
    return modulation_equations(
        circuit,
        circuit.population("cell"),
        ModulatableParameters(()),
        factors=PLASTICITY_FACTORS,
    )


def knockout_removes_factors(entry: TestedEffect) -> bool:
    """Whether a knock-out leaves no factor on a rule."""
    terms = _factor_equations(entry, ("agonist", "knockout"))
    return not terms.factors and not terms.parameters
