"""Effects of receptors that differ from the catalogue's: another size, none, or one of the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dualframe.catalogue.receptor_effect import DIRECTIONS, Effect, effect_problems
from dualframe.catalogue.sourced_value import Numbers, Origin, Sourced
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity_text
from dualframe.core.validation import as_finite, as_names, set_frozen_field
from dualframe.network import ValueRecord
from dualframe.receptor_effects import EFFECT_KINDS, RESPONSES, ActsOn

#: The source of a number that the user set.
USER = ("user",)
#: What a removal calls all effects but those on plasticity rules.
EXCITABILITY = "excitability"


@dataclass(frozen=True, eq=False, kw_only=True)
class EffectChange(ValueRecord):
    """What a circuit changes about the effects of a receptor on some cell types.

    Parameters
    ----------
    receptor
        Name in the catalogue.
    cells
        Cell types that have the receptor; empty means all of the circuit.
    kind
        Kind of effect. Of a removal, empty means all, and ``"excitability"`` all but those on
        plasticity.
    numbers
        Numbers of the effect by name, as the kind has them.
    removed
        Whether the effects are switched off.
    match
        A part of the effect's target or description, where several effects are of one kind.
    synapse
        Kind of synapse of the effect; "" means any.
    onto, presynaptic, response
        Of an effect that the catalogue does not have: see
        `dualframe.catalogue.receptor_effect.Effect`.
    """

    receptor: str
    cells: Any = ()
    kind: str = ""
    numbers: Mapping[str, Any] = field(default_factory=dict)
    removed: bool = False
    match: str = ""
    synapse: str = ""
    onto: Any = ()
    presynaptic: Any = ()
    response: str = "saturating"

    def __post_init__(self) -> None:
        what = f"effect of {self.receptor}"
        for name in ("cells", "onto", "presynaptic"):
            set_frozen_field(self, name, as_names(getattr(self, name), f"{name} of the {what}"))
        if not (self.removed and self.kind in ("", EXCITABILITY)):
            _check_kind(self.kind, self.synapse)
        if self.response not in RESPONSES:
            raise UnknownName("response", self.response, RESPONSES)
        set_frozen_field(self, "numbers", {k: self._number(k, v) for k, v in self.numbers.items()})
        if not self.removed and not self.numbers:
            names = ", ".join(EFFECT_KINDS[self.kind].parameter_table.dimensions)
            raise NetworkError(f"{self.kind} {what}: give at least one of its numbers, {names}.")
        self._freeze()

    def _number(self, name: str, value: Any) -> Any:
        kinds = EFFECT_KINDS[self.kind].parameter_table.dimensions
        if name not in kinds:
            raise UnknownName(f"number of a {self.kind} effect", name, kinds)
        return as_finite(value, kinds[name], f"{name} of the {self.kind} effect of {self.receptor}")

    def __str__(self) -> str:
        where = f"of {self.receptor} in {', '.join(self.cells) or 'all cells'}"
        if self.removed:
            return f"without {f'the {self.kind}' if self.kind else 'every'} effect {where}"
        shown = (f"{name} {_shown(value)}" for name, value in self.numbers.items())
        return f"{self.kind} effect {where}: {', '.join(shown)}, set by the user"

    def on(self, receptor: str, cell: str) -> bool:
        """Whether the change is one of the effects of a receptor on a cell type."""
        return receptor == self.receptor and (not self.cells or cell in self.cells)

    def meets(self, effect: Effect) -> bool:
        """Whether the change is one of this effect."""
        of_kind = self.kind in ("", effect.kind) or (
            self.kind == EXCITABILITY and EFFECT_KINDS[effect.kind].acts_on is not ActsOn.PLASTICITY
        )
        here = of_kind and self.synapse in ("", effect.synapse)
        return here and (self.match in effect.target or self.match in effect.description)


def changed_effects(
    effects: Mapping[str, Effect], receptor: str, cell: str, changes: tuple[EffectChange, ...]
) -> dict[str, Effect]:
    """Return a receptor's effects on a cell type, by tag, after the changes of a circuit.

    Raises
    ------
    NetworkError
        If a change is one of several effects, or of one that the catalogue does not have and
        numbers of it are missing.
    """
    made, count = dict(effects), len(effects)
    for change in changes:
        if not change.on(receptor, cell):
            continue
        found = [tag for tag, effect in made.items() if change.meets(effect)]
        if change.removed:
            made = {tag: effect for tag, effect in made.items() if tag not in found}
        elif not found:
            made[f"{receptor}_{count}"] = _new(change, cell)
            count += 1
        elif len(found) > 1:
            targets = "; ".join(repr(made[tag].target) for tag in found)
            raise NetworkError(
                f"{receptor} has {len(found)} {change.kind} effects on {cell}: name one with "
                f"match=, a part of its text. They are {targets}."
            )
        else:
            made[found[0]] = _with_numbers(made[found[0]], change, cell)
    return made


def _new(change: EffectChange, cell: str) -> Effect:
    kind = EFFECT_KINDS[change.kind]
    missing = [name for name in kind.required if name not in change.numbers]
    missing += ["synapse"] if kind.synapses and not change.synapse else []
    if missing:
        raise NetworkError(
            f"{change.receptor} has no {change.kind} effect on {cell} in the catalogue that could "
            f"be changed; for a new one give {', '.join(missing)} too."
        )
    return _checked(
        Effect(
            cells=change.cells,
            target="set by the user",
            description="",
            direction=DIRECTIONS[-1],
            kind=change.kind,
            numbers=Numbers(f"{change.receptor} {change.kind} effect", _sourced(change)),
            origin=Origin(USER, "assumed", "set by the user"),
            response=change.response,
            synapse=change.synapse,
            onto=change.onto,
            presynaptic=change.presynaptic,
        ),
        change,
        cell,
    )


def _with_numbers(effect: Effect, change: EffectChange, cell: str) -> Effect:
    pairs = dict(effect.numbers.pairs) | dict(_sourced(change))
    order = [name for name in EFFECT_KINDS[effect.kind].parameter_table.dimensions if name in pairs]
    numbers = replace(effect.numbers, pairs=tuple((name, pairs[name]) for name in order))
    return _checked(replace(effect, numbers=numbers), change, cell)


def _sourced(change: EffectChange) -> tuple[tuple[str, Sourced], ...]:
    return tuple(
        (name, Sourced(value, USER, "assumed", written=_shown(value)))
        for name, value in change.numbers.items()
    )


def _check_kind(kind: str, synapse: str) -> None:
    """Refuse a kind of effect that enters no model, or that has no such synapse."""
    compiled = [k.name for k in EFFECT_KINDS.values() if k.add_equations is not None]
    if kind not in compiled:
        raise UnknownName("kind of effect", kind, compiled)
    synapses = EFFECT_KINDS[kind].synapses
    if synapse and synapses and synapse not in synapses:
        raise UnknownName("kind of synapse", synapse, synapses)


def _shown(value: Any) -> str:
    return quantity_text(value).replace(". ", " ")


def _checked(effect: Effect, change: EffectChange, cell: str) -> Effect:
    kind = EFFECT_KINDS[effect.kind]
    for name, problem in effect_problems(kind, effect.response, effect.numbers):
        raise NetworkError(f"{effect.kind} effect of {change.receptor} on {cell}: {name} {problem}")
    return effect
