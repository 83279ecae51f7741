"""From projections with a rule to projections with equations: the first step of lowering.

Everything below sees ordinary synapses and neurons. The numbers of a rule become parameters, so
that neither they, nor the bounds, nor freezing, recompile anything; only another rule, option,
signal or set of modulatory factors changes equations.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions
from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.core.errors import NetworkError, suggest_name
from dualframe.core.quantity import unit_of
from dualframe.network import Network, Plasticity, Population, Projection, variables
from dualframe.network.distributions import DISTRIBUTIONS, Limited
from dualframe.plasticity.combined_rules import combine_rules, with_written_weight
from dualframe.plasticity.registry import PLASTICITY_RULES
from dualframe.plasticity.rule import GATE, PlasticityRule, RuleEquations, rename_variables

_NAME = re.compile(r"\b[A-Za-z_]\w*")
_SUBEXPRESSION = re.compile(
    r"^[ \t]*(?P<name>\w+)[ \t]*=(?P<text>[^:\n]*):[^(\n]*(?:\((?P<flags>[^)\n]*)\))?", re.M
)
_SHARED = frozenset({"w", "w_min", "w_max"})  # of all rules of a projection
_FUNCTIONS = frozenset({"int", "exp", "clip", "abs", "t", "dt"})


@dataclass(frozen=True)
class _Learning:
    """A projection that learns, with one of its rules and where it stands among them."""

    projection: Projection
    plasticity: Plasticity
    rule: PlasticityRule
    place: int = 1

    @property
    def ending(self) -> str:
        """What tells the names of this rule from those of the first."""
        return f"_rule_{self.place}" if self.place > 1 else ""

    @property
    def numbers(self) -> dict[str, Any]:
        """What the rule's equations may use, but for the scale."""
        return {
            **self.plasticity.numbers,
            "w_min": self.plasticity.w_min,
            "w_max": self.plasticity.w_max,
            "learning_rate": self.plasticity.rate,
        }

    def __str__(self) -> str:
        return f"projection {self.projection.name!r}: its rule {self.rule.name!r}"


def insert_plasticity_rules(network: Network) -> Network:
    """Return the network with every plasticity rule written out.

    Parameters
    ----------
    network
        Whose projections may name rules.

    Raises
    ------
    UnknownName
        If a projection names a rule that does not run.
    NetworkError
        If a projection has a variable that its rule has too, the rule cannot know how large a
        change is, or the postsynaptic neuron lacks what the rule reads.
    """
    if not any(projection.plasticity for projection in network.projections):
        return network
    populations = {population.name: population for population in network.populations}
    projections, shared = [], dict[str, str]()
    for projection in network.projections:
        if projection.plasticity is not None:
            source, target = populations.get(projection.source), populations[projection.target]
            projection, populations[target.name] = _insert_rules(
                projection, projection.plasticity, source, target, shared
            )
        projections.append(projection)
    return replace(network, populations=tuple(populations.values()), projections=tuple(projections))


def rules_that_visit(network: Network) -> Iterator[tuple[Projection, str]]:
    """Yield the rules that need a visit to every synapse between spikes, with their projections.

    Parameters
    ----------
    network
        Whose projections may name rules.
    """
    for projection in network.projections:
        neurons = network.population(projection.target)
        known = neurons.variables | set(neurons.parameters)
        for rule in projection.plasticity.rules if projection.plasticity is not None else ():
            equations = PLASTICITY_RULES[rule.rule].rule_equations(rule, known)
            if equations.periodic_updates and not equations.catch_up:
                yield projection, rule.rule


def _insert_rules(
    projection: Projection,
    plasticity: Plasticity,
    source: Population | None,
    target: Population,
    shared: dict[str, str],
) -> tuple[Projection, Population]:
    """Return a projection with the equations of its rules, and its target with what these need.

    ``shared`` are the neuronal parts that targets have already, by what they are: projections
    with one rule and the same numbers share one.
    """
    rules = [
        _Learning(projection, rule, PLASTICITY_RULES[rule.rule], place)
        for place, rule in enumerate(plasticity.rules, 1)
    ]
    neuron_variables = (target.variables | set(target.parameters)) - {GATE}
    written = dict[str, RuleEquations]()
    for learning in rules:
        learning.rule.check_bounds(plasticity)
        equations, target = _write_rule(learning, neuron_variables, source, target, shared)
        written[f"{learning.rule.name}{learning.ending}"] = equations
    label = f"projection {projection.name!r}"
    equations = with_written_weight(combine_rules(written, label), unit_of(plasticity.w_max))
    numbers: dict[str, Any] = {}
    for learning in rules:
        numbers |= _synaptic_numbers(learning, equations.synaptic_text)
    names = variables(equations.equations) | set(numbers)
    _check_names(rules, names)
    stand_ins = _stand_ins(names, target)
    numbers = {stand_ins.get(name, name): value for name, value in numbers.items()}
    return _write_projection(
        projection, plasticity, equations.rename_in_synapses(stand_ins), numbers
    ), target


