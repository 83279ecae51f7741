"""Knock-outs of receptors on cell types of a task: of what they do to spiking, to plasticity, both.

An effect that is knocked out keeps its equations, with the numbers at which it changes nothing
(`dualframe.receptor_effects.EffectKind.neutral`), so that knock-outs of effects are one program. A
rule that reads the occupancy of a receptor reads zero instead, which is another program.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.circuit import ResolvedCircuit
from dualframe.circuit.own_receptors import receptor_name
from dualframe.core.errors import DualframeError
from dualframe.network import Plasticity
from dualframe.neuromodulation.active_effects import (
    ActiveEffect,
    active_effects,
    variables_read_by_rules,
)
from dualframe.receptor_effects import ActsOn
from dualframe.task import Task

#: What a receptor acts on: membrane, synapses and terminals; rules of plasticity; all of them.
EXCITABILITY, PLASTICITY, BOTH = "excitability", "plasticity", "both"


@dataclass(frozen=True, kw_only=True)
class Knockout:
    """Effects of one receptor on one cell type, all or some of them.

    Attributes
    ----------
    receptor, cell_type
        Whose effects, and on which cells.
    part
        ``"excitability"`` (membrane, synaptic currents, release), ``"plasticity"`` or ``"both"``.
    effects
        Those that are knocked out.
    projections
        Projections whose rule reads the receptor's occupancy, and then reads zero.
    """

    receptor: str
    cell_type: str
    part: str
    effects: tuple[ActiveEffect, ...] = ()
    projections: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Receptor, cell type and part, for tables and figures."""
        part = "" if self.part == BOTH else f", {self.part}"
        return f"{self.receptor} on {self.cell_type}{part}"

    def apply(self, task: Task) -> Task:
        """Return the task without these effects.

        Parameters
        ----------
        task
            The task that has them.
        """
        for active in self.effects:
            effect = active.effect
            numbers = {n: v for n, v in active.kind.neutral.items() if n in effect.numbers}
            task = task.with_effect(
                self.receptor,
                self.cell_type,
                effect.kind,
                match=effect.target,
                synapse=effect.synapse,
                **numbers,
            )
        for name in self.projections:
            plasticity = task.circuit.projection(name).plasticity
            if plasticity is not None:
                rules = [_without_reading(r, f"o_{self.receptor}") for r in plasticity.rules]
                task = task.with_plasticity(name, rules)
        return task


def receptor_knockouts(task: Task, receptors: Iterable[str] | None = None) -> list[Knockout]:
    """Return the knock-outs of a task: each receptor on each cell type that it acts on.

    A pair that acts on excitability and on plasticity is knocked out in both together, and in each.
    A rule that reads the receptor's occupancy is plasticity too.

    Parameters
    ----------
    task
        Its modulators that act, and its cells.
    receptors
        Names; None means all receptors of the acting modulators.

    Raises
    ------
    UnknownName
        If there is no such receptor.
    DualframeError
        If a receptor that was named does nothing in this task.
    """
    circuit = task.circuit.resolved
    modulators = map(circuit.find_modulator, task.modulators)
    acting = {name for modulator in modulators for name in modulator.receptors}
    chosen = (
        None if receptors is None else {receptor_name(task.circuit, name) for name in receptors}
    )
    pairs = _pairs(circuit, sorted(acting if chosen is None else chosen & acting))
    idle = sorted((chosen or set()) - {receptor for receptor, _ in pairs})
    if idle:
        named = ", ".join(dict.fromkeys(receptor for receptor, _ in pairs)) or "none"
        raise DualframeError(
            f"{', '.join(idle)} does nothing to the cells of task {task.name!r} that could be "
            f"knocked out. Of the acting modulators ({task.condition}) these do: {named}."
        )
    return [knockout for pair in pairs for knockout in _parts(circuit, *pair)]


def _pairs(circuit: ResolvedCircuit, receptors: Iterable[str]) -> list[tuple[str, str]]:
    """Return the receptors and cell types of which an effect or a reading of a rule acts."""
    records = [one for one in map(circuit.find_receptor, receptors) if one]
    pairs = {
        (active.receptor.name, active.cell.name)
        for population in circuit.populations
        for active in active_effects(circuit, population, records)
    }
    pairs |= {
        (receptor.name, population.cell.name)
        for population in circuit.populations
        for receptor in records
        if f"o_{receptor.name}" in variables_read_by_rules(circuit, population.name)
    }
    return sorted(pairs)


def _parts(circuit: ResolvedCircuit, receptor: str, cell_type: str) -> Iterator[Knockout]:
    """Yield the knock-outs of a pair, the whole first where it is more than one part."""
    effects = _effects_of_pair(circuit, receptor, cell_type)
    learning = tuple(e for e in effects if e.kind.acts_on is ActsOn.PLASTICITY)
    spiking = tuple(e for e in effects if e.kind.acts_on is not ActsOn.PLASTICITY)
    readings = _projections_that_read(circuit, receptor, cell_type)
    pair = partial(Knockout, receptor=receptor, cell_type=cell_type)
    if spiking and (learning or readings):
        yield pair(part=BOTH, effects=effects, projections=readings)
    if spiking:
        yield pair(part=EXCITABILITY, effects=spiking)
    if learning or readings:
        yield pair(part=PLASTICITY, effects=learning, projections=readings)


def _effects_of_pair(
    circuit: ResolvedCircuit, receptor: str, cell_type: str
) -> tuple[ActiveEffect, ...]:
    """Return the effects of a receptor on a cell type that act in a circuit, each once."""
    found = [one for one in [circuit.find_receptor(receptor)] if one]
    effects = {
        (active.effect.kind, active.effect.target, active.effect.synapse): active
        for population in circuit.populations
        for active in active_effects(circuit, population, found)
        if active.cell.name == cell_type
    }
    return tuple(effects.values())


def _projections_that_read(
    circuit: ResolvedCircuit, receptor: str, cell_type: str
) -> tuple[str, ...]:
    """Return the projections onto a cell type whose rule reads a receptor's occupancy."""
    return tuple(
        projection.name
        for population in circuit.populations
        if population.cell.name == cell_type
        for projection in circuit.projections_to(population.name)
        if _reads(getattr(projection.entry, "plasticity", None), f"o_{receptor}")
    )


def _reads(plasticity: Plasticity | None, variable: str) -> bool:
    rules = () if plasticity is None else plasticity.rules
    texts = [text for rule in rules for text in rule.signals.values()]
    return any(variable in get_identifiers(text) for text in texts)


def _without_reading(rule: Plasticity, variable: str) -> Plasticity:
    """Return a rule that reads zero for a variable."""
    silenced = {
        name: word_substitute(text, {variable: f"(0*{variable})"})
        for name, text in rule.signals.items()
    }
    return replace(rule, signals=silenced)
