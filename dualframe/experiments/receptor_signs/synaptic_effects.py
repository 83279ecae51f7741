"""Sign test of effects on synapses and on plasticity: one spike onto each cell.

Every target cell has one population: a copy without input, a copy for each contact, and a copy
for each effect, which differ in the numbers of the effects only. The contacts of one spike come
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
from dualframe.building.dendritic_circuit import MODEL
from dualframe.circuit import (
    Circuit,
    CircuitInput,
    CircuitPopulation,
    CircuitProjection,
    Drug,
)
from dualframe.experiments.batch_current_clamp import build
from dualframe.experiments.receptor_signs.intrinsic_effects import Shift
from dualframe.experiments.receptor_signs.tested_effects import SIGN, SignEntry
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
class Contact:
    """What one spike opens: a kind of synapse, from terminals of a cell type (`ANY`: of none)."""

    source: str
    synapse: str

    @property
    def name(self) -> str:
        """Name of the contact in the equations."""
        return f"{self.synapse}_of_{self.source}"


@dataclass(frozen=True)
class SynapticEntry:
    """An effect on a synapse, at one target."""

    entry: SignEntry
    target: str
    contact: Contact

    @property
    def tag(self) -> str:
        """The ending of the effect's numbers at this target."""
        own = self.entry.acts_on is ActsOn.SYNAPSES or self.entry.cell.name == self.target
        return self.entry.tag if own else f"{self.entry.tag}_{self.entry.cell.name}"

    @property
    def saturated(self) -> str:
        """The parameter that is the occupancy under the agonist."""
        own = self.entry.acts_on is ActsOn.SYNAPSES or self.entry.cell.name == self.target
        name = self.entry.receptor.name
        return f"saturated_{name}" if own else f"saturated_{name}_{self.entry.cell.name}"


@dataclass(eq=False)
class Bench:
    """The synapses onto one target cell, in one model."""

    target: str
    entries: list[SynapticEntry] = field(default_factory=list)

    @property
    def contacts(self) -> list[Contact]:
        """Contacts of the entries, each once."""
        return list(dict.fromkeys(entry.contact for entry in self.entries))

    @property
    def rows(self) -> list[tuple[Contact | None, SynapticEntry | None]]:
        """What each copy has: nothing, a contact, or a contact with an effect."""
        plain: list[tuple[Contact | None, SynapticEntry | None]] = [(None, None)]
        plain += [(contact, None) for contact in self.contacts]
        return plain + [(entry.contact, entry) for entry in self.entries]


def synaptic(entry: SignEntry) -> SynapticEntry | None:
    """Return where an effect on a synapse is tested; None if no synapse has it."""
    effect, cell = entry.effect, entry.cell
    if entry.acts_on is ActsOn.SYNAPSES:
        source = effect.presynaptic[0] if effect.presynaptic else ANY
        return SynapticEntry(entry, cell.name, Contact(source, effect.synapse))
    synapse = effect.synapse or _TERMINAL.get(cell.sign, "")
    if synapse not in catalogue.names("synapse"):
        return None
    target = effect.onto[0] if effect.onto else cell.name
    return SynapticEntry(entry, target, Contact(cell.name, synapse))


def benches(entries: Iterable[SignEntry]) -> list[Bench]:
    """Return the target cells of the effects on synapses."""
    made: dict[str, Bench] = {}
    for entry in entries:
        found = synaptic(entry) if entry.synaptic else None
        if found is not None:
            made.setdefault(found.target, Bench(found.target)).entries.append(found)
    return list(made.values())


