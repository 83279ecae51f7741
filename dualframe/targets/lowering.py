"""From a network, a seed and a time step to portable equations and arrays.

Everything random is drawn here, on the host, from the run's seed: connectivity, weights, delays,
heterogeneous parameters and input spikes. The same seed therefore gives the same network on every
target, and a changed weight, parameter or stimulus changes arrays, never equations.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from brian2 import NeuronGroup
from brian2.core.functions import timestep
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.units import second
from brian2.units.fundamentalunits import Quantity
from brian2.utils.stringtools import get_identifiers, word_substitute
from numpy.typing import NDArray

from dualframe.distributions import LogNormal, Normal, Uniform, lognormal_factor
from dualframe.errors import DualframeError, NetworkError, suggestion
from dualframe.network import (
    CurrentInput,
    Network,
    PoissonInput,
    Population,
    Projection,
    Recording,
    SpikeInput,
    variables,
)
from dualframe.quantity import unit_of
from dualframe.targets.connectivity import draw_pairs
from dualframe.targets.portable import (
    PARAMETER,
    Line,
    assignments,
    inlined,
    parse,
    with_currents,
    without_events,
)

Array = NDArray[np.float64]
_ALWAYS = frozenset({"t", "dt", "i", "N", "lastspike", "not_refractory", "xi"})
_GLOBAL = frozenset(DEFAULT_FUNCTIONS) | frozenset(DEFAULT_CONSTANTS) | frozenset(DEFAULT_UNITS)
_MOST_DELAYS = 64
# Brian2 keeps its own attributes of a group under these names
_RESERVED = frozenset(name for name in dir(NeuronGroup) if not name.startswith("_")) | {
    "start", "stop", "name", "clock", "events", "equations", "i", "N", "t", "dt",
}


@dataclass(frozen=True)
class Constant:
    """A constant in base units: shape ``()`` where all members share it."""

    value: Array
    unit: str

    @property
    def shared(self) -> bool:
        return self.value.ndim == 0

    def declaration(self, name: str) -> str:
        return f"{name} : {self.unit} ({'shared, constant' if self.shared else 'constant'})"


@dataclass(frozen=True)
class LoweredGroup:
    """A population in the portable subset."""

    name: str
    n: int
    equations: str
    threshold: str | None
    reset: str | None
    refractory: str | None
    method: str
    constants: Mapping[str, Constant]
    initial: Mapping[str, Array]
    units: Mapping[str, str] = field(default_factory=dict)
    recorded_as: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LoweredSpikes:
    """Input spikes: source indices and times (s), sorted by time."""

    name: str
    n: int
    indices: NDArray[np.int32]
    times: Array


@dataclass(frozen=True)
class LoweredPoisson:
    """Poisson sources drawn while the target runs; rates in Hz, window in s."""

    name: str
    n: int
    rates: Array
    start: float
    stop: float


@dataclass(frozen=True)
class LoweredSynapses:
    """Synapses with one delay (s) and at most one written postsynaptic variable."""

    name: str
    projection: str
    source: str
    target: str
    i: NDArray[np.int32]
    j: NDArray[np.int32]
    equations: str
    on_pre: str | None
    on_post: str | None
    delay: float
    constants: Mapping[str, Constant]
    initial: Mapping[str, Array] = field(default_factory=dict)
    weight_unit: str = "1"


@dataclass(frozen=True)
class Lowered:
    """A network ready for a target: text and arrays, no Brian2 objects."""

    groups: tuple[LoweredGroup, ...]
    spikes: tuple[LoweredSpikes, ...]
    poissons: tuple[LoweredPoisson, ...]
    synapses: tuple[LoweredSynapses, ...]
    recordings: Mapping[str, Recording]
    dt: float
    duration: float
    seed: int


def lower(
    network: Network,
    *,
    dt: Any,
    duration: Any,
    seed: int,
    record: Mapping[str, Recording] | None = None,
) -> Lowered:
    """Lower a network to the portable subset.

    Parameters
    ----------
    network
        The description.
    dt, duration
        Time step and simulated time.
    seed
        Seed of everything that is drawn.
    record
        What to record, by population.

    Raises
    ------
    NetworkError
        If an equation refers to a name that nothing defines, or a construct has no portable form.
    """
    step = float(np.asarray(dt))
    length = float(np.asarray(duration))
    currents = [item for item in network.inputs if isinstance(item, CurrentInput)]
    groups = tuple(
        _group(
            p, [c for c in currents if c.target == p.name], step, _rng(seed, p.name),
            _kept(network, p, record or {}), _driven(network, p),
        )
        for p in network.populations
    )
    spikes, poissons = [], []
    for source in network.sources:
        lowered = _source(source, step, length, _rng(seed, source.name))
        (spikes if isinstance(lowered, LoweredSpikes) else poissons).append(lowered)
    synapses = tuple(
        part
        for projection in network.projections
        for part in _synapses(network, projection, step, _rng(seed, projection.name))
    )
    return Lowered(
        groups, tuple(spikes), tuple(poissons), synapses, dict(record or {}), step, length, seed
    )


def check_structure(network: Network) -> list[str]:
    """Return what has no portable form, as messages; nothing is drawn or generated."""
    problems: list[str] = []
    for population in network.populations:
        currents = [
            item for item in network.inputs
            if isinstance(item, CurrentInput) and item.target == population.name
        ]
        still = replace(population, heterogeneity={})
        _note(problems, _group, still, currents, 1e-4, np.random.default_rng(0), set(), set())
    for projection in network.projections:
        target = network.population(projection.target)
        _note(problems, parse, projection.equations, f"projection {projection.name!r}")
        _note(problems, _split, projection, target)
        _note(problems, _check_statements, network, projection, target)
    return list(dict.fromkeys(problems))


def _note(problems: list[str], check: Callable[..., Any], *arguments: Any) -> None:
    try:
        check(*arguments)
    except DualframeError as error:
        problems.append(str(error))


def _rng(seed: int, name: str) -> np.random.Generator:
    """A stream of its own per object: adding one does not change the others."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


