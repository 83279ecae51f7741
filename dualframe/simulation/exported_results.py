"""Results of an exported program: what its manifest says of its files, and how they are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dualframe.core.errors import OutputError
from dualframe.core.json_files import DURATION, ROWS, TABLE, check_entries, read_json
from dualframe.core.output_manifest import FILES, MANIFEST, is_unchanged
from dualframe.core.user_warnings import warn_user
from dualframe.network import Network, PoissonInput
from dualframe.results.action_tables import without_silent_releases
from dualframe.results.rate_ranges import warmup_of
from dualframe.results.results import Results, Trace, dspike_table, population_table, spike_table
from dualframe.results.saved_results import as_folder, reporting_damage
from dualframe.results.tables import json_ready, weight_table
from dualframe.simulation.assemble_results import (
    describe_unknown_spikes,
    find_dendritic_spikes,
    package_versions,
)
from dualframe.simulation.program_record import read_program_record, read_texts
from dualframe.targets.cpp.export_project import FORMAT
from dualframe.targets.cpp.exported_results import spikes_file, trace_file, weights_file
from dualframe.targets.cpp.external_values import PARAMETERS
from dualframe.targets.cpp.result_files import ResultFiles
from dualframe.targets.lowering.final_weights import NOW
from dualframe.targets.lowering.lowered_network import LoweredNetwork

_SPIKE = np.dtype([("neuron", "i4"), ("t", "f8")])
_NUMBER = np.dtype("f8")
_RUN_INFO = "last_run_info.txt"


# --- what the manifest says ---------------------------------------------------------------------


def describe_results(
    network: Network, lowered: LoweredNetwork, files: ResultFiles, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what `load_export` needs to know, as JSON-ready data.

    Parameters
    ----------
    network, lowered
        The network, as described and as exported.
    files
        The files of its results.
    facts
        What the provenance says of the program besides.
    """
    provenance = {
        "network": network.name,
        "network_hash": network.digest,
        "versions": package_versions(),
        **facts,
        **describe_unknown_spikes(network, lowered),
        **network.meta,
    }
    kinds: dict[str, dict[str, Any]] = {"trace": {}, "dspikes": {}}
    for name, monitors in files.traces.items():
        for kind, columns in monitors.items():
            kinds[kind][name] = _trace_entry(lowered, name, list(columns))
    content: dict[str, Any] = json_ready(
        {
            "dt_s": lowered.dt,
            "drawn": {
                "seed": lowered.seed,
                "until_s": lowered.duration,
                "inputs": inputs_drawn_before(network),
            },
            "populations": population_table(network.populations).to_dict(orient="records"),
            "provenance": provenance,
            "traces": kinds["trace"],
            "dspikes": kinds["dspikes"],
            "weights": _weight_entries(lowered, files),
            "run_record": True,
        }
    )
    return content


def inputs_drawn_before(network: Network) -> list[str]:
    """Return the names of the inputs whose spikes are drawn before a program starts.

    Parameters
    ----------
    network
        The description.
    """
    return [
        source.name
        for source in network.inputs
        if isinstance(source, PoissonInput) and source.drawn == "host"
    ]


def _trace_entry(lowered: LoweredNetwork, name: str, columns: list[str]) -> dict[str, Any]:
    group = next((g for g in lowered.groups if g.name == name), None)
    alias_of = {"w": NOW} if group is None else group.recorded_as
    own = {alias: variable for variable, alias in alias_of.items()}
    synapses = [s for s in lowered.synapses if s.projection == name]
    units = dict(group.units) if group else {"w": synapses[0].weight_unit}
    dspikes = {variable: event for event, variable in group.events.items()} if group else {}
    n = group.n if group else sum(len(s.i) for s in synapses)
    chosen = lowered.recordings[name].neurons
    entries = {c: own.get(c, c) for c in columns if c != "t"}
    return {
        "neurons": n if chosen is None else np.asarray(chosen),
        "variables": {
            column: {"name": dspikes.get(v, v), "unit": units.get(v, "1")}
            for column, v in entries.items()
        },
    }


