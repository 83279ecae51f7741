"""The commands of the command line, and where each is carried out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType, ModuleType

from dualframe.cli.messages import PROGRAM

# Module, words among all commands, and words above its options.
COMMANDS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "list": (
            "dualframe.cli.catalogue_commands",
            "tables of the catalogue",
            "Print a table of the catalogue.",
        ),
        "show": (
            "dualframe.cli.catalogue_commands",
            "one entry, each number with its source",
            "Print an entry of the catalogue, or a circuit, with every number and its source.",
        ),
        "run": (
            "dualframe.cli.commands",
            "build and run a circuit",
            "Build and run a circuit, save the results, print the rates.",
        ),
        "train": (
            "dualframe.cli.train_command",
            "agents learn a task",
            "Let agents learn a task; with several --modulate, one condition after the other.",
        ),
        "attribute": (
            "dualframe.cli.attribute_command",
            "what carries the gain of modulators",
            "Train a task again without one receptor's effects at a time, and compare.",
        ),
        "new": (
            "dualframe.cli.new_command",
            "a commented file to start from",
            "Write a circuit, cell, receptor or task to start from, or a copy of a shipped one.",
        ),
        "schema": (
            "dualframe.cli.schema_command",
            "JSON Schema of TOML files, for editors",
            "Print or write the JSON Schema of a kind of TOML file, with which editors check it.",
        ),
        "export": (
            "dualframe.cli.commands",
            "write a circuit as C++ or SONATA",
            "Write a circuit as a C++ project, or as SONATA files.",
        ),
        "check": (
            "dualframe.cli.commands",
            "what keeps it from a target",
            "List what keeps a circuit from running on a target; the status is 1 if there is any.",
        ),
        "report": (
            "dualframe.cli.commands",
            "HTML report of results",
            "Write an HTML report of one run or training, or of several side by side.",
        ),
        "doctor": (
            "dualframe.cli.commands",
            "what this machine has, what targets need",
            "Print what this machine has, and what each target still needs.",
        ),
        "replay": (
            "dualframe.cli.commands",
            "repeat a run or training, compare",
            "Repeat a run or a training and say whether it is equal; the status is 1 if it is not.",
        ),
        "compare": (
            "dualframe.cli.commands",
            "both branches, with and without modulation",
            "Run a circuit in both branches, with and without modulation, and compare the shifts.",
        ),
        "calibrate": (
            "dualframe.cli.calibrate_command",
            "find a circuit's or a task's weights",
            "Find and store the strengths of a circuit's or task's contacts for one model.",
        ),
        "validate": (
            "dualframe.cli.model_commands",
            "is the point neuron the same cell?",
            "Compare compartmental cells with their point neurons, measure by measure.",
        ),
        "fit": (
            "dualframe.cli.model_commands",
            "fit point neurons to compartments",
            "Fit point neurons to the compartments of a cell type; store them with the catalogue.",
        ),
        "cache": (
            "dualframe.cli.commands",
            "compiled programs and calibrations that are kept",
            "Print what the cache holds, or remove the compiled programs in it.",
        ),
        "completion": (
            "dualframe.cli.completion_command",
            "a script with which a shell completes",
            "Print a script with which a shell completes commands, options, names and files.",
        ),
    }
)


#: A call of each command, which its help shows.
EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "list": "dualframe list cells",
        "show": "dualframe show ctx_pv",
        "run": "dualframe run l23 --modulate ACh=0.8 --duration 2s --out results",
        "train": "dualframe train navigation --modulate none --modulate DA --out trained",
        "attribute": "dualframe attribute bandit_cells --receptor D1 --out attributed",
        "new": "dualframe new circuit mine --from l23",
        "schema": "dualframe schema circuit --out circuit.json",
        "export": "dualframe export l23 --scale 0.05 --duration 10s --out l23_cpp",
        "check": "dualframe check l23 --target genn",
        "report": "dualframe report results",
        "doctor": "dualframe doctor",
        "replay": "dualframe replay results",
        "compare": "dualframe compare l23 --modulate ACh=0.8 --seeds 6",
        "calibrate": "dualframe calibrate mine.toml --model glif",
        "validate": "dualframe validate ctx_pv",
        "fit": "dualframe fit ctx_pv --model glif",
        "cache": "dualframe cache --clear",
        "completion": "dualframe completion bash",
    }
)


def find_command(name: str) -> Callable[[argparse.Namespace], int]:
    """Return what carries out a command; its module is imported for it alone.

    Parameters
    ----------
    name
        Of the command.
    """
    module = import_quietly(COMMANDS[name][0])
    command: Callable[[argparse.Namespace], int] = getattr(module, f"{name}_command")
    return command


def import_quietly(module: str) -> ModuleType:
    """Return a module, which is imported without the words of the command line.

    Parameters
    ----------
    module
        Its name.
    """
    words, sys.argv = sys.argv, [PROGRAM]
    try:  # Brian2 keeps a copy of a script and its words, which may be no text, when it is imported
        return import_module(module)
    finally:
        sys.argv = words
