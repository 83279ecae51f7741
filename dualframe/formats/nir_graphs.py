r"""Leaky integrate-and-fire networks as graphs of the Neuromorphic Intermediate Representation.

The primitives are those of Pedersen et al. (2024), Nat. Commun. 15: 8122. A spike is a Dirac pulse
whose integral is 1, so that through a node :math:`\tau \dot x = -x + w\,S` a spike of weight
:math:`W` raises :math:`x` by :math:`wW/\tau`.

=====================  ==========================================================================
``CubaLIF``            neurons whose synapses are currents of one decay
``LIF``                other neurons; spikes may raise the potential itself
``LI``                 each synaptic current that enters a ``LIF``
``Linear``, ``Delay``  the synapses of a projection that have one delay, all pairs of neurons
``Input``, ``Output``  sources of spikes; the spikes of each population
=====================  ==========================================================================

Numbers are in the units of the primitives' documentation: mV, ohm, mA, ms (or another unit of
time).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from brian2.units import ms, second
from numpy.typing import NDArray

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import NetworkError
from dualframe.core.machine_memory import MemoryNeed, require_memory
from dualframe.core.quantity import quantity
from dualframe.formats.leaky_neurons import Channel, LeakyNeuron, NotLeaky, leaky_neuron
from dualframe.formats.optional_packages import import_optional
from dualframe.formats.static_synapses import constant_current, raised_variable, synaptic_weights
from dualframe.network import Network, Population, expect_network
from dualframe.simulation.run import resolve_seed, resolve_times
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import (
    Constant,
    LoweredGroup,
    LoweredNetwork,
    LoweredSynapses,
)

_MILLI = 1e3  # of them in an SI unit
MOST_DELAYS = 64  # of a projection: each is a matrix of all pairs of neurons
Entry = tuple[str, float]  # a node, and the weight there of one SI unit


@one_thread_at_a_time
def to_nir(
    network: Network, *, seed: int | None = None, dt: Any = 0.1 * ms, time_unit: Any = ms
) -> tuple[Any, tuple[str, ...]]:
    """Return a network of leaky integrate-and-fire neurons as a NIR graph, and what it loses.

    Parameters
    ----------
    network
        The network, as a builder returns it. Its neurons have linear membranes, and synapses that
        raise the potential or exponential currents by a weight.
    seed
        Of connections, weights and delays, as in `dualframe.run`.
    dt
        The time step of which delays are multiples.
    time_unit
        Of time constants and delays in the graph.

    Returns
    -------
    nir.NIRGraph
        ``nir.write`` writes it to a file. Nodes have the names of populations, inputs and
        projections, with a part behind a hyphen: ``"e_to_i-weights"``.
    tuple of str
        What is lost, a sentence each.

    Raises
    ------
    DualframeError
        If ``nir`` is not installed.
    NetworkError
        If NIR has no such neurons or synapses: the message names them.
    """
    expect_network(network)
    nir = import_optional("nir", "nir")
    _, step = resolve_times(1 * second, dt)
    bare = replace(network, inputs=network.sources)
    lowered = lower_network(bare, dt=step, duration=10 * step, seed=resolve_seed(seed))
    unit = float(np.asarray(quantity(time_unit, "time", "time_unit")))
    writer = _GraphWriter(nir=nir, network=network, lowered=lowered, time_unit=unit)
    return writer.graph(), tuple(dict.fromkeys(writer.losses))


@dataclass(kw_only=True)
class _GraphWriter:
    """The nodes of a network, which are made one after the other."""

    nir: Any
    network: Network
    lowered: LoweredNetwork
    time_unit: float
    losses: list[str] = field(default_factory=list)
    nodes: dict[str, Any] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)

    def graph(self) -> Any:
        """Return the graph."""
        self._note_losses()
        for source in self.network.sources:
            self._add_input(source.name, source.n)
            self.losses.append(f"The spikes of input {source.name} are not in the graph.")
        entries = {p.name: self._add_population(p) for p in self.network.populations}
        for name, parts in self._projections().items():
            self._add_projection(name, parts, entries[parts[0].target])
        self._add_ends()
        # each node states its types, and nir takes long to infer those of many
        graph = self.nir.NIRGraph(nodes=self.nodes, edges=self.edges, type_check=False)
        graph.check_types()
        return graph

    def _add_input(self, name: str, n: int) -> None:
        self.nodes[name] = self.nir.Input(input_type={"input": np.array([n])})

    def _add_ends(self) -> None:
        """Add outputs, and inputs where nothing else arrives, since a graph begins at one."""
        reached = {target for _, target in self.edges}
        for population in self.network.populations:
            name, n = population.name, population.n
            if not self.network.sources or name not in reached:
                self._add_input(f"{name}-in", n)
                self.edges.append((f"{name}-in", name))
            self.nodes[f"{name}-out"] = self.nir.Output(output_type={"output": np.array([n])})
            self.edges.append((name, f"{name}-out"))

    # --- populations ----------------------------------------------------------------------------

    def _add_population(self, population: Population) -> Mapping[str, Entry]:
        """Add the nodes of a population, and return where its variables are raised."""
        neuron, name = self._read_neuron(population), population.name
        current, losses = constant_current(self.network, name, neuron.drive)
        self._note_neuron_losses(name, neuron, losses)
        voltage, n = population.voltage, population.n
        resistance = neuron.tau / neuron.capacitance
        rest = neuron.rest + resistance * current
        self._note_start(population, rest)
        numbers = {
            "r": resistance,
            "v_leak": _MILLI * rest,
            "v_threshold": _MILLI * neuron.threshold,
            "v_reset": _MILLI * neuron.reset,
        }
        membrane = neuron.tau / self.time_unit
        raised = self._raised_variables(name)
        channels = {key: each for key, each in neuron.channels.items() if key in raised}
        decays = {channel.tau for channel in channels.values()}
        if len(decays) == 1 and voltage not in raised:
            times = {"tau_syn": decays.pop() / self.time_unit, "tau_mem": membrane}
            self.nodes[name] = self.nir.CubaLIF(**_repeated(times | numbers, n), w_in=np.ones(n))
            return {key: self._entry(name, c) for key, c in channels.items()}
        self.nodes[name] = self.nir.LIF(**_repeated({"tau": membrane} | numbers, n))
        entries = {voltage: (name, _MILLI * membrane / resistance)}
        for key, channel in channels.items():
            decay = {"tau": channel.tau / self.time_unit, "r": 1.0, "v_leak": 0.0}
            self.nodes[f"{name}-{key}"] = self.nir.LI(**_repeated(decay, n))
            self.edges.append((f"{name}-{key}", name))
            entries[key] = self._entry(f"{name}-{key}", channel)
        return entries

    def _read_neuron(self, population: Population) -> LeakyNeuron:
        group = self._group_of(population)
        # potentials need no capacitance, and NIR has no initial ones
        constants = {"C": Constant(np.asarray(1.0), "farad"), **group.constants}
        try:
            neuron = leaky_neuron(
                replace(group, constants=constants, initial={}), population.voltage
            )
        except NotLeaky as problem:
            raise NetworkError(
                f"population {population.name!r} is no leaky integrate-and-fire neuron of NIR: "
                f"{problem}."
            ) from problem
        for key, channel in neuron.channels.items():
            if channel.sign is None:
                raise NetworkError(
                    f"population {population.name!r}: its variable {key!r} is a conductance, which "
                    "no neuron of NIR has: build it with synapses='current'."
                )
        return neuron

    def _group_of(self, population: Population) -> LoweredGroup:
        return next(group for group in self.lowered.groups if group.name == population.name)

    def _entry(self, node: str, channel: Channel) -> Entry:
        return node, _MILLI * float(channel.sign or 0) * channel.tau / self.time_unit

    def _raised_variables(self, population: str) -> set[str | None]:
        return {raised_variable(s) for s in self.lowered.synapses if s.target == population}

    # --- projections ----------------------------------------------------------------------------

    def _projections(self) -> dict[str, list[LoweredSynapses]]:
        parts: dict[str, list[LoweredSynapses]] = {}
        for synapses in self.lowered.synapses:
            parts.setdefault(synapses.projection, []).append(synapses)
        return parts

    def _add_projection(
        self, name: str, parts: list[LoweredSynapses], entries: Mapping[str, Entry]
    ) -> None:
        variable = raised_variable(parts[0])
        if variable not in entries or any(part.on_post for part in parts):
            statement = parts[0].on_pre or "nothing"
            raise NetworkError(
                f"projection {name!r} does {statement!r} at a spike: expected a weight that is "
                f"added to one of {', '.join(entries)}, like '{next(iter(entries))} += w'."
            )
        node, scale = entries[str(variable)]
        delay = np.concatenate([np.broadcast_to(part.delay, len(part.i)) for part in parts])
        source = np.concatenate([part.i for part in parts])
        target = np.concatenate([part.j for part in parts])
        weight = scale * np.concatenate([synaptic_weights(part) for part in parts])
        distinct = np.unique(delay)
        shape = self._size_of(parts[0].target), self._size_of(parts[0].source)
        _check_size(name, shape, len(distinct))
        for number, value in enumerate(distinct):
            chosen = delay == value
            matrix = np.zeros(shape)
            np.add.at(matrix, (target[chosen], source[chosen]), weight[chosen])
            suffix = f"-{number}" if len(distinct) > 1 else ""
            self._add_path(name, suffix, (parts[0].source, node), matrix, float(value))

    def _add_path(
        self,
        name: str,
        suffix: str,
        ends: tuple[str, str],
        matrix: NDArray[np.float64],
        delay: float,
    ) -> None:
        """Add the synapses of one delay."""
        path = [ends[0]]
        if delay > 0:
            path.append(f"{name}-delay{suffix}")
            self.nodes[path[-1]] = self.nir.Delay(
                delay=np.full(matrix.shape[1], delay / self.time_unit)
            )
        path.append(f"{name}-weights{suffix}")
        self.nodes[path[-1]] = self.nir.Linear(weight=matrix)
        path.append(ends[1])
        self.edges += pairwise(path)

    def _size_of(self, name: str) -> int:
        members = (*self.network.populations, *self.network.sources)
        return next(member.n for member in members if member.name == name)

    # --- losses ---------------------------------------------------------------------------------

    def _note_losses(self) -> None:
        for projection in self.network.projections:
            if projection.plasticity is not None:
                raise NetworkError(
                    f"projection {projection.name!r} learns, and weights of NIR are fixed: build "
                    "it without plasticity."
                )
        for action in self.network.meta.get("modulation", ()):
            self.losses.append(f"The modulator {action} is not in the graph; its effects are.")

    def _note_start(self, population: Population, rest: float) -> None:
        initial = self._group_of(population).initial.get(population.voltage, 0.0)
        if not np.allclose(np.asarray(initial, dtype=float), rest, rtol=1e-12):
            self.losses.append(
                f"The initial potentials of {population.name}, which are not its v_leak, are left "
                "out."
            )

    def _note_neuron_losses(self, name: str, neuron: LeakyNeuron, losses: list[str]) -> None:
        self.losses += losses
        if neuron.refractory > 0:
            time = _MILLI * neuron.refractory
            self.losses.append(f"The refractory period of {name}, {time:g} ms, is left out.")
        for key, channel in neuron.channels.items():
            if channel.background:
                self.losses.append(
                    f"The Poisson events that arrive at {key} of {name} are left out."
                )


def _repeated(numbers: Mapping[str, float], n: int) -> dict[str, NDArray[np.float64]]:
    return {name: np.full(n, value) for name, value in numbers.items()}


def _check_size(name: str, shape: tuple[int, int], delays: int) -> None:
    """Refuse matrices that are too many or too large."""
    if delays > MOST_DELAYS:
        raise NetworkError(
            f"projection {name!r} has {delays} delays, each a matrix in NIR: expected at most "
            f"{MOST_DELAYS}; give delay_groups=8."
        )
    size = 8.0 * shape[0] * shape[1] * delays
    need = MemoryNeed(size, f"{delays} x {shape[0]} x {shape[1]} weights of {name}")
    require_memory("this graph", [need], "build the circuit at a smaller scale")
