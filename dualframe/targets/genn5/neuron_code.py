"""A population as GeNN code: what came, reset, sums, one step of the equations, threshold."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from brian2.equations.equations import SUBEXPRESSION

from dualframe.targets.genn5.delay_groups import arrival_name, arrival_steps
from dualframe.targets.genn5.genn_text import (
    IS_SECOND_PHASE,
    genn_name,
    modulo,
    parse_statements,
    render_expression,
    render_statements,
    words_of,
)
from dualframe.targets.genn5.network_needs import NetworkNeeds, ReadEquations
from dualframe.targets.genn5.state_updates import update_statements
from dualframe.targets.lowering.event_free_equations import EquationLine, expand_subexpressions
from dualframe.targets.lowering.lowered_network import Array, LoweredGroup

STOPPED = "is_stopped"
_PENDING, _NOT_REFRACTORY, _LASTSPIKE = "reset_is_due", "not_refractory", "lastspike"
SPIKE_HISTORY, _HISTORY_SLOT = "spike_history", "history_slot"
_LONG_AGO = -1e4  # Brian2's lastspike (s) of a neuron that has not fired


@dataclass(frozen=True, kw_only=True)
class NeuronCode:
    """What GeNN needs of a population; names are those of GeNN.

    Attributes
    ----------
    parameters
        Values that all neurons share; they may change without another compilation.
    variables
        Variables with their initial values.
    constants
        Values of each neuron that do not change.
    inputs
        The variables into which synapses add.
    remembered
        Number of steps for which each neuron remembers its spikes.
    step, threshold, reset
        Code.
    """

    parameters: Mapping[str, float]
    variables: Mapping[str, Array]
    constants: Mapping[str, Array]
    inputs: tuple[str, ...]
    remembered: int
    step: str
    threshold: str | None
    reset: str


@dataclass
class _Population:
    """A population while its code is written."""

    group: LoweredGroup
    needs: NetworkNeeds
    equations: ReadEquations
    names: dict[str, str] = field(default_factory=dict)

    @property
    def lines(self) -> tuple[EquationLine, ...]:
        return tuple(self.equations.lines.values())

    def render(self, text: str, time: str = "now") -> str:
        return render_expression(self._expanded(text), self.names | {"t": time})

    def render_all(self, text: str | None, time: str = "now") -> list[str]:
        statements = parse_statements(self._expanded(text or ""))
        return render_statements(statements, self.names | {"t": time}, self.names)

    def _expanded(self, text: str) -> str:
        return expand_subexpressions(text, self.equations.full)

    def expanded(self, text: str) -> str:
        return self._expanded(text)


def start_name(name: str) -> str:
    """Return the name of the copy that a variable has at the start of a step, where recorded.

    Parameters
    ----------
    name
        The variable.
    """
    return f"{genn_name(name)}_at_start"


def followed_name(name: str) -> str:
    """Return the name of the copy that synapses follow at every step.

    Parameters
    ----------
    name
        The variable.
    """
    return f"{genn_name(name)}_followed"


def input_name(name: str) -> str:
    """Return the name of what synapses bring to a variable in a step.

    Parameters
    ----------
    name
        The variable.
    """
    return f"{genn_name(name)}_input"


def write_neuron_code(group: LoweredGroup, needs: NetworkNeeds) -> NeuronCode:
    """Return the code of a population.

    Parameters
    ----------
    group
        The population.
    needs
        What the synapses of the network need.
    """
    population = _Population(group, needs, needs.equations["group", group.name])
    parameters, constants, variables = _sort_values(population)
    population.names |= {name: genn_name(name) for name in (*parameters, *constants, *variables)}
    population.names |= _names_of_all(population)
    variables |= _copies(population)
    parameters |= {STOPPED: 0.0} if needs.phases == 1 else {}
    return NeuronCode(
        parameters={genn_name(name): value for name, value in parameters.items()},
        variables={population.names.get(name, name): value for name, value in variables.items()},
        constants={genn_name(name): value for name, value in constants.items()},
        inputs=tuple(input_name(name) for name in needs.inputs[group.name]),
        remembered=_remembered(population),
        step="\n".join(_write_step(population)),
        threshold=_write_threshold(population),
        reset="\n".join(_write_spike(population)),
    )


def _names_of_all(population: _Population) -> dict[str, str]:
    whole = "(2.0*dt)" if population.needs.phases == 2 else "dt"
    return {"dt": whole, "i": "((scalar)id)", "N": repr(float(population.group.n))}


def _sort_values(
    population: _Population,
) -> tuple[dict[str, float], dict[str, Array], dict[str, Array]]:
    """Shared parameters, constants of each neuron, and variables with initial values."""
    group = population.group
    shared = {n: float(c.value) for n, c in group.constants.items() if c.is_shared}
    each = {n: c.value for n, c in group.constants.items() if not c.is_shared}
    variables: dict[str, Array] = {}
    for line in population.lines:
        if line.name in group.constants:
            continue
        if line.kind == SUBEXPRESSION and "constant over dt" not in line.flags:
            continue
        if {"shared", "constant"} <= set(line.flags):
            shared[line.name] = float(group.initial.get(line.name, np.zeros(())))
        else:
            variables[line.name] = group.initial.get(line.name, np.zeros(()))
    if group.refractory is not None:
        variables[_NOT_REFRACTORY] = np.ones(())
    if group.refractory is not None or _reads_last_spike(population):
        variables[_LASTSPIKE] = np.asarray(_LONG_AGO)
    if _has_reset(population):
        variables[_PENDING] = np.zeros(())
    return shared, each, variables


def _has_reset(population: _Population) -> bool:
    return bool(population.group.threshold and population.group.reset)


def _reads_last_spike(population: _Population) -> bool:
    group = population.group
    texts = [group.equations, group.threshold, group.reset]
    for synapses in population.needs.synapses:
        if group.name in (synapses.source, synapses.target):
            texts += [synapses.equations, synapses.on_pre, synapses.on_post, synapses.due]
            texts += [text for text, _ in (*synapses.visits, *synapses.visits_when)]
    return bool(words_of(*texts) & {_LASTSPIKE, f"{_LASTSPIKE}_post", f"{_LASTSPIKE}_pre"})


def _copies(population: _Population) -> dict[str, Array]:
    copies = [start_name(name) for name in sorted(_recorded(population))]
    copies += [followed_name(name) for name in sorted(_followed(population))]
    copies += [arrival_name(steps) for steps in _arrivals(population)]
    return {name: np.zeros(()) for name in copies}


def _followed(population: _Population) -> set[str]:
    return population.needs.followed[population.group.name]


def _arrivals(population: _Population) -> tuple[int, ...]:
    return arrival_steps(population.group.name, population.needs)


def _remembered(population: _Population) -> int:
    return max(_arrivals(population), default=-1) + 1


def _recorded(population: _Population) -> set[str]:
    return set(population.needs.recorded[population.group.name].values())


def _write_step(population: _Population) -> Iterator[str]:
    """Return the code of a step, or of its two phases."""
    is_double = population.needs.phases == 2
    yield from _write_arrivals(population)
    yield f"const bool moves = {_moves(population)};"
    yield f"const timepoint now = {'t - dt' if is_double else 't'};"
    if is_double:
        yield "if (!moves) {"
    yield from _take_in(population)
    if is_double:
        yield "}"
    yield "if (moves) {"
    yield from _write_copies(population)
    yield from _write_refractory(population)
    group = population.group
    yield from population.render_all(
        update_statements(
            group.equations, group.method, has_refractory=group.refractory is not None
        )
    )
    yield "}"


def _write_arrivals(population: _Population) -> Iterator[str]:
    """Spikes that arrive: a ring of what each neuron did in the last steps says which."""
    if not (length := _remembered(population)):
        return
    ring = f"{SPIKE_HISTORY}[id*{length}u + {{slot}}]"
    slot_now = modulo("rint(t/dt)", f"{length}.0")
    yield f"const unsigned int {_HISTORY_SLOT} = (unsigned int){slot_now};"
    for steps in _arrivals(population):
        slot = f"(({_HISTORY_SLOT} + {length - steps}u) % {length}u)"
        yield f"{arrival_name(steps)} = {ring.format(slot=slot)};"
    yield f"{ring.format(slot=_HISTORY_SLOT)} = 0;"


def _moves(population: _Population) -> str:
    if population.needs.phases == 2:
        return IS_SECOND_PHASE
    return f"{STOPPED} < 0.5"


def _take_in(population: _Population) -> Iterator[str]:
    """What events have brought, the reset of a spike, and what is constant over the step."""
    steps = population.needs.phases
    yield f"const timepoint before = (rint(t/dt) - {float(steps)})*dt;"
    for name, operator in population.needs.inputs[population.group.name].items():
        if operator == "+=":
            gate = f"if ({_NOT_REFRACTORY} > 0.5) " if _is_held(population, name) else ""
            yield f"{gate}{{ {population.names[name]} += {input_name(name)}; }}"
    if _has_reset(population):
        yield f"if ({_PENDING} > 0.5) {{"
        yield from population.render_all(population.group.reset, "before")
        yield f"{_PENDING} = 0.0;"
        yield "}"
    for line in population.lines:
        if "constant over dt" in line.flags:
            yield from population.render_all(f"{line.name} = {line.expression}", "t")


def _is_held(population: _Population, name: str) -> bool:
    line = population.equations.lines[name]
    return "unless refractory" in line.flags and population.group.refractory is not None


def _write_copies(population: _Population) -> Iterator[str]:
    for name in sorted(_recorded(population)):
        yield f"{start_name(name)} = {population.render(name)};"
    for name, operator in population.needs.inputs[population.group.name].items():
        if operator == "=":
            yield f"{population.names[name]} = {input_name(name)};"
    for name in sorted(_followed(population)):
        yield f"{followed_name(name)} = {population.render(name)};"


def _write_refractory(population: _Population) -> Iterator[str]:
    refractory = population.group.refractory
    if refractory is None:
        return
    text = population.expanded(refractory)
    if _is_condition(population, text):
        yield from population.render_all(
            f"{_NOT_REFRACTORY} = int({_NOT_REFRACTORY} or not ({text}))"
        )
    else:
        yield from population.render_all(
            f"{_NOT_REFRACTORY} = int(timestep(t - {_LASTSPIKE}, dt) >= timestep({text}, dt))"
        )


def _is_condition(population: _Population, text: str) -> bool:
    node = ast.parse(text, mode="eval").body
    if isinstance(node, ast.Name):
        line = population.equations.lines.get(node.id)
        return line is not None and line.unit == "boolean"
    is_not = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return is_not or isinstance(node, (ast.Compare, ast.BoolOp))


def _write_threshold(population: _Population) -> str | None:
    threshold = population.group.threshold
    if threshold is None:
        return None
    time = "(t - dt)" if population.needs.phases == 2 else "t"
    conditions = [_moves(population), population.render(threshold, time)]
    if population.group.refractory is not None:
        conditions.append(f"{_NOT_REFRACTORY} > 0.5")
    return " && ".join(f"({condition})" for condition in conditions)


def _write_spike(population: _Population) -> Iterator[str]:
    """What happens at a spike at once; the reset waits for what comes in the same step."""
    if length := _remembered(population):
        yield f"{SPIKE_HISTORY}[id*{length}u + {_HISTORY_SLOT}] = 1;"
    if _has_reset(population):
        yield f"{_PENDING} = 1.0;"
    if population.group.refractory is not None:
        yield f"{_NOT_REFRACTORY} = 0.0;"
    if _LASTSPIKE in population.names:
        yield f"{_LASTSPIKE} = {'t - dt' if population.needs.phases == 2 else 't'};"
