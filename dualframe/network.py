"""The description of a network: inert, frozen, comparable and serialisable data.

Both branches end here and every target begins here. Nothing in this module simulates, draws
random numbers or creates Brian2 objects; only Brian2's quantities are used, as values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from brian2.units import ms
from brian2.units.fundamentalunits import Quantity, get_dimensions

from dualframe.distributions import GaussianKernel, LogNormal, Normal, Uniform
from dualframe.errors import NetworkError, UnknownName, suggestion
from dualframe.quantity import quantity
from dualframe.serialise import decode, digest, encode, freeze

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_DEFINED = re.compile(r"^\s*(?:d(?P<ode>\w+)\s*/\s*dt\s*=|(?P<name>\w+)\s*[=:])", re.MULTILINE)
_WRITTEN = re.compile(r"\b(?P<name>[A-Za-z_]\w*)\s*(?:[-+*/]?=)(?!=)")
_BUILT_IN = frozenset({"lastspike", "not_refractory"})


class Description:
    """Value semantics for the frozen dataclasses of this module."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and encode(self) == encode(other)

    def __hash__(self) -> int:
        return hash(digest(self))

    def _freeze(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, item.name, freeze(getattr(self, item.name)))


def variables(equations: str) -> frozenset[str]:
    """Names that a Brian2 model text defines."""
    text = re.sub(r"#.*", "", equations)
    return frozenset(m["ode"] or m["name"] for m in _DEFINED.finditer(text))


@dataclass(frozen=True, eq=False)
class Event(Description):
    """Something that happens to a neuron between two time steps, such as a dendritic spike.

    At the end of step ``n`` the ``condition`` is checked; where it holds, the ``action`` changes
    the neuron before step ``n + 1``. ``t_in_timesteps`` in either text is ``n``. The variables that
    an action writes hold whole numbers (a step count, a gate of zero or one).

    Parameters
    ----------
    name
        For example ``"Na_dend"``.
    condition
        Boolean expression.
    action
        Assignments ``variable = expression``, separated by ``;``.
    time
        The variable that holds the step of the last event, for recordings.
    """

    name: str
    condition: str
    action: str
    time: str = ""