# ---------------------------------------------------------------------------- populations


def _kept(network: Network, population: Population, record: Mapping[str, Recording]) -> set[str]:
    """Subexpressions that something other than the equations uses."""
    texts = [population.threshold, population.reset]
    if isinstance(population.refractory, str):
        texts.append(population.refractory)
    for projection in network.projections:
        if population.name in (projection.source, projection.target):
            texts += [*projection.statements, projection.equations]
    used = set().union(*(get_identifiers(text or "") for text in texts))
    if population.name in record:
        used |= set(record[population.name].variables)
        used |= {f"{name}_now" for name in record[population.name].variables}
    return used | {name.removesuffix("_post").removesuffix("_pre") for name in used}


def _group(
    population: Population,
    currents: list[CurrentInput],
    dt: float,
    rng: np.random.Generator,
    keep: set[str],
    driven: set[str],
) -> LoweredGroup:
    label = f"population {population.name!r}"
    constants = _constants(population, rng) | _durations(population, dt)
    lines, steps = with_currents(population, currents, parse(population.equations, label))
    lines = _portable_time(without_events(population, lines))
    lines = [_idle(line, driven) for line in lines]
    constants |= {name: _constant(value) for name, value in steps.items()}
    refractory = population.refractory
    if isinstance(refractory, Quantity):
        constants["refractory_period"] = _constant(refractory)
        refractory = "refractory_period"
    texts = [population.threshold, population.reset, refractory]
    used = _used(lines, texts)
    _check_reserved(label, [line.name for line in lines] + list(constants))
    _check_known(label, used, {line.name for line in lines} | set(constants))
    kept = {name: constants[name] for name in sorted(constants) if name in used}
    declared = [constants[name].declaration(name) for name in kept]
    equations = "\n".join([str(line) for line in inlined(lines, keep)] + declared)
    initial = {name: np.asarray(value, dtype=float) for name, value in population.initial.items()}
    return LoweredGroup(
        population.name,
        population.n,
        equations,
        population.threshold,
        population.reset,
        refractory,
        population.method,
        kept,
        initial,
        {line.name: line.unit for line in lines},
        _recorded_as(population, lines),
        {event.name: event.time for event in population.events if event.time},
    )


