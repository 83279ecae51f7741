"""What a task's rules and releases hear: signals of the environment, readouts and modulators.

``"environment.trial"`` and ``"decision.tick"`` are copied into the population at every step, under
the rule's name for them. ``"modulator.DA"`` is the level that a release gives to the population, or
where releases are concentrations, the concentration over the modulator's reference.
``"cell.spiked"`` is one in the step after the neuron's own spike. What has no dot is a variable of
the neuron, such as the occupancy ``"o_D1"``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from dualframe import catalogue
from dualframe.building.network_block import NetworkBlock, PopulationChange, copy_variable
from dualframe.building.task_context import TaskContext
from dualframe.circuit import Circuit, CircuitProjection, Modulation
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.task import Task

_OWN_SPIKE = ("cell", "spiked")


def asked_signals(task: Task) -> set[str]:
    """Return the variables of the environment that releases and rules of a task name.

    Parameters
    ----------
    task
        The task.
    """
    names = [str(section["signal"]) for section in task.releases if "signal" in section]
    for projection in task.circuit.projections:
        if projection.plasticity is not None:
            names += [text for r in projection.plasticity.rules for text in r.signals.values()]
    return {name.removeprefix("environment.") for name in names}


def bring_signals(
    circuit: Circuit, releases: NetworkBlock, context: TaskContext
) -> tuple[Circuit, NetworkBlock]:
    """Return the circuit with what is released in it and rules that read variables of its neurons.

    Parameters
    ----------
    circuit
        That of the task.
    releases
        Those of the task.
    context
        Of the task, with the sources of signals.

    Returns
    -------
    Circuit, NetworkBlock
        The circuit, and what brings signals to its populations.

    Raises
    ------
    UnknownName
        If nothing gives a signal that a rule reads.
    CatalogueError
        If two projections onto one population call two signals by one name.
    """
    modulations = _add_signals(circuit.modulations, releases.modulations)
    read = _SignalsOfRules(context, _released_levels(releases), {m.modulator for m in modulations})
    projections = tuple(map(read.rewrite_signals, circuit.projections))
    return replace(circuit, projections=projections, modulations=modulations), read.block


def _released_levels(releases: NetworkBlock) -> dict[tuple[str, str], str]:
    """Return the expressions of levels that are plain numbers, by population and modulator."""
    return {
        (change.population, modulator): expression
        for change in releases.changes
        for modulator, expression in change.levels.items()
    }


def _add_signals(
    modulations: Iterable[Modulation], released: Iterable[Modulation]
) -> tuple[Modulation, ...]:
    """Return the modulations of a circuit with what releases add, to those of their regions."""
    together = list(modulations)
    for new in released:
        places = [k for k, m in enumerate(together) if _are_one(m, new)]
        for k in places:
            together[k] = replace(together[k], signals=(*together[k].signals, *new.signals))
        together += [] if places else [new]
    return tuple(together)


def _are_one(modulation: Modulation, new: Modulation) -> bool:
    """Whether a release is of a modulation: of its modulator, and in its region or everywhere."""
    same_place = modulation.region in ("", new.region) or not new.region
    return modulation.modulator == new.modulator and same_place


class _SignalsOfRules:
    """The signals of a task's rules, as variables of postsynaptic neurons, while they are read."""

    def __init__(
        self,
        context: TaskContext,
        levels: Mapping[tuple[str, str], str],
        concentrations: Collection[str],
    ) -> None:
        self.context = context
        self.levels = levels
        self.concentrations = concentrations
        self.copies: dict[tuple[str, str], tuple[str, str]] = {}
        self.references: dict[tuple[str, str], PopulationChange] = {}
        self.spikes: dict[str, PopulationChange] = {}

    @property
    def block(self) -> NetworkBlock:
        """What brings the signals to the populations."""
        return NetworkBlock(
            projections=tuple(
                copy_variable(source, variable, target, into)
                for (target, into), (source, variable) in self.copies.items()
            ),
            changes=(
                *self.references.values(),
                *self.spikes.values(),
                *(PopulationChange(population=to, declares=(name,)) for to, name in self.copies),
            ),
        )

    def rewrite_signals(self, projection: CircuitProjection) -> CircuitProjection:
        """Return a projection whose rules read variables of the neurons that it ends on."""
        if projection.plasticity is None:
            return projection
        rewritten = projection.plasticity.with_each_rule(
            lambda rule: replace(
                rule,
                signals={
                    signal: self._variable_of(projection, signal, text)
                    for signal, text in rule.signals.items()
                },
            )
        )
        return replace(projection, plasticity=rewritten)

    def _variable_of(self, projection: CircuitProjection, signal: str, text: str) -> str:
        """Return what stands for a signal in the postsynaptic neuron."""
        origin, dot, name = text.partition(".")
        if not dot:
            return text
        if (origin, name) == _OWN_SPIKE:
            return self._own_spike(projection.target)
        if origin == "modulator":
            return self._level_of(projection, name)
        source, variable = self.context.find_signal(text, f"projection {projection.name!r}")
        self._add_copy(projection, signal, (source.name, variable))
        return signal

    def _own_spike(self, population: str) -> str:
        """Return the variable that is one in the step after a spike of the neuron."""
        self.spikes[population] = PopulationChange(
            population=population,
            equations="dspiked/dt = -spiked/dt : 1",
            reset="spiked = 1",
        )
        return "spiked"

    def _level_of(self, projection: CircuitProjection, modulator: str) -> str:
        population = projection.target
        if (population, modulator) in self.levels:
            return self.levels[population, modulator]
        if modulator in self.concentrations:
            numbers = catalogue.modulator(modulator).numbers
            self.references[population, modulator] = PopulationChange(
                population=population,
                parameters={f"reference_{modulator}": numbers.value("reference_concentration")},
            )
            return f"c_{modulator}/reference_{modulator}"
        reaching = [name for target, name in self.levels if target == population]
        raise UnknownName(
            f"projection {projection.name!r} of task {self.context.task!r}: no release brings to "
            f"{population!r} the modulator",
            modulator,
            sorted({*reaching, *self.concentrations}),
        )

    def _add_copy(
        self, projection: CircuitProjection, signal: str, source: tuple[str, str]
    ) -> None:
        target = projection.target
        earlier = self.copies.setdefault((target, signal), source)
        if earlier != source:
            raise CatalogueError(
                f"projection {projection.name!r} of task {self.context.task!r}: {signal!r} of "
                f"{target!r} would be both {'.'.join(earlier)} and {'.'.join(source)}: let the two "
                f"projections end on different populations."
            )
