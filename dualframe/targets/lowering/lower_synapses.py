"""Projections as synapses in the portable subset: pairs, weights and grouped delays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2.equations.equations import PARAMETER

from dualframe.core.errors import NetworkError
from dualframe.core.quantity import unit_of
from dualframe.network import Network, Population, Projection, variables
from dualframe.network.distributions import DISTRIBUTIONS
from dualframe.network.draw_connections import draw_pairs
from dualframe.targets.lowering.event_free_equations import (
    expand_subexpressions,
    expanded_texts,
    parse_assignments,
    parse_equations,
)
from dualframe.targets.lowering.identifiers import (
    check_known,
    check_reserved_of_synapses,
    check_solved_exactly,
    check_synaptic,
    identifiers_in,
    names_in,
)
from dualframe.targets.lowering.lowered_network import (
    Array,
    Constant,
    Indices,
    LoweredSynapses,
    constant_of,
)
from dualframe.targets.lowering.postsynaptic_references import (
    index_constant,
    resolve_postsynaptic_references,
)
from dualframe.targets.lowering.time_steps import nearest_steps

_MOST_DELAYS = 64


def lower_projection(
    network: Network, projection: Projection, dt: float, rng: np.random.Generator
) -> Iterator[LoweredSynapses]:
    """Lower a projection to synapses with one delay and one written variable each.

    Parameters
    ----------
    network
        The description.
    projection
        The projection.
    dt
        Time step (s).
    rng
        The random stream of the object.

    Raises
    ------
    NetworkError
        If a statement refers to a name that nothing defines, or has no portable form.
    """
    source, target = network.source(projection.source), network.population(projection.target)
    _check_statements(network, projection, target)
    projection = resolve_postsynaptic_references(projection, target)
    i, j = draw_pairs(projection, source, target, rng)
    weights = _draw_weights(projection, len(i), rng)
    declarations, initial, constants = _declare_variables(
        projection, weights, index_constant(projection, j)
    )
    statements = _split_statements(projection, target)
    groups = [
        _sort_by_source(i, members, delay)
        for members, delay in _delay_groups(projection, len(i), dt, rng)
    ]
    for part, (on_pre, on_post) in enumerate(statements):
        for group, (members, delay, drawn_as) in enumerate(groups):
            suffix = (f"_part{part}" if len(statements) > 1 else "") + (
                f"_delay{group}" if len(groups) > 1 else ""
            )
            yield LoweredSynapses(
                name=projection.name + suffix,
                projection=projection.name,
                source=projection.source,
                target=projection.target,
                i=i[members],
                j=j[members],
                equations=declarations,
                on_pre=on_pre,
                on_post=on_post,
                delay=delay,
                constants={
                    n: c if c.is_shared else Constant(c.value[members], c.unit)
                    for n, c in constants.items()
                },
                initial={n: v[members] if v.ndim else v for n, v in initial.items()},
                weight_unit="1" if weights is None else unit_of(weights),
                due=projection.due,
                visits=tuple(
                    (text, max(nearest_steps(every, dt), 1) * dt)
                    for text, every in projection.visits
                ),
                visits_when=projection.visits_when,
                late=projection.late,
                drawn_as=drawn_as,
            )


def check_projection(network: Network, projection: Projection) -> None:
    """Raise what `lower_projection` would raise, without drawing anything.

    Parameters
    ----------
    network
        The description.
    projection
        The projection.
    """
    target = network.population(projection.target)
    parse_equations(projection.equations, f"projection {projection.name!r}")
    _split_statements(projection, target)
    _check_statements(network, projection, target)


def _draw_weights(projection: Projection, count: int, rng: np.random.Generator) -> Any:
    if isinstance(projection.weight, DISTRIBUTIONS):
        return projection.weight.draw(rng, count)
    return projection.weight


def _declare_variables(
    projection: Projection, weights: Any, indices: Mapping[str, Constant]
) -> tuple[str, dict[str, Array], dict[str, Constant]]:
    """Equations of the synapses: the weight, the constants and the user's own lines."""
    lines = [
        str(line)
        for line in parse_equations(projection.equations, f"projection {projection.name!r}")
    ]
    constants = {name: constant_of(value) for name, value in projection.parameters.items()}
    constants |= indices
    initial: dict[str, Array] = {}
    if weights is not None:
        weight = constant_of(weights)
        if _defines_weight(projection):
            initial["w"] = weight.value
        elif any(_writes_variable(s, "w") for s in projection.statements):
            lines.append(f"w : {weight.unit}")
            initial["w"] = weight.value
        else:
            constants["w"] = weight
    lines += [constant_of.equation_line(name) for name, constant_of in constants.items()]
    return "\n".join(lines), initial, constants