def _driven(network: Network, population: Population) -> set[str]:
    """Variables that something sets: initial values, resets, synapses."""
    statements = [text for text in (population.reset, population.second_reset) if text]
    for projection in network.projections:
        if population.name in (projection.source, projection.target):
            statements += projection.statements
    written = {name for text in statements for name, _ in assignments(text, population.name)}
    return set(population.initial) | {
        name.removesuffix("_post").removesuffix("_pre") for name in written
    }


def _idle(line: Line, driven: set[str]) -> Line:
    """An input variable that nothing drives is one shared zero, not an array to stream."""
    if line.kind != PARAMETER or line.name in driven or line.flags or line.unit == "boolean":
        return line
    return replace(line, flags=("shared", "constant"))


def _portable_time(lines: list[Line]) -> list[Line]:
    """``t_in_timesteps`` is a clock variable that GeNN does not have."""
    by_function = {"t_in_timesteps": "timestep(t, dt)"}
    return [
        replace(line, expression=word_substitute(line.expression, by_function)) for line in lines
    ]


def _recorded_as(population: Population, lines: list[Line]) -> dict[str, str]:
    """What is recorded under a variable's name: its value after events and second reset."""
    names = {line.name for line in lines}
    return {name: f"{name}_now" for name in population.variables if f"{name}_now" in names}


def _constants(population: Population, rng: np.random.Generator) -> dict[str, Constant]:
    constants = {name: _constant(value) for name, value in population.parameters.items()}
    for key in sorted(population.heterogeneity):
        factors = _factors(population.heterogeneity[key], population.n, rng)
        for name in population.family(key) if factors is not None else ():
            constants[name] = Constant(constants[name].value * factors, constants[name].unit)
    return constants


def _factors(spread: Any, n: int, rng: np.random.Generator) -> Array | None:
    if np.ndim(spread):
        return np.asarray(spread, dtype=float)
    return lognormal_factor(rng, float(spread), n) if float(spread) > 0 else None


def _durations(population: Population, dt: float) -> dict[str, Constant]:
    times = dict(population.durations)
    if population.spike_width is not None:
        times["spike_width"] = population.spike_width
    return {name: _constant(float(timestep(time, dt * second))) for name, time in times.items()}


def _constant(value: Any) -> Constant:
    return Constant(np.asarray(value, dtype=float), unit_of(value))


def _used(lines: Iterable[Line], texts: Iterable[str | None]) -> set[str]:
    used: set[str] = set()
    for text in (*(line.expression for line in lines), *texts):
        used |= get_identifiers(text or "")
    return used


def _check_reserved(label: str, names: Iterable[str]) -> None:
    for name in names:
        if name in _RESERVED:
            raise NetworkError(
                f"{label} calls a variable {name!r}, a name that Brian2 keeps for itself; "
                f"rename it."
            )


def _check_known(label: str, used: set[str], known: set[str]) -> None:
    for name in sorted(used - known - _ALWAYS - _GLOBAL):
        if name.startswith("xi_"):
            continue
        raise NetworkError(
            f"{label} uses {name!r}, which neither its equations nor its parameters define. "
            + suggestion(name, known)
        )


# --------------------------------------------------------------------------------- inputs


