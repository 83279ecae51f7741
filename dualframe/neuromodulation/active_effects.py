"""Which effects of which receptors act on a population, and on which of its synaptic inputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from brian2.utils.stringtools import get_identifiers

from dualframe.catalogue import CellType, Effect, Numbers, Receptor
from dualframe.circuit import ResolvedCircuit, ResolvedPopulation
from dualframe.circuit.effect_overrides import changed_effects
from dualframe.receptor_effects import (
    EFFECT_KINDS,
    PLASTICITY_FACTORS,
    ActsOn,
    EffectInModel,
    EffectKind,
)


@dataclass(frozen=True, kw_only=True)
class ActiveEffect:
    """One effect of a receptor that acts on a population.

    Parameters
    ----------
    receptor
        As the catalogue has it.
    effect
        As the catalogue has it, with numbers that the user set.
    cell
        The cell type that has the receptor: the population's own, or one that projects to it.
    in_population
        Whether it is the population's own.
    tag
        The ending of the names of its parameters: the same in every model and circuit.
    synaptic_inputs
        Names of the synaptic inputs that it acts on; effects on synapses and terminals only.
    factors
        Factors that a plasticity rule asks for; effects on plasticity only.
    autoreceptor
        Whether it scales the volume release of a modulator; ``synaptic_inputs`` then names the
        release.
    """

    receptor: Receptor
    effect: Effect
    cell: CellType
    in_population: bool
    tag: str
    synaptic_inputs: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    autoreceptor: bool = False

    @property
    def kind(self) -> EffectKind:
        """Its kind."""
        return EFFECT_KINDS[self.effect.kind]

    @property
    def site(self) -> str:
        """The receptor as variables are named after it: ``D1``, or ``M4_ca3_pyr`` elsewhere."""
        if self.in_population and not self._binds_apart:
            return self.receptor.name
        ending = "_terminals" if self._binds_apart else ""
        return f"{self.receptor.name}_{self.cell.name}{ending}"

    @property
    def local_receptor(self) -> Receptor:
        """The receptor, with the affinity and kinetics that it has here."""
        return replace(
            self.receptor,
            affinity=_updated_numbers(self.receptor.affinity, self.effect.numbers),
            kinetics=_updated_numbers(self.receptor.kinetics, self.effect.numbers),
        )

    @property
    def in_model(self) -> EffectInModel:
        """What its kind writes into equations."""
        return EffectInModel(
            kind=self.effect.kind,
            tag=self.tag,
            occupancy=f"o_{self.site}",
            numbers=self.effect.numbers.plain(),
            response=self.effect.response,
            synapse=self.effect.synapse,
            synaptic_inputs=self.synaptic_inputs,
            factors=self.factors,
        )

    @property
    def has_object(self) -> bool:
        """Whether there is anything to act on: synaptic inputs, or a rule that asks."""
        acts_on = self.kind.acts_on
        if acts_on in (ActsOn.SYNAPSES, ActsOn.TERMINALS):
            return bool(self.synaptic_inputs)
        return acts_on is not ActsOn.PLASTICITY or bool(self.factors)

    @property
    def _binds_apart(self) -> bool:
        """Whether the receptor binds otherwise here than elsewhere."""
        return any(name in self.effect.numbers for name in ("EC50", "tau_on", "tau_off"))


def active_effects(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    receptors: Iterable[Receptor],
    factors: Iterable[str] | None = None,
) -> list[ActiveEffect]:
    """Return the compiled effects of some receptors that act on a population.

    Parameters
    ----------
    circuit, population
        The population is one of the circuit's.
    receptors
        Whose effects.
    factors
        Factors that plasticity rules of its synapses ask for; None means those of the circuit.
    """
    asked = tuple(requested_factors(circuit, population.name) if factors is None else factors)
    sources = _source_cells(circuit, population)
    effects: list[ActiveEffect] = []
    for receptor in receptors:
        effects += _effects_on_cells(circuit, population, receptor, asked)
        for source in sources:
            effects += _effects_at_terminals(circuit, population, receptor, source)
    return effects


def autoreceptor_effects(
    circuit: ResolvedCircuit, receptors: Iterable[Receptor]
) -> list[ActiveEffect]:
    """Return the effects on the release of modulators by populations, wherever it is sensed.

    Parameters
    ----------
    circuit
        Its modulations that populations release.
    receptors
        Whose effects.
    """
    effects = []
    for modulation in circuit.modulations:
        released_by = modulation.entry.released_by
        if released_by is None:
            continue
        modulator = modulation.modulator.name
        source = circuit.population(released_by).cell
        for receptor in receptors:
            for tag, effect in compiled_effects(circuit, receptor, source).items():
                if _acts_on(effect) is ActsOn.TERMINALS and effect.synapse == modulator:
                    effects.append(
                        ActiveEffect(
                            receptor=receptor,
                            effect=effect,
                            cell=source,
                            in_population=False,
                            tag=f"{tag}_{source.name}",
                            synaptic_inputs=(f"{modulator}_{released_by}",),
                            autoreceptor=True,
                        )
                    )
    return effects


def compiled_effects(
    circuit: ResolvedCircuit, receptor: Receptor, cell: CellType
) -> dict[str, Effect]:
    """Return the effects that enter a model, by the ending of their names.

    The endings are the same in every model, and do not change where an effect is switched off.

    Parameters
    ----------
    circuit
        Its changes of effects.
    receptor, cell
        Whose effects, and on which cell type.
    """
    effects = [effect for effect in receptor.effects_on(cell.name) if effect.compiled]
    tagged = {f"{receptor.name}_{k}": effect for k, effect in enumerate(effects)}
    return changed_effects(tagged, receptor.name, cell.name, circuit.effects)


def requested_factors(circuit: ResolvedCircuit, population: str) -> tuple[str, ...]:
    """Return the factors that plasticity rules of the synapses onto a population ask for."""
    learning = [getattr(p.entry, "plasticity", None) for p in circuit.projections_to(population)]
    rules = [rule for plasticity in filter(None, learning) for rule in plasticity.rules]
    asked = {name for rule in rules for name in rule.factors}
    return tuple(name for name in PLASTICITY_FACTORS if name in asked)


def variables_read_by_rules(circuit: ResolvedCircuit, population: str) -> dict[str, str]:
    """Return what plasticity rules read of the neurons of a population, and in which projection."""
    read: dict[str, str] = {}
    for projection in circuit.projections_to(population):
        plasticity = getattr(projection.entry, "plasticity", None)
        for rule in plasticity.rules if plasticity is not None else ():
            for text in rule.signals.values():
                read |= dict.fromkeys(sorted(get_identifiers(text)), projection.name)
    return read


def _source_cells(circuit: ResolvedCircuit, population: ResolvedPopulation) -> list[CellType]:
    """Cell types of the populations that project to one, by name."""
    sources = (p.source_cell for p in circuit.projections_to(population.name))
    by_name = {cell.name: cell for cell in sources if cell is not None}
    return [by_name[name] for name in sorted(by_name)]


def _effects_on_cells(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    receptor: Receptor,
    asked: tuple[str, ...],
) -> Iterator[ActiveEffect]:
    """Effects of the receptors that the population's own cells have, other than on release."""
    for tag, effect in compiled_effects(circuit, receptor, population.cell).items():
        acts_on = _acts_on(effect)
        if acts_on is ActsOn.TERMINALS:
            continue
        active = ActiveEffect(
            receptor=receptor,
            effect=effect,
            cell=population.cell,
            in_population=True,
            tag=tag,
        )
        if acts_on is ActsOn.SYNAPSES:
            inputs = _inputs_of_gain(circuit, population, effect)
            active = replace(active, synaptic_inputs=inputs)
        elif acts_on is ActsOn.PLASTICITY:
            factors = tuple(name for name in asked if name in effect.numbers)
            active = replace(active, factors=factors)
        if active.has_object:
            yield active


