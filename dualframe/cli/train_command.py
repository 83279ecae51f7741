"""`dualframe train`: agents learn a task, condition by condition."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dualframe as df
from dualframe.cli import terminal_output as terminal
from dualframe.cli.terminal_output import as_json, say
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.results.archive import ensure_writable
from dualframe.simulation.run import resolve_seed
from dualframe.targets.target_support import TARGETS, resolve_target
from dualframe.task import Task
from dualframe.training.figures import write_figures

PROGRAM = "dualframe"
INTERRUPTED = 130
NOTHING = "none"


def train_arguments(made: argparse.ArgumentParser) -> None:
    """Declare the options of `dualframe train`."""
    add = made.add_argument
    add("task", metavar="TASK", help="name, TOML file, or a folder of `train --out` to go on with")
    add("--agents", type=int, help="side by side (default: the task's)")
    add("--trials", type=int, help="trials of each agent (default: the task's)")
    add("--duration", help="simulated time, instead of the task's")
    add("--neurons", type=int, help="size of the network, in tasks that have one")
    add(
        "--modulate",
        action="append",
        metavar="none|DA,ACh,5-HT",
        help="modulators that act; repeatable, each is a condition (default: the task's)",
    )
    add(
        "--heterogeneity",
        type=float,
        metavar="CV",
        help="coefficient of variation of the cells' parameters",
    )
    add(
        "--set",
        action="append",
        metavar="SECTION.NAME=VALUE",
        default=[],
        help="another number or text of the task, as `dualframe show TASK` names it; repeatable",
    )
    add("--evaluate", action="store_true", help="with a folder: plasticity is frozen")
    add("--seed", type=int, help="of everything that is drawn (default: drawn, and reported)")
    add("--target", default="auto", help=f"{', '.join(TARGETS)}, or auto (default)")
    add("--threads", type=int, default=1, help="OpenMP threads of cpp_standalone (default 1)")
    add("--out", metavar="DIR", help="folder for tables, agents and figures")


def train_command(options: argparse.Namespace) -> int:
    """Let agents learn a task; with several --modulate, one condition after the other."""
    folder = ensure_writable(options.out) if options.out else None
    resolve_target(options.target)
    seed = resolve_seed(options.seed)
    done: dict[str, df.TrainedAgents] = {}
    whole = True
    if Path(options.task).is_dir():
        done[_label(options)] = _go_on(options, seed)
    else:
        whole = _train_conditions(options, seed, folder, done)
    if folder is not None:
        _together(done, folder, options)
    _print(done, folder, options)
    whole = whole and all(own.provenance["completed"] for own in done.values())
    if not whole:
        kept = f"what was simulated is in {folder}" if folder else "nothing was saved (no --out)"
        say(f"{PROGRAM}: interrupted; {kept}.")
    return 0 if whole else INTERRUPTED


def _train_conditions(
    options: argparse.Namespace, seed: int, folder: Path | None, done: dict[str, df.TrainedAgents]
) -> bool:
    """Train one condition after the other; return whether none was interrupted."""
    if options.evaluate:
        raise DualframeError(
            f"--evaluate is for agents that have learned: {options.task!r} is no folder of them."
        )
    for task in _conditions(options):
        say(f"{task}; seed {seed}, target {resolve_target(options.target)}")
        try:
            done[task.condition] = _train(task, options, seed)
        except KeyboardInterrupt:
            if not done:
                raise
            return False
        if folder is not None:
            _keep(done[task.condition], _place(folder, task.condition, options), options)
        if not done[task.condition].provenance["completed"]:
            return False
    return True


def _conditions(options: argparse.Namespace) -> list[Task]:
    task = df.task(options.task)
    for text in options.set:
        task = _changed(task, text)
    if options.neurons is not None:
        place = next((s for s in ("network", "actor") if s in task.sections), "network")
        name = "neurons" if place == "network" else "n"
        task = task.having(**{f"{place}__{name}": float(options.neurons)})
    if options.heterogeneity is not None:
        task = task.with_heterogeneity(options.heterogeneity)
    if not options.modulate:
        return [task]
    conditions: dict[str, Task] = {}
    for text in options.modulate:
        condition = _modulated(task, text)
        if condition.condition in conditions:
            raise DualframeError(
                f"--modulate {text} is the condition {condition.condition!r} a second time."
            )
        conditions[condition.condition] = condition
    return list(conditions.values())


def _modulated(task: Task, text: str) -> Task:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise DualframeError("--modulate names no modulator: write --modulate none for none.")
    return task.only_modulation(*([] if names == [NOTHING] else names))


def _changed(task: Task, text: str) -> Task:
    place, equals, value = text.partition("=")
    section, dot, name = place.partition(".")
    if not (equals and dot):
        raise DualframeError(
            f"--set {text!r}: expected SECTION.NAME=VALUE, like --set reward.pulse=0.25."
        )
    if section not in task.sections:
        raise UnknownName(f"section of task {task.name!r}:", section, task.sections)
    return task.having(**{f"{section.strip()}__{name.strip()}": value.strip()})


def _train(task: Task, options: argparse.Namespace, seed: int) -> df.TrainedAgents:
    network = df.task_driven.build(task)
    return df.train(network, task, agents=options.agents, **_how(options, seed))


def _go_on(options: argparse.Namespace, seed: int) -> df.TrainedAgents:
    """Train agents of a folder further, or evaluate them."""
    fixed = ("modulate", "heterogeneity", "neurons", "agents", "set")
    for name in fixed:
        if getattr(options, name) not in (None, []):
            raise DualframeError(
                f"--{name} belongs to agents that learn from the start: those of "
                f"{options.task!r} have theirs."
            )
    agents = df.load_agents(options.task)
    say(f"{agents}; seed {seed}, target {resolve_target(options.target)}")
    work = df.evaluate if options.evaluate else df.train
    return work(agents, **_how(options, seed))


def _how(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    duration = options.duration
    return {
        "seed": seed,
        "target": options.target,
        "trials": options.trials,
        "duration": None if duration is None else quantity(duration, "time", "--duration"),
        "threads": options.threads,
        "progress": False if options.json else None,
    }


def _label(options: argparse.Namespace) -> str:
    return "evaluated" if options.evaluate else "trained on"


def _place(folder: Path, condition: str, options: argparse.Namespace) -> Path:
    """One condition stands in the folder itself, several in folders of their own."""
    several = len(options.modulate or ()) > 1
    return folder / condition.replace(", ", "_") if several else folder


def _keep(agents: df.TrainedAgents, folder: Path, options: argparse.Namespace) -> None:
    command = shlex.join([PROGRAM, *options.words])
    kept = replace(agents, provenance={**agents.provenance, "command": command})
    kept.save(folder, figures=False)


def _together(
    done: Mapping[str, df.TrainedAgents], folder: Path, options: argparse.Namespace
) -> None:
    """Write what belongs to all conditions: their comparison and the figures."""
    if Path(options.task).is_dir():
        for agents in done.values():
            _keep(agents, folder, options)
    df.compare_conditions(done).to_csv(folder / "statistics.csv", index=False)
    write_figures(done, folder / "figures")


def _print(
    done: Mapping[str, df.TrainedAgents], folder: Path | None, options: argparse.Namespace
) -> None:
    table = df.compare_conditions(done)
    if options.json:
        facts = {
            condition: {
                "outcomes": own.outcomes.to_dict(orient="records"),
                "completed": own.provenance["completed"],
                "seed": own.provenance["seed"],
                "run_s": own.provenance["run_s"],
                "simulated_s": own.provenance["simulated_s"],
            }
            for condition, own in done.items()
        }
        rows = table.to_dict(orient="records")
        print(
            as_json(
                {"conditions": facts, "statistics": rows, "out": str(folder) if folder else None}
            )
        )
        return
    shown = ["condition", "agents", "outcome", "median", "q25", "q75", "successes", "of", "p"]
    print(terminal.table(table[shown].round(4)))
    first = next(iter(done.values()))
    for line in first.task.assumptions:
        say(f"assumed: {line}")
    if folder is not None:
        print(f"Tables, agents and figures are in {folder}.")
