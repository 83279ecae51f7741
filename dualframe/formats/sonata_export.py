"""SONATA: a network as files of nodes, edges and types, and a configuration that runs them.

The format is that of Dai et al. (2020), PLoS Comput. Biol. 16(2): e1007696, and its developer
guide. Every population is a node population of one type; every projection is an edge population
whose synapses, with their weights and delays, are those that a run with the same seed has.

===========================  =======================================================================
nodes/, edges/               HDF5 files of the populations, CSV files of their types
inputs/                      spikes of the inputs, as virtual nodes; Poisson spikes are drawn
components/                  parameters of the types, JSON
circuit_config.json          the network; ``simulation_config.json`` runs it, for example in BMTK
losses.txt                   what these files do not say
===========================  =======================================================================
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from brian2.units import ms, second

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.output_folder import check_output, replaced_output, write_manifest
from dualframe.core.validation import as_path
from dualframe.formats.leaky_neurons import NotLeaky, leaky_neuron
from dualframe.formats.nest_models import NestNeuron, nest_neuron
from dualframe.formats.static_synapses import constant_current, raised_variable, synaptic_weights
from dualframe.network import Network, Population, expect_network
from dualframe.results.hdf5_files import SONATA_MAGIC, SONATA_VERSION, write_trains
from dualframe.simulation.run import resolve_seed, resolve_times
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredSynapses

FORMAT = "dualframe sonata"
_MILLI, _MICRO = 1e3, 1e6  # of them in an SI unit


@one_thread_at_a_time
def write_sonata(
    network: Network,
    folder: str | Path,
    *,
    duration: Any = 1 * second,
    seed: int | None = None,
    dt: Any = 0.1 * ms,
    force: bool = False,
) -> tuple[str, ...]:
    """Write a network of point neurons as SONATA files.

    Leaky integrate-and-fire neurons with exponential synapses become NEST's ``iaf_psc_exp`` or
    ``iaf_cond_exp``, which compute the same, so that BMTK PointNet runs the files. Other neurons
    are described: their equations and parameters stand in ``components``, and no simulator runs
    them from there.

    Parameters
    ----------
    network
        The network, as a builder returns it.
    folder
        Where the files go: new or empty, or an earlier SONATA output with ``force``.
    duration, seed, dt
        Of the run that the configuration describes, as in `dualframe.run`.
    force
        Whether an earlier output is replaced.

    Returns
    -------
    tuple of str
        What is lost, a sentence each; they stand in ``losses.txt`` too.

    Raises
    ------
    NetworkError, OutputError
        If the network cannot be drawn, or the folder cannot be written.
    """
    expect_network(network)
    length, step = resolve_times(duration, dt)
    out = check_output(as_path(folder, "folder"), force=force)
    bare = replace(network, inputs=network.sources)
    lowered = lower_network(bare, dt=step, duration=length, seed=resolve_seed(seed))
    writer = _Writer(network=network, lowered=lowered)
    with replaced_output(out, force=force) as stage:
        writer.write(stage)
        write_manifest(stage, FORMAT, {"losses": writer.losses, "seed": lowered.seed})
    return tuple(writer.losses)


@dataclass(kw_only=True)
class _Writer:
    """The parts of one network, which are written one after the other."""

    network: Network
    lowered: LoweredNetwork
    losses: list[str] = field(default_factory=list)
    _nodes: list[dict[str, Any]] = field(default_factory=list)
    _edges: list[dict[str, Any]] = field(default_factory=list)
    _inputs: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write everything below a folder."""
        for name in ("nodes", "edges", "inputs", "components"):
            (folder / name).mkdir()
        self._note_losses()
        neurons = {p.name: self._write_population(folder, p) for p in self.network.populations}
        for source in self.lowered.spikes:
            self._write_input(folder, source.name, source.n, source.indices, source.times)
        parts: dict[str, list[LoweredSynapses]] = {}
        for synapses in self.lowered.synapses:
            parts.setdefault(synapses.projection, []).append(synapses)
        for name, found in parts.items():
            self._write_projection(folder, name, found, neurons[found[0].target])
        self._write_configurations(folder)
        lines = self.losses or ["Nothing is lost."]
        (folder / "losses.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")

    # --- populations ----------------------------------------------------------------------------

    def _write_population(self, folder: Path, population: Population) -> NestNeuron | None:
        name = population.name
        neuron = self._nest_neuron(population)
        template = f"nest:{neuron.model}" if neuron else f"dualframe:{name}"
        parameters = dict(neuron.parameters) if neuron else _description(population, self.lowered)
        row = {
            "model_type": "point_neuron",
            "model_template": template,
            "cell_type": population.cell_type or "NULL",
            "ei": {1: "e", -1: "i"}.get(population.sign or 0, "NULL"),
        }
        positions = None if population.positions is None else np.asarray(population.positions)
        self._write_nodes(folder, name, population.n, row, parameters, positions)
        for number, (rate, weight) in enumerate(neuron.background if neuron else ()):
            self._write_background(folder, population, number, rate, weight)
        return neuron

    def _nest_neuron(self, population: Population) -> NestNeuron | None:
        (group,) = (g for g in self.lowered.groups if g.name == population.name)
        try:
            neuron = leaky_neuron(group, population.voltage)
            current, losses = constant_current(self.network, population.name, neuron.drive)
            self.losses += losses
            return nest_neuron(neuron, current)
        except NotLeaky as problem:
            self.losses.append(
                f"Population {population.name} has no NEST model that computes the same "
                f"({problem}): its equations stand in components, and no simulator runs them."
            )
            return None

    def _write_background(
        self, folder: Path, population: Population, number: int, rate: float, weight: float
    ) -> None:
        name = f"background_{population.name}" + (f"_{number}" if number else "")
        row = {"model_type": "point_process", "model_template": "nest:poisson_generator"}
        self._write_nodes(folder, name, 1, row, {"rate": rate})
        ends = (np.zeros(population.n, int), np.arange(population.n))
        edges = _Edges(*ends, np.full(population.n, weight), np.full(population.n, self._step))
        self._write_edges(folder, name, population.name, edges, "nest:static_synapse")

    def _write_input(self, folder: Path, name: str, n: int, indices: Any, times: Any) -> None:
        self._write_nodes(folder, name, n, {"model_type": "virtual"}, {})
        path = f"inputs/{name}_spikes.h5"
        late = np.maximum(times, self.lowered.dt)  # PointNet takes no spike at time zero
        if (times < self.lowered.dt).any():
            self.losses.append(f"Spikes of {name} in the first step come one step later.")
        write_spike_file(folder / path, {name: (indices, late)})
        self._inputs[name] = {
            "input_type": "spikes",
            "module": "h5",
            "input_file": f"$BASE_DIR/{path}",
            "node_set": name,
        }

    def _write_nodes(
        self,
        folder: Path,
        name: str,
        n: int,
        row: Mapping[str, str],
        parameters: Mapping[str, Any],
        positions: Any = None,
    ) -> None:
        path, types = f"nodes/{name}_nodes.h5", f"nodes/{name}_node_types.csv"
        with _sonata_file(folder / path) as file:
            group = file.create_group(f"nodes/{name}")
            group["node_id"] = np.arange(n, dtype=np.uint64)
            group["node_type_id"] = np.zeros(n, dtype=np.int64)
            group["node_group_id"] = np.zeros(n, dtype=np.uint32)
            group["node_group_index"] = np.arange(n, dtype=np.uint64)
            attributes = group.create_group("0")
            for k, axis in enumerate("xyz" if positions is not None else ""):
                attributes[axis] = positions[:, k] * _MICRO  # um
        columns = {"node_type_id": 0, "pop_name": name, **row}
        if parameters:
            columns["dynamics_params"] = f"{name}.json"
            text = json.dumps(parameters, indent=2)
            (folder / "components" / f"{name}.json").write_text(text, encoding="utf-8")
        pd.DataFrame([columns]).to_csv(folder / types, sep=" ", index=False)
        self._nodes.append(_entry("node", path, types, name, row["model_type"]))

    # --- projections ----------------------------------------------------------------------------

    @property
    def _step(self) -> float:
        return self.lowered.dt * _MILLI

    def _write_projection(
        self, folder: Path, name: str, parts: list[LoweredSynapses], neuron: NestNeuron | None
    ) -> None:
        variable = raised_variable(parts[0])
        scale = neuron.scale.get(variable) if neuron and variable else None
        if scale is None and neuron:
            self.losses.append(
                f"Projection {name} does {parts[0].on_pre!r} at a spike: its weights are in SI "
                f"units, and no simulator acts on them."
            )
        weight = np.concatenate([synaptic_weights(s) for s in parts])
        delay = np.concatenate([np.broadcast_to(s.delay, (len(s.i),)) for s in parts])
        edges = _Edges(
            np.concatenate([s.i for s in parts]),
            np.concatenate([s.j for s in parts]),
            weight * (1.0 if scale is None else scale),
            delay * _MILLI,
        )
        if (edges.delay < self._step * (1 - 1e-9)).any():
            self.losses.append(f"Delays of {name} shorter than a time step are one step.")
            edges = replace(edges, delay=np.maximum(edges.delay, self._step))
        template = "nest:static_synapse" if scale is not None else f"dualframe:{name}"
        self._write_edges(folder, parts[0].source, parts[0].target, edges, template, name)

    def _write_edges(
        self,
        folder: Path,
        source: str,
        target: str,
        edges: _Edges,
        template: str,
        name: str = "",
    ) -> None:
        name = name or f"{source}_to_{target}"
        path, types = f"edges/{name}_edges.h5", f"edges/{name}_edge_types.csv"
        count = len(edges.source)
        with _sonata_file(folder / path) as file:
            group = file.create_group(f"edges/{name}")
            for end, population in (("source", source), ("target", target)):
                ids = np.asarray(getattr(edges, end), dtype=np.uint64)
                group[f"{end}_node_id"] = ids
                group[f"{end}_node_id"].attrs["node_population"] = population
            group["edge_type_id"] = np.zeros(count, dtype=np.int64)
            group["edge_group_id"] = np.zeros(count, dtype=np.uint32)
            group["edge_group_index"] = np.arange(count, dtype=np.uint64)
            group["0/syn_weight"], group["0/delay"] = edges.weight, edges.delay
        columns = {"edge_type_id": 0, "target_query": "NULL", "source_query": "NULL"}
        columns |= {"model_template": template, "dynamics_params": "static_synapse.json"}
        pd.DataFrame([columns]).to_csv(folder / types, sep=" ", index=False)
        (folder / "components" / "static_synapse.json").write_text("{}", encoding="utf-8")
        self._edges.append(_entry("edge", path, types, name, "chemical"))

    # --- the rest -------------------------------------------------------------------------------

    def _note_losses(self) -> None:
        for projection in self.network.projections:
            if projection.plasticity is not None:
                self.losses.append(f"Projection {projection.name} learns; its weights are fixed.")
            if projection.summed:
                self.losses.append(f"Projection {projection.name} carries a signal, not spikes.")
        for poisson in self.lowered.poissons:
            self.losses.append(f"Input {poisson.name} is drawn by the target and is left out.")
        for action in self.network.meta.get("modulation", ()):
            self.losses.append(f"The modulator {action} is not in the files; its effects are.")

    def _write_configurations(self, folder: Path) -> None:
        base = {"$BASE_DIR": "."}
        components = {
            f"{kind}_models_dir": "$BASE_DIR/components" for kind in ("point_neuron", "synaptic")
        }
        circuit = {
            "manifest": base,
            "networks": {"nodes": self._nodes, "edges": self._edges},
            "components": components,
        }
        simulation = {
            "manifest": {**base, "$OUTPUT_DIR": "$BASE_DIR/output"},
            "run": {
                "tstop": self.lowered.duration * _MILLI,
                "dt": self._step,
                "random_seed": self.lowered.seed % 2**31,
            },
            "target_simulator": "NEST",
            "network": "$BASE_DIR/circuit_config.json",
            "inputs": self._inputs,
            "output": {
                "log_file": "log.txt",
                "output_dir": "$OUTPUT_DIR",
                "spikes_file": "spikes.h5",
                "spikes_sort_order": "by_time",
            },
        }
        for name, content in (("circuit", circuit), ("simulation", simulation)):
            text = json.dumps(content, indent=2) + "\n"
            (folder / f"{name}_config.json").write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class _Edges:
    """Synapses: source, target, weight in NEST's unit, delay in ms."""

    source: Any
    target: Any
    weight: Any
    delay: Any


