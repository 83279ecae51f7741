"""Synapses as GeNN code: events, equations that are followed at every step, sums, visits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION

from dualframe.core.errors import TargetError
from dualframe.targets.genn5.delay_groups import DelayedThing, delay_steps, delayed_thing
from dualframe.targets.genn5.genn_text import (
    IS_SECOND_PHASE,
    genn_name,
    parse_statements,
    render_expression,
    render_statements,
    words_of,
)
from dualframe.targets.genn5.network_needs import NetworkNeeds, ReadEquations
from dualframe.targets.genn5.neuron_code import followed_name, input_name, start_name
from dualframe.targets.genn5.state_updates import event_driven_statements, update_statements
from dualframe.targets.lowering.event_free_equations import EquationLine, expand_subexpressions
from dualframe.targets.lowering.lowered_network import Array, LoweredSynapses

_LAST_UPDATE = "lastupdate"
OWN_DELAY = "own_delay_steps"


@dataclass(frozen=True)
class VisitCode:
    """Statements for all synapses.

    Attributes
    ----------
    code
        The code.
    arrays
        Where the arrays that it reads come from: population and variable.
    """

    code: str
    arrays: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class _Reading:
    """How code reads the neurons of a synapse: a copy of each variable, as an array of all."""

    copy: Callable[[str], str] | None = None
    is_array: bool = False


_DIRECT = _Reading()
_EVERY_STEP = _Reading(followed_name)
_AT_START = _Reading(start_name, True)
_ON_CONDITION = _Reading(followed_name, True)


@dataclass(frozen=True, kw_only=True)
class SynapseCode:
    """What GeNN needs of synapses; names are those of GeNN.

    Attributes
    ----------
    parameters
        Values that all synapses share; they may change without another compilation.
    variables
        Variables with their initial values.
    constants
        Values of each synapse that do not change.
    read_before, read_behind
        Variables of the presynaptic (postsynaptic) neuron by the name that the code uses.
    on_pre, on_post, at_every_step
        Code.
    visits
        Code of the visits at intervals, and of those on a condition.
    target
        Where the synapses add what they bring, if they do.
    """

    parameters: Mapping[str, float]
    variables: Mapping[str, Array]
    constants: Mapping[str, Array]
    read_before: Mapping[str, str]
    read_behind: Mapping[str, str]
    on_pre: str
    on_post: str
    at_every_step: str
    visits: tuple[VisitCode, ...]
    target: str | None


@dataclass(kw_only=True)
class _Synapses:
    """Synapses while their code is written."""

    synapses: LoweredSynapses
    needs: NetworkNeeds
    equations: ReadEquations
    own: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    behind: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, tuple[str, str]] = field(default_factory=dict)
    targets: set[str] = field(default_factory=set)

    @property
    def lines(self) -> tuple[EquationLine, ...]:
        return tuple(self.equations.lines.values())

    def names_in(self, text: str, reading: _Reading = _DIRECT, time: str = "now") -> dict[str, str]:
        """Return the code of all names that a text may use; note what is read of neurons."""
        whole = "(2.0*dt)" if self.needs.phases == 2 else "dt"
        names = {"t": time, "dt": whole, "i": "((scalar)id_pre)", "j": "((scalar)id_post)"}
        names |= self.own
        for word in words_of(text) - set(names):
            if code := self._code_of_neuron(word, reading):
                names[word] = code
        return names

    def expand(self, text: str) -> str:
        return expand_subexpressions(text, self.equations.full)

    def _code_of_neuron(self, word: str, reading: _Reading) -> str | None:
        is_before = word.endswith("_pre")
        end = self.synapses.source if is_before else self.synapses.target
        bare = word.removesuffix("_pre").removesuffix("_post")
        if end not in self.needs.groups:
            return None
        side = "_pre" if is_before else "_post"
        read = self.before if is_before else self.behind
        group, equations = self.needs.groups[end], self.needs.equations["group", end]
        if bare in group.constants and group.constants[bare].is_shared:
            name = genn_name(bare) + side
            self.parameters[name] = float(group.constants[bare].value)
            return name
        if bare not in equations.lines and bare not in ("lastspike", "not_refractory"):
            return None
        if reading.copy is not None:
            name = reading.copy(bare)
            if reading.is_array:
                self.arrays[name + side] = (end, name)
                return f"{name}{side}[id{side}]"
            read[name + side] = name
            return name + side
        if bare in equations.full:
            return f"({self._expression_of_neuron(equations.full[bare], side)})"
        read[genn_name(bare) + side] = genn_name(bare)
        return genn_name(bare) + side

    def _expression_of_neuron(self, text: str, side: str) -> str:
        names = {"t": "t", "dt": "dt", "i": f"((scalar)id{side})"}
        for word in words_of(text) - set(names):
            if code := self._code_of_neuron(word + side, _DIRECT):
                names[word] = code
        return render_expression(text, names)


def write_synapse_code(synapses: LoweredSynapses, needs: NetworkNeeds) -> SynapseCode:
    """Return the code of synapses.

    Parameters
    ----------
    synapses
        The synapses.
    needs
        What the synapses of the network need.

    Raises
    ------
    TargetError
        If a statement has no form in GeNN.
    """
    writing = _Synapses(
        synapses=synapses, needs=needs, equations=needs.equations["synapses", synapses.name]
    )
    constants = {n: c.value for n, c in synapses.constants.items() if not c.is_shared}
    shared = {n: float(c.value) for n, c in synapses.constants.items() if c.is_shared}
    variables = _initial_values(writing)
    writing.own = {name: genn_name(name) for name in (*constants, *shared, *variables)}
    on_pre, on_post = (_write_events(writing, text) for text in (synapses.on_pre, synapses.on_post))
    dynamics = "\n".join(_write_every_step(writing))
    visits = tuple(_write_visits(writing))
    delays = {OWN_DELAY: delay_steps(synapses, needs)} if _holds_outputs(writing) else {}
    return SynapseCode(
        parameters={genn_name(n): v for n, v in shared.items()} | writing.parameters,
        variables={genn_name(n): v for n, v in variables.items()},
        constants={genn_name(n): v for n, v in constants.items()} | delays,
        read_before=writing.before,
        read_behind=writing.behind,
        on_pre=on_pre,
        on_post=on_post,
        at_every_step=dynamics,
        visits=visits,
        target=_only_target(writing),
    )


def _holds_outputs(writing: _Synapses) -> bool:
    return delayed_thing(writing.synapses, writing.needs) is DelayedThing.OUTPUT


def _initial_values(writing: _Synapses) -> dict[str, Array]:
    constants, initial = writing.synapses.constants, writing.synapses.initial
    values = {
        line.name: initial.get(line.name, np.zeros(()))
        for line in writing.lines
        if line.name not in constants and line.kind != SUBEXPRESSION and "summed" not in line.flags
    }
    values |= {name: value for name, value in initial.items() if name not in values}
    if _event_driven_lines(writing):
        values[_LAST_UPDATE] = np.zeros(())
    return values


def _event_driven_lines(writing: _Synapses) -> tuple[str, ...]:
    return tuple(str(line) for line in writing.lines if "event-driven" in line.flags)


def _write_events(writing: _Synapses, text: str | None) -> str:
    if not text:
        return ""
    code = [f"const timepoint now = (rint(t/dt) - {float(writing.needs.phases)})*dt;"]
    if lines := _event_driven_lines(writing):
        update = event_driven_statements(lines, _declarations(writing))
        code += _render(writing, update)
    code += _render(writing, text)
    if lines:
        code.append(f"{_LAST_UPDATE} = now;")
    return "\n".join(code)


def _declarations(writing: _Synapses) -> tuple[str, ...]:
    constants = writing.synapses.constants
    return tuple(constant.equation_line(name) for name, constant in constants.items())


def _render(writing: _Synapses, text: str, reading: _Reading = _DIRECT) -> list[str]:
    """Return statements as code: own variables are written, those of the neuron added to."""
    expanded = writing.expand(text)
    names, code = writing.names_in(expanded, reading), []
    for statement in parse_statements(expanded):
        bare = statement.name.removesuffix("_post")
        of_neuron = writing.needs.inputs[writing.synapses.target]
        if statement.name in writing.own or bare not in of_neuron:
            code += render_statements(iter([statement]), names, writing.own)
            names.setdefault(statement.name, genn_name(statement.name))
        else:
            code.append(_render_addition(writing, statement.operator, bare, names, statement))
    return code


def _render_addition(
    writing: _Synapses, operator: str, name: str, names: Mapping[str, str], statement: Any
) -> str:
    if operator not in ("+=", "-="):
        raise TargetError(
            f"projection {writing.synapses.projection!r} sets {name!r}: on target 'genn5' synapses "
            f"add to neurons only; write {name} += ..."
        )
    writing.targets.add(name)
    value = render_expression(statement.expression, names)
    signed = value if operator == "+=" else f"-({value})"
    if _holds_outputs(writing):
        return f"addToPostDelay({signed}, {OWN_DELAY});"
    return f"addToPost({signed});"


def _write_every_step(writing: _Synapses) -> Iterator[str]:
    """What synapses do at every step: their equations, a step of GeNN later, and sums."""
    phases = writing.needs.phases
    if update := _clock_driven_update(writing):
        yield f"if (t > 0.5*dt{f' && !({IS_SECOND_PHASE})' if phases == 2 else ''}) {{"
        yield f"const timepoint now = (rint(t/dt) - {float(phases)})*dt;"
        yield from _render(writing, update, _EVERY_STEP)
        yield "}"
    for name, expression in writing.needs.summed(writing.synapses).items():
        writing.targets.add(name)
        text = writing.expand(expression)
        names = writing.names_in(text, time="(t - dt)" if phases == 2 else "t")
        gate = f"if ({IS_SECOND_PHASE}) " if phases == 2 else ""
        yield f"{gate}{{ addToPost({render_expression(text, names)}); }}"


def _clock_driven_update(writing: _Synapses) -> str:
    lines = [line for line in writing.lines if "clock-driven" in line.flags]
    if not any(line.kind == DIFFERENTIAL_EQUATION for line in lines):
        return ""
    others = [
        f"{line.name} : {line.unit}"
        for line in writing.lines
        if line not in lines and line.kind != SUBEXPRESSION and "summed" not in line.flags
    ]
    moving = [
        str(replace(line, expression=writing.expand(line.expression), flags=())) for line in lines
    ]
    return update_statements("\n".join([*moving, *others]), "euler")


def _write_visits(writing: _Synapses) -> Iterator[VisitCode]:
    """Visits at intervals, then those on a condition of the postsynaptic neuron."""
    for text, _ in writing.synapses.visits:
        writing.arrays = {}
        code = "\n".join(_render(writing, text, _AT_START))
        yield VisitCode(code, writing.arrays)
    for text, name in writing.synapses.visits_when:
        writing.arrays = {}
        condition = writing.names_in(name, _ON_CONDITION)[name]
        lines = [f"if ({condition} > 0.5) {{", *_render(writing, text, _ON_CONDITION), "}"]
        yield VisitCode("\n".join(lines), writing.arrays)


def _only_target(writing: _Synapses) -> str | None:
    names = sorted(writing.targets)
    if len(names) > 1:
        raise TargetError(
            f"projection {writing.synapses.projection!r} brings {', '.join(names)} at once: on "
            f"target 'genn5' give each a projection of its own."
        )
    return input_name(names[0]) if names else None