def _source(
    source: SpikeInput | PoissonInput, dt: float, duration: float, rng: np.random.Generator
) -> LoweredSpikes | LoweredPoisson:
    if isinstance(source, SpikeInput):
        return _given_spikes(source, dt)
    start = float(np.asarray(source.start))
    stop = duration if source.stop is None else min(duration, float(np.asarray(source.stop)))
    rates = np.broadcast_to(np.asarray(source.rate, dtype=float), (source.n,))
    if float(rates.max()) * dt > 1:
        raise NetworkError(
            f"rate of input {source.name!r} reaches {rates.max():g} Hz: more than one spike per "
            f"time step ({dt:g} s) and source. Use more sources or a smaller dt."
        )
    if source.drawn == "target":
        return LoweredPoisson(source.name, source.n, rates, start, stop)
    return _drawn_spikes(source, rates, start, stop, dt, rng)


def _given_spikes(source: SpikeInput, dt: float) -> LoweredSpikes:
    times = np.asarray(source.times, dtype=float)
    steps = np.asarray(timestep(times * second, dt * second), dtype=np.int64)
    order = np.lexsort((source.indices, steps))
    indices, steps = source.indices[order], steps[order]
    twice = (np.diff(steps) == 0) & (np.diff(indices) == 0)
    if twice.any():
        k = int(np.flatnonzero(twice)[0])
        raise NetworkError(
            f"input {source.name!r}: source {indices[k]} spikes twice in the time step at "
            f"{steps[k] * dt:g} s; give it one spike, a larger weight, or a smaller dt."
        )
    return LoweredSpikes(source.name, source.n, indices, steps * dt)


def _drawn_spikes(
    source: PoissonInput, rates: Array, start: float, stop: float, dt: float,
    rng: np.random.Generator,
) -> LoweredSpikes:
    """A Bernoulli process per source: geometric gaps between its spikes."""
    first, last = round(start / dt), round(stop / dt)
    expected = rates.max() * max(stop - start, 0.0)
    columns = int(expected + 6 * np.sqrt(expected) + 20)
    active = np.flatnonzero(rates > 0)
    steps = np.full((source.n, columns), first - 1, dtype=np.int64)
    if active.size:
        gaps = rng.geometric((rates[active] * dt)[:, None], (active.size, columns))
        steps[active] += np.cumsum(gaps, axis=1)
    steps[rates == 0] = last
    indices, columns_kept = np.nonzero(steps < last)
    steps = steps[indices, columns_kept]
    order = np.lexsort((indices, steps))
    return LoweredSpikes(
        source.name, source.n, indices[order].astype(np.int32), steps[order] * dt
    )


# ------------------------------------------------------------------------------- synapses


def _synapses(
    network: Network, projection: Projection, dt: float, rng: np.random.Generator
) -> Iterator[LoweredSynapses]:
    source, target = network.source(projection.source), network.population(projection.target)
    i, j = draw_pairs(projection, source, target, rng)
    weights = _weights(projection, len(i), rng)
    declarations, initial, constants = _declarations(projection, weights)
    statements = _split(projection, target)
    _check_statements(network, projection, target)
    groups = list(_delay_groups(projection, len(i), dt, rng))
    for part, (on_pre, on_post) in enumerate(statements):
        for group, (members, delay) in enumerate(groups):
            suffix = (f"_part{part}" if len(statements) > 1 else "") + (
                f"_delay{group}" if len(groups) > 1 else ""
            )
            yield LoweredSynapses(
                projection.name + suffix,
                projection.name,
                projection.source,
                projection.target,
                i[members],
                j[members],
                declarations,
                on_pre,
                on_post,
                delay,
                {n: c if c.shared else Constant(c.value[members], c.unit)
                 for n, c in constants.items()},
                {n: v[members] if v.ndim else v for n, v in initial.items()},
                "1" if weights is None else unit_of(weights),
            )


def _weights(projection: Projection, count: int, rng: np.random.Generator) -> Any:
    if isinstance(projection.weight, (Normal, LogNormal, Uniform)):
        return projection.weight.draw(rng, count)
    return projection.weight