def _effects_at_terminals(
    circuit: ResolvedCircuit,
    population: ResolvedPopulation,
    receptor: Receptor,
    source: CellType,
) -> Iterator[ActiveEffect]:
    """Effects on what the cells of a type release onto the population."""
    same = source.name == population.cell.name
    for tag, effect in compiled_effects(circuit, receptor, source).items():
        if _acts_on(effect) is not ActsOn.TERMINALS:
            continue
        if effect.onto and population.cell.name not in effect.onto:
            continue
        active = ActiveEffect(
            receptor=receptor,
            effect=effect,
            cell=source,
            in_population=same,
            tag=tag if same else f"{tag}_{source.name}",
            synaptic_inputs=tuple(
                p.name
                for p in circuit.projections_to(population.name)
                if p.source_cell is not None
                and p.source_cell.name == source.name
                and p.has_synapse(effect.synapse)
            ),
        )
        if active.has_object:
            yield active


def _inputs_of_gain(
    circuit: ResolvedCircuit, population: ResolvedPopulation, effect: Effect
) -> tuple[str, ...]:
    """Names of the synaptic inputs of which an effect changes the current."""
    inputs = circuit.inputs_to(population.name)
    if effect.presynaptic:
        inputs = tuple(
            p
            for p in inputs
            if p.source_cell is not None and p.source_cell.name in effect.presynaptic
        )
    return tuple(
        entry.name for entry in inputs if entry.synapses and entry.has_synapse(effect.synapse)
    )


def _acts_on(effect: Effect) -> ActsOn:
    return EFFECT_KINDS[effect.kind].acts_on


def _updated_numbers(table: Numbers, changes: Numbers) -> Numbers:
    pairs = ((name, changes[name] if name in changes else table[name]) for name in table)
    return replace(table, pairs=tuple(pairs))