def wired(
    target: str, contacts: Sequence[Contact], receptors: Iterable[str], kinds: Sequence[str] = ()
) -> Circuit:
    """Return one cell with contacts of each of the given kinds, and drugs at receptors."""
    layout = catalogue.cell(target).compartments
    place = layout.names[-1] if layout is not None else "soma"
    sources = dict.fromkeys(c.source for c in contacts if c.source != ANY)
    populations = [CircuitPopulation("cell", target, 1)]
    populations += [CircuitPopulation(f"from_{name}", name, 1) for name in sources]
    projections = tuple(
        CircuitProjection(
            VOLLEY if contact.source == ANY else f"from_{contact.source}",
            "cell",
            contact.synapse,
            place,
            name=contact.name,
            probability=1.0,
            psp=1 * mV,
        )
        for contact in contacts
    )
    drugs = tuple(Drug(kind, receptor) for receptor in receptors for kind in kinds)
    volley = (CircuitInput(VOLLEY, 1, 0 * Hz),)
    return Circuit("synapses", tuple(populations), projections, inputs=volley, drugs=drugs)


def measured(
    own: Sequence[Bench], model: str, rheobases: Mapping[str, float], **options: Any
) -> dict[str, dict[int, float]]:
    """Return the unitary potential (mV) of every copy of every target cell.

    Parameters
    ----------
    own
        The target cells.
    model
        Name of the model.
    rheobases
        Of the cells in this model (A).
    options
        ``target`` and ``dt``, as in `dualframe.run`.
    """
    populations, projections, steps = [], [], []
    for bench in own:
        scale = abs(rheobases.get(bench.target, np.nan))
        scale = scale if np.isfinite(scale) else _FALLBACK * 1e-12
        start = rheobases.get(bench.target, np.nan)
        start = start if np.isfinite(start) else 0.0
        population, wires = _placed(bench, model, WEIGHT * scale)
        populations.append(population)
        projections += wires
        steps.append(_held(population, start - HELD * scale))
    if not own:
        return {}
    network = Network(
        tuple(populations),
        projections=tuple(projections),
        inputs=(SpikeInput(VOLLEY, 1, [0], [float(SPIKE / ms)] * ms), *steps),
        name="synapses",
    )
    record = {p.name: Recording((p.voltage,)) for p in populations}
    done = run(network, END, seed=0, progress=False, record=record, **options)
    return {
        bench.target: _potentials(done, population)
        for bench, population in zip(own, populations, strict=True)
    }


def _held(population: Population, current: float) -> CurrentInput:
    point = "I_ext" in population.variables
    return CurrentInput(
        population.name,
        np.full(population.n, current) * amp,
        variable="I_ext" if point else "I_ext_soma",
        name=f"held_{population.name}",
    )


def _weights(contacts: Iterable[Contact], model: str, current: float) -> dict[str, Any]:
    weight = current * amp / _DRIVE if model == MODEL else current * amp
    return {contact.name: weight for contact in contacts}


def _built(bench: Bench, model: str, current: float, kinds: Sequence[str]) -> Network:
    receptors = dict.fromkeys(item.entry.given[0] for item in bench.entries)
    made = wired(bench.target, bench.contacts, receptors, kinds)
    return build(made, model, _weights(bench.contacts, model, current))


def _placed(bench: Bench, model: str, current: float) -> tuple[Population, list[Projection]]:
    """Return the copies of a target cell and the wires of the volley to them."""
    network = _built(bench, model, current, ("agonist",))
    population, rows = network.populations[0], bench.rows
    population = replace(
        population,
        name=f"syn_{bench.target}",
        n=len(rows),
        parameters={**population.parameters, **_columns(bench, population, rows)},
    )
    wires = []
    for wire in network.projections:
        copies = [k for k, (c, _) in enumerate(rows) if c is not None and c.name == wire.name]
        pairs = (np.zeros(len(copies), dtype=int), np.array(copies))
        wires.append(
            replace(
                wire,
                source=VOLLEY,
                target=population.name,
                name=f"{wire.name}_onto_{bench.target}",
                probability=None,
                pairs=pairs,
            )
        )
    return population, wires


