"""What the options of commands that train agents ask for."""

from __future__ import annotations

import argparse
import shlex
from typing import Any

import dualframe as df
from dualframe.cli.messages import PROGRAM
from dualframe.cli.output_options import naming_option
from dualframe.core.errors import DualframeError
from dualframe.core.quantity import quantity
from dualframe.core.validation import check_count
from dualframe.simulation.option_texts import apply_drug_options
from dualframe.targets.target_support import resolve_target
from dualframe.task import Task

NO_MODULATORS = "none"


def check_simulation_options(options: argparse.Namespace) -> None:
    """Refuse a target and counts that cannot be, before anything is built or said.

    Parameters
    ----------
    options
        Of the command.
    """
    resolve_target(options.target)
    for name, label in (("agents", "number of agents"), ("trials", "trials")):
        if getattr(options, name) is not None:
            check_count(getattr(options, name), label)


def simulation_options(options: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Return the arguments of `dualframe.train` that say for how long, where and how.

    Parameters
    ----------
    options, seed
        Of the command.
    """
    duration = options.duration
    return {
        "seed": seed,
        "target": options.target,
        "trials": options.trials,
        "duration": None if duration is None else quantity(duration, "time", "--duration"),
        "threads": options.threads,
        "progress": False if options.json else None,
    }


def changed_task(options: argparse.Namespace) -> Task:
    """Return the task with the changes of --set, --neurons, --heterogeneity and of drugs.

    Parameters
    ----------
    options
        Of the command.
    """
    task = df.task(options.task)
    for text in options.set:
        with naming_option(f"--set {text}"):
            task = _set_entry(task, text)
    if options.neurons is not None:
        with naming_option(f"--neurons {options.neurons}"):
            task = task.with_neurons(options.neurons)
    if options.heterogeneity is not None:
        with naming_option(f"--heterogeneity {options.heterogeneity:g}"):
            task = task.with_heterogeneity(options.heterogeneity)
    return apply_drug_options(task, options.knockout or (), options.drug or ())


def with_acting_modulators(task: Task, text: str) -> Task:
    """Return the task in which the modulators of --modulate act.

    Parameters
    ----------
    task, text
        The task, and names separated by commas, or ``none``.

    Raises
    ------
    DualframeError
        If the text names none.
    """
    names = split_names(text)
    if not names:
        raise DualframeError("--modulate names no modulator: write --modulate none for none.")
    return task.with_modulators(*(() if names == (NO_MODULATORS,) else names))


def _set_entry(task: Task, text: str) -> Task:
    """Return the task with one change of --set."""
    place, equals, value = text.partition("=")
    path = "__".join(part.strip() for part in place.split("."))
    if not (equals and "." in place):
        raise DualframeError(
            f"--set {text!r}: expected SECTION.NAME=VALUE, like --set reward.pulse=0.25."
        )
    return task.with_parameters(**{path: value.strip()})


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of an option that are separated by commas.

    Parameters
    ----------
    text
        The option's.
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def command_line_of(options: argparse.Namespace) -> str:
    """Return the command as it was typed.

    Parameters
    ----------
    options
        Of the command.
    """
    return shlex.join([PROGRAM, *options.words])
