"""A lowered network: equations as text and values as arrays, in base units, for any target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.core.quantity import unit_of
from dualframe.network import Recording, variables
from dualframe.targets.lowering.object_names import ObjectNames, allocate_names

Array = NDArray[np.float64]
Indices = NDArray[np.int32]


_COMPARED = re.compile(r"\bt (?:>=|<|>|<=) (\w+)")
_DIFFERENTIAL = re.compile(r"^d(\w+)/dt =", re.MULTILINE)


@dataclass(frozen=True)
class Constant:
    """A constant in base units: shape ``()`` where all members share it."""

    value: Array
    unit: str

    @property
    def is_shared(self) -> bool:
        """Whether all members have one value."""
        return self.value.ndim == 0

    def equation_line(self, name: str) -> str:
        """Return the line that declares the constant in Brian2 equations.

        Parameters
        ----------
        name
            Its name.
        """
        return f"{name} : {self.unit} ({'shared, constant' if self.is_shared else 'constant'})"


@dataclass(frozen=True, kw_only=True)
class LoweredGroup:
    """A population in the portable subset.

    ``late`` are further equations, for the ``late`` statements of its synapses; ``counts`` names
    the rate of each count of Poisson events.
    """

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
    counts: Mapping[str, str] = field(default_factory=dict)
    late: str = ""

    @property
    def state_variables(self) -> tuple[str, ...]:
        """The variables that have a differential equation."""
        return tuple(_DIFFERENTIAL.findall(self.equations))

    @property
    def times(self) -> frozenset[str]:
        """The constants with which the time is compared: double precision, always."""
        return frozenset(_COMPARED.findall(self.equations)) & self.constants.keys()


@dataclass(frozen=True)
class LoweredSpikes:
    """Input spikes: source indices and times (s), sorted by time."""

    name: str
    n: int
    indices: Indices
    times: Array


@dataclass(frozen=True, kw_only=True)
class LoweredPoisson:
    """Poisson sources drawn while the target runs; rates in Hz, window in s."""

    name: str
    n: int
    rates: Array
    start: float
    stop: float


@dataclass(frozen=True, kw_only=True)
class LoweredSynapses:
    """Synapses with one delay (s), or one each, and at most one written postsynaptic variable.

    They are sorted by source, then by delay. ``drawn_as`` says where each stood before, if they
    were not drawn in this order.

    ``due`` are the statements, a part of the others, that bring ``w`` up to date; ``visits`` are
    statements of every synapse, at the start of a step, and how often (s); ``visits_when`` are
    statements of all synapses of a neuron before a step for which a variable of it is one; ``late``
    makes up for visits at spikes where a target has none.
    """

    name: str
    projection: str
    source: str
    target: str
    i: Indices
    j: Indices
    equations: str
    on_pre: str | None
    on_post: str | None
    delay: float | Array
    constants: Mapping[str, Constant]
    initial: Mapping[str, Array] = field(default_factory=dict)
    weight_unit: str = "1"
    due: str = ""
    visits: tuple[tuple[str, float], ...] = ()
    visits_when: tuple[tuple[str, str], ...] = ()
    late: str = ""
    drawn_as: Indices | None = None

    def order_as_drawn(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of the synapses in the order in which these were drawn or listed.

        Parameters
        ----------
        values
            One value per synapse, in the order of the synapses here.
        """
        if self.drawn_as is None:
            return values
        ordered = np.empty_like(values)
        ordered[self.drawn_as] = values
        return ordered

    def list_as_drawn(self, values: NDArray[Any]) -> tuple[Indices, Indices, NDArray[Any]]:
        """Return sources, targets and values of the synapses in the order of drawing.

        Parameters
        ----------
        values
            As for `order_as_drawn`.
        """
        i, j, ordered = map(self.order_as_drawn, (self.i, self.j, values))
        return i, j, ordered

    def find_drawn(self, places: NDArray[Any] | None) -> NDArray[Any]:
        """Return where synapses stand here.

        Parameters
        ----------
        places
            Where they stood when they were drawn or listed; None is all of them.
        """
        standing = self.order_as_drawn(np.arange(len(self.i)))
        return standing if places is None else standing[places]

    @property
    def without_visits(self) -> LoweredSynapses:
        """The same synapses for a target that has none."""
        if not self.visits:
            return replace(self, visits_when=())

        def after_late(statements: str | None) -> str | None:
            return statements and f"{self.late}\n{statements}"

        return replace(
            self,
            on_pre=after_late(self.on_pre),
            on_post=after_late(self.on_post),
            due=f"{self.late}\n{self.due}",
            visits=(),
            visits_when=(),
        )


@dataclass(frozen=True, kw_only=True)
class LoweredNetwork:
    """A network ready for a target: text and arrays, no Brian2 objects.

    ``silent`` are the populations whose spikes are not kept; ``replicas`` says how many copies of
    a network (agents) lie side by side in it, of which ``first_replica`` is the first.
    """

    groups: tuple[LoweredGroup, ...]
    spikes: tuple[LoweredSpikes, ...]
    poissons: tuple[LoweredPoisson, ...]
    synapses: tuple[LoweredSynapses, ...]
    recordings: Mapping[str, Recording]
    dt: float
    duration: float
    seed: int
    silent: frozenset[str] = frozenset()
    replicas: int = 1
    first_replica: int = 0

    @property
    def without_visits(self) -> LoweredNetwork:
        """The same network for a target that has no visits to synapses."""
        return replace(
            self,
            groups=tuple(
                replace(g, equations=f"{g.equations}\n{g.late}", late="") if g.late else g
                for g in self.groups
            ),
            synapses=tuple(s.without_visits for s in self.synapses),
        )

    @cached_property
    def names(self) -> ObjectNames:
        """The names of the Brian2 objects."""
        return allocate_names(
            groups={g.name: (*g.units, *g.constants, *g.initial) for g in self.groups},
            spikes=[s.name for s in self.spikes],
            poissons=[p.name for p in self.poissons],
            synapses={s.name: (*variables(s.equations), *s.constants) for s in self.synapses},
            visits={s.name: len(s.visits) for s in self.synapses},
        )

    def recording_of_weights(self, synapses: LoweredSynapses) -> Recording | None:
        """Return how the weights of synapses are recorded, if they are.

        A name that a population has too is that of the population.

        Parameters
        ----------
        synapses
            The synapses.
        """
        if any(group.name == synapses.projection for group in self.groups):
            return None
        return self.recordings.get(synapses.projection)


def constant_of(value: Any) -> Constant:
    """Return a quantity or number as a constant.

    Parameters
    ----------
    value
        The value.
    """
    return Constant(np.asarray(value, dtype=float), unit_of(value))