def _columns(
    bench: Bench,
    population: Population,
    rows: Sequence[tuple[Contact | None, SynapticEntry | None]],
) -> dict[str, Any]:
    """Return the numbers of the effects by copy: those of one effect, all others switched off."""
    columns: dict[str, Any] = {}
    names = tuple(f"_{item.entry.receptor.name}" for item in bench.entries)
    for key, value in population.parameters.items():
        kind, _, rest = key.partition("_")
        off = _OFF.get(kind) if f"_{rest}".startswith(names) else None
        if off is not None:
            columns[key] = Quantity(np.full(len(rows), off), dim=get_dimensions(value))
    for k, (_, item) in enumerate(rows):
        if item is not None:
            columns[f"scale_{item.tag}"][k] = float(item.entry.effect.numbers.value("scale"))
            columns[item.saturated][k] = item.entry.occupancy
    return columns


def _potentials(done: Results, population: Population) -> dict[int, float]:
    """Largest deflection from the copy without input, signed, in mV."""
    trace = done.traces[population.name]
    v = np.asarray(trace.values[population.voltage])
    difference = (v - v[0])[:, np.asarray(trace.t) >= float(SPIKE)]
    largest = np.abs(difference).argmax(axis=1)
    fired = set(np.asarray(done.spike_trains(population.name)[0], dtype=int).tolist())
    peaks = 1e3 * difference[np.arange(population.n), largest]
    return {k: float("nan") if fired & {0, k} else float(peaks[k]) for k in range(population.n)}


def shift(item: SynapticEntry, bench: Bench, potentials: Mapping[int, float]) -> Shift:
    """Return the shift of the unitary potential by an effect."""
    rows = bench.rows
    control = rows.index((item.contact, None))
    own = rows.index((item.contact, item))
    wanted = SIGN[item.entry.effect.direction]
    return Shift("unitary potential", "mV", potentials[control], potentials[own], wanted)


def knocked_out(item: SynapticEntry, model: str) -> bool:
    """Whether a knock-out leaves exactly the network without agonist."""
    bench = Bench(item.target, [item])
    weight = _FALLBACK * 1e-12
    without = _built(bench, model, weight, ("agonist", "knockout"))
    plain = _built(bench, model, weight, ())
    same = without.populations == plain.populations
    return same and without.projections == plain.projections


# --- plasticity ---------------------------------------------------------------------------------


def factors(entries: Sequence[SignEntry], **options: Any) -> list[dict[str, float]]:
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
    populations = [_gated(f"rule_{k}", entry) for k, entry in enumerate(entries)]
    names = [[n for n in PLASTICITY_FACTORS if f"{n}_factor" in p.variables] for p in populations]
    record = {
        population.name: Recording(tuple(f"{name}_factor" for name in own))
        for population, own in zip(populations, names, strict=True)
    }
    network = Network(tuple(populations), name="rules")
    done = run(network, 1 * ms, seed=0, progress=False, record=record, **options)
    return [
        {n: float(np.asarray(done.traces[p.name].values[f"{n}_factor"])[0, 0]) for n in own}
        for p, own in zip(populations, names, strict=True)
    ]


def _gated(name: str, entry: SignEntry) -> Population:
    """Return a neuron with nothing but the factors on a rule of its synapses."""
    terms = _rule_terms(entry, ("agonist",))
    terms.parameters |= {f"saturated_{entry.receptor.name}": entry.occupancy}
    text = "\n".join(["dV/dt = 0*volt/second : volt", *terms.equations])
    return Population(name, 1, text, parameters=terms.parameters, initial=terms.initial)


def _rule_terms(entry: SignEntry, kinds: Sequence[str]) -> ModulationEquations:
    receptor, cell = entry.given
    given = CircuitPopulation("cell", cell, 1)
    drugs = tuple(Drug(kind, receptor) for kind in kinds)
    return modulation_equations(
        Circuit("rule", (given,), drugs=drugs),
        given,
        ModulatableParameters(()),
        factors=PLASTICITY_FACTORS,
    )


def forgotten(entry: SignEntry) -> bool:
    """Whether a knock-out leaves no factor on a rule."""
    terms = _rule_terms(entry, ("agonist", "knockout"))
    return not terms.factors and not terms.parameters


__all__ = [
    "Bench",
    "Contact",
    "SynapticEntry",
    "benches",
    "factors",
    "forgotten",
    "knocked_out",
    "measured",
    "shift",
    "synaptic",
    "wired",
]
