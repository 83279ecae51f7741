"""SONATA networks of point neurons as a `Network`: nodes, edges, types and input spikes.

Every type of node becomes a population, whose neurons are the nodes of that type in the order of
their ids; every type of edge between two types a projection for each sign of the weight. Neurons
are those of `dualframe.formats.nest_equations`, synapses are static. Virtual nodes are inputs; a
Poisson generator gives every target spikes of its own, as in NEST.

What is not supported is refused with the file, the group and the column.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import Hz, ms, second, um
from numpy.typing import NDArray

from dualframe.core.errors import DualframeError, OutputError
from dualframe.core.validation import as_path
from dualframe.formats.nest_equations import NEST_MODELS, NestPopulation
from dualframe.formats.sonata_files import Rows, read_configuration, read_rows, refuse
from dualframe.formats.spike_files import read_csv_spikes, read_sonata_spikes
from dualframe.network import Network, PoissonInput, Projection, SpikeInput

Indices = NDArray[np.int64]

_STATIC = ("static_synapse", "nest:static_synapse")
_GENERATOR = "nest:poisson_generator"
_SPIKE_MODULES = ("h5", "sonata", "csv")


def load_sonata(config: str | os.PathLike[str]) -> Network:
    """Return a SONATA network of point neurons.

    Parameters
    ----------
    config
        A configuration of a simulation, whose input spikes are taken over too, or of a circuit.

    Returns
    -------
    Network
        Populations are called as the node population, with the name of the type
        (``model_name``, ``pop_name`` or its number) where there are several. `dualframe.run` asks
        for duration and time step; those of the configuration are not taken over.

    Raises
    ------
    OutputError
        If a file cannot be read, or holds what is not supported: models of neurons other than
        NEST's ``iaf_psc_delta``, ``iaf_psc_exp``, ``iaf_psc_alpha``, ``iaf_cond_exp`` and
        ``glif_psc`` with fixed thresholds, synapses that change, functions of weights, inputs
        other than spikes. The error names file, group and column.
    """
    path = as_path(config, "config")
    content = read_configuration(path)
    reader = _Reader(path=path, content=content)
    try:
        return reader.read()
    except OutputError:
        raise
    except DualframeError as problem:
        raise OutputError(f"{str(path)!r}: {problem}") from problem


@dataclass(frozen=True, kw_only=True)
class _Group:
    """The nodes of one type: their name here, their ids, and what they are."""

    name: str
    ids: Indices
    kind: str
    nest: NestPopulation | None = None
    rate: float = 0.0

    def positions_of(self, ids: Indices) -> Indices:
        """Return the indices of nodes, -1 for those of other types."""
        place = np.clip(np.searchsorted(self.ids, ids), 0, len(self.ids) - 1)
        found: Indices = np.where(self.ids[place] == ids, place, -1)
        return found


@dataclass(kw_only=True)
class _Reader:
    path: Path
    content: Mapping[str, Any]
    groups: dict[str, list[_Group]] = field(default_factory=dict)
    generators: list[PoissonInput] = field(default_factory=list)

    def read(self) -> Network:
        folder, networks = self.content["folder"], self.content["networks"]
        for entry in networks.get("nodes", ()):
            for rows in read_rows("nodes", entry, folder):
                self.groups[rows.name] = list(self._groups_of(rows))
        projections = [
            projection
            for entry in networks.get("edges", ())
            for rows in read_rows("edges", entry, folder)
            for projection in self._projections_of(rows)
        ]
        neurons = [g.nest for groups in self.groups.values() for g in groups if g.nest is not None]
        return Network(
            populations=tuple(neuron.population for neuron in neurons),
            inputs=(
                *self._spike_inputs(),
                *self.generators,
                *(current for neuron in neurons for current in neuron.currents),
            ),
            projections=_with_unique_names(projections),
            name=_identifier(self.path.parent.name),
        )

    # --- nodes ----------------------------------------------------------------------------------

    def _groups_of(self, rows: Rows) -> Iterator[_Group]:
        kinds, labels = rows.column("model_type"), _type_labels(rows)
        types = np.unique(rows.type_ids)
        for number in types:
            here = np.flatnonzero(rows.type_ids == number)
            here = here[np.argsort(rows.ids[here], kind="stable")]
            name = _identifier(rows.name if len(types) == 1 else f"{rows.name}_{labels[number]}")
            kind = str(kinds[here[0]])
            nest, rate = None, 0.0
            if kind == "point_neuron":
                nest = self._neurons(rows, here, name)
            elif kind == "point_process":
                rate = self._generator_rate(rows, here)
            elif kind != "virtual":
                refuse(
                    rows.types_file,
                    rows.name,
                    "model_type",
                    f"{kind!r} is not supported: expected point_neuron or virtual.",
                )
            yield _Group(name=name, ids=rows.ids[here], kind=kind, nest=nest, rate=rate)

    def _neurons(self, rows: Rows, here: Indices, name: str) -> NestPopulation:
        template = str(rows.column("model_template")[here[0]])
        model = template.removeprefix("nest:")
        if model not in NEST_MODELS or not template.startswith("nest:"):
            known = ", ".join(f"nest:{known}" for known in NEST_MODELS)
            refuse(
                rows.types_file,
                rows.name,
                "model_template",
                f"{template!r} is not supported: expected one of {known}.",
            )
        values = self._parameters(rows, here, "point_neuron_models_dir")
        for key in rows.dynamics_names:
            own = rows.dynamics(key)
            if own is not None and not np.isnan(own[here]).all():
                values[key] = _filled(own[here], values.get(key), rows, key)
        sign = {"e": 1, "i": -1}.get(str(rows.column("ei")[here[0]]))
        try:
            return NEST_MODELS[model](
                name, len(here), values, sign=sign, positions=_positions(rows, here)
            )
        except DualframeError as problem:
            refuse(rows.types_file, rows.name, "dynamics_params", str(problem))

    def _generator_rate(self, rows: Rows, here: Indices) -> float:
        template = str(rows.column("model_template")[here[0]])
        values = self._parameters(rows, here, "point_neuron_models_dir")
        if template != _GENERATOR or set(values) != {"rate"}:
            refuse(
                rows.types_file,
                rows.name,
                "model_template",
                f"{template!r} with {sorted(values)}: expected {_GENERATOR} with a rate alone.",
            )
        return float(values["rate"])

    def _parameters(self, rows: Rows, here: Indices, folder: str) -> dict[str, Any]:
        name = rows.column("dynamics_params")[here[0]]
        if name is None:
            return {}
        place = self.content.get("components", {}).get(folder, ".")
        path = Path(self.content["folder"]) / place / str(name)
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            refuse(rows.types_file, rows.name, "dynamics_params", f"{str(path)!r}: {problem}.")
        if not isinstance(values, dict):
            refuse(rows.types_file, rows.name, "dynamics_params", f"{str(path)!r} is no object.")
        return values

    # --- edges ----------------------------------------------------------------------------------

    def _projections_of(self, rows: Rows) -> Iterator[Projection]:
        for number in np.unique(rows.type_ids):
            here = np.flatnonzero(rows.type_ids == number)
            port = self._port(rows, here)
            ends = {end: self._ends(rows, end, here) for end in ("source", "target")}
            weight = rows.numbers("syn_weight") * rows.numbers("nsyns", 1.0)
            delay = rows.numbers("delay")
            for source, i in ends["source"]:
                for target, j in ends["target"]:
                    both = (i >= 0) & (j >= 0)
                    if both.any():
                        edges = (i[both], j[both], weight[here][both], delay[here][both])
                        yield from self._connect(rows, source, target, port, edges)

    def _port(self, rows: Rows, here: Indices) -> int:
        template = rows.column("model_template")[here[0]]
        if template is not None and template not in _STATIC:
            refuse(
                rows.types_file,
                rows.name,
                "model_template",
                f"{template!r} is not supported: expected static_synapse.",
            )
        function = rows.column("weight_function")[here[0]]
        if function is not None:
            refuse(
                rows.types_file,
                rows.name,
                "weight_function",
                f"{function!r} is not supported: expected weights in syn_weight.",
            )
        if rows.dynamics_names:
            refuse(
                rows.file,
                rows.name,
                f"dynamics_params/{rows.dynamics_names[0]}",
                "parameters of single edges are not supported.",
            )
        values = self._parameters(rows, here, "synaptic_models_dir")
        port = values.pop("receptor_type", 0)
        if values:
            refuse(
                rows.types_file,
                rows.name,
                "dynamics_params",
                f"{sorted(values)[0]!r} is not supported: expected receptor_type alone.",
            )
        return int(port)

    def _ends(self, rows: Rows, end: str, here: Indices) -> list[tuple[_Group, Indices]]:
        population, ids = rows.ends[end]
        if population not in self.groups:
            refuse(
                rows.file, rows.name, f"{end}_node_id", f"no nodes of a population {population!r}."
            )
        found = [(group, group.positions_of(ids[here])) for group in self.groups[population]]
        if (np.max([index for _, index in found], axis=0) < 0).any():
            refuse(rows.file, rows.name, f"{end}_node_id", "an id is none of the nodes.")
        return found

    def _connect(
        self,
        rows: Rows,
        source: _Group,
        target: _Group,
        port: int,
        edges: tuple[Indices, Indices, Any, Any],
    ) -> Iterator[Projection]:
        if target.nest is None:
            refuse(rows.file, rows.name, "target_node_id", f"{target.name!r} are no neurons.")
        i, j, weight, delay = edges
        for sign in (1, -1):
            here = np.flatnonzero(weight < 0 if sign < 0 else weight >= 0)
            if not here.size:
                continue
            if (port, sign) not in target.nest.statements:
                ports = sorted({known for known, _ in target.nest.statements})
                refuse(
                    rows.types_file,
                    rows.name,
                    "dynamics_params",
                    f"receptor_type {port} is no port of {target.name!r}, which has {ports}.",
                )
            name, pairs = source.name, (i[here], j[here])
            if source.kind == "point_process":
                name = f"{source.name}_{target.name}_{len(self.generators)}"
                self.generators.append(PoissonInput(name, len(here), source.rate * Hz))
                pairs = (np.arange(len(here)), j[here])
            yield Projection(
                name,
                target.name,
                target.nest.statements[port, sign],
                weight=np.abs(weight[here]) * target.nest.weight_unit,
                delay=delay[here] * ms,
                delay_groups=None if len(np.unique(delay[here])) > _DELAYS else len(here),
                pairs=pairs,
            )

    # --- inputs ---------------------------------------------------------------------------------

    def _spike_inputs(self) -> Iterator[SpikeInput]:
        read = dict(self._read_inputs())
        for population, groups in self.groups.items():
            for group in groups:
                if group.kind != "virtual":
                    continue
                indices, times = read.get(population, (np.zeros(0, int), np.zeros(0)))
                index = group.positions_of(indices)
                here = index >= 0
                yield SpikeInput(group.name, len(group.ids), index[here], times[here] * second)

    def _read_inputs(self) -> Iterator[tuple[str, tuple[Indices, Any]]]:
        for name, entry in self.content.get("inputs", {}).items():
            kind, module = entry.get("input_type"), entry.get("module")
            if kind != "spikes" or module not in _SPIKE_MODULES:
                refuse(
                    self.path,
                    f"inputs/{name}",
                    "module",
                    f"{kind!r} of {module!r} is not supported: expected spikes of h5 or csv.",
                )
            nodes = entry.get("node_set")
            nodes = nodes.get("population") if isinstance(nodes, dict) else nodes
            if nodes not in self.groups:
                refuse(
                    self.path,
                    f"inputs/{name}",
                    "node_set",
                    f"{entry.get('node_set')!r} is not supported: expected a population of nodes, "
                    f"one of {', '.join(self.groups)}.",
                )
            file = Path(self.content["simulation_folder"]) / str(entry.get("input_file"))
            spikes = _read_spikes(file, str(module), str(nodes))
            yield str(nodes), (np.asarray(spikes.indices), np.asarray(spikes.times))


_DELAYS = 64  # different ones, above which each synapse has its own


def _read_spikes(file: Path, module: str, population: str) -> SpikeInput:
    if module != "csv":
        return read_sonata_spikes(file, population)
    return read_csv_spikes(
        file,
        population,
        neuron="node_ids",
        time="timestamps",
        unit=1 * ms,
        population=population,
        separator=r"\s+",
    )


def _type_labels(rows: Rows) -> dict[int, str]:
    """Return a name of each type: one that the table gives, if it gives each another."""
    for column in ("pop_name", "model_name"):
        if column in rows.types:
            names = rows.types[column]
            if names.notna().all() and names.is_unique:
                return dict(zip(rows.types.index.astype(int), names.astype(str), strict=True))
    return {int(number): str(number) for number in rows.types.index}


def _positions(rows: Rows, here: Indices) -> Any:
    axes = [rows.column(axis)[here] for axis in "xyz"]
    if any(pd.isna(axis).any() for axis in axes):
        return None
    return np.stack([axis.astype(float) for axis in axes], axis=1) * um


def _filled(values: NDArray[np.float64], default: Any, rows: Rows, name: str) -> Any:
    """Return a parameter of single nodes; where a node has none, that of its type."""
    missing = np.isnan(values)
    if missing.any() and default is None:
        refuse(rows.file, rows.name, f"dynamics_params/{name}", "some nodes have no value.")
    return np.where(missing, default, values) if missing.any() else values


def _identifier(name: str) -> str:
    word = re.sub(r"\W", "_", name)
    return word if re.match(r"[A-Za-z]", word) else f"n_{word}"


def _with_unique_names(projections: list[Projection]) -> tuple[Projection, ...]:
    """Return the projections; further ones between the same ends have numbers."""
    count: dict[str, int] = {}
    named = []
    for projection in projections:
        number = count[projection.name] = count.get(projection.name, 0) + 1
        name = projection.name if number == 1 else f"{projection.name}_{number}"
        named.append(replace(projection, name=name))
    return tuple(named)
