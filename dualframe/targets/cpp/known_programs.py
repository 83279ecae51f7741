"""Programs that are known: a second network of the same structure needs no code generation.

When a program has been built, its *plan* is kept beside the cached executable: which data files it
reads and writes. The next network with the same equations, names and sizes, whatever its seed,
weights, parameters or stimulus, is run by writing those files. A plan is only kept if the files
that it would have written for the first network are, byte for byte, those that Brian2 wrote, and
if it reads the same results back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from numpy.typing import NDArray

from dualframe.core.atomic_files import write_text_atomically
from dualframe.core.cache_folder import default_folder
from dualframe.targets.brian.brian_objects import BrianObjects
from dualframe.targets.brian.raw_results import RawResults, RawTrace, RunOptions
from dualframe.targets.cpp.build import PROGRAM, BuiltProgram
from dualframe.targets.cpp.compiler import compile_flags, find_compiler
from dualframe.targets.cpp.execute_programs import results_folder
from dualframe.targets.cpp.external_values import (
    LAYOUT,
    PARAMETERS,
    layout_text,
    read_values,
    values_text,
)
from dualframe.targets.cpp.program_cache import default_cache
from dualframe.targets.cpp.project_data import arrays_and_scalars, layout_values, select_values
from dualframe.targets.cpp.result_files import FileOf, files_read_back
from dualframe.targets.lowering.final_weights import NOW, final_weights
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredSynapses

_FORMAT = 9
#: Files on which the source of a program depends: another text of one makes all programs unknown.
GENERATING = (
    "brian/brian_objects.py",
    "cpp/checked_reads.py",
    "cpp/draws_before_loops.py",
    "cpp/external_values.py",
    "cpp/initial_arrays.py",
    "cpp/literal_free_device.py",
    "cpp/merged_source.py",
    "cpp/network_source.py",
    "cpp/objects_source.py",
    "cpp/poisson_counts.h",
    "cpp/random_functions.py",
    "cpp/random_streams.h",
    "cpp/result_files.py",
    "cpp/run.py",
    "cpp/synaptic_decays.py",
    "cpp/synaptic_pathway.h",
    "cpp/synaptic_pathways.py",
    "cpp/values.h",
    "cpp/vector_functions.h",
    "cpp/vector_functions.py",
    "cpp/vectorisable_thresholds.py",
    "cpp/vectorisable_updates.py",
)
_STATIC = "static_arrays"


@dataclass(frozen=True, kw_only=True)
class KnownProgram:
    """How to feed and read a known program.

    Attributes
    ----------
    program
        Key in the cache of executables.
    flags
        What the compiler was called with.
    arrays, parameters
        Names of its data files, and of the numbers in its parameter file.
    layout
        Its layout file: lengths, and internal state that does not depend on the data.
    spikes, traces, weights, states
        Files of the results: by population, by population (or projection) and kind of recording,
        by synapses (variables of the postsynaptic neuron end in ``_post``), by population.
    """

    program: str
    flags: tuple[str, ...]
    arrays: tuple[str, ...]
    parameters: tuple[str, ...]
    layout: Mapping[str, str]
    spikes: Mapping[str, Mapping[str, FileOf]]
    traces: Mapping[str, Mapping[str, Mapping[str, FileOf]]]
    weights: Mapping[str, Mapping[str, FileOf]]
    states: Mapping[str, Mapping[str, FileOf]]

    def prepare_project(self, lowered: LoweredNetwork, project: Path) -> BuiltProgram | None:
        """Write a project's data and fetch its program; None if this is not possible."""
        files = _data_files(lowered, self.parameters, self.layout)
        if files is None or set(files[0]) != set(self.arrays):
            return None
        project.mkdir(exist_ok=True)
        (
            project / _STATIC
        ).mkdir()  # results go there, too: a folder costs as much as a run of 1 ms
        if not default_cache().fetch(self.program, project / PROGRAM):
            return None
        arrays, parameters, layout = files
        for name, array in arrays.items():
            array.tofile(project / _STATIC / name)
        (project / PARAMETERS).write_text(parameters, encoding="utf-8")
        (project / LAYOUT).write_text(layout, encoding="utf-8")
        return BuiltProgram(
            executable=project / PROGRAM,
            cache="hit",
            flags=self.flags,
            is_merged=True,
            key=self.program,
        )

    def collect_results(self, lowered: LoweredNetwork, project: Path) -> RawResults:
        """Read the results of a program that has run."""
        folder = results_folder(project)
        raw = RawResults(simulated_s=lowered.duration)
        for name, files in self.spikes.items():
            raw.spikes[name] = _read_file(folder, files["i"]), _read_file(folder, files["t"])
        for name, kinds in self.traces.items():
            for kind, files in kinds.items():
                trace = self._read_trace(lowered, name, files, folder)
                (raw.traces if kind == "trace" else raw.events)[name] = trace
        raw.states = {
            name: {variable: _read_file(folder, file) for variable, file in files.items()}
            for name, files in self.states.items()
        }
        parts: dict[str, list[Any]] = {}
        for synapses in lowered.synapses:
            if synapses.name in self.weights:
                final = _final_weights_of(synapses, self.weights[synapses.name], folder)
                parts.setdefault(synapses.projection, []).append(synapses.list_as_drawn(final))
        for name, found in parts.items():
            i, j, w = (np.concatenate(column) for column in zip(*found, strict=True))
            raw.weights[name] = (i, j, w)
        return raw

    def _read_trace(
        self, lowered: LoweredNetwork, name: str, files: Mapping[str, FileOf], folder: Path
    ) -> RawTrace:
        group = next((group for group in lowered.groups if group.name == name), None)
        alias_of = {"w": NOW} if group is None else group.recorded_as
        original = {alias: own for own, alias in alias_of.items()}
        n = group.n if group is not None else _count_synapses(lowered, name)
        chosen = lowered.recordings[name].neurons
        neurons = np.arange(n) if chosen is None else np.asarray(chosen)
        values = {
            original.get(name, name): _read_file(folder, file).reshape(-1, len(neurons)).T
            for name, file in files.items()
            if name != "t"
        }
        return RawTrace(_read_file(folder, files["t"]), neurons, values)


