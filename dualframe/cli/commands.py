"""What each command does; each returns the exit status."""

from __future__ import annotations

import argparse
import shlex
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import dualframe as df
from dualframe import catalogue
from dualframe.analysis.run_words import count_text
from dualframe.building.kept_calibrations import kept_calibrations
from dualframe.building.twin_choice import choose_twin
from dualframe.cli import terminal_output as terminal
from dualframe.cli.data_tables import as_json
from dualframe.cli.messages import FAILED, INTERRUPTED, PROGRAM, say
from dualframe.cli.output_options import chosen_folder, save_somewhere
from dualframe.cli.own_calibration import calibrate_what_lacks
from dualframe.core.validation import check_count
from dualframe.experiments.branch_comparison import FILES as COMPARISON_FILES
from dualframe.formats import write_sonata
from dualframe.results.archive import result_files
from dualframe.simulation.diagnose_installation import render_diagnosis
from dualframe.simulation.option_texts import split_option
from dualframe.simulation.replay_run import replay
from dualframe.simulation.run_specification import RunSpecification
from dualframe.targets.cpp.program_cache import default_cache
from dualframe.training.agents import folders_of_conditions, holds_agents
from dualframe.training.replay_training import TrainingReplay, replay_training


def run_command(options: argparse.Namespace) -> int:
    """Build and run a circuit, save the results, print the rates."""
    specification = specification_of(options)
    network = specification.network
    folder = chosen_folder(options, result_files(p.name for p in network.populations))
    say(terminal.describe_plan(specification, network))
    results = specification.run(progress=False if options.json else None)
    results = results.with_provenance(command=shlex.join([PROGRAM, *options.words]))
    with _interrupts_deferred():
        if folder is not None:
            save_somewhere(results.save, folder, force=options.force)
    if options.json:
        rates = results.rates_with_state().to_dict(orient="records")
        facts = {**results.provenance, "rates": rates}
        print(as_json({**facts, "out": str(folder) if folder else None}))
    else:
        print(terminal.summarise_run(results, folder, every=options.assumptions))
    if results.provenance["completed"]:
        return 0
    kept = f"what was simulated is in {folder}." if folder else "nothing was saved (no --out)."
    say(f"{PROGRAM}: interrupted after {results.duration:g} s; {kept}")
    return INTERRUPTED


def export_command(options: argparse.Namespace) -> int:
    """Write a circuit as a C++ project, or as SONATA files."""
    specification = specification_of(options)
    if options.format == "sonata":
        return _export_sonata(specification, options)
    out = df.export(
        specification.network,
        specification.duration,
        options.out,
        target=specification.target,
        seed=specification.seed,
        record=specification.requested_recordings(),
        dt=specification.dt,
        threads=specification.threads,
        strict=specification.strict,
        force=options.force,
    )
    print(as_json({"out": str(out)}) if options.json else f"{out}: run `make && ./main` there.")
    return 0


def _export_sonata(specification: RunSpecification, options: argparse.Namespace) -> int:
    losses = write_sonata(
        specification.network,
        options.out,
        duration=specification.duration,
        seed=specification.seed,
        dt=specification.dt,
        force=options.force,
    )
    if options.json:
        print(as_json({"out": options.out, "losses": losses}))
    else:
        print("\n".join([f"{options.out}: SONATA files; what they do not say:", *losses]))
    return 0


def check_command(options: argparse.Namespace) -> int:
    """List what keeps a circuit from running on a target; the status is 1 if there is any."""
    specification = specification_of(options)
    blockers = df.check(specification.network, specification.target)
    if options.json:
        print(as_json([vars(blocker) for blocker in blockers]))
    elif blockers:
        print("\n".join(map(str, blockers)))
    else:
        print(f"{specification.network.name} runs on {specification.target}.")
    return FAILED if blockers else 0


def report_command(options: argparse.Namespace) -> int:
    """Write an HTML report of one run or training, or of several side by side."""
    loaded: dict[str, Any] = {}
    for folder in options.folders:
        loaded |= _load_reported(folder)
    first = Path(options.folders[0])
    out = Path(options.out) if options.out else first / "report.html"
    content = next(iter(loaded.values())) if len(loaded) == 1 else loaded
    written = df.report(content, out, force=options.force)
    print(as_json({"out": str(written)}) if options.json else f"Report: {written}")
    return 0


def _load_reported(folder: str) -> dict[str, Any]:
    """Return the results, or agents, of a folder by label; of a training's, each condition."""
    if holds_agents(folder):
        return {str(Path(folder)): df.load_agents(folder)}
    if places := folders_of_conditions(folder):
        return {place.name: df.load_agents(place) for place in places}
    return {str(Path(folder)): df.Results.load(folder)}


def doctor_command(options: argparse.Namespace) -> int:
    """Print what this machine has, and what each target still needs."""
    facts = df.doctor()
    print(as_json(facts) if options.json else render_diagnosis(facts))
    return 0


