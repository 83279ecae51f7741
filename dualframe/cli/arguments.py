"""The words and options of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from dualframe import __version__
from dualframe.cli.command_list import COMMANDS, EXAMPLES
from dualframe.cli.messages import PROGRAM
from dualframe.cli.output_options import add_force
from dualframe.cli.task_arguments import (
    BRANCH_CHOICES,
    TARGET_CHOICES,
    THREADS,
    add_attribute_arguments,
    add_drug_arguments,
    add_train_arguments,
)
from dualframe.core.errors import suggest_name

# What the rest of the package knows as well, and takes seconds to import; a test compares.
KINDS = (
    "cells",
    "circuits",
    "tasks",
    "receptors",
    "modulators",
    "drugs",
    "synapses",
    "neurons",
    "plasticity",
    "populations",
    "targets",
    "environments",
    "systems",
)
NEW_KINDS = ("circuit", "cell", "receptor", "task")
SCHEMA_KINDS = (
    "circuit",
    "task",
    "cell",
    "receptor",
    "modulator",
    "drug",
    "synapse",
    "plasticity",
    "neurons",
    "populations",
)
RECORDED_NEURONS = 3

SHELLS = ("bash", "zsh", "tcsh")

WITHOUT_JSON = ("show", "calibrate", "fit", "schema", "completion")


def command_line_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Spiking networks from one catalogue of cells, with dendrites and without.",
        epilog=f"example: {EXAMPLES['run']}",
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    parsers = {name: _add_parser(commands, name) for name in COMMANDS}
    for command, choices in (("list", KINDS), ("schema", SCHEMA_KINDS)):
        _add_kind_argument(parsers[command], choices)
    parsers["show"].add_argument(
        "name",
        metavar="NAME",
        help="cell, receptor, modulator, drug, synapse, neuron, rule, circuit, task or TOML file",
    )
    _add_run_arguments(parsers["run"])
    add_train_arguments(parsers["train"])
    add_attribute_arguments(parsers["attribute"])
    _add_new_arguments(parsers["new"])
    parsers["schema"].add_argument("--out", metavar="FILE", help="default: print it")
    add_force(parsers["schema"], "replace a file that stands there")
    _add_export_arguments(parsers["export"])
    _add_check_arguments(parsers["check"])
    reporting = parsers["report"]
    reporting.add_argument(
        "folders", metavar="DIR", nargs="+", help="folder of `run --out` or `train --out`"
    )
    reporting.add_argument("--out", metavar="FILE", help="default: report.html in the first DIR")
    add_force(reporting, "replace a file that is not a report as dualframe wrote it")
    parsers["replay"].add_argument(
        "manifest", metavar="MANIFEST", help="manifest.json, or its folder"
    )
    _add_compare_arguments(parsers["compare"])
    _add_calibrate_arguments(parsers["calibrate"])
    _add_validate_arguments(parsers["validate"])
    _add_fit_arguments(parsers["fit"])
    parsers["cache"].add_argument(
        "--clear", action="store_true", help="remove the compiled programs"
    )
    parsers["completion"].add_argument("shell", choices=SHELLS)
    for command in ("list", "schema"):
        usage = parsers[command].format_usage().removeprefix("usage: ").rstrip()
        parsers[command].usage = usage.replace("[KIND]", "KIND")
    return top


def _add_parser(commands: Any, name: str) -> argparse.ArgumentParser:
    _, words, description = COMMANDS[name]
    subparser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=description, epilog=f"example: {EXAMPLES[name]}"
    )
    subparser.set_defaults(command=name)
    if name not in WITHOUT_JSON:
        subparser.add_argument("--json", action="store_true", help="print facts for machines")
    return subparser


def _add_kind_argument(subparser: argparse.ArgumentParser, choices: Sequence[str]) -> None:
    """Declare the kind, whose absence is an error that names the kinds, as another word is."""

    def read_kind(text: str) -> str:
        if text not in choices:
            problem = f"unknown kind {text!r}" if text else "missing"
            hint = suggest_name(text, choices) if text else ""
            hint = f" {hint}" if hint.startswith("Did") else ""
            raise argparse.ArgumentTypeError(f"{problem}.{hint} Kinds: {', '.join(choices)}.")
        return text

    subparser.add_argument(
        "kind",
        nargs="?",
        default="",
        type=read_kind,
        choices=choices,
        metavar="KIND",
        help=", ".join(choices),
    )


def _add_run_arguments(subparser: argparse.ArgumentParser) -> None:
    _add_model_arguments(subparser)
    _add_simulation_arguments(subparser)
    subparser.add_argument("--target", metavar=TARGET_CHOICES, help="default: auto")
    subparser.add_argument(
        "--precision",
        metavar="{float64,float32}",
        help="default: float64; float32 on compiled targets only; times are float64 always",
    )
    subparser.add_argument(
        "--out", metavar="DIR", help="folder for manifest, rates, spikes, figures"
    )
    add_force(subparser)
    subparser.add_argument(
        "--assumptions", action="store_true", help="list every assumption, not only the first few"
    )


def _add_new_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("kind", choices=NEW_KINDS)
    add("name", metavar="NAME", help="a letter, then letters, digits and _")
    add(
        "--with-environment",
        action="store_true",
        help="of a task: write NAME.py too, a script with an environment of equations that trains",
    )
    add(
        "--from",
        dest="copy_of",
        metavar="NAME",
        help="copy a shipped one (l23, ctx_pv, M1, ...) instead of a template",
    )
    add("--out", metavar="DIR", default=".", help="folder (default: this one)")
    add_force(subparser, "replace files of this name that stand there")


def _add_export_arguments(subparser: argparse.ArgumentParser) -> None:
    _add_model_arguments(subparser)
    _add_simulation_arguments(subparser)
    subparser.add_argument("--target", metavar="T", default="cpp_standalone", help="cpp_standalone")
    subparser.add_argument(
        "--format",
        choices=("cpp", "sonata"),
        default="cpp",
        help="a C++ project (default), or SONATA files of point neurons (--branch task_driven)",
    )
    subparser.add_argument("--out", metavar="DIR", required=True, help="new or empty folder")
    add_force(subparser)


def _add_check_arguments(subparser: argparse.ArgumentParser) -> None:
    _add_model_arguments(subparser)
    subparser.add_argument(
        "--target", metavar=TARGET_CHOICES.replace(",auto", ""), required=True, help="a target"
    )


def _add_compare_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("circuit", metavar="CIRCUIT", help="name, or TOML file")
    add(
        "--modulate",
        action="append",
        required=True,
        metavar="ACh=0.8",
        help="a condition: a modulator at a level; repeatable, each is a condition of its own",
    )
    add(
        "--model",
        action="append",
        help="point neurons: glif (default), ..., izhikevich; repeatable, each against dendrites",
    )
    _add_twin_arguments(subparser)
    add(
        "--seeds", type=int, default=10, help="number of seeds (default 10; fewest for p < 0.05: 6)"
    )
    _add_scale(subparser)
    add("--duration", default="2s", help="simulated time of each run (default 2s)")
    add("--target", default="auto", metavar=TARGET_CHOICES, help="default: auto")
    add("--out", metavar="DIR", help="folder for tables and the figure")
    add_force(subparser)


def _add_calibrate_arguments(subparser: argparse.ArgumentParser) -> None:
    subparser.add_argument("circuit", metavar="CIRCUIT|TASK", help="name, or TOML file")
    subparser.add_argument(
        "--model",
        default="biological",
        help="biological (default), glif, glif1 to glif5, izhikevich; of tasks also task_driven",
    )
    _add_twin_arguments(subparser)
    add = subparser.add_argument
    add(
        "--scale",
        type=float,
        nargs="+",
        help="sizes in which rates are found and verified (default: the circuit's own)",
    )
    add("--seeds", type=int, nargs="+", default=[1, 2, 3], help="of the search (default 1 2 3)")
    add(
        "--verification-seeds",
        type=int,
        nargs="+",
        default=[11, 12, 13],
        metavar="SEED",
        help="others, with which every population has to be in its range (default 11 12 13)",
    )
    add("--duration", help="of each run for the rates (default: by the size of the circuit)")
    add("--keep-weights", action="store_true", help="find the rates only")
    add(
        "--accept-unverified",
        action="store_true",
        help="store it although populations leave their ranges; every run then says so",
    )
    add("--out", metavar="FILE", help="default: with the circuit or task")


def _add_validate_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("cell", metavar="CELL", nargs="?", help="cell type or TOML file (default: all, a summary)")
    add("--model", default="glif", help="glif (default), glif1, ..., glif5, izhikevich")
    add("--cells", metavar="{fitted,published}", help="default: fitted where there is a fit")
    add("--out", metavar="DIR", help="folder for tables, curves and figures")
    add_force(subparser)


def _add_fit_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("cell", metavar="CELL", nargs="?", help="cell type")
    add("--all", action="store_true", help="all cell types whose fits are missing or out of date")
    add("--model", help="glif or izhikevich (default: both)")
    add("--seed", type=int, default=1, help="of the search (default 1)")


def _add_model_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("circuit", metavar="CIRCUIT", help="name, or TOML file")
    add("--branch", metavar=BRANCH_CHOICES, help="default: biological")
    add("--model", help="point neurons: glif (default), glif1, ..., glif5, izhikevich")
    _add_twin_arguments(subparser)
    add(
        "--modulate",
        action="append",
        metavar="ACh=0.8",
        help="modulator at a fraction of its reference concentration, or 'ACh=2 uM'; repeatable",
    )
    add_drug_arguments(subparser)
    _add_scale(subparser)
    add("--calibration", metavar="FILE", help="strengths (default: those of the circuit)")


def _add_scale(subparser: argparse.ArgumentParser) -> None:
    subparser.add_argument(
        "--scale",
        type=float,
        help="share of the circuit's neurons; 1 is all (default: the circuit's own, which `show` "
        "says)",
    )


def _add_twin_arguments(subparser: argparse.ArgumentParser) -> None:
    """Declare which of a model's point neurons, and which synapses."""
    subparser.add_argument(
        "--cells",
        metavar="{fitted,published}",
        help="point neurons: fitted to the compartments, or published (default: fitted where there "
        "is a fit)",
    )
    subparser.add_argument(
        "--synapses",
        metavar="{current,conductance}",
        help="of point neurons (default: conductance with fitted cells, the circuit's with "
        "published ones)",
    )


def _add_simulation_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("--duration", help="simulated time (default 2s)")
    add("--dt", help="time step (default 0.1ms)")
    add("--seed", type=int, help="of connectivity, input, ... (default: drawn, and reported)")
    add("--threads", type=int, help=THREADS)
    add("--strict", action="store_true", help="IEEE arithmetic: targets agree to the last bit")
    add(
        "--record",
        action="append",
        metavar="pyr=V_soma,...",
        help=f"variables of the first {RECORDED_NEURONS} neurons of a population, weights of a "
        "projection (pyr_to_pv=w), or none; repeatable (default: the somatic voltages)",
    )
    add("--record-cells", metavar="all|0,7", help=f"instead of the first {RECORDED_NEURONS}")
    add(
        "--record-every",
        metavar="TIME",
        help="interval of what is recorded (default: dt; of voltages not asked for, 0.5ms)",
    )