def _defines_weight(projection: Projection) -> bool:
    """Whether the synaptic equations define the weight, as plasticity that runs in time does."""
    return "w" in variables(projection.equations)


def _writes_variable(statement: str, name: str) -> bool:
    return name in {variable for variable, _ in parse_assignments(statement, "statement")}


def _split_statements(
    projection: Projection, target: Population
) -> list[tuple[str | None, str | None]]:
    """One set of synapses per written postsynaptic variable (portable subset, rule 2)."""
    if projection.on_pre is None:
        return [(None, projection.on_post)]
    own = variables(projection.equations) | {"w"}
    parts = [p.strip() for p in projection.on_pre.replace("\n", ";").split(";") if p.strip()]
    assigned = [parse_assignments(part, projection.name)[0][0] for part in parts]
    written = [name.removesuffix("_post") for name in assigned]
    onto_target = [k for k, name in enumerate(written) if name not in own]
    if len({written[k] for k in onto_target}) <= 1:
        return [("\n".join(parts), projection.on_post)]
    if projection.equations or projection.on_post or len(onto_target) < len(parts):
        raise NetworkError(
            f"projection {projection.name!r} writes {len(onto_target)} variables of "
            f"{target.name!r} and has synaptic variables of its own: give each written variable "
            f"a projection of its own."
        )
    _check_separate(projection, parts, written)
    return [(part, None) for part in parts]


def _check_separate(projection: Projection, parts: list[str], written: list[str]) -> None:
    """Refuse statements that build on each other: their order is lost when they are split."""
    for part, own in zip(parts, written, strict=True):
        read = {name.removesuffix("_post") for name in names_in(part)} - {own}
        if clash := read & set(written):
            raise NetworkError(
                f"projection {projection.name!r}: {part!r} reads {min(clash)!r}, which another of "
                f"its statements writes: give each written variable a projection of its own."
            )


def _check_statements(network: Network, projection: Projection, target: Population) -> None:
    own = variables(projection.equations) | {"w"} | set(projection.parameters)
    source = network.source(projection.source)
    ends = {f"{name}_post" for name in target.variables | set(target.parameters)}
    if isinstance(source, Population):
        ends |= {f"{name}_pre" for name in source.variables | set(source.parameters)}
    known = own | target.variables | set(target.parameters) | ends
    used = identifiers_in(projection.statements)
    label = f"projection {projection.name!r}"
    check_reserved_of_synapses(label, _names_of_synapses(projection))
    lines = parse_equations(projection.equations, label)
    check_solved_exactly(label, (line.name for line in lines if "event-driven" in line.flags))
    _check_own_names(projection, source, target)
    _check_set(projection)
    check_known(label, used, known)
    check_synaptic(label, used - known)
    watched = _variables_of_events(target)
    for statement in projection.statements:
        for name, _ in parse_assignments(statement, label):
            if name.removesuffix("_post") in watched:
                raise NetworkError(
                    f"{label} writes {name!r} directly, on which a dendritic spike of "
                    f"{target.name!r} depends: this has no event-free form. Write a synaptic "
                    f"conductance or current instead."
                )


def _names_of_synapses(projection: Projection) -> set[str]:
    """Names that equations and parameters of a projection give to synaptic variables."""
    summed = {f"{name}_post" for name in projection.summed}
    return {*variables(projection.equations) - summed, *projection.parameters}


def _check_own_names(projection: Projection, source: Any, target: Population) -> None:
    """Refuse a synaptic variable with the name of one of the neurons at either end."""
    own = _names_of_synapses(projection) | ({"w"} if projection.weight is not None else set())
    for neurons in (source, target):
        if not isinstance(neurons, Population):
            continue
        of_neurons = neurons.variables | (set(neurons.parameters) & _names_in_population(neurons))
        for name in sorted(own & of_neurons):
            kind = "variable" if name in neurons.variables else "parameter"
            weight = name == "w" and projection.weight is not None
            remedy = (
                "rename that of the population, for example to 'w_adapt', in all of its texts"
                if weight
                else "rename one of them"
            )
            raise NetworkError(
                f"projection {projection.name!r} has a synaptic variable {name!r}"
                f"{', its weight' if weight else ''}, and population {neurons.name!r} has a {kind} "
                f"{name!r}: expected different names, to tell them apart in statements; {remedy}."
            )


