"""The network: populations, inputs and projections that fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.descriptions import decode
from dualframe.core.errors import NetworkError, UnknownName, suggest_name
from dualframe.core.serialisation import digest_of, encode
from dualframe.core.text_views import fit_screen, text_as_html
from dualframe.core.validation import (
    as_records,
    as_values,
    check_text,
    check_unique,
    expect_type,
    set_frozen_field,
)
from dualframe.network.distributions import GaussianKernel, Limited, LogNormal, Normal, Uniform
from dualframe.network.draw_connections import connection_ends
from dualframe.network.inputs import CurrentInput, Input, PoissonInput, Recording, SpikeInput
from dualframe.network.plasticity_spec import Plasticity
from dualframe.network.population import Event, Population
from dualframe.network.projection import Projection
from dualframe.network.value_record import ValueRecord, variables

_MOST_NAMED = 8  # populations
_WRITTEN = re.compile(r"\b(?P<name>[A-Za-z_]\w*)\s*(?:[-+*/]?=)(?!=)")


@dataclass(frozen=True, eq=False)
class Network(ValueRecord):
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
        check_text(self.name, "name of a network")
        for kind, classes in _PARTS.items():
            set_frozen_field(self, kind, as_records(getattr(self, kind), classes, kind))
        if not self.populations:
            raise NetworkError("a network needs at least one population.")
        check_unique([p.name for p in self.populations] + [s.name for s in self.sources])
        check_unique([p.name for p in self.projections])
        currents = [item for item in self.inputs if isinstance(item, CurrentInput)]
        check_unique([current.name for current in currents if current.name])
        for projection in self.projections:
            self._check_projection(projection)
        check_summed(self.projections)
        for current in currents:
            self._check_current(current)
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

    def with_parameters(self, population: str, **values: Any) -> Network:
        """Return the network with other parameters of one population; nothing compiles again.

        What the builder says of the network (levels, assumptions) stays as it was.

        Parameters
        ----------
        population
            Its name.
        **values
            By the name that a parameter has in the equations: one value, or an array of shape
            ``(n,)`` with one for each neuron. A parameter with one value per neuron is another
            program than one with a single value.

        Raises
        ------
        UnknownName
            If there is no such population or parameter.
        NetworkError
            If a value has another dimension or shape.
        """
        old = self.population(population)
        for name, value in values.items():
            if name not in old.parameters:
                raise UnknownName(f"parameter of population {population!r}", name, old.parameters)
            label = f"parameter {name!r} of population {population!r}"
            values[name] = as_values(value, old.n, label, get_dimensions(old.parameters[name]))
        new = replace(old, parameters={**old.parameters, **values})
        others = tuple(new if p is old else p for p in self.populations)
        return replace(self, populations=others)

    def with_inputs(self, *inputs: Input, projections: Iterable[Projection] = ()) -> Network:
        """Return the network with further inputs; what its builder says of it stays.

        A `CurrentInput` into a circuit of the catalogue names the variable ``I_ext_soma`` (or
        another compartment) of cells with dendrites, and ``I_ext`` of point neurons.

        Parameters
        ----------
        *inputs
            Currents into its populations; spikes and Poisson sources, with projections.
        projections
            From the new inputs to its populations.

        Raises
        ------
        NetworkError, UnknownName
            If a name is taken, or something refers to what does not exist.
        """
        wired = (*self.projections, *projections)
        return replace(self, inputs=(*self.inputs, *inputs), projections=wired)

    @property
    def digest(self) -> str:
        """SHA-256 that identifies the network."""
        return digest_of(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the network as JSON-ready data."""
        data: dict[str, Any] = encode(self)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Network:
        """Rebuild a network from `to_dict`.

        Parameters
        ----------
        data
            What `to_dict` returned. It may come from a file of somebody else: nothing of it is
            evaluated before it is checked.

        Raises
        ------
        DualframeError
            If it is not the description of a network: it names the entry.
        """
        network = decode(data, cls.CLASSES, "network")
        if not isinstance(network, cls):
            raise NetworkError(
                f"this is the description of a {type(network).__name__}: expected that of a "
                f"network, as Network.to_dict returns it."
            )
        return network

    def __repr__(self) -> str:
        cells = ", ".join(f"{p.n} {p.name}" for p in self.populations[:_MOST_NAMED])
        more = ", ..." * (len(self.populations) > _MOST_NAMED)
        counts = f"{len(self.inputs)} inputs, {len(self.projections)} projections"
        return f"<Network {self.name!r}: {cells}{more}; {counts}>"

    def __str__(self) -> str:
        return fit_screen(self._overview(), "populations, inputs and projections have the rest.")

    def _repr_html_(self) -> str:
        return text_as_html(self._overview(), "populations")

    def _overview(self) -> str:
        parts = {
            "populations": [
                f"{p.name}: {p.n} x {p.cell_type or 'neuron'}" for p in self.populations
            ],
            "inputs": [
                f"{i.name or i.target}: {type(i).__name__}"
                if isinstance(i, CurrentInput)
                else f"{i.name}: {type(i).__name__}, {i.n} sources"
                for i in self.inputs
            ],
            "projections": [f"{p.source} -> {p.target}: {p.name}" for p in self.projections],
        }
        blocks = ["\n  ".join([name, *rows]) for name, rows in parts.items() if rows]
        return "\n\n".join([f"Network {self.name!r}", *blocks])

    def _check_projection(self, projection: Projection) -> None:
        source, target = self.source(projection.source), self.population(projection.target)
        check_spikes(projection, source, target)
        synaptic = variables(projection.equations) | {"w"} | set(projection.parameters)
        for statement in projection.statements:
            for match in _WRITTEN.finditer(statement):
                check_written(match["name"], projection, source, target, synaptic)
        for name in projection.summed:
            check_written(f"{name}_post", projection, source, target, ())
        for name in ("pairs", "excluded"):
            if isinstance(getattr(projection, name), tuple):
                check_indices(projection, name, source, target)
        check_replicas(projection, source, target)
        check_ends(projection, source, target)
        check_dale(projection, source)

    def _check_current(self, current: CurrentInput) -> None:
        population = self.population(current.target)
        label = f"amplitude of the current input onto {current.target!r}"
        if current.is_waveform:
            _check_columns(current, population)
        else:
            as_values(current.amplitude, population.n, label)
        if current.variable not in population.variables:
            raise NetworkError(
                f"population {population.name!r} has no input variable {current.variable!r}: "
                f"expected one that its equations only declare. Declare it there, like "
                f"'{current.variable} : amp', or give CurrentInput the name of another one with "
                f"variable=. " + suggest_name(current.variable, population.variables)
            )


