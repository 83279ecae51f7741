"""From projections with a rule to projections with equations: the first step of lowering.

Everything below sees ordinary synapses and neurons. The numbers of a rule become parameters, so
that neither they, nor the bounds, nor freezing, recompile anything; only another rule, option,
signal or set of modulatory factors changes equations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions
from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.core.errors import NetworkError, suggest_name
from dualframe.network import Network, Plasticity, Population, Projection, variables
from dualframe.network.distributions import DISTRIBUTIONS, Limited
from dualframe.plasticity.registry import rule
from dualframe.plasticity.rule import GATE, Body, renamed

_NAME = re.compile(r"\b[A-Za-z_]\w*")


def with_rules(network: Network) -> Network:
    """Return the network with every plasticity rule written out.

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
            target = populations[projection.target]
            source = populations.get(projection.source)
            projection, populations[target.name] = written_out(
                projection, projection.plasticity, source, target, shared
            )
        projections.append(projection)
    return replace(network, populations=tuple(populations.values()), projections=tuple(projections))


def written_out(
    projection: Projection,
    given: Plasticity,
    source: Population | None,
    target: Population,
    shared: dict[str, str],
) -> tuple[Projection, Population]:
    """Return a projection with the equations of its rule, and its target with what these need.

    ``shared`` are the neuronal parts that targets have already, by what they are: projections
    with one rule and the same numbers share one.
    """
    known = (target.variables | set(target.parameters)) - {GATE}
    body = rule(given.rule).write(given, known | (set(given.signals) & {GATE}))
    body = _with_sources(body, given, projection, source)
    body = _with_signals(body, given, projection, target)
    body, target = _with_neuron(body, given, projection, target, shared)
    numbers = _parameters(projection, given, body.synapse)
    _check_names(projection, given, variables(body.equations) | set(numbers))
    taken = _taken(body, numbers, target)
    body, numbers = body.renamed(taken), {taken.get(k, k): v for k, v in numbers.items()}
    weight = projection.weight
    if isinstance(weight, DISTRIBUTIONS):
        weight = Limited(weight, given.w_min, given.w_max)
    on_pre = [body.due, body.before, projection.on_pre, body.on_pre, body.ahead]
    on_post = [body.due, body.on_post, body.ahead]
    learned = replace(
        projection,
        equations="\n".join(filter(None, [projection.equations, body.equations])),
        on_pre="\n".join(filter(None, on_pre)) or None,
        on_post="\n".join(filter(None, on_post)) if body.on_post else None,
        weight=weight,
        parameters={**projection.parameters, **numbers},
        due=body.due,
        visits=body.visits,
        late=body.late,
        plasticity=None,
    )
    return learned, target


def _with_signals(
    body: Body, given: Plasticity, projection: Projection, target: Population
) -> Body:
    """Write what the rule reads of the neuron in the neuron's own names."""
    of_source = rule(given.rule).sources
    signals = {name: text for name, text in given.signals.items() if name not in of_source}
    outside = _told(signals, "post", given, projection, target)
    inside = {name: f"({text})" for name, text in signals.items()}
    return replace(
        body.renamed(outside),
        neuron="\n".join(_in_expressions(line, inside) for line in body.neuron.splitlines()),
    )


def _with_sources(
    body: Body, given: Plasticity, projection: Projection, source: Population | None
) -> Body:
    """Write what the rule reads of the presynaptic neuron in that neuron's own names."""
    signals = {name: given.signals[name] for name in rule(given.rule).sources}
    if signals and source is None:
        raise NetworkError(
            f"projection {projection.name!r}: its rule {given.rule!r} reads {min(signals)!r} of "
            f"the presynaptic neurons, but {projection.source!r} is an input: let a population "
            f"project."
        )
    return body.renamed(_told(signals, "pre", given, projection, source) if source else {})


def _told(
    signals: Mapping[str, str],
    end: str,
    given: Plasticity,
    projection: Projection,
    neurons: Population,
) -> dict[str, str]:
    """Return what stands for a rule's names with ``_pre`` or ``_post``, and refuse what is not."""
    known = neurons.variables | set(neurons.parameters)
    for name, text in signals.items():
        for used in get_identifiers(text) - known - {"int", "exp", "clip", "abs", "t", "dt"}:
            raise NetworkError(
                f"projection {projection.name!r}: its rule {given.rule!r} reads {name!r} of the "
                f"neurons of {neurons.name!r}, which have no variable {used!r}; "
                f"say what it is with signals={{{name!r}: ...}}. " + suggest_name(used, known)
            )
    own = {name: f"{name}_{end}" for name in known}
    return {f"{name}_{end}": f"({word_substitute(text, own)})" for name, text in signals.items()}