def _write_rule(
    learning: _Learning,
    neuron_variables: Collection[str],
    source: Population | None,
    target: Population,
    shared: dict[str, str],
) -> tuple[RuleEquations, Population]:
    """Return the equations of one rule under names of its own, and the target with its part."""
    plasticity = learning.plasticity
    gate = set(plasticity.signals) & {GATE}
    equations = learning.rule.rule_equations(plasticity, {*neuron_variables, *gate})
    # names of the user's expressions may be those of the rule: its own get new ones first
    read = _signal_expressions(_postsynaptic_signals(learning), "post", learning, target)
    equations, target = _extend_neuron(equations, learning, target, shared)
    if learning.ending:
        own = (variables(equations.equations) | set(learning.numbers) | {"scale"}) - _SHARED
        equations = equations.rename_in_synapses({n: f"{n}{learning.ending}" for n in own})
    return _read_source(equations.rename_in_synapses(read), learning, source), target


def _write_projection(
    projection: Projection,
    plasticity: Plasticity,
    equations: RuleEquations,
    numbers: Mapping[str, Any],
) -> Projection:
    weight = projection.weight
    if isinstance(weight, DISTRIBUTIONS):
        weight = Limited(weight, plasticity.w_min, plasticity.w_max)
    first, last = equations.bring_up_to_date, equations.defer_to_next_spike
    on_pre = _join_lines(first, projection.on_pre, equations.on_pre, last)
    return replace(
        projection,
        equations=_join_lines(projection.equations, equations.equations),
        on_pre=on_pre or None,
        on_post=_join_lines(first, equations.on_post, last) if equations.on_post else None,
        weight=weight,
        parameters={**projection.parameters, **numbers},
        due=first,
        visits=equations.periodic_updates,
        visits_when=tuple(
            (text, variable.removesuffix("_post"))
            for text, variable in equations.conditional_updates
        ),
        late=equations.catch_up,
        plasticity=None,
    )


def _join_lines(*texts: str | None) -> str:
    return "\n".join(filter(None, texts))


def _postsynaptic_signals(learning: _Learning) -> dict[str, str]:
    """Return what the rule reads of the postsynaptic neuron, in that neuron's names."""
    presynaptic = learning.rule.presynaptic_signals
    return {k: text for k, text in learning.plasticity.signals.items() if k not in presynaptic}


def _read_source(
    equations: RuleEquations, learning: _Learning, source: Population | None
) -> RuleEquations:
    """Write what the rule reads of the presynaptic neuron in that neuron's names."""
    texts = learning.plasticity.signals
    signals = {name: texts[name] for name in learning.rule.presynaptic_signals}
    if not signals:
        return equations
    if source is None:
        raise NetworkError(
            f"{learning} reads {min(signals)!r} of the presynaptic neurons, but "
            f"{learning.projection.source!r} is an input: let a population project."
        )
    return equations.rename_in_synapses(_signal_expressions(signals, "pre", learning, source))


def _signal_expressions(
    signals: Mapping[str, str], end: str, learning: _Learning, neurons: Population
) -> dict[str, str]:
    """Return what stands for a rule's names with ``_pre`` or ``_post``, and refuse what is not."""
    names = neurons.variables | set(neurons.parameters)
    for signal, text in signals.items():
        for unknown in get_identifiers(text) - names - _FUNCTIONS:
            raise NetworkError(
                f"{learning} reads {signal!r} of the neurons of {neurons.name!r}, which have no "
                f"variable {unknown!r}; say what it is with signals={{{signal!r}: ...}}. "
                + suggest_name(unknown, {name for name in names if "_of_" not in name})
            )
        if drawn := _drawn_anew(text, neurons):
            raise NetworkError(
                f"{learning} reads {signal!r} of {drawn!r} of {neurons.name!r}, which draws random "
                f"numbers at every use: draw them once per step, '{drawn} = ... (constant over "
                f"dt)'."
            )
    seen = {name: f"{name}_{end}" for name in names}
    return {f"{name}_{end}": f"({word_substitute(text, seen)})" for name, text in signals.items()}


