"""Several rules of one weight: from the equations of each to those of all.

At a spike the rules act one after the other in their order, each change cut to the bounds that
they share. What rules change at every step (``update="clock"``) is summed, then cut.

One rule at most may move the weight between spikes and write it at spikes only (a third factor,
scaling): its change is written before everything else at a spike, and before the visits of the
others, so that these always see the weight itself. What two such rules change between two spikes
depends on the order within that time, which only a visit at every step resolves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from brian2.utils.stringtools import get_identifiers

from dualframe.core.errors import NetworkError
from dualframe.network import variables
from dualframe.plasticity.rule import RuleEquations
from dualframe.plasticity.statements import bounded_weight, weight_equation


def combine_rules(rules: Mapping[str, RuleEquations], label: str) -> RuleEquations:
    """Return the equations of all rules of a weight; their other names are different already.

    Parameters
    ----------
    rules
        The equations of each rule, by what an error calls it, in the order in which they act.
    label
        What an error calls the projection.

    Raises
    ------
    NetworkError
        If two rules move the weight between spikes in forms that do not go together.
    """
    if len(rules) == 1:
        return next(iter(rules.values()))
    _check_forms(rules, label)
    deferred = [name for name, rule in rules.items() if rule.due_change]
    # the visits of the others come first: one of a deferred rule may leave the weight half written
    in_order = sorted(rules, key=lambda name: name in deferred)
    visits = {name: partial(_see_weight, rules, deferred, name) for name in in_order}
    return RuleEquations(
        equations=_join(rules, "equations"),
        step_change=" + ".join(rule.step_change for rule in rules.values() if rule.step_change),
        due_change="".join(rules[name].due_change for name in deferred),
        on_pre=_join(rules, "on_pre"),
        on_post=_join(rules, "on_post"),
        bring_up_to_date=_join(rules, "bring_up_to_date"),
        defer_to_next_spike=_join(rules, "defer_to_next_spike"),
        catch_up=_join(rules, "catch_up"),
        periodic_updates=tuple(
            (visit(text), every)
            for name, visit in visits.items()
            for text, every in rules[name].periodic_updates
        ),
        conditional_updates=tuple(
            (visit(text), when)
            for name, visit in visits.items()
            for text, when in rules[name].conditional_updates
        ),
    )


def with_written_weight(equations: RuleEquations, unit: str) -> RuleEquations:
    """Return the equations of a rule in which its changes are an equation and a statement.

    Parameters
    ----------
    equations
        Of a rule, or of all rules of a weight.
    unit
        Of the weight.
    """
    due, step = equations.due_change, equations.step_change
    write = [bounded_weight(due)] if due else []
    move = [weight_equation(step, unit)] if step else []
    return replace(
        equations,
        due_change="",
        step_change="",
        bring_up_to_date="\n".join(filter(None, [*write, equations.bring_up_to_date])),
        equations="\n".join(filter(None, [equations.equations, *move])),
    )


def _join(rules: Mapping[str, RuleEquations], field: str) -> str:
    return "\n".join(filter(None, (getattr(rule, field) for rule in rules.values())))


def _see_weight(
    rules: Mapping[str, RuleEquations], deferred: list[str], name: str, visit: str
) -> str:
    """Return a visit that finds the weight itself, also where another rule defers its changes."""
    if not deferred or name in deferred:
        return visit
    (rule,) = (rules[other] for other in deferred)
    first = [bounded_weight(rule.due_change), rule.bring_up_to_date]
    return "\n".join(filter(None, [*first, visit, rule.defer_to_next_spike]))


def _check_forms(rules: Mapping[str, RuleEquations], label: str) -> None:
    """Refuse two rules of which each moves the weight between spikes, unless they can be summed."""
    holders = [name for name, rule in rules.items() if "w" in variables(rule.equations)]
    stepping = [name for name, rule in rules.items() if rule.step_change]
    if holders and len({*holders, *stepping}) > 1:
        other = next(name for name in (*holders[1:], *stepping) if name != holders[0])
        raise NetworkError(
            f"{label}: {holders[0]!r} keeps the weight in parts of its own, which {other!r} cannot "
            f"change at every step: let one of them learn alone."
        )
    deferred = [name for name, rule in rules.items() if rule.due_change]
    if not deferred:
        return
    followers = [
        name
        for name, rule in rules.items()
        if name != deferred[0]
        and (name in (*deferred, *stepping) or "w" in get_identifiers(rule.equations))
    ]
    if followers:
        raise NetworkError(
            f"{label}: {deferred[0]!r} and {followers[0]!r} both need the weight between spikes, "
            f"which their event-driven forms cannot share: let both visit every synapse at every "
            f"step (update = \"clock\", in Python options={{'update': 'clock'}})."
        )