def _in_expressions(line: str, names: Mapping[str, str]) -> str:
    left, equals, right = line.partition("=")
    return left + equals + str(word_substitute(right, names)) if equals else line


def _with_neuron(
    body: Body,
    given: Plasticity,
    projection: Projection,
    target: Population,
    shared: dict[str, str],
) -> tuple[Body, Population]:
    """Give the target the neuronal part of a rule, under names of its own."""
    if not body.neuron:
        return body, target
    used = set(_NAME.findall(f"{body.neuron}\n{body.reset}"))
    numbers = {k: v for k, v in _every_number(projection, given).items() if k in used}
    what = repr(
        (target.name, body.neuron, numbers, body.durations, body.neuron_initial, body.reset)
    )
    first = shared.setdefault(what, projection.name)
    own = {
        name: f"{name}_of_{first}"
        for name in variables(body.neuron) | set(numbers) | set(body.durations)
    }
    body = body.renamed({f"{name}_post": f"{new}_post" for name, new in own.items()})
    if first != projection.name:
        return body, target
    if body.reset and target.threshold is None:
        raise NetworkError(
            f"projection {projection.name!r}: its rule {given.rule!r} counts the spikes of "
            f"{target.name!r}, which has no threshold."
        )
    return body, replace(
        target,
        reset="\n".join(filter(None, [target.reset, renamed(body.reset, own)])) or None,
        equations=f"{target.equations.rstrip()}\n{renamed(body.neuron, own)}",
        parameters={**target.parameters, **{own[k]: v for k, v in numbers.items()}},
        durations={**target.durations, **{own[k]: v for k, v in body.durations.items()}},
        initial={**target.initial, **{own[k]: v for k, v in body.neuron_initial.items()}},
    )


def _every_number(projection: Projection, given: Plasticity) -> dict[str, Any]:
    return {
        **given.numbers,
        "w_min": given.w_min,
        "w_max": given.w_max,
        "learning_rate": given.rate,
    }


def _parameters(projection: Projection, given: Plasticity, text: str) -> dict[str, Any]:
    """Numbers that the written rule uses in the synapses."""
    used = set(_NAME.findall(text))
    every = _every_number(projection, given)
    if "scale" in used:
        every["scale"] = _scale(projection, given)
    return {name: value for name, value in every.items() if name in used}


def _scale(projection: Projection, given: Plasticity) -> Any:
    if given.scale is not None:
        return given.scale
    if given.relative_to == "w_max":
        return given.w_max
    if given.relative_to == "initial":
        if not isinstance(projection.weight, DISTRIBUTIONS) and np.ndim(projection.weight) == 0:
            return projection.weight
        what = "the weight before learning, and the weights of this projection differ"
    elif get_dimensions(given.w_max).is_dimensionless:
        return 1.0
    else:
        what = "a weight without dimension"
    raise NetworkError(
        f"projection {projection.name!r}: amplitudes of {given.rule!r} are relative to {what}. "
        f"Give scale, the change that an amplitude of one makes."
    )


def _taken(body: Body, numbers: Mapping[str, Any], target: Population) -> dict[str, str]:
    """Names of the rule that no synapse may have, and their stand-ins.

    Those that its target has too, and those that end like variables of the neurons.
    """
    names = variables(body.equations) | set(numbers)
    clash = names & (target.variables | set(target.parameters) | set(target.durations))
    clash |= {name for name in names if name.endswith(("_pre", "_post"))}
    return {name: f"{name}_of_rule" for name in clash}


def _check_names(projection: Projection, given: Plasticity, names: Set[str]) -> None:
    own = variables(projection.equations) | set(projection.parameters)
    if clash := sorted(own & names):
        raise NetworkError(
            f"projection {projection.name!r} defines {clash[0]!r}, which its rule {given.rule!r} "
            f"defines too; rename it."
        )
