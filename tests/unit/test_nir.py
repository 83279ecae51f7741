"""NIR graphs: integrated from the equations of their primitives, they spike as networks do here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, mA, ms, mV, pA, pF, second

import dualframe as df
from dualframe.core.errors import DualframeError, NetworkError
from dualframe.formats import nir_graphs

nir = pytest.importorskip("nir", reason="nir is not installed (extra 'nir')")

STEP = 0.1  # ms
STEPS = 2000
MEMBRANE = {"E_L": -65 * mV, "V_th": -50 * mV, "tau_m": 10 * ms, "C": 250 * pF}
CURRENTS = """dV/dt = (E_L - V)/tau_m + (g_e - g_i + I)/C : volt
              dg_e/dt = -g_e/tau_e : amp
              dg_i/dt = -g_i/tau_i : amp
              I : amp"""
PULSES = """dV/dt = (E_L - V)/tau_m : volt"""


def cells(name: str, n: int, equations: str = CURRENTS, **changes: Any) -> df.Population:
    parameters = {**MEMBRANE, "tau_e": 5 * ms, "tau_i": 5 * ms, **changes}
    used = {key: value for key, value in parameters.items() if key in equations or key == "V_th"}
    fields = {"threshold": "V > V_th", "reset": "V = E_L - 3*mV", "initial": {"V": -65 * mV}}
    return df.Population(name, n, equations, parameters=used, **fields)


def network(tau_i: Any = 5 * ms, on_pulse: str = "g_e += w", pulse: Any = 120 * pA) -> df.Network:
    """Two populations with delays, weights that differ, and a current that never changes."""
    drive = df.PoissonInput("drive", 30, 60 * Hz)
    step = df.CurrentInput("e", 200 * pA, variable="I")
    weights, delays = df.Normal(110 * pA, 10 * pA), df.Uniform(1 * ms, 3 * ms)
    projections = (
        df.Projection("drive", "e", on_pulse, weight=pulse, probability=0.5, delay=1.5 * ms),
        df.Projection("e", "i", "g_e += w", weight=weights, delay=delays, probability=0.5),
        df.Projection("i", "e", "g_i += w", weight=90 * pA, probability=0.5),
    )
    populations = (cells("e", 20, tau_i=tau_i), cells("i", 5, tau_i=tau_i))
    return df.Network(populations, (drive, step), projections, name="cuba")


def pulses() -> df.Network:
    drive = df.PoissonInput("drive", 30, 100 * Hz)
    projections = (
        df.Projection("drive", "e", "V += w", weight=1.3 * mV, probability=0.5),
        df.Projection("e", "e", "V += w", weight=0.7 * mV, probability=0.3, delay=2 * ms),
    )
    return df.Network((cells("e", 20, PULSES),), (drive,), projections, name="pulses")


# --- a graph, integrated from the equations of its primitives -----------------------------------


class Leak:
    """tau dx/dt = rest - x + r*(I + pulses), where each I decays exponentially."""

    def __init__(self, tau: Any, r: Any, rest: Any) -> None:
        self.tau, self.r, self.rest = tau, r, rest
        self.x = rest * np.ones_like(tau)

    def advance_exactly(self, currents: Sequence[Leak] = ()) -> None:
        decay = np.exp(-STEP / self.tau)
        x = self.rest + (self.x - self.rest) * decay
        for current in currents:
            gain = current.tau / (current.tau - self.tau)
            x = x + self.r * current.x * gain * (np.exp(-STEP / current.tau) - decay)
        self.x = x

    def advance_by_euler(self, currents: Sequence[Leak] = ()) -> None:
        change = self.rest - self.x + self.r * sum(current.x for current in currents)
        self.x = self.x + STEP / self.tau * change

    def take_pulse(self, integral: Any) -> None:
        self.x = self.x + self.r * integral / self.tau


class Graph:
    """In each step, membranes advance, spikes arrive, and neurons that spiked are reset.

    Potentials begin at -65 mV: graphs do not say where.
    """

    def __init__(self, graph: Any, method: str = "euler") -> None:
        self.method = {"euler": Leak.advance_by_euler, "exact": Leak.advance_exactly}[method]
        self.nodes, self.edges = graph.nodes, graph.edges
        self.membranes: dict[str, Leak] = {}
        self.synapses: dict[str, Leak] = {}
        self.arriving: dict[tuple[str, int], Any] = defaultdict(float)
        for name, node in graph.nodes.items():
            if isinstance(node, nir.LIF):
                self.membranes[name] = Leak(node.tau, node.r, node.v_leak)
            elif isinstance(node, nir.LI):
                self.synapses[name] = Leak(node.tau, node.r, node.v_leak)
            elif isinstance(node, nir.CubaLIF):
                self.membranes[name] = Leak(node.tau_mem, node.r, node.v_leak)
                self.synapses[name] = Leak(node.tau_syn, node.w_in, np.zeros_like(node.r))
        for membrane in self.membranes.values():
            membrane.x = np.full_like(membrane.x, -65.0)

    def integrate(self, spikes: Mapping[str, tuple[Any, Any]]) -> dict[str, set[tuple[int, int]]]:
        """Return the spikes (neuron, step) of each node with a threshold."""
        fired: dict[str, set[tuple[int, int]]] = {name: set() for name in self.membranes}
        for step in range(STEPS):
            self._advance()
            crossed = {n: m.x > self.nodes[n].v_threshold for n, m in self.membranes.items()}
            for name, those in crossed.items():
                fired[name] |= {(int(k), step) for k in np.flatnonzero(those)}
                self._send(name, step, those.astype(float))
            for name, (sources, steps) in spikes.items():
                n = int(self.nodes[name].input_type["input"][0])
                self._send(name, step, np.bincount(sources[steps == step], minlength=n))
            for name in [name for name, due in list(self.arriving) if due == step]:
                self._send(name, step, self.arriving.pop((name, step)))
            for name, those in crossed.items():
                membrane = self.membranes[name]
                membrane.x = np.where(those, self.nodes[name].v_reset, membrane.x)
        return fired

    def _advance(self) -> None:
        for name, membrane in self.membranes.items():
            before = [a for a, b in self.edges if b == name and a in self.synapses]
            own = [name] if name in self.synapses else before
            self.method(membrane, [self.synapses[key] for key in own])
        for synapse in self.synapses.values():
            self.method(synapse)

    def _send(self, name: str, step: int, pulse: Any) -> None:
        for target in [b for a, b in self.edges if a == name]:
            node = self.nodes[target]
            if isinstance(node, nir.Delay):
                [delay] = np.unique(node.delay)
                self.arriving[target, step + int(np.rint(delay / STEP))] += pulse
            elif isinstance(node, nir.Linear):
                self._send(target, step, node.weight @ pulse)
            elif not isinstance(node, nir.Output):
                (self.synapses.get(target) or self.membranes[target]).take_pulse(pulse)


def with_drawn_spikes(net: df.Network) -> tuple[df.Network, dict[str, tuple[Any, Any]]]:
    """Return the network with given spikes instead of Poisson sources, and these in steps."""
    drawn = np.random.default_rng(5)
    counts = drawn.random((STEPS, 30)) < 0.006
    steps, sources = np.nonzero(counts)
    given = df.SpikeInput("drive", 30, sources, steps * STEP * ms)
    others = tuple(item for item in net.inputs if isinstance(item, df.CurrentInput))
    return replace(net, inputs=(given, *others)), {"drive": (sources, steps)}


NETWORKS = {
    "one decay": (network(), {"CubaLIF": 2, "LI": 0, "LIF": 0}),
    "two decays": (network(tau_i=8 * ms), {"CubaLIF": 1, "LI": 2, "LIF": 1}),
    "currents and pulses": (
        network(on_pulse="V += w", pulse=2 * mV),
        {"CubaLIF": 1, "LI": 1, "LIF": 1},
    ),
    "pulses": (pulses(), {"CubaLIF": 0, "LI": 0, "LIF": 1}),
}


@pytest.mark.parametrize("method", ["euler", "exact"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_graph_spikes_as_the_network(name: str, method: str, tmp_path: Path) -> None:
    net, kinds = NETWORKS[name]
    net, spikes = with_drawn_spikes(net)
    if method == "exact":  # Brian2 has no exact solution with a step of current
        inputs = tuple(item for item in net.inputs if isinstance(item, df.SpikeInput))
        populations = tuple(replace(each, method="exact") for each in net.populations)
        net = replace(net, inputs=inputs, populations=populations)
    graph, losses = df.formats.to_nir(net, seed=3)
    started = [text for text in losses if text.startswith("The initial potentials of e, ")]
    assert len(started) == sum(isinstance(item, df.CurrentInput) for item in net.inputs)
    assert set(losses) - set(started) == {"The spikes of input drive are not in the graph."}
    nir.write(tmp_path / "graph.nir", graph)
    graph = nir.read(tmp_path / "graph.nir")
    found = {kind: sum(type(n).__name__ == kind for n in graph.nodes.values()) for kind in kinds}
    assert found == kinds
    results = df.run(net, STEPS * STEP * ms, target="runtime", seed=3, record={}, progress=False)
    theirs = Graph(graph, method).integrate(spikes)
    for population in net.populations:
        neuron, t = results.spike_trains(population.name)
        steps = np.rint(1e3 * t / STEP).astype(int)
        ours = set(zip(neuron.tolist(), steps.tolist(), strict=True))
        assert len(ours) > 20
        assert theirs[population.name] == ours


def test_a_changed_weight_is_seen_by_the_comparison() -> None:
    net, spikes = with_drawn_spikes(pulses())
    graph, _ = df.formats.to_nir(net, seed=3)
    same = Graph(graph).integrate(spikes)
    graph.nodes["drive_to_e-weights"].weight *= 1.01
    assert Graph(graph).integrate(spikes) != same


def test_units_of_the_graph() -> None:
    graph, _ = df.formats.to_nir(network(), seed=1)
    node = graph.nodes["e"]
    assert np.allclose(node.tau_mem, 10)
    assert np.allclose(node.r, 10e-3 / 250e-12)  # ohm
    assert np.allclose(node.v_leak, -65 + 40e6 * 200e-9)  # mV: ohm times mA
    assert np.allclose([node.v_threshold[0], node.v_reset[0]], [-50, -68])
    delay = graph.nodes["drive_to_e-delay"].delay
    assert (delay.shape, delay[0]) == ((30,), pytest.approx(1.5))
    weight = graph.nodes["drive_to_e-weights"].weight
    assert weight.shape == (20, 30)
    assert np.allclose(weight[weight > 0] / node.tau_syn[0], 120e-9)  # mA
    seconds, _ = df.formats.to_nir(network(), seed=1, time_unit=second)
    assert np.allclose(seconds.nodes["e"].tau_mem, 0.010)
    scaled = seconds.nodes["drive_to_e-weights"].weight / seconds.nodes["e"].tau_syn[0]
    assert np.allclose(scaled[scaled > 0], 120e-9)


def test_a_network_without_spiking_inputs_begins_at_its_neurons(tmp_path: Path) -> None:
    loop = df.Projection("e", "e", "g_e += w", weight=20 * pA, probability=0.5)
    net = df.Network((cells("e", 4),), (df.CurrentInput("e", 500 * pA, variable="I"),), (loop,))
    graph, losses = df.formats.to_nir(net, seed=1)
    assert [text[:29] for text in losses] == ["The initial potentials of e, "]
    nir.write(tmp_path / "graph.nir", graph)
    assert set(nir.read(tmp_path / "graph.nir").nodes) == {"e-in", "e", "e-out", "e_to_e-weights"}
    base = network()
    alone, _ = df.formats.to_nir(replace(base, populations=(*base.populations, cells("x", 3))))
    assert [name for name, node in alone.nodes.items() if isinstance(node, nir.Input)] == [
        "drive",
        "x-in",
    ]


def test_what_the_graph_leaves_out_is_listed() -> None:
    late = df.CurrentInput("e", 1 * mA, start=5 * ms, variable="I")
    cell = replace(cells("e", 4), refractory=2 * ms, initial={"V": -60 * mV})
    net = df.Network((cell,), (late, df.PoissonInput("drive", 4, 5 * Hz, drawn="target")))
    _, losses = df.formats.to_nir(net)
    assert losses == (
        "The spikes of input drive are not in the graph.",
        "The current onto e that has a beginning or an end, or differs between neurons, is left "
        "out.",
        "The refractory period of e, 2 ms, is left out.",
        "The initial potentials of e, which are not its v_leak, are left out.",
    )


def test_what_nir_has_no_primitive_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    conductance = "dV/dt = (E_L - V)/tau_m - g_e*V/C : volt\ndg_e/dt = -g_e/tau_e : siemens"
    net = df.Network((cells("e", 2, conductance),))
    with pytest.raises(NetworkError, match=r"'g_e' is a conductance.*synapses='current'"):
        df.formats.to_nir(net)
    with pytest.raises(NetworkError, match=r"'e' is no leaky .* not linear"):
        df.formats.to_nir(df.Network((replace(cells("e", 2), threshold="V > V_th + 1*mV*rand()"),)))
    base = network()
    odd = replace(base.projections[2], on_pre="g_i += 2*w")
    with pytest.raises(NetworkError, match=r"'i_to_e' does 'g_i.*like 'g_e \+= w'"):
        df.formats.to_nir(replace(base, projections=(*base.projections[:2], odd)))
    rule = df.plasticity_rule("pair_stdp", w_max=200 * pA)
    learning = replace(base.projections[2], plasticity=rule)
    with pytest.raises(NetworkError, match="'i_to_e' learns"):
        df.formats.to_nir(replace(base, projections=(*base.projections[:2], learning)))
    monkeypatch.setattr(nir_graphs, "MOST_DELAYS", 2)
    with pytest.raises(NetworkError, match=r"'e_to_i' has . delays.*give delay_groups=8"):
        df.formats.to_nir(base, seed=1)
    with pytest.raises(DualframeError, match="expected a Network"):
        df.formats.to_nir(5)
