"""Populations in the portable subset: equations without events, constants as values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.units.fundamentalunits import Quantity

from dualframe.network import CurrentInput, Network, Population, Recording
from dualframe.network.distributions import lognormal_factor
from dualframe.targets.lowering.current_inputs import insert_current_inputs
from dualframe.targets.lowering.event_free_equations import parse_assignments, parse_equations
from dualframe.targets.lowering.identifiers import check_solved_exactly, names_in
from dualframe.targets.lowering.lowered_network import Array, Constant, LoweredGroup, constant_of
from dualframe.targets.lowering.population_texts import PopulationTexts
from dualframe.targets.lowering.portable_form import PERIOD, portable_form
from dualframe.targets.lowering.time_steps import nearest_steps

_EXACT = ("exact", "linear")  # Brian2's two names of one method


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
    constants = _draw_constants(population, rng) | _durations_in_steps(population, dt)
    lines, steps = insert_current_inputs(
        population,
        currents,
        parse_equations(population.equations, f"population {population.name!r}"),
    )
    constants |= {name: constant_of(value) for name, value in steps.items()}
    if population.method in _EXACT:
        solved = (line.name for line in lines if line.kind == DIFFERENTIAL_EQUATION)
        check_solved_exactly(f"population {population.name!r}", solved)
    form = portable_form(
        PopulationTexts.of(population),
        tuple(lines),
        current_steps=frozenset(steps),
        driven=frozenset(driven),
        keep=frozenset(keep),
    )
    if isinstance(population.refractory, Quantity):
        constants[PERIOD] = constant_of(population.refractory)
    kept = {name: constants[name] for name in sorted(constants) if name in form.names}
    declared = [constants[name].equation_line(name) for name in kept]
    return LoweredGroup(
        name=population.name,
        n=population.n,
        equations="\n".join([form.equations, *declared]),
        threshold=population.threshold,
        reset=population.reset,
        refractory=form.refractory,
        method=population.method,
        constants=kept,
        initial={
            name: np.asarray(value, dtype=float) for name, value in population.initial.items()
        },
        units=form.units,
        recorded_as=form.recorded_as,
        events={event.name: event.time for event in population.events if event.time},
        counts=form.counts,
        late=form.late,
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
    used = set().union(*(names_in(text or "") for text in texts))
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