def _check_columns(current: CurrentInput, population: Population) -> None:
    columns = np.shape(current.values)[1:]
    if columns not in ((), (population.n,)):
        raise NetworkError(
            f"values of the current input onto {current.target!r} have {columns[0]} columns: "
            f"expected {population.n}, one for each neuron."
        )


_PARTS: Mapping[str, Any] = {
    "populations": Population,
    "inputs": (SpikeInput, PoissonInput, CurrentInput),
    "projections": Projection,
}


def expect_network(network: Any) -> None:
    """Refuse what is no network, such as a circuit that was not built.

    Parameters
    ----------
    network
        What was given as a network.
    """
    remedy = "a Network; build it first, like dualframe.biological.build(dualframe.circuit('l23'))"
    expect_type(network, Network, "network", remedy)


Network.CLASSES = {
    kind.__name__: kind
    for kind in (
        Network,
        Population,
        Projection,
        Plasticity,
        Event,
        SpikeInput,
        PoissonInput,
        CurrentInput,
        Recording,
        Normal,
        LogNormal,
        Uniform,
        Limited,
        GaussianKernel,
    )
}


def check_written(
    name: str, projection: Projection, source: Any, target: Population, synaptic: Iterable[str]
) -> None:
    """Refuse a synaptic statement that writes a variable which nobody has."""
    base = name.removesuffix("_post").removesuffix("_pre")
    if base in synaptic or name in synaptic:
        return
    owner = source if name.endswith("_pre") else target
    written = owner.variables if isinstance(owner, Population) else frozenset()
    if base in written:
        return
    raise NetworkError(
        f"projection {projection.name!r} writes {base!r}, which {owner.name!r} does not have "
        f"(a compartment or synapse that does not exist?). " + suggest_name(base, written)
    )


def check_spikes(projection: Projection, source: Any, target: Population) -> None:
    """Refuse statements, a rule's among them, that wait for spikes of who has no threshold."""
    for pathway, neurons in (("on_pre", source), ("on_post", target)):
        silent = isinstance(neurons, Population) and neurons.threshold is None
        if getattr(projection, pathway) and silent:
            rest = ", or read its variables with a summed variable" if pathway == "on_pre" else ""
            raise NetworkError(
                f"projection {projection.name!r}: its {pathway}, or that of its rule, acts at "
                f"spikes of {neurons.name!r}, which has no threshold; give it one{rest}."
            )


def check_summed(projections: Iterable[Projection]) -> None:
    """Refuse two summed projections onto one variable: each would replace the other's sum."""
    setters: dict[tuple[str, str], str] = {}
    for projection in projections:
        for name in projection.summed:
            first = setters.setdefault((projection.target, name), projection.name)
            if first != projection.name:
                raise NetworkError(
                    f"projections {first!r} and {projection.name!r} both set {name!r} of "
                    f"{projection.target!r}: give each a variable of its own, and add them up in "
                    f"the equations."
                )


def check_ends(projection: Projection, source: Any, target: Population) -> None:
    """Refuse ends that the connection rule of a projection cannot connect."""
    connection = projection.connection
    for end in (source, target):
        if connection.rule.needs_positions and getattr(end, "positions", None) is None:
            raise NetworkError(
                f"projection {projection.name!r} depends on distance, but {end.name!r} "
                f"has no positions: give them."
            )
    ends = connection_ends(projection, source, target)
    if problem := connection.rule.find_problem(connection.values, ends):
        raise NetworkError(f"projection {projection.name!r} {problem}")


def check_indices(projection: Projection, name: str, source: Any, target: Population) -> None:
    """Refuse pairs that reach beyond the populations."""
    for end, indices in zip((source, target), getattr(projection, name), strict=True):
        if indices.size and indices.max() >= end.n:
            raise NetworkError(
                f"{name} of projection {projection.name!r} reach index {indices.max()}: expected "
                f"at most {end.n - 1}, the last of the {end.n} members of {end.name!r}."
            )


def check_dale(projection: Projection, source: Any) -> None:
    """Refuse plastic weights of both signs from neurons of one sign (Dale's law)."""
    sign = getattr(source, "sign", None)
    if projection.plasticity is not None and projection.plasticity.is_signed and sign:
        word = "excitatory" if sign > 0 else "inhibitory"
        raise NetworkError(
            f"projection {projection.name!r} may learn weights below zero "
            f"(w_min {projection.plasticity.w_min}), but {source.name!r} is {word} (Dale's law): "
            f"let w_min be zero or more."
        )


def check_replicas(projection: Projection, source: Any, target: Population) -> None:
    """Refuse blocks that do not divide the populations."""
    for end in (source, target):
        if end.n % projection.replicas:
            raise NetworkError(
                f"projection {projection.name!r} has {projection.replicas} replicas, which do not "
                f"divide the {end.n} members of {end.name!r}: give a divisor."
            )