def _weight_entries(lowered: LoweredNetwork, files: ResultFiles) -> dict[str, Any]:
    entries: dict[str, Any] = {}
    for synapses in lowered.synapses:
        if synapses.name in files.weights:
            new = {"unit": synapses.weight_unit, "parts": {}}
            parts = entries.setdefault(synapses.projection, new)["parts"]
            parts[synapses.name] = synapses.drawn_as
    return entries


# --- reading ------------------------------------------------------------------------------------


def load_export(directory: str | Path, results: str = "results") -> Results:
    """Return the results of an exported C++ project that has run.

    They are those that `run` returns for the same network, seed and recordings, and the final
    weights of every projection that learns. Numbers that were edited in ``parameters.txt`` between
    export and run count: duration and seed are those of the run, and the provenance names the file
    under ``edited``. What was changed after the run, by edits or another export, is warned of.

    Parameters
    ----------
    directory
        The folder that `export` wrote.
    results
        The folder in it that ``./main`` wrote: ``./main --results_dir NAME``.

    Raises
    ------
    OutputError
        If the folder is no export, has not run, or holds a file that is missing or damaged.
    """
    folder = as_folder(directory)
    manifest = _read_manifest(folder)
    place = folder / results
    if not (place / _RUN_INFO).is_file():
        raise OutputError(
            f"{str(place)!r} holds no results: run `make && ./main` in {str(folder)!r} first."
        )
    with reporting_damage(place):
        return _ExportReader(folder, place, manifest).read()


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    data = read_json(path) if path.is_file() else None
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise OutputError(f"{str(folder)!r} is no export: expected a folder that `export` wrote.")
    check_entries(data, {"results": TABLE, FILES: TABLE}, repr(str(path)))
    tables = dict.fromkeys(("provenance", "traces", "dspikes", "weights", "drawn"), TABLE)
    kinds = {"dt_s": DURATION, "populations": ROWS, **tables}
    check_entries(data["results"], kinds, f"{str(path)!r}, results")
    return data


