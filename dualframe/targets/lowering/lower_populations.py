"""Populations in the portable subset: equations without events, constants as values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import Quantity
from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.core.errors import NetworkError
from dualframe.network import CurrentInput, Network, Population, Recording
from dualframe.network.distributions import lognormal_factor
from dualframe.targets.lowering.event_free_equations import (
    PARAMETER,
    SUBEXPRESSION,
    EquationLine,
    inline_subexpressions,
    insert_current_inputs,
    parse_assignments,
    parse_equations,
    replace_events,
)
from dualframe.targets.lowering.identifiers import (
    DRAWS,
    check_added,
    check_known,
    check_refractory,
    check_reserved,
    identifiers_in,
)
from dualframe.targets.lowering.lowered_network import Array, Constant, LoweredGroup, constant_of
from dualframe.targets.lowering.poisson_counts import poisson_rate
from dualframe.targets.lowering.time_steps import nearest_steps

_WORD = re.compile(r"\w+")


def lower_population(
    network: Network,
    population: Population,
    dt: float,
    rng: np.random.Generator,
    record: Mapping[str, Recording],
) -> LoweredGroup:
    """Lower a population of a network; heterogeneous parameters are drawn from ``rng``.

    Parameters
    ----------
    network
        The description.
    population
        The population.
    dt
        Time step (s).
    rng
        The random stream of the object.
    record
        What to record, by population or projection.

    Raises
    ------
    NetworkError
        If an equation refers to a name that nothing defines, or a construct has no portable form.
    """
    keep, driven = (
        _subexpressions_in_use(network, population, record),
        _driven_variables(network, population),
    )
    currents = [
        item
        for item in network.inputs
        if isinstance(item, CurrentInput) and item.target == population.name
    ]
    label = f"population {population.name!r}"
    constants = _draw_constants(population, rng) | _durations_in_steps(population, dt)
    lines, steps = insert_current_inputs(
        population, currents, parse_equations(population.equations, label)
    )
    lines = _portable_time(replace_events(population, lines))
    lines = [_share_undriven_input(line, driven) for line in lines]
    counts = {line.name: rate for line in lines if (rate := poisson_rate(line)) in constants}
    keep |= set(counts)
    refractory = population.refractory
    has_period = isinstance(refractory, Quantity)
    made = [*steps, *(["refractory_period"] if has_period else [])]
    made += ["spike_width"] if population.spike_width is not None else []
    made += [line.name for line in lines if line.name not in population.variables]
    check_added(label, population.variables | set(population.parameters), made)
    check_added(label, population.durations, [n for n in made if n != "spike_width"])
    constants |= {name: constant_of(value) for name, value in steps.items()}
    if has_period:
        constants["refractory_period"] = constant_of(refractory)
        refractory = "refractory_period"
    texts = [population.threshold, population.reset, refractory]
    used = identifiers_in([*(line.expression for line in lines), *texts])
    check_reserved(label, [line.name for line in lines] + list(constants))
    check_known(label, used, {line.name for line in lines} | set(constants))
    if refractory is None:
        check_refractory(label, used)
    _check_draws(label, lines, keep)
    kept = {name: constants[name] for name in sorted(constants) if name in used | keep}
    declared = [constants[name].equation_line(name) for name in kept]
    equations = "\n".join([str(line) for line in inline_subexpressions(lines, keep)] + declared)
    late = parse_equations(population.late, label)
    initial = {name: np.asarray(value, dtype=float) for name, value in population.initial.items()}
    return LoweredGroup(
        name=population.name,
        n=population.n,
        equations=equations,
        threshold=population.threshold,
        reset=population.reset,
        refractory=refractory,
        method=population.method,
        constants=kept,
        initial=initial,
        units={line.name: line.unit for line in lines},
        recorded_as=_recorded_as(population, lines),
        events={event.name: event.time for event in population.events if event.time},
        counts=counts,
        late="\n".join(map(str, inline_subexpressions([*lines, *late], keep)[-len(late) :]))
        if late
        else "",
    )


def _check_draws(label: str, lines: list[EquationLine], keep: set[str]) -> None:
    """Refuse a drawn subexpression that several read: each would draw another value."""
    uses = Counter(name for line in lines for name in _WORD.findall(line.expression))
    for line in lines:
        if line.kind != SUBEXPRESSION or "constant over dt" in line.flags:
            continue
        if get_identifiers(line.expression) & DRAWS and (line.name in keep or uses[line.name] > 1):
            raise NetworkError(
                f"{label}: {line.name!r} is drawn anew by each who reads it; write "
                f"'{line.name} = {line.expression} : {line.unit} (constant over dt)' for one value "
                f"per neuron and step."
            )


def _subexpressions_in_use(
    network: Network, population: Population, record: Mapping[str, Recording]
) -> set[str]:
    """Subexpressions that something other than the equations uses."""
    texts = [population.threshold, population.reset]
    if isinstance(population.refractory, str):
        texts.append(population.refractory)
    for projection in network.projections:
        if population.name in (projection.source, projection.target):
            texts += [*projection.statements, projection.equations]
            texts += [variable for _, variable in projection.visits_when]
    used = set().union(*(get_identifiers(text or "") for text in texts))
    if population.name in record:
        used |= set(record[population.name].variables)
        used |= {f"{name}_now" for name in record[population.name].variables}
    return used | {name.removesuffix("_post").removesuffix("_pre") for name in used}


def _driven_variables(network: Network, population: Population) -> set[str]:
    """Variables that something sets: initial values, resets, synapses."""
    statements = [text for text in (population.reset, population.second_reset) if text]
    for projection in network.projections:
        if population.name in (projection.source, projection.target):
            statements += projection.statements
    written = {name for text in statements for name, _ in parse_assignments(text, population.name)}
    written |= {n for p in network.projections if p.target == population.name for n in p.summed}
    return set(population.initial) | {
        name.removesuffix("_post").removesuffix("_pre") for name in written
    }


def _share_undriven_input(line: EquationLine, driven: set[str]) -> EquationLine:
    """An input variable that nothing drives is one shared zero, not an array to stream."""
    if line.kind != PARAMETER or line.name in driven or line.flags or line.unit == "boolean":
        return line
    return replace(line, flags=("shared", "constant"))


def _portable_time(lines: list[EquationLine]) -> list[EquationLine]:
    """``t_in_timesteps`` is a clock variable that GeNN does not have."""
    by_function = {"t_in_timesteps": "timestep(t, dt)"}
    return [
        replace(line, expression=word_substitute(line.expression, by_function)) for line in lines
    ]


def _recorded_as(population: Population, lines: list[EquationLine]) -> dict[str, str]:
    """What is recorded under a variable's name: its value after events and second reset."""
    names = {line.name for line in lines}
    return {name: f"{name}_now" for name in population.variables if f"{name}_now" in names}


def _draw_constants(population: Population, rng: np.random.Generator) -> dict[str, Constant]:
    constants = {name: constant_of(value) for name, value in population.parameters.items()}
    for key in sorted(population.heterogeneity):
        factors = _heterogeneity_factors(population.heterogeneity[key], population.n, rng)
        if factors is None:
            continue
        for name in population.family(key):
            constants[name] = Constant(constants[name].value * factors, constants[name].unit)
    return constants


def _heterogeneity_factors(spread: Any, n: int, rng: np.random.Generator) -> Array | None:
    if np.ndim(spread):
        return np.asarray(spread, dtype=float)
    return lognormal_factor(rng, float(spread), n) if float(spread) > 0 else None


def _durations_in_steps(population: Population, dt: float) -> dict[str, Constant]:
    times = dict(population.durations)
    if population.spike_width is not None:
        times["spike_width"] = population.spike_width
    return {name: constant_of(float(nearest_steps(time, dt))) for name, time in times.items()}