def _count_synapses(lowered: LoweredNetwork, projection: str) -> int:
    return sum(len(s.i) for s in lowered.synapses if s.projection == projection)


def _final_weights_of(
    synapses: LoweredSynapses, files: Mapping[str, FileOf], folder: Path
) -> NDArray[Any]:
    return final_weights(
        synapses,
        lambda name: _read_file(folder, files[name]),
        lambda name: _read_file(folder, files[f"{name}_post"]),
    )


def structure_key(lowered: LoweredNetwork, options: RunOptions) -> str:
    """Return a digest of everything that determines the program of a network.

    Brian2 writes other statements for one value than for several, hence the counts up to two.
    """
    compiler = find_compiler()
    structure = [
        _FORMAT,
        _digest_of_generator(),
        brian2.__version__,
        compiler.identity,
        compile_flags(strict=options.strict),
        options.threads,
        options.precision,
        lowered.dt,
        lowered.replicas,
        [
            [
                g.name,
                g.n,
                g.equations,
                g.threshold,
                g.reset,
                g.refractory,
                g.method,
                sorted((n, c.unit, c.is_shared) for n, c in g.constants.items()),
                sorted(g.initial),
            ]
            for g in lowered.groups
        ],
        [[s.name, s.n, min(len(s.indices), 2)] for s in lowered.spikes],
        [[p.name, p.n] for p in lowered.poissons],
        [
            [
                s.name,
                s.projection,
                s.source,
                s.target,
                s.equations,
                s.on_pre,
                s.on_post,
                sorted((n, c.unit, c.is_shared) for n, c in s.constants.items()),
                sorted(s.initial),
                s.due,
                [text for text, _ in s.visits],
                s.visits_when,
                min(len(s.i), 2),
                int(np.ndim(s.delay)),
            ]
            for s in lowered.synapses
        ],
        sorted(
            [
                name,
                list(r.variables),
                None if r.neurons is None else len(r.neurons),
                None if r.every is None else float(np.asarray(r.every)),
            ]
            for name, r in lowered.recordings.items()
        ),
        sorted(lowered.silent),
    ]
    return hashlib.sha256(json.dumps(structure).encode()).hexdigest()


