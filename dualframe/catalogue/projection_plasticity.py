"""From a rule's name and the catalogue to the plasticity of a projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.catalogue.lookup import names as catalogued_names
from dualframe.catalogue.lookup import rule_parameter_sets
from dualframe.catalogue.rule_numbers import ParameterSet
from dualframe.catalogue.sourced_value import Numbers, Origin
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.network import Plasticity
from dualframe.plasticity.registry import PLASTICITY_RULES
from dualframe.plasticity.rule import PlasticityRule


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
        Bounds of the weight, of its dimension. ``w_min`` may be below zero where the presynaptic
        neurons have no sign. For a projection of a *circuit*, whose weights are calibrated, plain
        numbers: multiples of the contact's weight.
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
        Numbers that replace those of the set, with their units; all numbers of a rule of which the
        catalogue has none.

    Raises
    ------
    UnknownName
        If there is no such rule, set, number, option or choice.
    QuantityError, NetworkError
        If a number has another dimension, or the bounds are not in order.
    CatalogueError
        If a time constant is not above zero, a number is missing, or the catalogue lists the rule
        as data only.
    """
    if rule not in PLASTICITY_RULES and rule in catalogued_names("plasticity rule"):
        note = rule_parameter_sets(rule).note
        raise CatalogueError(
            f"no projection learns by {rule!r}, which is listed as data only ({note}). Rules that "
            f"run: {', '.join(sorted(PLASTICITY_RULES))}."
        )
    kind = PLASTICITY_RULES[rule]
    published, relative_to = _published_set(kind, set)
    overrides = ", ".join(f"{name} {value}" for name, value in numbers.items())
    origin = f"{rule}, set {published.name}" if published.name else rule
    plasticity = Plasticity(
        rule=rule,
        numbers=_complete_numbers(kind, published, numbers),
        w_max=quantity(w_max),
        w_min=None if w_min is None else quantity(w_min),
        scale=None if scale is None else quantity(scale),
        relative_to=relative_to,
        options=_check_options(kind, published, options or {}),
        learning_rate=learning_rate,
        frozen=frozen,
        factors=kind.factors,
        signals=_check_signals(kind, signals or {}),
        origin=origin + (f" with {overrides}" if overrides else ""),
        assumptions=_assumptions(published, rule, numbers),
    )
    kind.check_bounds(plasticity)
    return plasticity


def _published_set(rule: PlasticityRule, set_name: str) -> tuple[ParameterSet, str]:
    """Return a set of the catalogue and what its amplitudes are relative to.

    A rule of a user, of which the catalogue has no numbers, has one set without a name.
    """
    if rule.name in catalogued_names("plasticity rule"):
        entry = rule_parameter_sets(rule.name)
        return entry.set(set_name), entry.relative_to
    if set_name:
        raise UnknownName(f"set of rule {rule.name!r}", set_name, ())
    return ParameterSet("", Numbers(""), Origin()), rule.relative_to


def _complete_numbers(
    rule: PlasticityRule, published: ParameterSet, numbers: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the numbers of a set with those of the caller in their place, all checked."""
    kinds = rule.parameters.dimensions
    for name in numbers:
        if name not in kinds:
            raise UnknownName(f"number of rule {rule.name!r}", name, kinds)
    checked = {name: quantity(value, kinds[name], name) for name, value in numbers.items()}
    for name, value in checked.items():
        if name.startswith("tau") and not float(value) > 0:
            raise CatalogueError(f"{name} of rule {rule.name!r} is {value}: expected above zero.")
    complete = {**published.numbers.plain(), **checked}
    if missing := [name for name in rule.parameters.required if name not in complete]:
        raise CatalogueError(
            f"rule {rule.name!r} lacks {', '.join(missing)}: the catalogue has no numbers of it, "
            f"so give them, like {missing[0]}=..."
        )
    return complete


def _assumptions(
    published: ParameterSet, rule: str, overrides: Mapping[str, Any]
) -> tuple[str, ...]:
    names = [
        f"{name} {number.written}"
        for name, number in published.numbers.items()
        if number.assumed and name not in overrides
    ]
    return (f"{', '.join(names)} of {rule}, set {published.name}, assumed",) if names else ()


def _check_signals(rule: PlasticityRule, signals: Mapping[str, str]) -> dict[str, str]:
    for name in signals:
        if name not in rule.readable_signals:
            raise UnknownName(f"signal of rule {rule.name!r}", name, rule.readable_signals)
    names = (*rule.postsynaptic_signals, *rule.presynaptic_signals)
    return {name: name for name in names} | dict(signals)


def _check_options(
    rule: PlasticityRule, published: ParameterSet, options: Mapping[str, str]
) -> dict[str, str]:
    """Return a choice for each option: the caller's, that of the set, or the first."""
    if published.pairing and "pairing" in rule.options:
        options = {"pairing": published.pairing, **options}
    for name, choice in options.items():
        if name not in rule.options:
            raise UnknownName(f"option of rule {rule.name!r}", name, rule.options)
        if choice not in rule.options[name]:
            raise UnknownName(f"{name} of rule {rule.name!r}", choice, rule.options[name])
    return {name: options.get(name, choices[0]) for name, choices in rule.options.items()}
