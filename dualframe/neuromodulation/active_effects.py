"""Which effects of which receptors act on a population, and on which of its contacts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dualframe import catalogue
from dualframe.catalogue import CellType, Effect, Receptor
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.circuit.effect_overrides import changed_effects
from dualframe.neuromodulation.effect_records import PLASTICITY_FACTORS, ActiveEffect


def active_effects(
    circuit: Circuit,
    given: CircuitPopulation,
    receptors: Iterable[Receptor],
    asked: Iterable[str] | None = None,
) -> list[ActiveEffect]:
    """Return the compiled effects of some receptors that act on a population.

    Parameters
    ----------
    circuit, given
        The population is one of the circuit's.
    receptors
        Whose effects.
    asked
        Factors that plasticity rules of its synapses ask for; None means those of the circuit.
    """
    cell = catalogue.cell(given.cell)
    wanted = tuple(requested_factors(circuit, given.name) if asked is None else asked)
    sources = _sources(circuit, given)
    found: list[ActiveEffect] = []
    for receptor in receptors:
        found += _own(circuit, given, receptor, cell, wanted)
        for source in sources:
            found += _at_terminals(circuit, given, receptor, source, cell)
    return found


def autoreceptors(circuit: Circuit, receptors: Iterable[Receptor]) -> list[ActiveEffect]:
    """Return the effects on the release of modulators by populations, wherever it is felt."""
    found = []
    for given in (m for m in circuit.modulations if m.released_by is not None):
        modulator = catalogue.modulator(given.modulator).name
        source = catalogue.cell(circuit.population(str(given.released_by)).cell)
        for receptor in receptors:
            for tag, effect in compiled_effects(circuit, receptor, source).items():
                if effect.kind == "release" and effect.synapse == modulator:
                    name, ending = f"{modulator}_{given.released_by}", f"{tag}_{source.name}"
                    found.append(
                        ActiveEffect(
                            receptor, effect, source, False, ending, (name,), autoreceptor=True
                        )
                    )
    return found


def compiled_effects(circuit: Circuit, receptor: Receptor, cell: CellType) -> dict[str, Effect]:
    """Return the effects that enter a model, by the ending of their names.

    The endings are the same in every model, and do not change where an effect is switched off.
    """
    effects = [effect for effect in receptor.effects_on(cell.name) if effect.compiled]
    tagged = {f"{receptor.name}_{k}": effect for k, effect in enumerate(effects)}
    return changed_effects(tagged, receptor.name, cell.name, circuit.effects)


def requested_factors(circuit: Circuit, population: str) -> tuple[str, ...]:
    """Return the factors that plasticity rules of the synapses onto a population ask for."""
    rules = [getattr(p, "plasticity", None) for p in circuit.projections if p.target == population]
    asked = {name for rule in rules if rule is not None for name in getattr(rule, "factors", ())}
    return tuple(name for name in PLASTICITY_FACTORS if name in asked)


def _sources(circuit: Circuit, given: CircuitPopulation) -> list[CellType]:
    """Cell types of the populations that project to one, by name."""
    onto = {p.source for p in circuit.projections if p.target == given.name}
    names = {p.cell for p in circuit.populations if p.name in onto}
    return sorted((catalogue.cell(name) for name in names), key=lambda cell: cell.name)


def _own(
    circuit: Circuit,
    given: CircuitPopulation,
    receptor: Receptor,
    cell: CellType,
    asked: tuple[str, ...],
) -> Iterator[ActiveEffect]:
    """Effects of the receptors on the cells themselves."""
    for tag, effect in compiled_effects(circuit, receptor, cell).items():
        entry = ActiveEffect(receptor, effect, cell, True, tag)
        if effect.kind == "gain":
            entry = replace(entry, contacts=_amplified(circuit, given, effect))
        elif effect.kind == "plasticity":
            entry = replace(entry, asked=tuple(n for n in asked if n in effect.numbers))
        if _acts(entry) and effect.kind != "release":
            yield entry


def _at_terminals(
    circuit: Circuit,
    given: CircuitPopulation,
    receptor: Receptor,
    source: CellType,
    cell: CellType,
) -> Iterator[ActiveEffect]:
    """Effects on what the cells of a type release onto the population."""
    own = source.name == cell.name
    for tag, effect in compiled_effects(circuit, receptor, source).items():
        if effect.kind != "release" or (effect.onto and cell.name not in effect.onto):
            continue
        contacts = tuple(
            p.name
            for p in _projections(circuit, given)
            if _type(circuit, p) == source.name and effect.synapse in ("", *p.synapses)
        )
        ending = tag if own else f"{tag}_{source.name}"
        entry = ActiveEffect(receptor, effect, source, own, ending, contacts)
        if _acts(entry):
            yield entry


def _acts(entry: ActiveEffect) -> bool:
    """Whether there is anything to act on: contacts, or a rule that asks."""
    needs = {"gain": entry.contacts, "release": entry.contacts, "plasticity": entry.asked}
    return bool(needs.get(entry.effect.kind, True))


def _amplified(circuit: Circuit, given: CircuitPopulation, effect: Effect) -> tuple[str, ...]:
    if effect.presynaptic:
        onto = [p for p in _projections(circuit, given) if _type(circuit, p) in effect.presynaptic]
        return tuple(p.name for p in onto if effect.synapse in p.synapses)
    own = (c for c in circuit.contacts if c.target == given.name)
    return tuple(c.name for c in own if effect.synapse in c.synapses)


def _projections(circuit: Circuit, given: CircuitPopulation) -> list[CircuitProjection]:
    return [p for p in circuit.projections if p.target == given.name]


def _type(circuit: Circuit, projection: CircuitProjection) -> str:
    """Cell type of a projection's source; "" if that is an input."""
    if projection.source not in circuit.sizes:
        return ""
    return catalogue.cell(circuit.population(projection.source).cell).name
