"""The words and options of the command line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import dualframe as df
from dualframe.cli.commands import (
    LISTS,
    PROGRAM,
    cache_command,
    calibrate_command,
    check_command,
    compare_command,
    doctor_command,
    export_command,
    list_command,
    replay_command,
    report_command,
    run_command,
    show_command,
)
from dualframe.cli.model_commands import fit_command, validate_command
from dualframe.cli.output_options import add_force
from dualframe.cli.train_command import add_train_options, train_command
from dualframe.simulation.run_specification import BRANCHES, RECORDED_NEURONS
from dualframe.targets.target_support import TARGETS

__all__ = ["PROGRAM", "command_line_parser"]


def command_line_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Spiking networks from one catalogue of cells, with dendrites and without.",
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {df.__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    listing = _add_parser(commands, "list", list_command, "tables of the catalogue")
    listing.add_argument("kind", choices=list(LISTS))
    showing = _add_parser(
        commands, "show", show_command, "one entry, each number with its source", json=False
    )
    showing.add_argument(
        "name",
        metavar="NAME",
        help="cell type, receptor, modulator, synapse, plasticity rule, circuit, task or TOML file",
    )
    _add_run_arguments(_add_parser(commands, "run", run_command, "build and run a circuit"))
    add_train_options(_add_parser(commands, "train", train_command, "agents learn a task"))
    _add_export_arguments(_add_parser(commands, "export", export_command, "write a circuit as C++"))
    _add_check_arguments(
        _add_parser(commands, "check", check_command, "what keeps it from a target")
    )
    reporting = _add_parser(commands, "report", report_command, "HTML report of results")
    reporting.add_argument("folders", metavar="DIR", nargs="+", help="folder of `run --out`")
    reporting.add_argument("--out", metavar="FILE", help="default: report.html in the first DIR")
    add_force(reporting, "replace a file that is not a report as dualframe wrote it")
    _add_parser(commands, "doctor", doctor_command, "what this machine has, what targets need")
    replaying = _add_parser(commands, "replay", replay_command, "repeat a run or training, compare")
    replaying.add_argument("manifest", metavar="MANIFEST", help="manifest.json, or its folder")
    _add_compare_arguments(
        _add_parser(
            commands, "compare", compare_command, "both branches, with and without modulation"
        )
    )
    _add_calibrate_arguments(
        _add_parser(
            commands, "calibrate", calibrate_command, "find a circuit's weights", json=False
        )
    )
    _add_validate_arguments(
        _add_parser(commands, "validate", validate_command, "is the point neuron the same cell?")
    )
    _add_fit_arguments(
        _add_parser(commands, "fit", fit_command, "fit point neurons to compartments", json=False)
    )
    caching = _add_parser(commands, "cache", cache_command, "compiled programs that are kept")
    caching.add_argument("--clear", action="store_true", help="remove them")
    return top


def _add_parser(
    commands: Any,
    name: str,
    command: Callable[[argparse.Namespace], int],
    words: str,
    *,
    json: bool = True,
) -> argparse.ArgumentParser:
    subparser: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=(command.__doc__ or "").splitlines()[0]
    )
    subparser.set_defaults(command=command)
    if json:
        subparser.add_argument("--json", action="store_true", help="print facts for machines")
    return subparser


def _add_run_arguments(subparser: argparse.ArgumentParser) -> None:
    _add_model_arguments(subparser)
    _add_simulation_arguments(subparser)
    subparser.add_argument("--target", metavar="T", help=f"{', '.join(TARGETS)}, or auto (default)")
    subparser.add_argument(
        "--out", metavar="DIR", help="folder for manifest, rates, spikes, figures"
    )
    add_force(subparser)
    subparser.add_argument(
        "--assumptions", action="store_true", help="list every assumption, not only the first few"
    )


def _add_export_arguments(subparser: argparse.ArgumentParser) -> None:
    _add_model_arguments(subparser)
    _add_simulation_arguments(subparser)
    subparser.add_argument("--target", metavar="T", default="cpp_standalone", help="cpp_standalone")
    subparser.add_argument("--out", metavar="DIR", required=True, help="new or empty folder")
    add_force(subparser)


def _add_check_arguments(subparser: argparse.ArgumentParser) -> None:
    _add_model_arguments(subparser)
    subparser.add_argument("--target", metavar="T", required=True, help=", ".join(TARGETS))


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
    add("--target", default="auto", help=f"{', '.join(TARGETS)}, or auto (default)")
    add("--out", metavar="DIR", help="folder for tables and the figure")
    add_force(subparser)


def _add_calibrate_arguments(subparser: argparse.ArgumentParser) -> None:
    subparser.add_argument("circuit", metavar="CIRCUIT", help="name, or TOML file")
    subparser.add_argument(
        "--model",
        default="biological",
        help="biological (default), glif, glif1, ..., glif5, izhikevich",
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
    add("--out", metavar="FILE", help="default: with the circuit")


def _add_validate_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("cell", metavar="CELL", nargs="?", help="cell type or TOML file (default: all, a summary)")
    add("--model", default="glif", help="glif (default), glif1, ..., glif5, izhikevich")
    add("--cells", help="published or fitted (default: fitted where there is a fit)")
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
    add("--branch", help=f"{' or '.join(BRANCHES)} (default biological)")
    add("--model", help="point neurons: glif (default), glif1, ..., glif5, izhikevich")
    _add_twin_arguments(subparser)
    add(
        "--modulate",
        action="append",
        metavar="ACh=0.8",
        help="modulator at a fraction of its reference concentration, or 'ACh=2 uM'; repeatable",
    )
    add(
        "--knockout",
        action="append",
        metavar="RECEPTOR[:CELLS]",
        help="without this receptor, in all or some cell types; repeatable",
    )
    add(
        "--drug",
        action="append",
        metavar="antagonist:M1=3@CELLS",
        help="agonist, antagonist or knockout of a receptor; the dose is a multiple of the drug's "
        "EC50 or K_B, or CONCENTRATION/AFFINITY; without one it saturates; repeatable",
    )
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
        help="point neurons: fitted to the compartments, or published (default: fitted where there "
        "is a fit)",
    )
    subparser.add_argument(
        "--synapses",
        help="point neurons: current or conductance (default: conductance with fitted cells, the "
        "circuit's with published ones)",
    )


def _add_simulation_arguments(subparser: argparse.ArgumentParser) -> None:
    add = subparser.add_argument
    add("--duration", help="simulated time (default 2s)")
    add("--dt", help="time step (default 0.1ms)")
    add("--seed", type=int, help="of connectivity, input, ... (default: drawn, and reported)")
    add("--threads", type=int, help="OpenMP threads of cpp_standalone (default 1)")
    add("--strict", action="store_true", help="IEEE arithmetic: targets agree to the last bit")
    add(
        "--record",
        action="append",
        metavar="pyr=V_soma,...",
        help=f"variables of the first {RECORDED_NEURONS} neurons of a population, weights of a "
        "projection (pyr_to_pv=w), or none; repeatable (default: the somatic voltage)",
    )