class _ExportReader:
    """The files of one run of an exported program."""

    def __init__(self, folder: Path, place: Path, manifest: Mapping[str, Any]) -> None:
        self._folder, self._place, self._digests = folder, place, manifest[FILES]
        self._content = manifest["results"]
        has_record = self._content.get("run_record")  # not of exports by the first versions
        self._record = read_program_record(place) if has_record else None

    def read(self) -> Results:
        """Return the results."""
        content = self._content
        populations = pd.DataFrame(content["populations"])
        trains = {name: self._spikes_of(name) for name in populations["population"]}
        took, fraction = self._read_run_info()
        asked, seed = self._read_parameters()
        changes = list(self._record.differences(self._folder)) if self._record else []
        changes += self._kept_draws(asked, seed)
        warnings = [*content["provenance"].get("warnings", ()), *warn_user(changes)]
        drawn_seed = content["drawn"]["seed"]
        duration = asked if fraction >= 1 else asked * fraction
        weights = {name: self._weights_of(entry) for name, entry in content["weights"].items()}
        return Results(
            populations=populations,
            spikes=spike_table(populations, trains),
            duration=duration,
            dspikes=dspike_table(self._dendritic_spikes()),
            traces={name: self._trace_of(name, e) for name, e in content["traces"].items()},
            weights=weights,
            weight_units={name: entry["unit"] for name, entry in content["weights"].items()},
            provenance={
                **self._provenance(trains, duration),
                "seed": seed,
                **({"network_seed": drawn_seed} if drawn_seed != seed else {}),
                "asked_s": asked,
                "simulated_s": duration,
                "completed": fraction >= 1,
                "run_s": took,
                "dt_s": content["dt_s"],
                "warnings": warnings,
            },
        )

    def _kept_draws(self, asked: float, seed: int) -> Iterator[str]:
        """Yield what a longer run or another seed leaves as it was drawn for the export."""
        drawn = self._content["drawn"]
        if not (names := ", ".join(map(repr, drawn["inputs"]))):
            return
        remedy = "Export again, or draw them in the program: PoissonInput(..., drawn='target')."
        if asked > drawn["until_s"]:
            yield (
                f"the run lasted {asked:g} s, and the spikes of {names} were drawn for the "
                f"{drawn['until_s']:g} s of the export: there are none after that. {remedy}"
            )
        if seed != drawn["seed"]:
            yield (
                f"the seed of the run is {seed}, and the spikes of {names} are those that were "
                f"drawn with seed {drawn['seed']} for the export. {remedy}"
            )

    def _read_run_info(self) -> tuple[float, float]:
        """Return the seconds that the run took, and the fraction of it that was simulated."""
        path = self._place / _RUN_INFO
        try:
            took, fraction = map(float, path.read_text(encoding="utf-8").split())
        except ValueError as problem:
            raise OutputError(
                f"{str(path)!r} is damaged: expected two numbers, the seconds that the run took "
                f"and the fraction that was simulated. Run ./main again."
            ) from problem
        return took, fraction

    def _read_parameters(self) -> tuple[float, int]:
        """Return the duration in seconds and the seed of the run."""
        path = self._folder / PARAMETERS
        if not path.is_file():
            raise OutputError(f"{str(path)!r} is missing: export the network again.")
        try:
            tables = [read_texts(path), *([self._record.parameters] if self._record else [])]
            return [(float(table["duration"]), int(table["seed"])) for table in tables][-1]
        except (ValueError, KeyError) as problem:
            raise OutputError(
                f"{str(path)!r} is damaged: expected lines of the form `name = value`, with a "
                f"number for duration and a whole number for seed. Export the network again."
            ) from problem

    def _provenance(self, trains: Mapping[str, Any], duration: float) -> dict[str, Any]:
        facts = dict(self._content["provenance"])
        if "actions" in facts:
            counts = {name: len(t) for name, (_, t) in trains.items()}
            facts["actions"] = without_silent_releases(facts["actions"], counts)
        if "rate_ranges_Hz" in facts:
            facts["warmup_s"] = warmup_of(duration)
        edited = [
            name for name, digest in self._digests.items() if not self._is_as_exported(name, digest)
        ]
        return facts | ({"edited": sorted(edited)} if edited else {})

    def _is_as_exported(self, name: str, digest: str) -> bool:
        return name.endswith(".md") or is_unchanged(self._folder / name, digest)

    def _spikes_of(self, population: str) -> tuple[Any, Any]:
        records = self._array(spikes_file(population), _SPIKE)
        if self._record:
            path = self._place / spikes_file(population)
            self._record.check_spikes(population, path, len(records))
        return records["neuron"], records["t"]

    def _trace_of(self, name: str, entry: Mapping[str, Any], kind: str = "trace") -> Trace:
        neurons = entry["neurons"]
        chosen = np.arange(neurons) if isinstance(neurons, int) else np.asarray(neurons)
        values = {
            own["name"]: self._array(trace_file(kind, name, column)).reshape(-1, len(chosen)).T
            for column, own in entry["variables"].items()
        }
        units = {own["name"]: own["unit"] for own in entry["variables"].values()}
        return Trace(self._array(trace_file(kind, name, "t")), chosen, values, units)

    def _dendritic_spikes(self) -> dict[tuple[str, str], tuple[Any, Any]]:
        return {
            (name, event): find_dendritic_spikes(trace.neurons, steps, self._content["dt_s"])
            for name, entry in self._content["dspikes"].items()
            for trace in [self._trace_of(name, entry, "dspikes")]
            for event, steps in trace.values.items()
        }

    def _weights_of(self, entry: Mapping[str, Any]) -> pd.DataFrame:
        tables = [self._part(name, order) for name, order in entry["parts"].items()]
        return pd.concat(tables, ignore_index=True)

    def _part(self, synapses: str, order: list[int] | None) -> pd.DataFrame:
        pre, post = (
            self._array(weights_file(synapses, end), np.dtype("i4")) for end in ("pre", "post")
        )
        w = np.broadcast_to(self._array(weights_file(synapses, "w")), pre.shape)
        table = weight_table(pre, post, w)
        return table if order is None else table.iloc[np.argsort(order)]

    def _array(self, name: str, dtype: np.dtype[Any] = _NUMBER) -> NDArray[Any]:
        path = self._place / name
        if not path.is_file():
            raise OutputError(f"{str(path)!r} is missing: run ./main again.")
        if path.stat().st_size % dtype.itemsize:
            raise OutputError(f"{str(path)!r} is cut off: run ./main again.")
        return np.fromfile(path, dtype)
