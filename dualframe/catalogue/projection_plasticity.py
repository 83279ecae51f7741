"""From a rule's name and the catalogue to the plasticity of a projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.catalogue.lookup import rule_parameter_sets
from dualframe.catalogue.rule_numbers import FORMS, ParameterSet, RuleParameterSets
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.network import Plasticity
from dualframe.plasticity.registry import rule as rule_named
from dualframe.plasticity.rule import Rule


def plasticity_rule(
    rule: str,
    *,
    w_max: Any,
    w_min: Any = None,
    scale: Any = None,
    set: str = "",
    learning_rate: float = 1.0,
    frozen: bool = False,
    options: Mapping[str, str] | None = None,
    signals: Mapping[str, str] | None = None,
    **numbers: Any,
) -> Plasticity:
    """Return a plasticity rule with the catalogue's numbers, for a projection.

    Parameters
    ----------
    rule
        A rule that runs: see `dualframe.plasticity`.
    w_max, w_min
        Bounds of the weight, of its dimension, zero or more. For a projection of a *circuit*, whose
        weights are calibrated, plain numbers: multiples of the contact's weight.
    scale
        Change of the weight that an amplitude of one makes; the default is what the rule's source
        means (``dualframe show RULE`` says it).
    set
        Which of the catalogue's sets of numbers; the default is the first.
    learning_rate
        Multiplies every change.
    frozen
        Evaluation without learning.
    options
        Choices of the rule, such as ``{"pairing": "nearest", "bounds": "multiplicative"}``. A set
        that was published for one pairing has it unless another is asked for. ``{"update":
        "clock"}`` visits every synapse at every step, as a reference.
    signals
        What the rule reads of the postsynaptic neuron: its variable, or an expression of its
        variables, by the rule's name (``{"level_DA": "DA"}``). Every rule takes a ``gate``, which
        multiplies its rate: ``{"gate": "int(occupancy > 0.5)"}``. What a rule reads of the
        presynaptic neuron is given here too.
    **numbers
        Numbers that replace those of the set, with their units.

    Raises
    ------
    UnknownName
        If there is no such rule, set, number, option or choice.
    QuantityError, NetworkError
        If a number has another dimension, or the bounds are not in order.
    """
    able = rule_named(rule)
    entry = rule_parameter_sets(rule)
    chosen = entry.set(set)
    made = {**chosen.numbers.plain(), **_own(entry, numbers)}
    published = {"pairing": chosen.pairing} if chosen.pairing and "pairing" in able.options else {}
    own = ", ".join(f"{name} {value}" for name, value in numbers.items())
    return Plasticity(
        rule=rule,
        numbers=made,
        w_max=_number(w_max),
        w_min=None if w_min is None else _number(w_min),
        scale=None if scale is None else _number(scale),
        relative_to=entry.relative_to,
        options=_options(able, {**published, **(options or {})}),
        learning_rate=learning_rate,
        frozen=frozen,
        factors=able.factors,
        signals=_signals(able, signals or {}),
        origin=f"{rule}, set {chosen.name}" + (f" with {own}" if own else ""),
        assumptions=_assumptions(chosen, rule, numbers),
    )


def _own(entry: RuleParameterSets, numbers: Mapping[str, Any]) -> dict[str, Any]:
    kinds = FORMS[entry.form].dimensions
    for name in numbers:
        if name not in kinds:
            raise UnknownName(f"number of rule {entry.name!r}", name, kinds)
    made = {name: quantity(value, kinds[name], name) for name, value in numbers.items()}
    for name, value in made.items():
        if name.startswith("tau") and not float(value) > 0:
            raise CatalogueError(f"{name} of rule {entry.name!r} is {value}: expected above zero.")
    return made


def _assumptions(chosen: ParameterSet, rule: str, own: Mapping[str, Any]) -> tuple[str, ...]:
    names = [f"{k} {v.written}" for k, v in chosen.numbers.items() if v.assumed and k not in own]
    return (f"{', '.join(names)} of {rule}, set {chosen.name}, assumed",) if names else ()


def _signals(able: Rule, given: Mapping[str, str]) -> dict[str, str]:
    for name in given:
        if name not in able.told:
            raise UnknownName(f"signal of rule {able.name!r}", name, able.told)
    return {name: name for name in (*able.signals, *able.sources)} | dict(given)


def _number(value: Any) -> Any:
    return quantity(value)


def _options(able: Rule, given: Mapping[str, str]) -> dict[str, str]:
    for name, choice in given.items():
        if name not in able.options:
            raise UnknownName(f"option of rule {able.name!r}", name, able.options)
        if choice not in able.options[name]:
            raise UnknownName(f"{name} of rule {able.name!r}", choice, able.options[name])
    return {name: given.get(name, choices[0]) for name, choices in able.options.items()}
