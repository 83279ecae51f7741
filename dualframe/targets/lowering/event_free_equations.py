"""Neuron models in the portable subset: events, second resets and input currents as equations.

Custom events and delayed resets exist neither on GeNN nor without overhead elsewhere. Both are
*deferred assignments*: something found at the end of step ``n`` changes variables before step
``n + 1``. Written into the equations of step ``n + 1`` they need no event (``s`` is the current
step, so the condition of an event is evaluated with ``s - 1``)::

    fire  = int(condition)
    x_now = x + fire*(new - x)          # used wherever the equations used x
    dx/dt = ... + (x_now - x)/dt        # an Euler step of this is the assignment

Only forward Euler turns the last line into the assignment, so a population with events or a
second reset must use it. See ``docs/design_notes/event_free_dendritic_spikes.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from brian2.equations.equations import (
    DIFFERENTIAL_EQUATION,
    PARAMETER,
    SUBEXPRESSION,
    Equations,
    SingleEquation,
)
from brian2.utils.stringtools import word_substitute

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import unit_name
from dualframe.network import Population
from dualframe.targets.lowering.identifiers import names_in
from dualframe.targets.lowering.population_texts import PopulationTexts

__all__ = [
    "PARAMETER",
    "SUBEXPRESSION",
    "EquationLine",
    "inline_subexpressions",
    "parse_assignments",
    "parse_equations",
    "replace_events",
]
STEP = "this_step"
Texts = Population | PopulationTexts
_IDENTIFIER = re.compile(r"\b[A-Za-z_]\w*\b")
_ASSIGNMENT = re.compile(r"\s*(?P<name>\w+)\s*(?P<op>[-+*/]?)=(?!=)\s*(?P<expression>.+?)\s*")


@dataclass(frozen=True)
class EquationLine:
    """One equation: its kind, name, expression, unit and flags."""

    kind: str
    name: str
    expression: str
    unit: str
    flags: tuple[str, ...] = ()

    def __str__(self) -> str:
        flags = f" ({', '.join(self.flags)})" if self.flags else ""
        left = {DIFFERENTIAL_EQUATION: f"d{self.name}/dt = ", SUBEXPRESSION: f"{self.name} = "}
        return f"{left.get(self.kind, self.name)}{self.expression} : {self.unit}{flags}"


@dataclass
class DeferredAssignment:
    """Assignments that a condition, checked at the end of a step, makes before the next."""

    name: str
    condition: str
    assignments: list[tuple[str, str]]
    is_event: bool = False
    graded: tuple[str, ...] = ()


def parse_equations(equations: str, label: str) -> list[EquationLine]:
    """Split Brian2 model text into lines.

    Raises
    ------
    NetworkError
        If the text is not a valid Brian2 model.
    """
    try:
        return list(_read_model(equations))
    except Exception as error:
        raise NetworkError(f"equations of {label} are not valid: {_first_line(error)}") from error


@lru_cache(maxsize=1024)  # a text takes Brian2 milliseconds
def _read_model(equations: str) -> tuple[EquationLine, ...]:
    return tuple(map(_equation_line, Equations(equations).values()))


def _equation_line(equation: SingleEquation) -> EquationLine:
    expression = equation.expr.code if equation.expr is not None else ""
    kinds = {"boolean": "boolean", "integer": "integer"}
    unit = kinds.get(equation.var_type, unit_name(equation.dim))
    return EquationLine(equation.type, equation.varname, expression, unit, tuple(equation.flags))


def _first_line(error: BaseException) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)


def parse_assignments(statements: str, label: str) -> list[tuple[str, str]]:
    """Split statements into ``(variable, new value)`` pairs, each in terms of the old values.

    Raises
    ------
    NetworkError
        If a statement is not an assignment to a variable.
    """
    return list(_read_statements(statements, label))


@lru_cache(maxsize=4096)
def _read_statements(statements: str, label: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for statement in filter(str.strip, re.split(r"[;\n]", statements)):
        match = _ASSIGNMENT.fullmatch(statement)
        if match is None:
            raise NetworkError(f"{label}: {statement.strip()!r} is not an assignment.")
        name, operator = match["name"], match["op"]
        new = f"({match['expression']})"
        if operator:
            new = f"({name} {operator} {new})"
        new = _with_values(new, dict(found))
        found = [pair for pair in found if pair[0] != name] + [(name, new)]
    return tuple(found)


def _with_values(text: str, values: Mapping[str, str]) -> str:
    """Replace names by values, all at once: what stands in for one may contain another."""
    return _IDENTIFIER.sub(lambda match: values.get(match[0], match[0]), text)


def deferred_assignments(population: Texts, lines: list[EquationLine]) -> list[DeferredAssignment]:
    """The events and the second reset of a population as deferred assignments.

    Subexpressions are written out, so that what an event depends on stands in its condition.
    """
    full = expanded_texts(lines)
    previous = {"t_in_timesteps": f"({STEP} - 1)"}

    def at_the_event(text: str) -> str:
        return str(word_substitute(expand_subexpressions(text, full), previous))

    label = f"population {population.name!r}"
    changes = [
        DeferredAssignment(
            event.name,
            at_the_event(event.condition),
            [
                (name, at_the_event(new))
                for name, new in parse_assignments(event.action, f"{label}, event {event.name!r}")
            ],
            is_event=True,
            graded=event.graded,
        )
        for event in population.events
    ]
    if population.second_reset is not None:
        # the reset acts after the synapses of step n + k, so step n + k + 1 is the first to see it
        changes.append(
            DeferredAssignment(
                "second_reset",
                "timestep(t - lastspike, dt) == spike_width + 1",
                parse_assignments(population.second_reset, f"{label}, second reset"),
            )
        )
    return changes


def replace_events(population: Texts, lines: list[EquationLine]) -> list[EquationLine]:
    """Rewrite the lines of a population so that events and second reset become equations."""
    changes = deferred_assignments(population, lines)
    if not changes:
        return lines
    _check_rewritable(population, lines, changes)
    assigned = {name: f"{name}_now" for change in changes for name, _ in change.assignments}
    now = assigned | _affected_subexpressions(lines, set(assigned))
    whole = {
        name
        for change in changes
        if change.is_event
        for name, _ in change.assignments
        if name not in change.graded
    }
    rounded = {name: f"floor({name} + 0.5)" for name in whole}
    rewritten = [new for line in lines for new in _rewrite_line(line, now)]
    by_name = {line.name: line for line in lines}
    extra = [EquationLine(SUBEXPRESSION, STEP, "timestep(t, dt)", "1")]
    for change in changes:
        condition = word_substitute(change.condition, rounded)
        # abs and the second comparison change no value; without them sympy doubts that a number
        # made of one comparison is real, and refuses to compare it in turn
        fire = f"abs(int(({condition}) and {STEP} >= 0))"
        extra.append(EquationLine(SUBEXPRESSION, f"fire_{change.name}", fire, "1"))
    for name, now_name in assigned.items():
        extra.append(_value_after_changes(by_name[name], now_name, changes, rounded))
    return rewritten + extra


def _value_after_changes(
    line: EquationLine, now_name: str, changes: list[DeferredAssignment], rounded: Mapping[str, str]
) -> EquationLine:
    # (x/dt)*dt is not always x in floating point: whole numbers are rounded back when read
    value = rounded.get(line.name, line.name)
    expression = value
    for change in changes:
        for name, new in change.assignments:
            if name == line.name:
                new_value = word_substitute(new, rounded)
                expression = f"{expression} + fire_{change.name}*({new_value} - {value})"
    return EquationLine(SUBEXPRESSION, now_name, expression, line.unit)


def _affected_subexpressions(lines: list[EquationLine], assigned: set[str]) -> dict[str, str]:
    """Subexpressions that depend on an assigned variable, with the name of their changed form.

    Equations use the changed form. A threshold or a synapse comes after the update of the state,
    when the variables themselves have changed: it uses the subexpression under its own name.
    """
    full = expanded_texts(lines)
    return {name: f"{name}_now" for name, text in full.items() if names_in(text) & assigned}


def _rewrite_line(line: EquationLine, now: Mapping[str, str]) -> list[EquationLine]:
    unchanged = word_substitute(line.expression, {"t_in_timesteps": STEP})
    expression = word_substitute(unchanged, now)
    if line.name not in now:
        return [replace(line, expression=expression)]
    if line.kind == SUBEXPRESSION:
        own = replace(line, expression=unchanged)
        return [own, replace(line, name=now[line.name], expression=expression)]
    change = f"({now[line.name]} - {line.name})/dt"
    expression = f"({expression}) + {change}" if line.expression else change
    flags = tuple(flag for flag in line.flags if flag != "constant")
    return [EquationLine(DIFFERENTIAL_EQUATION, line.name, expression, line.unit, flags)]


def _check_rewritable(
    population: Texts,
    lines: list[EquationLine],
    changes: list[DeferredAssignment],
) -> None:
    if population.method != "euler":
        raise NetworkError(
            f"population {population.name!r} has events or a second reset and integrates with "
            f"{population.method!r}: these need method='euler'."
        )
    by_name = {line.name: line for line in lines}
    for change in changes:
        for name, _ in change.assignments:
            line = by_name.get(name)
            if line is None or line.kind == SUBEXPRESSION:
                raise NetworkError(
                    f"population {population.name!r}: {change.name!r} assigns {name!r}, which is "
                    f"not a state variable of the equations."
                )
            if "unless refractory" in line.flags:
                raise NetworkError(
                    f"population {population.name!r}: {change.name!r} assigns {name!r}, which is "
                    f"held '(unless refractory)'; remove the flag."
                )
    _check_apart(population, changes)
    _check_times(population, changes)
    _check_reset(population, changes)


def _check_apart(population: Texts, changes: list[DeferredAssignment]) -> None:
    """Changes of one step are made side by side: none may write what another writes or uses."""
    for change in changes:
        written = {name for name, _ in change.assignments}
        for other in changes:
            if other is change:
                continue
            if clash := written & {name for name, _ in other.assignments}:
                raise NetworkError(
                    f"population {population.name!r}: {change.name!r} and {other.name!r} both "
                    f"assign {min(clash)!r}; give each its own variable."
                )
            used = {name for _, new in other.assignments for name in names_in(new)}
            if clash := written & used:
                raise NetworkError(
                    f"population {population.name!r}: {other.name!r} assigns a value that depends "
                    f"on {min(clash)!r}, which {change.name!r} assigns in the same step."
                )


def _check_times(population: Texts, changes: list[DeferredAssignment]) -> None:
    """An event is evaluated one step later, when the clock shows another time."""
    for change in changes:
        if not change.is_event:
            continue
        texts = (change.condition, *(new for _, new in change.assignments))
        for text in texts:
            if clash := names_in(text) & {"t", "not_refractory"}:
                raise NetworkError(
                    f"population {population.name!r}: event {change.name!r} depends on "
                    f"{min(clash)!r}, which is another one when the event takes effect: count "
                    f"time with t_in_timesteps."
                )


def _check_reset(population: Texts, changes: list[DeferredAssignment]) -> None:
    """A reset acts after the check of an event, so it must not write what the event reads."""
    if population.reset is None:
        return
    label = f"reset of {population.name!r}"
    written = {name for name, _ in parse_assignments(population.reset, label)}
    for change in changes:
        if clash := written & names_in(change.condition) - {"lastspike"}:
            raise NetworkError(
                f"the reset of population {population.name!r} writes {sorted(clash)[0]!r}, on "
                f"which event {change.name!r} depends: this has no event-free form. Let the "
                f"spike reach the dendrite through the coupling conductance."
            )


def inline_subexpressions(lines: list[EquationLine], keep: Set[str]) -> list[EquationLine]:
    """Write subexpressions out where they are used, except those in ``keep``.

    Brian2 does the same when it generates code; done here it spares every `Synapses` object of
    the network a reference to every subexpression, which is most of the time of a build.
    """
    full = expanded_texts(lines)
    return [
        replace(line, expression=expand_subexpressions(line.expression, full))
        for line in lines
        if not _is_expandable(line) or line.name in keep
    ]


def _is_expandable(line: EquationLine) -> bool:
    """What is drawn once per step keeps its name: written out, it would be drawn at each use."""
    return line.kind == SUBEXPRESSION and "constant over dt" not in line.flags


def expanded_texts(lines: Iterable[EquationLine]) -> Mapping[str, str]:
    """Text of each subexpression in terms of what is no subexpression."""
    return _write_out(tuple(lines))


@lru_cache(maxsize=1024)
def _write_out(lines: tuple[EquationLine, ...]) -> Mapping[str, str]:
    texts = {line.name: line.expression for line in lines if _is_expandable(line)}
    full: dict[str, str] = {}

    def write_out(name: str) -> None:
        for inner in names_in(texts[name]) & set(texts) - set(full):
            write_out(inner)
        full[name] = expand_subexpressions(texts[name], full)

    for name in texts:
        write_out(name)
    return MappingProxyType(full)


def expand_subexpressions(text: str, full: Mapping[str, str]) -> str:
    """Replace subexpressions in a text by what `expanded_texts` says of them."""
    used = names_in(text) & set(full)
    return str(word_substitute(text, {name: f"({full[name]})" for name in used}))