def _drawn_anew(text: str, neurons: Population) -> str:
    """Return a subexpression behind a text that is another number wherever it is read, or ""."""
    lines = {line["name"]: line for line in _SUBEXPRESSION.finditer(neurons.equations)}
    waiting, seen = sorted(get_identifiers(text)), set[str]()
    while waiting:
        name = waiting.pop()
        line = lines.get(name)
        if name in seen or line is None or "constant over dt" in (line["flags"] or ""):
            continue
        seen.add(name)
        used = get_identifiers(line["text"])
        if used & {"rand", "randn", "xi"}:
            return str(name)
        waiting += sorted(used)
    return ""


def _substitute_expression(line: str, names: Mapping[str, str]) -> str:
    left, equals, right = line.partition("=")
    return left + equals + str(word_substitute(right, names)) if equals else line


def _extend_neuron(
    equations: RuleEquations, learning: _Learning, target: Population, shared: dict[str, str]
) -> tuple[RuleEquations, Population]:
    """Give the target the neuronal part of a rule, under names of its own."""
    if not equations.neuron_equations:
        return equations, target
    used = set(_NAME.findall(f"{equations.neuron_equations}\n{equations.neuron_reset}"))
    numbers = {k: v for k, v in learning.numbers.items() if k in used}
    durations, initial = equations.neuron_durations, equations.neuron_initial
    texts = (equations.neuron_equations, equations.neuron_reset, equations.neuron_memory)
    signals = {name: f"({text})" for name, text in _postsynaptic_signals(learning).items()}
    owner = f"{learning.projection.name}{learning.ending}"
    first = shared.setdefault(
        repr((target.name, texts, signals, numbers, durations, initial)), owner
    )
    new = {
        name: f"{name}_of_{first}"
        for name in variables("\n".join((texts[0], texts[2]))) | set(numbers) | set(durations)
    }
    equations = equations.rename_in_synapses({f"{k}_post": f"{v}_post" for k, v in new.items()})
    if first != owner:
        return equations, target
    if equations.neuron_reset and target.threshold is None:
        raise NetworkError(
            f"{learning} counts the spikes of {target.name!r}, which has no threshold."
        )
    model, reset, memory = (rename_variables(text, new) for text in texts)
    return equations, replace(
        target,
        reset=_join_lines(target.reset, reset) or None,
        equations="\n".join(
            [
                target.equations.rstrip(),
                *(_substitute_expression(line, signals) for line in model.splitlines()),
            ]
        ),
        late=_join_lines(target.late, memory),
        parameters={**target.parameters, **{new[k]: v for k, v in numbers.items()}},
        durations={**target.durations, **{new[k]: v for k, v in durations.items()}},
        initial={**target.initial, **{new[k]: v for k, v in initial.items()}},
    )


def _synaptic_numbers(learning: _Learning, text: str) -> dict[str, Any]:
    """Return the numbers of a rule that the written rules use in the synapses."""
    used = set(_NAME.findall(text))
    numbers = {
        name if name in _SHARED else f"{name}{learning.ending}": value
        for name, value in learning.numbers.items()
    }
    scale = f"scale{learning.ending}"
    if scale in used:
        numbers[scale] = _amplitude_scale(learning)
    return {name: value for name, value in numbers.items() if name in used}


def _amplitude_scale(learning: _Learning) -> Any:
    """Return the change of the weight that an amplitude of one makes."""
    plasticity, weight = learning.plasticity, learning.projection.weight
    if plasticity.scale is not None:
        return plasticity.scale
    if plasticity.relative_to == "w_max":
        return plasticity.w_max
    if plasticity.relative_to == "initial":
        if not isinstance(weight, DISTRIBUTIONS) and np.ndim(weight) == 0:
            if np.asarray(weight) > 0:
                return weight
            reference = f"the weight before learning, which is {weight}"
        else:
            reference = "the weight before learning, and the weights of this projection differ"
    elif get_dimensions(plasticity.w_max).is_dimensionless:
        return 1.0
    else:
        reference = "a weight without dimension"
    raise NetworkError(
        f"projection {learning.projection.name!r}: amplitudes of {plasticity.rule!r} are relative "
        f"to {reference}. Give scale, the change that an amplitude of one makes."
    )


def _stand_ins(names: frozenset[str], target: Population) -> dict[str, str]:
    """Return stand-ins for names of the rule that no synapse may have.

    Those that its target has too, and those that end like variables of the neurons.
    """
    clash = names & (target.variables | set(target.parameters) | set(target.durations))
    clash |= {name for name in names if name.endswith(("_pre", "_post"))}
    return {name: f"{name}_of_rule" for name in clash}


def _check_names(rules: Sequence[_Learning], names: frozenset[str]) -> None:
    projection = rules[0].projection
    if clash := sorted((variables(projection.equations) | set(projection.parameters)) & names):
        raise NetworkError(
            f"projection {projection.name!r} defines {clash[0]!r}, which its rule "
            f"{rules[0].rule.name!r} defines too; rename it."
        )
