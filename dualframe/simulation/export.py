"""Export: a network as a C++ project that needs a compiler and make, and neither Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from brian2.units import ms

from dualframe.core.brian_lock import one_thread_at_a_time
from dualframe.core.errors import TargetError
from dualframe.core.temporary_folders import temporary_folder
from dualframe.core.user_warnings import warn_user
from dualframe.core.validation import as_path
from dualframe.network import Network, Recording, expect_network
from dualframe.simulation.assemble_results import package_versions
from dualframe.simulation.exported_results import describe_results, inputs_drawn_before
from dualframe.simulation.recordings import resolve_recordings
from dualframe.simulation.run import check_options, resolve_seed, resolve_times
from dualframe.simulation.run_warnings import warnings_before_run
from dualframe.simulation.time_constants import refuse_divergent_step
from dualframe.targets.brian.raw_results import RunOptions
from dualframe.targets.cpp import run as cpp_standalone
from dualframe.targets.cpp.export_project import (
    ExportReadme,
    check_export_folder,
    export_project,
)
from dualframe.targets.cpp.result_files import files_read_back
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import LoweredGroup, LoweredNetwork, LoweredSynapses
from dualframe.targets.lowering.object_names import ObjectNames
from dualframe.targets.target_support import resolve_target

_NEVER = 1e9  # s: the end of an input that has none, as a number that every program reads
TARGET = "cpp_standalone"


@one_thread_at_a_time
def export(
    network: Network,
    duration: Any,
    out_dir: str | Path,
    *,
    target: str = TARGET,
    seed: int | None = None,
    record: Mapping[str, Sequence[str] | Recording] | None = None,
    dt: Any = 0.1 * ms,
    threads: int = 1,
    strict: bool = False,
    force: bool = False,
) -> Path:
    """Write a network as a self-contained C++ project: ``make && ./main``.

    Connectivity and input are drawn now, from the seed; parameters stay in readable files and can
    be changed without compiling. No compiler is needed for exporting.

    Parameters
    ----------
    network, duration, seed, record, dt, threads, strict
        As in `run`.
    out_dir
        The folder to write: new or empty.
    target
        ``"cpp_standalone"``. What Brian2GeNN generates needs GeNN's own build system, so that it
        cannot be exported.
    force
        Whether an earlier export in the folder is replaced; other files in it stay as they are.

    Returns
    -------
    pathlib.Path
        The folder. Its README describes every file; once the program has run, `load_export` returns
        its results.

    Raises
    ------
    TargetError
        If the target cannot be exported.
    NetworkError
        If a construct has no portable form, or forward Euler diverges at this time step.
    OutputError
        If the folder holds something and ``force`` is not given, holds a file of somebody else
        that has the name of an exported one, or cannot be written.
    """
    expect_network(network)
    _check_target(target)
    folder_name = as_path(out_dir, "out_dir")
    check_options(threads, "float64", TARGET)
    length, step = resolve_times(duration, dt)
    wanted = resolve_recordings(network, {} if record is None else record, step)
    lowered = lower_network(
        network,
        dt=step,
        duration=length,
        seed=resolve_seed(seed),
        record=wanted,
        merged=not strict,
    )
    refuse_divergent_step(lowered)
    out = check_export_folder(folder_name, force=force)
    warn_user(warnings_before_run(network, lowered))
    options = RunOptions(threads=threads, strict=strict)
    with temporary_folder() as folder:
        project = folder / "project"
        lasting = _with_lasting_inputs(network, lowered)
        with cpp_standalone.cpp_session(project, options) as device:
            assembled = cpp_standalone.generate_project(lasting, device, project, exported=True)
            files = files_read_back(assembled, lowered, device, exported=True)
        facts = {"target": TARGET, "threads": threads, "strict": strict}
        return export_project(
            project,
            out,
            describe_export(network, lowered),
            record={"results": describe_results(network, lowered, files, facts)},
            strict=strict,
            force=force,
        )


def _with_lasting_inputs(network: Network, lowered: LoweredNetwork) -> LoweredNetwork:
    """Let inputs without an end of their own go on as long as the program, however long that is."""
    endless = {source.name for source in network.inputs if getattr(source, "stop", 0) is None}
    poissons = tuple(
        replace(poisson, stop=_NEVER) if poisson.name in endless else poisson
        for poisson in lowered.poissons
    )
    return replace(lowered, poissons=poissons)


def _check_target(target: str) -> None:
    if target not in ("auto", TARGET) and resolve_target(target) in ("genn", "genn5"):
        raise TargetError(
            f"a network cannot be exported for {target!r}: its code needs GeNN's own build system. "
            f"Export with target='cpp_standalone', or run with target={target!r}."
        )
    if target == "runtime":
        raise TargetError("the target 'runtime' has no code to export: use 'cpp_standalone'.")


# --- the words of the README ---------------------------------------------------------------------


def describe_export(network: Network, lowered: LoweredNetwork) -> ExportReadme:
    """Return title, meanings of parameters and arrays, and how to read the results.

    Parameters
    ----------
    network
        The description.
    lowered
        The same network, lowered.
    """
    meanings = dict(_meanings_of_names(lowered))
    return ExportReadme(
        title=f"{network.name}: a spiking network in C++",
        introduction=_introduction_text(network, lowered),
        parameters={
            "duration": "second",
            "seed": "of what is drawn while the program runs",
            **meanings,
        },
        arrays=meanings,
        results=_RESULTS,
    )


def _introduction_text(network: Network, lowered: LoweredNetwork) -> str:
    made_with = ", ".join(f"{name} {version}" for name, version in package_versions().items())
    sizes = "\n".join(
        f"* `{p.name}`: {p.n} neurons" + (f" of cell type `{p.cell_type}`" if p.cell_type else "")
        for p in network.populations
    )
    assumptions = "\n".join(f"* {line}" for line in network.meta.get("assumptions", ()))
    return "\n\n".join(
        [
            "Populations:",
            sizes,
            f"{_drawn_text(network)} were drawn with seed {lowered.seed}; the time step is "
            f"{1e3 * lowered.dt:g} ms, the duration {lowered.duration:g} s.",
            *(["Results depend on these assumptions:", assumptions] if assumptions else []),
            *filter(None, [_concentrations_text(lowered)]),
            f"Network {network.digest[:16]}, exported with {made_with}.",
        ]
    )


def _concentrations_text(lowered: LoweredNetwork) -> str:
    """Say which lines of ``parameters.txt`` are one concentration, to be changed together."""
    lines: dict[str, list[str]] = {}
    parts = [(lowered.names.groups[group.name], group.constants) for group in lowered.groups]
    parts += [(lowered.names.synapses[one.name], one.constants) for one in lowered.synapses]
    for part, constants in parts:
        for constant, value in constants.items():
            if modulator := _modulator_of(constant, value.unit):
                lines.setdefault(modulator, []).append(f"`{part}_{constant}`")
    several = {modulator: names for modulator, names in lines.items() if len(names) > 1}
    if not several:
        return ""
    listed = [f"* {modulator}: {', '.join(names)}" for modulator, names in several.items()]
    return "\n".join(
        [
            "The concentration of a modulator stands in several lines or arrays of parameters, one "
            "for each population and projection that it acts on. They belong together: change all "
            "of a modulator, in mmolar (0.001 is 1 uM).",
            "",
            *listed,
        ]
    )


def _modulator_of(constant: str, unit: str) -> str:
    """Return the modulator whose concentration a constant is, with its region; "" for others."""
    if unit != "mmolar" or not constant.startswith("c_"):
        return ""
    return constant.removeprefix("c_").removesuffix("_of_target")


def _drawn_text(network: Network) -> str:
    names = ", ".join(f"`{name}`" for name in inputs_drawn_before(network))
    return "Connectivity and heterogeneous parameters" + (
        f", and the spikes of {names} up to the duration," if names else ""
    )


def _meanings_of_names(lowered: LoweredNetwork) -> Iterator[tuple[str, str]]:
    for group in lowered.groups:
        yield from _group_meanings(group, lowered.names)
    for synapses in lowered.synapses:
        yield from _synapse_meanings(synapses, lowered.names.synapses[synapses.name])
    for poisson in lowered.poissons:
        name = lowered.names.groups[poisson.name]
        yield f"{name}_rate", f"rate of {poisson.name}, hertz"
        yield f"{name}_onset", f"when {poisson.name} begins, second"
        yield f"{name}_end", f"when {poisson.name} ends, second"
    for spikes in lowered.spikes:
        name = lowered.names.groups[spikes.name]
        yield f"{name}_neuron_index", f"source of each input spike of {spikes.name}"
        yield f"{name}_spike_time", f"time of each input spike of {spikes.name}, second"


def _group_meanings(group: LoweredGroup, names: ObjectNames) -> Iterator[tuple[str, str]]:
    name = names.groups[group.name]
    spikes, trace = names.made[name, "spikes"], names.made[name, "trace"]
    for constant, value in group.constants.items():
        yield f"{name}_{constant}", _meaning_of_constant(constant, value.unit)
    for variable, base in group.units.items():
        yield f"{name}_{variable}", f"state variable, {unit_text(base)}"
        yield f"{trace}_{variable}", f"recorded {variable}, {unit_text(base)}"
    yield f"{trace}_t", "times of the recorded samples, second"
    yield spikes, f"neuron and time (second) of each spike of {group.name}"


def _synapse_meanings(synapses: LoweredSynapses, name: str) -> Iterator[tuple[str, str]]:
    yield f"{name}_sources", f"neuron of {synapses.source} of each synapse"
    yield f"{name}_targets", f"neuron of {synapses.target} of each synapse"
    yield f"{name}_delay", "delay, second"
    yield f"{name}_w", f"weight, {unit_text(synapses.weight_unit)}"
    for constant, value in synapses.constants.items():
        if constant != "w":
            yield f"{name}_{constant}", _meaning_of_constant(constant, value.unit)


def _meaning_of_constant(constant: str, unit: str) -> str:
    if modulator := _modulator_of(constant, unit):
        return f"concentration of {modulator}, {unit}; all of its lines belong together"
    return f"parameter, {unit_text(unit)}"


def unit_text(base: str) -> str:
    """Return a unit for a sentence.

    Parameters
    ----------
    base
        A unit as Brian2 equations spell it.
    """
    return "no dimension" if base == "1" else base


_RESULTS = """
`spikes_POPULATION.bin` has a record of 12 bytes for each spike: the neuron, then the time in
seconds. In Python everything comes back with `dualframe.load_export`, called with this folder, or
without dualframe:

```python
import numpy
spikes = numpy.fromfile("results/spikes_pyr.bin", [("neuron", "i4"), ("t", "f8")])
```"""