def _declarations(
    projection: Projection, weights: Any
) -> tuple[str, dict[str, Array], dict[str, Constant]]:
    """Equations of the synapses: the weight, the constants and the user's own lines."""
    lines = [str(line) for line in parse(projection.equations, f"projection {projection.name!r}")]
    constants = {name: _constant(value) for name, value in projection.parameters.items()}
    initial: dict[str, Array] = {}
    if weights is not None:
        weight = _constant(weights)
        if any(_writes(s, "w") for s in projection.statements) or "w" in _used_in(projection):
            lines.append(f"w : {weight.unit}")
            initial["w"] = weight.value
        else:
            constants["w"] = weight
    lines += [constant.declaration(name) for name, constant in constants.items()]
    return "\n".join(lines), initial, constants


def _used_in(projection: Projection) -> set[str]:
    """Names whose derivative the synaptic equations define."""
    lines = parse(projection.equations, projection.name) if projection.equations else []
    return {line.name for line in lines if line.name == "w"}


def _writes(statement: str, name: str) -> bool:
    return name in {variable for variable, _ in assignments(statement, "statement")}


def _split(projection: Projection, target: Population) -> list[tuple[str | None, str | None]]:
    """One set of synapses per written postsynaptic variable (portable subset, rule 2)."""
    if projection.on_pre is None:
        return [(None, projection.on_post)]
    own = variables(projection.equations) | {"w"}
    parts = [p.strip() for p in projection.on_pre.replace("\n", ";").split(";") if p.strip()]
    written = [assignments(part, projection.name)[0][0].removesuffix("_post") for part in parts]
    onto_target = [k for k, name in enumerate(written) if name not in own]
    if len({written[k] for k in onto_target}) <= 1:
        return [("\n".join(parts), projection.on_post)]
    if projection.equations or projection.on_post or len(onto_target) < len(parts):
        raise NetworkError(
            f"projection {projection.name!r} writes {len(onto_target)} variables of "
            f"{target.name!r} and has synaptic variables of its own: give each written variable "
            f"a projection of its own."
        )
    return [(part, None) for part in parts]


def _check_statements(network: Network, projection: Projection, target: Population) -> None:
    own = variables(projection.equations) | {"w"} | set(projection.parameters)
    source = network.source(projection.source)
    ends = {f"{name}_post" for name in target.variables | set(target.parameters)}
    if isinstance(source, Population):
        ends |= {f"{name}_pre" for name in source.variables | set(source.parameters)}
    known = own | target.variables | set(target.parameters) | ends
    used: set[str] = set()
    for statement in projection.statements:
        used |= get_identifiers(statement)
    label = f"projection {projection.name!r}"
    _check_known(label, used, known)
    watched = _watched(target)
    for statement in projection.statements:
        for name, _ in assignments(statement, label):
            if name.removesuffix("_post") in watched:
                raise NetworkError(
                    f"{label} writes {name!r} directly, on which a dendritic spike of "
                    f"{target.name!r} depends: this has no event-free form. Write a synaptic "
                    f"conductance or current instead."
                )


def _watched(target: Population) -> set[str]:
    """Variables that the events of a population look at, other than their own."""
    looked_at: set[str] = set()
    own: set[str] = set()
    for event in target.events:
        looked_at |= get_identifiers(event.condition)
        own |= {name for name, _ in assignments(event.action, event.name)}
    return looked_at & target.variables - own


def _delay_groups(
    projection: Projection, count: int, dt: float, rng: np.random.Generator
) -> Iterator[tuple[Any, float]]:
    """Members and delay (s) of each group of synapses with one delay."""
    delay = projection.delay
    if isinstance(delay, (Normal, LogNormal, Uniform)):
        drawn = np.maximum(np.asarray(delay.draw(rng, count)), 0.0)
        order = np.argsort(drawn, kind="stable")
        for members in np.array_split(order, min(projection.delay_groups, max(count, 1))):
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
            f"projection {projection.name!r} has {len(delays)} different delays: at most "
            f"{_MOST_DELAYS} are possible; round them, or give a distribution."
        )
    for value in delays:
        yield np.flatnonzero(steps == value), int(value) * dt