def _entry(kind: str, path: str, types: str, name: str, type_of: str) -> dict[str, Any]:
    """Return the entry of a file in the configuration of a circuit."""
    return {
        f"{kind}s_file": f"$BASE_DIR/{path}",
        f"{kind}_types_file": f"$BASE_DIR/{types}",
        "populations": {name: {"type": type_of}},
    }


def _description(population: Population, lowered: LoweredNetwork) -> dict[str, Any]:
    (group,) = (g for g in lowered.groups if g.name == population.name)
    return {
        "equations": group.equations,
        "threshold": group.threshold,
        "reset": group.reset,
        "refractory": group.refractory,
        "parameters": {
            name: {"value": np.asarray(c.value).tolist(), "unit": c.unit}
            for name, c in group.constants.items()
        },
    }


def write_spike_file(path: Path, trains: Mapping[str, tuple[Any, Any]]) -> None:
    """Write a SONATA spike file.

    Parameters
    ----------
    path
        The file.
    trains
        Neurons and times (s) by population.
    """
    with _sonata_file(path) as file:
        for name, (neuron, t) in trains.items():
            order = np.lexsort((neuron, t))
            write_trains(file.create_group(f"spikes/{name}"), neuron[order], t[order])


def _sonata_file(path: Path) -> h5py.File:
    file = h5py.File(path, "w")
    file.attrs["magic"] = np.uint32(SONATA_MAGIC)
    file.attrs["version"] = np.array(SONATA_VERSION, dtype=np.uint32)
    return file