def replay_command(options: argparse.Namespace) -> int:
    """Repeat a run or a training and say whether it is equal; the status is 1 if it is not."""
    progress = False if options.json else None
    if holds_agents(options.manifest):
        return _report_training_replay(replay_training(options.manifest, progress), options)
    repetition = replay(options.manifest, progress)
    equal = repetition.first_difference is None
    if options.json:
        facts = {
            "equal": equal,
            "arguments": repetition.specification.to_dict(),
            "spikes": repetition.spikes,
            "first_difference_s": repetition.first_difference,
            "same_network": repetition.same_network,
            "versions": repetition.versions,
        }
        print(as_json(facts))
    else:
        print(terminal.describe_replay(repetition))
    return 0 if equal else FAILED


def _report_training_replay(replayed: TrainingReplay, options: argparse.Namespace) -> int:
    if options.json:
        facts = {
            "equal": not replayed.differences,
            "arguments": replayed.specification.to_dict(),
            "differences": replayed.differences,
            "same_network": replayed.same_network,
            "versions": replayed.versions,
        }
        print(as_json(facts))
    else:
        print(terminal.replayed_training(replayed))
    return FAILED if replayed.differences else 0


def compare_command(options: argparse.Namespace) -> int:
    """Run a circuit in both branches, with and without modulation, and compare the shifts."""
    plain = df.circuit(options.circuit)
    check_count(options.seeds, "--seeds")
    models = options.model or ["glif"]
    choices = {"cells": options.cells, "synapses": options.synapses}
    for model in models:
        choose_twin(plain, model, **choices)
    base = RunSpecification(circuit=options.circuit, modulate=(), scale=options.scale)
    control, *conditions = (
        replace(base, modulate=modulations).resolved_circuit
        for modulations in _modulations_of_conditions(options.modulate)
    )
    folder = chosen_folder(options, COMPARISON_FILES)
    builders = {"biological": base} | {
        model: replace(
            base,
            branch="task_driven",
            model=model,
            cells=options.cells or "",
            synapses=options.synapses or "",
        )
        for model in models
    }
    for specification in builders.values():
        calibrate_what_lacks(specification)
    runs = (1 + len(models)) * (1 + len(conditions)) * options.seeds
    say(
        f"{control.name}: {', '.join(['biological', *models])}; control, "
        f"{', '.join(options.modulate)}; {count_text(options.seeds, 'seed')}: {runs} runs of "
        f"{options.duration}"
    )
    comparison = df.compare_branches(
        control,
        dict(zip(options.modulate, conditions, strict=True)),
        models=("biological", *models),
        seeds=range(options.seeds),
        duration=options.duration,
        target=options.target,
        builders={model: one.build_network for model, one in builders.items()},
        progress=False if options.json else None,
    )
    if folder is not None:
        save_somewhere(comparison.save, folder, force=options.force)
    if not comparison.completed:
        kept = (
            f"the states are in {folder}/states.csv." if folder else "nothing was saved (no --out)."
        )
        say(f"{PROGRAM}: interrupted after {comparison.runs} runs; {kept}")
        return INTERRUPTED
    if options.json:
        print(as_json(comparison.to_records()))
    else:
        print(comparison.describe())
        print(f"\nTables and figure: {folder}" if folder else "\nNothing was saved: add --out DIR.")
    return 0


def _modulations_of_conditions(texts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the modulations of the control and of each condition.

    The modulators of the other conditions are there at level zero, so that all conditions have the
    same equations and are one program. With regions each condition has its own modulator alone.
    """
    places = [split_option(text, "=", "--modulate", "ACh=0.8")[0] for text in texts]
    zeros = {catalogue.modulator_name(place): f"{place}=0" for place in places}
    if any("@" in place for place in places):
        zeros = {}
    yield tuple(zeros.values())
    for text, place in zip(texts, places, strict=True):
        own = catalogue.modulator_name(place)
        yield text, *(zero for name, zero in zeros.items() if name != own)


def cache_command(options: argparse.Namespace) -> int:
    """Print what the cache holds, or remove the compiled programs in it."""
    cache, calibrations = default_cache(), kept_calibrations()
    if options.clear:
        stay = f"; calibrations stay: {len(calibrations)}" if calibrations else ""
        print(f"Removed {cache.clear()} compiled programs from {cache.folder}{stay}.")
        return 0
    programs, size = len(cache.entries()), cache.size()
    if options.json:
        facts = {"folder": str(cache.folder), "programs": programs, "bytes": size}
        print(as_json({**facts, "calibrations": calibrations}))
        return 0
    print(f"{cache.folder}: {programs} compiled programs, {size / 1e6:.1f} MB")
    print(f"calibrations: {len(calibrations)}")
    for row in calibrations:
        print(f"  {row['file']}: {row['model']}, contacts: {row['contacts']}, {row['date']}")
    return 0


def specification_of(options: argparse.Namespace) -> RunSpecification:
    """Return the specification that the arguments describe; what lacks strengths gets them."""
    values = vars(options)
    fields: dict[str, Any] = {
        key: tuple(values[key]) if isinstance(values[key], list) else values[key]
        for key in RunSpecification.__dataclass_fields__
        if values.get(key) is not None
    }
    specification = RunSpecification(**fields)
    calibrate_what_lacks(specification)
    return specification


@contextmanager
def _interrupts_deferred() -> Iterator[None]:
    """Let Ctrl-C wait until results are saved."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