def _names_in_population(population: Population) -> set[str]:
    texts = [population.equations, population.threshold, population.reset, population.second_reset]
    texts += [population.refractory] if isinstance(population.refractory, str) else []
    texts += [text for event in population.events for text in (event.condition, event.action)]
    return identifiers_in(texts)


def _check_set(projection: Projection) -> None:
    """Refuse a synaptic variable that is declared, but that nothing sets: it would stay zero."""
    visits = [text for text, _ in (*projection.visits, *projection.visits_when)]
    texts = [*projection.statements, projection.due, projection.late, *visits]
    label = f"projection {projection.name!r}"
    written = {name for text in texts if text for name, _ in parse_assignments(text, label)}
    written |= {"w"} if projection.weight is not None else set()
    for line in parse_equations(projection.equations, label):
        if line.kind == PARAMETER and line.name not in written:
            raise NetworkError(
                f"{label} declares {line.name!r} in its equations, but nothing sets it, so that it "
                f"stays zero: expected a value. Give parameters={{{line.name!r}: ...}} without the "
                f"declaration, or call it w, undeclared, and give weight=."
            )


def _variables_of_events(target: Population) -> set[str]:
    """Variables that the events of a population look at, other than their own."""
    if not target.events:
        return set()
    full = expanded_texts(parse_equations(target.equations, f"population {target.name!r}"))
    looked_at: set[str] = set()
    own: set[str] = set()
    for event in target.events:
        looked_at |= names_in(expand_subexpressions(event.condition, full))
        own |= {name for name, _ in parse_assignments(event.action, event.name)}
    return looked_at & target.variables - own


def _sort_by_source(
    sources: Indices, members: Any, delay: float | Array
) -> tuple[Any, float | Array, Indices | None]:
    """Sort a group of synapses by source and delay; say where each stood in the group.

    Those of one source and delay keep their order, so that a neuron receives what arrives in one
    step in the order in which it was drawn.
    """
    own = sources[members]
    keys = (own,) if np.ndim(delay) == 0 else (np.asarray(delay), own)
    order = np.lexsort(keys).astype(np.int32)
    if np.array_equal(order, np.arange(len(own))):
        return members, delay, None
    sorted_delay = delay if np.ndim(delay) == 0 else np.asarray(delay)[order]
    return np.arange(len(sources))[members][order], sorted_delay, order


def _delay_groups(
    projection: Projection, count: int, dt: float, rng: np.random.Generator
) -> Iterator[tuple[Any, float]]:
    """Members and delay (s) of each group of synapses with one delay, or all with their own."""
    delay = projection.delay
    if projection.own_delays:
        drawn = delay.draw(rng, count) if isinstance(delay, DISTRIBUTIONS) else delay
        yield slice(None), np.maximum(np.rint(np.asarray(drawn, dtype=float) / dt), 0.0) * dt
        return
    if isinstance(delay, DISTRIBUTIONS):
        drawn = np.maximum(np.asarray(delay.draw(rng, count)), 0.0)
        order = np.argsort(drawn, kind="stable")
        groups = projection.delay_groups or count  # None is own_delays, above
        for members in np.array_split(order, min(groups, max(count, 1))):
            centre = float(np.median(drawn[members])) if members.size else 0.0
            yield np.sort(members), round(centre / dt) * dt
        return
    steps = np.rint(np.asarray(delay, dtype=float) / dt).astype(int)
    if steps.ndim == 0:
        yield slice(None), int(steps) * dt
        return
    delays = np.unique(steps)
    if len(delays) > _MOST_DELAYS:
        raise NetworkError(
            f"projection {projection.name!r} has {len(delays)} different delays, of which at most "
            f"{_MOST_DELAYS} can be grouped: give delay_groups=None, with which every synapse has "
            f"its own (not on genn), or round them."
        )
    for value in delays:
        yield np.flatnonzero(steps == value), int(value) * dt
