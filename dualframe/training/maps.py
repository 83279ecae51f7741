"""What agents have learned, over place: fields of encoders, drive of cells, policy and value.

The field of an encoder's cell is its rate ``rate_now`` by what it observes, from the equations of
its own population. The *drive* of a cell at a place is the sum over its learned synapses of weight
times the field of the presynaptic cell: what arrives per second, before the cell makes spikes of
it. Where agents choose between actions, the policy is the difference of the drives of their
groups; where every spike pushes, it is the direction in which the drive of all cells pushes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from brian2.utils.stringtools import get_identifiers
from numpy.typing import NDArray

from dualframe.building.task_builder import make_environment
from dualframe.building.task_context import ENVIRONMENT
from dualframe.core.errors import DualframeError, NetworkError, UnknownName
from dualframe.environments import Environment
from dualframe.environments.expression_evaluator import compile_expression, ordered_subexpressions
from dualframe.network import Network, Projection
from dualframe.training.agent_record import AgentRecord

FIELD = "rate_now"  # of encoders that have a rate at each place
_COPY = re.compile(r"^\s*(?P<into>\w+)_post = (?P<variable>\w+)_pre : .*\(summed\)\s*$")
_ADDS = re.compile(r"\w+ \+= w")
_COUNTS = re.compile(r"count_(?:action_)?(?P<what>\d+|value) \+= w")
_POINTS = 33  # a side

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Places in one or two observed variables; the others have the values of ``at``.

    Attributes
    ----------
    over
        Names of the variables.
    axes
        Values along each of them.
    at
        Values of the others.
    """

    over: tuple[str, ...]
    axes: tuple[Floats, ...]
    at: Mapping[str, float]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of places along each axis."""
        return tuple(axis.size for axis in self.axes)

    def place_values(self, variable: str) -> Floats:
        """Return the values of a variable at all places, one after the other.

        Parameters
        ----------
        variable
            Its name.
        """
        meshes = dict(zip(self.over, np.meshgrid(*self.axes, indexing="ij"), strict=True))
        if variable in meshes:
            return meshes[variable].ravel()
        return np.full(int(np.prod(self.shape)), float(self.at.get(variable, 0.0)))


def observed_variables(agent: Network) -> dict[str, dict[str, str]]:
    """Return what each encoder with fields observes: its own variables and the environment's.

    Parameters
    ----------
    agent
        The network of one agent.
    """
    seen: dict[str, dict[str, str]] = {}
    for projection in agent.projections:
        copied = _COPY.match(projection.equations or "")
        if projection.source != ENVIRONMENT or copied is None:
            continue
        if FIELD in agent.population(projection.target).variables:
            seen.setdefault(projection.target, {})[copied["into"]] = copied["variable"]
    return {name: _position_only(agent, name, pairs) for name, pairs in seen.items()}


def _position_only(agent: Network, encoder: str, pairs: Mapping[str, str]) -> dict[str, str]:
    """Leave out what only opens and closes a gate: it is no place."""
    encoded = agent.population(encoder)
    expressions = dict(ordered_subexpressions(encoded.equations))
    gates = set(re.findall(r"int\((\w+) < 0\.5\)", expressions[FIELD]))
    return {into: variable for into, variable in pairs.items() if into not in gates}


def learned_projections(agents: AgentRecord) -> dict[str, Projection]:
    """Return the projections whose weights were learned, by name.

    Parameters
    ----------
    agents
        Agents that have learned.
    """
    return {p.name: p for p in agents.network.projections if p.name in agents.weights}


def standard_grid(agents: AgentRecord, over: Sequence[str] = ()) -> Grid:
    """Return a grid over the place where the environment has one, else over what encoders see.

    Parameters
    ----------
    agents
        Agents that have learned.
    over
        One or two observed variables; the default is the place, or the first two that encoders
        with learned synapses observe.

    Raises
    ------
    UnknownName
        If no encoder observes such a variable.
    DualframeError
        If there is nothing to draw over.
    """
    observed = observed_variables(agents.network)
    sources = {projection.source for projection in learned_projections(agents).values()}
    seen = {name: pairs for name, pairs in observed.items() if name in sources}
    variables = list(dict.fromkeys(v for pairs in seen.values() for v in pairs.values()))
    if not variables:
        raise DualframeError(
            f"task {agents.task.name!r} has no learned synapses from an encoder with fields: there "
            f"is no map; draw its weights, with dualframe.plots.weight_map."
        )
    for variable in over:
        if variable not in variables:
            raise UnknownName("variable that encoders observe", variable, variables)
    chosen = tuple(over) or _standard_variables(agents, seen, variables)
    if len(chosen) > 2:
        raise DualframeError(f"a map is over one or two variables, not {len(chosen)}: choose two.")
    axes = tuple(np.linspace(*_range_of(agents, v), _POINTS) for v in chosen)
    return Grid(over=chosen, axes=axes, at=_rest_of(agents, variables))


def _standard_variables(
    agents: AgentRecord, seen: Mapping[str, Mapping[str, str]], variables: Sequence[str]
) -> tuple[str, ...]:
    world = make_environment(agents.task)
    position = world.position if world is not None else ()
    if position and set(position) <= set(variables):
        return position
    first = tuple(next(iter(seen.values())).values())
    return tuple(dict.fromkeys([*first, *variables]))[:2]


def _rest_of(agents: AgentRecord, variables: Sequence[str]) -> dict[str, float]:
    """Return the values of variables in the middle of where trials start."""
    world = make_environment(agents.task)
    start = {} if world is None else _observed_at_start(world)
    return {name: float(start.get(name, 0.0)) for name in variables}


def _observed_at_start(world: Environment) -> dict[str, Any]:
    """Return the state in the middle of where trials start, and what is observed of it."""
    unmoved = dict.fromkeys((*world.action.inputs, "elapsed", "collected", "trial"), 0.0)
    values: dict[str, Any] = {**world.constants, **unmoved, **world.draw_start()}
    for name, text in ordered_subexpressions(world.tick_equations):
        if name in world.observed_subexpressions:
            values[name] = compile_expression(text, lambda: 0.5)(values)
    return values


def _range_of(agents: AgentRecord, variable: str) -> tuple[float, float]:
    """Return the range that the centres of fields span, else that of the observation."""
    for name, pairs in observed_variables(agents.network).items():
        parameters = agents.network.population(name).parameters
        for into, observed in pairs.items():
            span = _field_span(parameters, into.removeprefix("seen_"))
            if observed == variable and span is not None:
                return span
    world = make_environment(agents.task)
    for observation in () if world is None else world.observations:
        if observation.name == variable and np.isfinite([observation.low, observation.high]).all():
            return (float(observation.low), float(observation.high))
    raise DualframeError(
        f"what {variable!r} ranges over is not known: neither fields nor the environment say it."
    )


def _field_span(parameters: Mapping[str, Any], suffix: str) -> tuple[float, float] | None:
    """Return the stated range of an encoder, or the span of its centres; None if neither is."""
    if f"low_{suffix}" in parameters and f"high_{suffix}" in parameters:
        low, high = (float(np.asarray(parameters[f"{end}_{suffix}"])) for end in ("low", "high"))
        return low, high
    centres = np.asarray(parameters.get(f"centre_{suffix}", 0.0), dtype=float)
    if np.ptp(centres) == 0:
        return None
    reach = float(np.asarray(parameters.get(f"reach_{suffix}", 1.0)))
    return float(centres.min()) * reach, float(centres.max()) * reach


def evaluate_fields(agent: Network, encoder: str, grid: Grid) -> Floats:
    """Return the rates of an encoder's cells at places, shape ``(cells, places)``, in Hz.

    Parameters
    ----------
    agent
        The network of one agent.
    encoder
        Its population.
    grid
        The places.

    Raises
    ------
    DualframeError
        If its rate cannot be told from what it observes.
    """
    cells = agent.population(encoder)
    places = int(np.prod(grid.shape))
    values: dict[str, Any] = dict.fromkeys(cells.variables, 0.0)
    values |= {
        name: np.broadcast_to(np.asarray(value, dtype=float), (cells.n,))[:, np.newaxis]
        for name, value in cells.parameters.items()
    }
    for into, variable in observed_variables(agent)[encoder].items():
        values[into] = grid.place_values(variable)
    expressions = dict(ordered_subexpressions(cells.equations))
    try:
        for name in _needed_by(FIELD, expressions):
            values[name] = compile_expression(expressions[name], lambda: 0.5)(values)
    except (NetworkError, KeyError) as problem:
        raise DualframeError(
            f"the fields of encoder {encoder!r} cannot be drawn: its rate is no function of what "
            f"it observes ({problem})."
        ) from problem
    return np.array(np.broadcast_to(values[FIELD], (cells.n, places)), dtype=float)


def _needed_by(name: str, expressions: Mapping[str, str]) -> list[str]:
    """Return the subexpressions that one is made of, in the order in which they are computed."""
    needed, new = {name}, {name}
    while new:
        used = set[str]().union(*(get_identifiers(expressions[item]) for item in new))
        new = (used & expressions.keys()) - needed
        needed |= new
    return [item for item in expressions if item in needed]


def weight_matrix(agents: AgentRecord, projection: str, agent: int | None = None) -> Floats:
    """Return learned weights, shape ``(pre, post)``; NaN where there is no synapse.

    Parameters
    ----------
    agents
        Agents that have learned.
    projection
        Name of the projection.
    agent
        Number of the agent; None for the mean over agents that have the synapse.

    Raises
    ------
    UnknownName
        If there is no such projection or agent.
    """
    if projection not in agents.weights:
        raise UnknownName("projection that learns", projection, agents.weights)
    if agent is not None and agent not in range(agents.n):
        raise UnknownName("agent", agent, [str(k) for k in range(agents.n)])
    ends = next(p for p in agents.network.projections if p.name == projection)
    shape = agents.network.source(ends.source).n, agents.network.source(ends.target).n
    table = agents.weights[projection]
    if agent is not None:
        table = table[table["pre"] // shape[0] == agent]
    return _matrix_of(table, shape)


def _matrix_of(table: pd.DataFrame, shape: tuple[int, int]) -> Floats:
    place = (table["pre"].to_numpy() % shape[0], table["post"].to_numpy() % shape[1])
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, place, table["weight"].to_numpy())
    np.add.at(count, place, 1.0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def map_drive(agents: AgentRecord, population: str, grid: Grid, agent: int | None = None) -> Floats:
    """Return the drive of a population's cells at places, shape ``(cells, places)``.

    Parameters
    ----------
    agents
        Agents that have learned.
    population
        On which learned projections of encoders end.
    grid
        The places.
    agent
        Number of the agent; None for the mean over agents.

    Returns
    -------
    numpy.ndarray
        In units of the weights times Hz.

    Raises
    ------
    UnknownName
        If no such projection ends there.
    """
    network = agents.network
    fields = observed_variables(network)
    learned = {n: p for n, p in learned_projections(agents).items() if p.source in fields}
    onto = [name for name, p in learned.items() if p.target == population]
    if not onto:
        targets = {p.target for p in learned.values()}
        raise UnknownName("population with learned synapses from fields", population, targets)
    drive: Floats = np.zeros((network.population(population).n, int(np.prod(grid.shape))))
    for name in onto:
        weights = np.nan_to_num(weight_matrix(agents, name, agent))
        drive = drive + weights.T @ evaluate_fields(network, learned[name].source, grid)
    return np.asarray(drive)


def push_directions(agent: Network) -> dict[str, Floats]:
    """Return how a spike of each cell pushes the environment, by population of action cells.

    Parameters
    ----------
    agent
        The network of one agent.

    Returns
    -------
    dict
        Arrays of shape ``(cells, directions)``.
    """
    parts: dict[str, list[Floats]] = {}
    for projection in agent.projections:
        if projection.target == ENVIRONMENT and _ADDS.fullmatch(projection.on_pre or ""):
            n = agent.source(projection.source).n
            pushes = np.broadcast_to(np.asarray(projection.weight, dtype=float), n)
            parts.setdefault(projection.source, []).append(pushes)
    return {name: np.stack(pushes, axis=1) for name, pushes in parts.items()}


def counted_groups(agent: Network) -> dict[str, list[tuple[str, NDArray[np.int64]]]]:
    """Return the cells that readouts count, by what they are counted for.

    Parameters
    ----------
    agent
        The network of one agent.

    Returns
    -------
    dict
        Population and its cells for each action (``"0"``, ``"1"``, ...), and for ``"value"``.
    """
    groups: dict[str, list[tuple[str, NDArray[np.int64]]]] = {}
    for projection in agent.projections:
        counted = _COUNTS.fullmatch(projection.on_pre or "")
        if counted is not None:
            cells = np.arange(agent.source(projection.source).n)
            if isinstance(projection.pairs, tuple):
                cells = np.unique(projection.pairs[0]).astype(np.int64)
            groups.setdefault(counted["what"], []).append((projection.source, cells))
    return groups