@dataclass(frozen=True, eq=False)
class Population(Description):
    """A group of neurons of one cell type.

    Parameters
    ----------
    name
        Identifier, unique in the network.
    n
        Number of neurons.
    equations
        Brian2 model text. Constants are not declared there: every name in ``parameters`` is
        declared when the network is lowered.
    threshold, reset
        Brian2 expression and statements; a population without a threshold never spikes.
    refractory
        A time, or a Brian2 expression of dimension time.
    second_reset, spike_width
        Statements executed ``spike_width`` after a spike (Dendrify's second somatic reset).
    events
        Dendritic spikes.
    parameters
        Constants by name: a scalar, or an array of shape ``(n,)``.
    durations
        Times by name that the equations count in time steps of the run.
    initial
        Initial values of state variables: a scalar or an array of shape ``(n,)``.
    heterogeneity
        Spread across neurons, by parameter name or family (``"gL"`` is ``gL`` and every
        ``gL_*``): a coefficient of variation of a log-normal factor of mean one, drawn once per
        neuron and family, or an array of shape ``(n,)`` of factors.
    method
        Integration method; the portable subset is proven for ``"euler"``.
    cell_type
        Name in the catalogue, if any.
    sign
        Dale's sign: +1 excitatory, -1 inhibitory, ``None`` undetermined.
    positions
        Array of shape ``(n, 3)``, a length; needed by distance-dependent projections.
    voltage
        The membrane potential at the soma, for figures and calibration.

    Raises
    ------
    NetworkError
        If a count, name, shape or time cannot be what was asked for.
    """

    name: str
    n: int
    equations: str
    threshold: str | None = None
    reset: str | None = None
    refractory: Any = None
    second_reset: str | None = None
    spike_width: Any = None
    events: tuple[Event, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    durations: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    heterogeneity: Mapping[str, Any] = field(default_factory=dict)
    method: str = "euler"
    cell_type: str = ""
    sign: int | None = None
    positions: Any = None
    voltage: str = "V"

    def __post_init__(self) -> None:
        check_name(self.name, "population")
        check_count(self.n, f"number of neurons of population {self.name!r}")
        if self.sign not in (None, 1, -1):
            raise NetworkError(f"sign of population {self.name!r} is {self.sign!r}: +1, -1, None.")
        if self.threshold is None and self.reset is not None:
            raise NetworkError(f"population {self.name!r} has a reset but no threshold.")
        self._check_second_reset()
        for kind in ("parameters", "initial"):
            for key, value in getattr(self, kind).items():
                check_shape(value, self.n, f"{kind}[{key!r}] of population {self.name!r}")
        for key, value in self.durations.items():
            quantity(value, "time", f"duration {key!r} of population {self.name!r}")
        self._check_variables()
        self._check_heterogeneity()
        if self.positions is not None and np.shape(self.positions) != (self.n, 3):
            raise NetworkError(
                f"positions of population {self.name!r} have shape {np.shape(self.positions)}: "
                f"expected ({self.n}, 3)."
            )
        self._freeze()

    @property
    def variables(self) -> frozenset[str]:
        """Names defined by the equations."""
        return variables(self.equations)

    def family(self, name: str) -> tuple[str, ...]:
        """Parameters that a heterogeneity name stands for, in alphabetical order."""
        if name in self.parameters:
            return (name,)
        return tuple(sorted(p for p in self.parameters if p.startswith(f"{name}_")))

    def _check_second_reset(self) -> None:
        if (self.second_reset is None) != (self.spike_width is None):
            raise NetworkError(
                f"population {self.name!r}: second_reset and spike_width go together; give both."
            )
        if isinstance(self.refractory, Quantity):
            quantity(self.refractory, "time", f"refractory of population {self.name!r}")
        elif self.refractory is not None and not isinstance(self.refractory, str):
            raise NetworkError(
                f"refractory of population {self.name!r} is {self.refractory!r}: expected a time."
            )
        if self.spike_width is None:
            return
        width = quantity(self.spike_width, "time", f"spike_width of population {self.name!r}")
        if isinstance(self.refractory, Quantity) and np.asarray(self.refractory) > np.asarray(
            width
        ):
            return
        raise NetworkError(
            f"population {self.name!r}: the refractory period ({self.refractory}) must be a time "
            f"longer than spike_width ({width}), or the peak of a spike would start another one."
        )

    def _check_variables(self) -> None:
        known = self.variables
        if clash := sorted(known & (set(self.parameters) | set(self.durations))):
            raise NetworkError(
                f"population {self.name!r}: {clash[0]!r} is a parameter and is defined by the "
                f"equations too; remove one."
            )
        for key in self.initial:
            if key not in known:
                raise NetworkError(
                    f"population {self.name!r} has no variable {key!r} to start from. "
                    + suggestion(key, known)
                )

    def _check_heterogeneity(self) -> None:
        for key, spread in self.heterogeneity.items():
            if not self.family(key):
                raise NetworkError(
                    f"heterogeneity of population {self.name!r} names no parameter {key!r}. "
                    + suggestion(key, self.parameters)
                )
            check_shape(spread, self.n, f"heterogeneity[{key!r}] of population {self.name!r}")
            if get_dimensions(spread).is_dimensionless is False or np.min(np.asarray(spread)) < 0:
                raise NetworkError(
                    f"heterogeneity[{key!r}] of population {self.name!r} is {spread}: expected a "
                    f"coefficient of variation, or an array of factors, zero or more."
                )


@dataclass(frozen=True, eq=False)
class Projection(Description):
    """Synapses from one population or input onto a population.

    Exactly one of ``probability``, ``kernel``, ``in_degree`` and ``pairs`` says who connects.

    Parameters
    ----------
    source, target
        Names of a population or spiking input, and of a population.
    on_pre, on_post
        Brian2 statements executed at a presynaptic (postsynaptic) spike.
    name
        Identifier; the default is ``"<source>_to_<target>"``.
    equations
        Synaptic variables other than the weight, as Brian2 synapse equations.
    weight
        The variable ``w`` of the statements: a scalar, a distribution, or one value per pair.
    delay
        Conduction delay: a time, a distribution, or one value per pair. Distributions are
        grouped into at most ``delay_groups`` delays, each a whole number of time steps.
    probability
        Probability of each ordered pair, between zero and one.
    kernel
        Probability by distance, between populations that have positions.
    in_degree
        Number of presynaptic partners of each postsynaptic neuron, drawn without replacement.
    pairs
        ``(i, j)`` arrays of presynaptic and postsynaptic indices, or ``"one_to_one"`` or
        ``"all_to_all"``.
    autapses
        Whether a neuron may contact itself (random rules within one population only).
    parameters
        Constants of the synaptic equations and statements: scalars.
    """

    source: str
    target: str
    on_pre: str | None = None
    on_post: str | None = None
    name: str = ""
    equations: str = ""
    weight: Any = None
    delay: Any = field(default_factory=lambda: 0 * ms)
    delay_groups: int = 8
    probability: float | None = None
    kernel: GaussianKernel | None = None
    in_degree: int | None = None
    pairs: Any = None
    autapses: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", f"{self.source}_to_{self.target}")
        check_name(self.name, "projection")
        if not (self.on_pre or self.on_post):
            raise NetworkError(f"projection {self.name!r} does nothing: give on_pre or on_post.")
        self._check_rule()
        self._check_delay()
        check_count(self.delay_groups, f"delay_groups of projection {self.name!r}")
        self._check_per_pair("weight")
        self._freeze()

    def _check_rule(self) -> None:
        rules = ("probability", "kernel", "in_degree", "pairs")
        given = [rule for rule in rules if getattr(self, rule) is not None]
        if len(given) != 1:
            raise NetworkError(
                f"projection {self.name!r} gives {' and '.join(given) or 'no rule'}: expected "
                f"exactly one of {', '.join(rules)}."
            )
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise NetworkError(
                f"probability of projection {self.name!r} is {self.probability}: expected a "
                f"number between 0 and 1."
            )
        if self.in_degree is not None:
            check_count(self.in_degree, f"in_degree of projection {self.name!r}")
        if isinstance(self.pairs, str):
            if self.pairs not in ("one_to_one", "all_to_all"):
                raise UnknownName("pairs rule", self.pairs, ("one_to_one", "all_to_all"))
        elif self.pairs is not None:
            self._check_pairs()

    def _check_pairs(self) -> None:
        arrays = [np.asarray(part) for part in self.pairs]
        if len(arrays) != 2 or arrays[0].ndim != 1 or arrays[0].shape != arrays[1].shape:
            raise NetworkError(f"pairs of projection {self.name!r}: expected two equal arrays.")
        if any(a.size and not np.issubdtype(a.dtype, np.integer) for a in arrays):
            raise NetworkError(f"pairs of projection {self.name!r} are not whole numbers.")
        object.__setattr__(self, "pairs", tuple(a.astype(np.int32) for a in arrays))

    def _check_delay(self) -> None:
        if isinstance(self.delay, (Normal, LogNormal, Uniform)):
            sample = self.delay.draw(np.random.default_rng(0), 1)
            quantity(sample, "time", f"delay of projection {self.name!r}")
            return
        delay = quantity(self.delay, "time", f"delay of projection {self.name!r}")
        if np.size(delay) and np.min(np.asarray(delay)) < 0:
            raise NetworkError(f"delay of projection {self.name!r} is {delay}: expected >= 0 ms.")
        self._check_per_pair("delay")

    def _check_per_pair(self, what: str) -> None:
        value = getattr(self, what)
        if value is None or isinstance(value, (Normal, LogNormal, Uniform)) or np.ndim(value) == 0:
            return
        if self.pairs is None or isinstance(self.pairs, str) or len(self.pairs[0]) != len(value):
            raise NetworkError(
                f"{what} of projection {self.name!r} has {np.size(value)} values: an array needs "
                f"explicit pairs of the same length."
            )

    @property
    def statements(self) -> tuple[str, ...]:
        """The pathways' statements."""
        return tuple(s for s in (self.on_pre, self.on_post) if s)


@dataclass(frozen=True, eq=False)
class SpikeInput(Description):
    """Spikes at given times: ``indices[k]`` of ``n`` sources fires at ``times[k]``."""

    name: str
    n: int
    indices: Any
    times: Any

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_count(self.n, f"number of sources of input {self.name!r}")
        indices = np.asarray(self.indices, dtype=float)
        if not np.array_equal(indices, indices.astype(np.int32)):
            raise NetworkError(f"indices of input {self.name!r} are not whole numbers.")
        times = (
            quantity(self.times, "time", f"times of input {self.name!r}")
            if np.size(self.times)
            else np.zeros(0) * ms
        )
        if indices.shape != np.shape(times):
            raise NetworkError(
                f"input {self.name!r} has {indices.size} indices and {np.size(times)} times: "
                f"expected as many of each."
            )
        if indices.size and (indices.min() < 0 or indices.max() >= self.n):
            raise NetworkError(
                f"indices of input {self.name!r} run from {int(indices.min())} to "
                f"{int(indices.max())}: expected 0 to {self.n - 1}."
            )
        if indices.size and np.min(np.asarray(times)) < 0:
            raise NetworkError(f"times of input {self.name!r} are negative: expected >= 0 s.")
        object.__setattr__(self, "indices", indices.astype(np.int32))
        object.__setattr__(self, "times", times)
        self._freeze()


@dataclass(frozen=True, eq=False)
class PoissonInput(Description):
    """``n`` independent Poisson sources.

    Parameters
    ----------
    rate
        A scalar or an array of shape ``(n,)``.
    start, stop
        When the sources are active; the default is the whole run.
    drawn
        ``"host"`` draws the spikes from the run's seed before the run, so that every target
        sees the same spikes; ``"target"`` draws them while running (less memory in long runs;
        targets then agree in distribution only).
    """

    name: str
    n: int
    rate: Any
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    drawn: str = "host"

    def __post_init__(self) -> None:
        check_name(self.name, "input")
        check_count(self.n, f"number of sources of input {self.name!r}")
        rate = quantity(self.rate, "rate", f"rate of input {self.name!r}")
        check_shape(rate, self.n, f"rate of input {self.name!r}")
        if np.min(np.asarray(rate)) < 0:
            raise NetworkError(f"rate of input {self.name!r} is {rate}: expected >= 0 Hz.")
        if self.drawn not in ("host", "target"):
            raise UnknownName("way to draw spikes", self.drawn, ("host", "target"))
        check_interval(self.start, self.stop, f"input {self.name!r}")
        self._freeze()


@dataclass(frozen=True, eq=False)
class CurrentInput(Description):
    """A current step into a variable of a population, for example ``I_ext_soma``.

    Parameters
    ----------
    target
        Name of the population.
    amplitude
        A scalar or an array of shape ``(n,)``, with the variable's dimension.
    start, stop
        The step; the default is the whole run. Several steps onto one variable add up.
    variable
        The input variable: one that the equations declare without defining it.
    """

    target: str
    amplitude: Any
    start: Any = field(default_factory=lambda: 0 * ms)
    stop: Any = None
    variable: str = "I_ext"
    name: str = ""

    def __post_init__(self) -> None:
        check_name(self.name or self.variable, "input")
        check_interval(self.start, self.stop, f"current input onto {self.target!r}")
        self._freeze()


@dataclass(frozen=True, eq=False)
class Recording(Description):
    """What to record of a population.

    Parameters
    ----------
    variables
        Names; ``"dspikes"`` stands for the dendritic spikes.
    neurons
        Indices; ``None`` records every neuron.
    every
        Sampling interval; ``None`` is every time step.
    """

    variables: tuple[str, ...]
    neurons: Any = None
    every: Any = None

    def __post_init__(self) -> None:
        names = (self.variables,) if isinstance(self.variables, str) else tuple(self.variables)
        object.__setattr__(self, "variables", names)
        if self.every is not None:
            quantity(self.every, "time", "recording interval")
        if self.neurons is not None:
            object.__setattr__(self, "neurons", np.atleast_1d(np.asarray(self.neurons, dtype=int)))
        self._freeze()


Input = SpikeInput | PoissonInput | CurrentInput


@dataclass(frozen=True, eq=False)
class Network(Description):
    """Populations, inputs and projections.

    Raises
    ------
    NetworkError, UnknownName
        If names clash, or a projection or input refers to something that does not exist.
    """

    populations: tuple[Population, ...]
    inputs: tuple[Input, ...] = ()
    projections: tuple[Projection, ...] = ()
    name: str = "network"
    meta: Mapping[str, Any] = field(default_factory=dict)
    CLASSES: ClassVar[Mapping[str, type]]

    def __post_init__(self) -> None:
        for kind in ("populations", "inputs", "projections"):
            object.__setattr__(self, kind, tuple(getattr(self, kind)))
        if not self.populations:
            raise NetworkError("a network needs at least one population.")
        check_unique([p.name for p in self.populations] + [s.name for s in self.sources])
        check_unique([p.name for p in self.projections])
        for projection in self.projections:
            self._check_projection(projection)
        for item in self.inputs:
            if isinstance(item, CurrentInput):
                self._check_current(item)
        self._freeze()

    @property
    def sources(self) -> tuple[SpikeInput | PoissonInput, ...]:
        """The inputs that spike."""
        return tuple(i for i in self.inputs if not isinstance(i, CurrentInput))

    def population(self, name: str) -> Population:
        """Return a population by name."""
        for population in self.populations:
            if population.name == name:
                return population
        raise UnknownName("population", name, [p.name for p in self.populations])

    def source(self, name: str) -> Population | SpikeInput | PoissonInput:
        """Return a population or spiking input by name."""
        everything = (*self.populations, *self.sources)
        for source in everything:
            if source.name == name:
                return source
        raise UnknownName("population or input", name, [s.name for s in everything])

    @property
    def digest(self) -> str:
        """SHA-256 that identifies the network."""
        return digest(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the network as JSON-ready data."""
        data: dict[str, Any] = encode(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Network:
        """Rebuild a network from `to_dict`."""
        network: Network = decode(dict(data), cls.CLASSES)
        return network

    def __str__(self) -> str:
        lines = [f"Network {self.name!r}"]
        lines += [f"  {p.name}: {p.n} x {p.cell_type or 'neuron'}" for p in self.populations]
        lines += [
            f"  {i.name or i.target}: {type(i).__name__}"
            if isinstance(i, CurrentInput)
            else f"  {i.name}: {type(i).__name__}, {i.n} sources"
            for i in self.inputs
        ]
        lines += [f"  {p.source} -> {p.target}: {p.name}" for p in self.projections]
        return "\n".join(lines)

    def _check_projection(self, projection: Projection) -> None:
        source, target = self.source(projection.source), self.population(projection.target)
        own = variables(projection.equations) | {"w"} | set(projection.parameters)
        for statement in projection.statements:
            for match in _WRITTEN.finditer(statement):
                check_written(match["name"], projection, source, target, own)
        if projection.kernel is not None:
            for end in (source, target):
                if getattr(end, "positions", None) is None:
                    raise NetworkError(
                        f"projection {projection.name!r} depends on distance, but {end.name!r} "
                        f"has no positions."
                    )
        if isinstance(projection.pairs, tuple):
            for ends, indices in zip((source, target), projection.pairs, strict=True):
                if indices.size and (indices.min() < 0 or indices.max() >= ends.n):
                    raise NetworkError(
                        f"pairs of projection {projection.name!r} reach index {indices.max()}, "
                        f"but {ends.name!r} has {ends.n} members."
                    )
        if projection.pairs == "one_to_one" and source.n != target.n:
            raise NetworkError(
                f"projection {projection.name!r} is one to one, but {source.name!r} has "
                f"{source.n} members and {target.name!r} has {target.n}."
            )
        if projection.in_degree is not None and projection.in_degree > source.n:
            raise NetworkError(
                f"in_degree of projection {projection.name!r} is {projection.in_degree}, but "
                f"{source.name!r} has only {source.n} members."
            )

    def _check_current(self, current: CurrentInput) -> None:
        population = self.population(current.target)
        label = f"amplitude of the current input onto {current.target!r}"
        check_shape(current.amplitude, population.n, label)
        if current.variable not in population.variables:
            raise NetworkError(
                f"population {population.name!r} has no input variable {current.variable!r}. "
                + suggestion(current.variable, population.variables)
            )


Network.CLASSES = {
    kind.__name__: kind
    for kind in (
        Network,
        Population,
        Projection,
        Event,
        SpikeInput,
        PoissonInput,
        CurrentInput,
        Recording,
        Normal,
        LogNormal,
        Uniform,
        GaussianKernel,
    )
}


def check_written(
    name: str, projection: Projection, source: Any, target: Population, own: Iterable[str]
) -> None:
    """Refuse a synaptic statement that writes a variable which nobody has."""
    base = name.removesuffix("_post").removesuffix("_pre")
    if base in own or name in own:
        return
    owner = source if name.endswith("_pre") else target
    known = owner.variables if isinstance(owner, Population) else frozenset()
    if base in known:
        return
    raise NetworkError(
        f"projection {projection.name!r} writes {base!r}, which {owner.name!r} does not have "
        f"(a compartment or synapse that does not exist?). " + suggestion(base, known)
    )


def check_name(name: str, kind: str) -> None:
    """Refuse a name that is not an identifier."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise NetworkError(
            f"{kind} name {name!r}: expected a letter followed by letters, digits and '_'."
        )


def check_unique(names: list[str]) -> None:
    """Refuse a name that stands twice."""
    for name in names:
        if names.count(name) > 1:
            raise NetworkError(f"the name {name!r} is used twice; give each its own name.")


def check_count(value: Any, what: str) -> None:
    """Refuse anything but a positive whole number."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < 1:
        raise NetworkError(f"{what} is {value!r}: expected a whole number of at least 1.")


def check_shape(value: Any, n: int, what: str) -> None:
    """Refuse anything but a finite scalar or an array of ``n`` finite numbers."""
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.number):
        raise NetworkError(f"{what} is {value!r}: expected a number or quantity.")
    if array.shape not in ((), (n,)):
        raise NetworkError(f"{what} has shape {array.shape}: expected a scalar or ({n},).")
    if not np.isfinite(array).all():
        raise NetworkError(f"{what} is not finite.")


def check_interval(start: Any, stop: Any, what: str) -> None:
    """Refuse an interval that is not one in time."""
    quantity(start, "time", f"start of {what}")
    if stop is not None:
        quantity(stop, "time", f"stop of {what}")
        if np.asarray(stop) < np.asarray(start):
            raise NetworkError(f"{what} stops at {stop}, before it starts at {start}.")
