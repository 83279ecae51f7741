"""`dualframe train`: agents learn a task, one condition after the other."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dualframe as df
from dualframe.circuit.describe import assumed_numbers
from dualframe.cli.data_tables import as_json, format_table
from dualframe.cli.messages import INTERRUPTED, PROGRAM, say
from dualframe.cli.output_options import chosen_folder, save_somewhere
from dualframe.cli.task_options import (
    changed_task,
    check_simulation_options,
    command_line_of,
    simulation_options,
    split_names,
    with_acting_modulators,
)
from dualframe.core.errors import DualframeError
from dualframe.core.output_folder import added_output, replaced_output, write_manifest
from dualframe.core.output_manifest import FOLDERS
from dualframe.core.quantity import quantity, quantity_text
from dualframe.simulation.option_texts import split_option
from dualframe.simulation.run import resolve_seed
from dualframe.simulation.run_specification import NO_RECORDING
from dualframe.targets.target_support import resolve_target
from dualframe.task import Task
from dualframe.training.agents import CONDITIONS_FORMAT, FILES
from dualframe.training.condition_comparison import lacking_agents_text
from dualframe.training.figures import FIGURES, write_figures
from dualframe.training.training_specification import BRANCHES

STATISTICS = "statistics.csv"
START_ONLY = (
    "modulate",
    "knockout",
    "drug",
    "heterogeneity",
    "neurons",
    "agents",
    "set",
    "branch",
    "model",
)
SHOWN_COLUMNS = [
    "condition",
    "agents",
    "outcome",
    "median",
    "q25",
    "q75",
    "successes",
    "of",
    "p_holm",
]

Trained = dict[str, df.TrainedAgents]


def train_command(options: argparse.Namespace) -> int:
    """Let agents learn a task; with several --modulate, one condition after the other."""
    _check_options(options)
    seed = resolve_seed(options.seed)
    trained: Trained = {}
    completed = True
    if Path(options.task).is_dir():
        label = "evaluated" if options.evaluate else "trained on"
        folder = chosen_folder(options, _output_files(("",)))
        trained[label] = _go_on(options, seed)
        if folder is not None:
            _save_agents(trained[label], folder, options)
    else:
        tasks = _conditions(options)
        places = [_condition_folder(task, options) for task in tasks]
        folder = chosen_folder(options, _output_files(places))
        completed = _train_conditions(tasks, options, seed, folder, trained)
    if folder is not None:
        with added_output(folder) as stage:
            df.compare_conditions(trained).to_csv(stage / STATISTICS, index=False)
            write_figures(trained, stage / "figures")
    print(_as_json(trained, folder) if options.json else _as_text(trained, folder))
    if not options.json:
        _say_assumptions(next(iter(trained.values())).task, options)
    if completed and all(agents.provenance["completed"] for agents in trained.values()):
        return 0
    saved = f"what was simulated is in {folder}" if folder else "nothing was saved (no --out)"
    say(f"{PROGRAM}: interrupted; {saved}.")
    return INTERRUPTED


def _check_options(options: argparse.Namespace) -> None:
    """Refuse what cannot be before anything is built or said."""
    check_simulation_options(options)
    if options.evaluate and not Path(options.task).is_dir():
        raise DualframeError(
            f"--evaluate is for agents that have learned: {options.task!r} is no folder of them."
        )


def _output_files(places: Iterable[str]) -> list[str]:
    """Return the files of a training: agents in their places, statistics and figures."""
    agents = [f"{place}/{name}".lstrip("/") for place in places for name in FILES]
    return [*agents, STATISTICS, *(f"figures/{name}.png" for name in FIGURES)]


def _train_conditions(
    tasks: Sequence[Task],
    options: argparse.Namespace,
    seed: int,
    folder: Path | None,
    trained: Trained,
) -> bool:
    """Train one condition after the other; return whether none was interrupted."""
    for task in tasks:
        condition = task.condition
        say(f"{task}; seed {seed}, target {resolve_target(options.target)}")
        try:
            trained[condition] = df.train(
                task,
                branch=options.branch or BRANCHES[0],
                model=options.model,
                agents=options.agents,
                **_training_options(options, seed),
            )
        except KeyboardInterrupt:
            if not trained:
                raise
            return False
        if folder is not None:
            if len(tasks) > 1 and len(trained) == 1:
                _begin_conditions(tasks, folder, options)
            place = folder / _condition_folder(task, options)
            _save_agents(trained[condition], place, options)
        if not trained[condition].provenance["completed"]:
            return False
    return True


def _conditions(options: argparse.Namespace) -> list[Task]:
    """Return the task in each condition of --modulate."""
    task = changed_task(options)
    if not options.modulate:
        return [task]
    conditions: dict[str, Task] = {}
    for text in options.modulate:
        modulated = with_acting_modulators(task, text)
        condition = modulated.condition
        if condition in conditions:
            raise DualframeError(
                f"--modulate {text} is the condition {condition!r} a second time: give it once."
            )
        conditions[condition] = modulated
    return list(conditions.values())


def _go_on(options: argparse.Namespace, seed: int) -> df.TrainedAgents:
    """Train agents of a folder further, or evaluate them."""
    for name in START_ONLY:
        if getattr(options, name) not in (None, []):
            raise DualframeError(
                f"--{name} belongs to agents that learn from the start: those of "
                f"{options.task!r} have theirs."
            )
    agents = df.load_agents(options.task)
    say(f"{agents}; seed {seed}, target {resolve_target(options.target)}")
    work = df.evaluate if options.evaluate else df.train
    return work(agents, **_training_options(options, seed))


def _training_options(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    return {
        **simulation_options(options, seed),
        "record": _recordings_of(options),
        "spikes": split_names(options.record_spikes),
        "recorded_agents": _recorded_agents_of(options),
    }


def _recordings_of(options: argparse.Namespace) -> dict[str, Any] | None:
    """Return what --record asks for, by population; None for the default."""
    every = options.record_every
    interval = None if every is None else quantity(every, "time", "--record-every")
    if NO_RECORDING in options.record:
        if len(options.record) > 1:
            raise DualframeError(f"--record {NO_RECORDING} keeps nothing: leave out the others.")
        return {}
    record: dict[str, Any] = {}
    for text in options.record:
        name, variables = split_option(text, "=", "--record", "action=V")
        if name in record:
            raise DualframeError(f"--record {text} names {name!r} a second time: join the two.")
        names = split_names(variables)
        record[name] = names if interval is None else df.Recording(names, every=interval)
    if interval is not None and not record:
        raise DualframeError("--record-every says how often: say what with --record.")
    return record or None


def _recorded_agents_of(options: argparse.Namespace) -> list[int] | None:
    text = options.record_agents
    if text is None:
        return None
    names = split_names(text)
    if not names or not all(name.isascii() and name.isdigit() for name in names):
        raise DualframeError(f"--record-agents is {text!r}: expected numbers, like 0,1.")
    return [int(name) for name in names]


def _condition_folder(task: Task, options: argparse.Namespace) -> str:
    """One condition stands in the folder of --out itself, several in folders of their own."""
    several = len(options.modulate or ()) > 1
    return task.condition.replace(", ", "_") if several else ""


def _begin_conditions(tasks: Sequence[Task], folder: Path, options: argparse.Namespace) -> None:
    """Write the manifest above several conditions, in the place of an earlier output."""
    places = [_condition_folder(task, options) for task in tasks]
    facts = {"command": command_line_of(options), FOLDERS: places}
    with replaced_output(folder, force=options.force) as stage:
        write_manifest(stage, CONDITIONS_FORMAT, facts)


def _save_agents(agents: df.TrainedAgents, folder: Path, options: argparse.Namespace) -> None:
    provenance = {**agents.provenance, "command": command_line_of(options)}
    save = partial(replace(agents, provenance=provenance).save, figures=False)
    save_somewhere(save, folder, force=options.force)


def _as_json(trained: Mapping[str, df.TrainedAgents], folder: Path | None) -> str:
    reported = ("completed", "seed", "run_s", "simulated_s", "warnings")
    conditions = {
        condition: {
            "outcomes": agents.outcomes.to_dict(orient="records"),
            **{fact: agents.provenance[fact] for fact in reported},
        }
        for condition, agents in trained.items()
    }
    statistics = df.compare_conditions(trained).to_dict(orient="records")
    out = str(folder) if folder else None
    return as_json({"conditions": conditions, "statistics": statistics, "out": out})


def _as_text(trained: Mapping[str, df.TrainedAgents], folder: Path | None) -> str:
    table = df.compare_conditions(trained)
    shown = table[SHOWN_COLUMNS].round(4)
    shown["p_holm"] = ["-" if p != p else f"{p:.2g}" for p in table["p_holm"]]
    saved = "" if folder is None else f"Tables, agents and figures are in {folder}."
    lines = [format_table(shown), lacking_agents_text(table), saved]
    return "\n".join(filter(None, lines))


def _say_assumptions(task: Task, options: argparse.Namespace) -> None:
    """Say which numbers of the task are assumed; the number of agents may have been given."""
    stated = set() if options.agents is None else {("protocol", "agents")}
    for name, section in task.sections.items():
        assumed = [
            f"{entry} {quantity_text(number.value)}"
            for entry, number in section.numbers.items()
            if number.assumed and (name, entry) not in stated
        ]
        if assumed:
            say(f"assumed: {name}: {', '.join(assumed)}")
    for line in assumed_numbers(task.circuit, dendrites=False):
        say(f"assumed: {line}")