@lru_cache(maxsize=1)
def _digest_of_generator() -> str:
    """Digest of the modules that decide what Brian2 is asked to generate."""
    targets = resources.files("dualframe.targets")
    texts = [(targets / name).read_bytes() for name in GENERATING]
    return hashlib.sha256(b"".join(texts)).hexdigest()


def load_program(key: str) -> KnownProgram | None:
    """Return a stored plan, or None if there is none or it is not what was written."""
    path = _record_path(key)
    try:
        return _read_plan(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return None


@lru_cache(maxsize=256)
def _read_plan(path: Path, written_at: int) -> KnownProgram | None:
    stored = json.loads(path.read_text(encoding="utf-8"))
    data = stored["plan"]
    if stored["sha256"] != _digest_of_record(data):
        return None
    data["flags"], data["arrays"] = tuple(data["flags"]), tuple(data["arrays"])
    return KnownProgram(**data)


def store_program(
    key: str,
    lowered: LoweredNetwork,
    assembled: BrianObjects,
    device: Any,
    build: BuiltProgram,
    raw: RawResults,
) -> None:
    """Store the plan of a program that has just run, if it reproduces its files and results."""
    project = build.executable.parent
    if not build.is_merged or not (project / PARAMETERS).exists():
        return
    parameters = read_values(project / PARAMETERS)
    layout = read_values(project / LAYOUT)
    files = _data_files(lowered, parameters, layout)
    if files is None or not _same_files(project, *files):
        return
    read_back = files_read_back(assembled, lowered, device)
    program = KnownProgram(
        program=build.key,
        flags=build.flags,
        arrays=tuple(sorted(files[0])),
        parameters=tuple(parameters),
        layout=layout,
        spikes=read_back.spikes,
        traces=read_back.traces,
        weights=read_back.weights,
        states=read_back.states,
    )
    if _same_results(program.collect_results(lowered, project), raw):
        data = asdict(program)
        _write_record(
            _record_path(key), json.dumps({"sha256": _digest_of_record(data), "plan": data})
        )


def _digest_of_record(data: Any) -> str:
    return hashlib.sha256(json.dumps(data).encode()).hexdigest()


def _data_files(
    lowered: LoweredNetwork, parameters: Iterable[str], layout: Mapping[str, str]
) -> tuple[dict[str, NDArray[Any]], str, str] | None:
    arrays, single = arrays_and_scalars(lowered)
    values, sizes = select_values(single, parameters), layout_values(arrays, single, layout)
    if values is None or sizes is None:
        return None
    return arrays, values_text(values), layout_text(sizes)


def _same_files(
    project: Path, arrays: Mapping[str, NDArray[Any]], parameters: str, layout: str
) -> bool:
    folder = project / _STATIC
    if {path.name for path in folder.iterdir()} != set(arrays):
        return False
    if any((folder / name).read_bytes() != array.tobytes() for name, array in arrays.items()):
        return False
    written = [(project / name).read_text(encoding="utf-8") for name in (PARAMETERS, LAYOUT)]
    return written == [parameters, layout]


def _same_results(ours: RawResults, theirs: RawResults) -> bool:
    def arrays(raw: RawResults) -> list[Any]:
        found = [a for pair in (*raw.spikes.values(), *raw.weights.values()) for a in pair]
        for trace in (*raw.traces.values(), *raw.events.values()):
            found += [trace.times, trace.neurons, *trace.values.values()]
        return found + [array for states in raw.states.values() for array in states.values()]

    mine, reference = arrays(ours), arrays(theirs)
    return len(mine) == len(reference) and all(
        np.array_equal(a, b, equal_nan=True) for a, b in zip(mine, reference, strict=True)
    )


def _read_file(folder: Path, file: FileOf) -> NDArray[Any]:
    name, dtype = file
    return np.fromfile(folder / name, dtype=np.dtype(dtype))


def _record_path(key: str) -> Path:
    return default_folder() / "plans" / f"{key}.json"


def _write_record(path: Path, content: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomically(path, content)
    except OSError:
        return  # the next run generates its code again, and says that the cache is not writable
