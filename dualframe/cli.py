"""The command line: ``dualframe list | show | run | export | check | report | ...``."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tomllib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

import dualframe as df
from dualframe import catalogue, terminal
from dualframe.archive import ensure_writable
from dualframe.doctor import render
from dualframe.errors import DualframeError, UnknownName
from dualframe.library import SUFFIX, names
from dualframe.recipe import BRANCHES, WATCHED, Recipe, replay, with_facts
from dualframe.strengths import file_of, store
from dualframe.targets.capability import TARGETS
from dualframe.targets.executables import default_cache
from dualframe.terminal import as_json, say

PROGRAM = "dualframe"
FAILED, WRONG, INTERRUPTED = 1, 2, 130

LISTS: Mapping[str, Callable[[], pd.DataFrame]] = MappingProxyType(
    {
        "cells": df.cells, "circuits": df.circuits, "tasks": df.tasks, "receptors": df.receptors,
        "targets": df.targets,
    }
)  # fmt: skip

# What a terminal has room for; --json prints every column.
COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cells": ("name", "title", "region", "layer", "izhikevich", "glif", "compartments"),
        "circuits": ("name", "title", "n", "populations"),
        "receptors": ("name", "modulator", "kind", "EC50", "EC50_status", "acts_on"),
    }
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status.

    0 is success, 1 a finding (a blocker, a difference), 2 an error, 130 an interrupt.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    options = parser().parse_args(words)
    options.words = words
    try:
        with _plain_warnings():
            status: int = options.command(options)
            sys.stdout.flush()
            return status
    except DualframeError as error:
        say(f"{PROGRAM}: error: {error}")
        return WRONG
    except KeyboardInterrupt:
        say(f"{PROGRAM}: interrupted before there was a result; nothing was changed.")
        return INTERRUPTED
    except BrokenPipeError:  # `dualframe list cells | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Print warnings as one line each, without a place in the source."""

    def show(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
        say(f"{PROGRAM}: warning: {message}")

    with warnings.catch_warnings():
        for category in (DeprecationWarning, FutureWarning, PendingDeprecationWarning):
            warnings.simplefilter("ignore", category)
        warnings.showwarning = show
        yield


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C wait until results are saved."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- commands -----------------------------------------------------------------------------------


def list_command(options: argparse.Namespace) -> int:
    """Print a table of the catalogue."""
    found = LISTS[options.what]()
    chosen = found[list(COLUMNS.get(options.what, found.columns))]
    if options.json:
        print(as_json(found))
    else:
        print(terminal.table(chosen) if len(found) else f"There are no {options.what} yet.")
    return 0


def show_command(options: argparse.Namespace) -> int:
    """Print an entry of the catalogue, or a circuit, with every number and its source."""
    entry = find(options.name)
    print(entry.describe() if hasattr(entry, "populations") else catalogue.describe(entry))
    return 0


def find(name: str) -> Any:
    """Return whatever has this name: a cell type, receptor, modulator, synapse or circuit."""
    if name.endswith(SUFFIX):
        return df.circuit(name) if _is_circuit(Path(name)) else catalogue.cell(name)
    for kind, (known, load) in KINDS.items():
        if name in known():
            return load(name)
        if kind == "modulator":
            try:
                return load(name)  # modulators have aliases
            except UnknownName:
                continue
    everything = [entry for known, _ in KINDS.values() for entry in known()]
    raise UnknownName("name", name, everything)


KINDS: Mapping[str, tuple[Callable[[], Sequence[str]], Callable[[str], Any]]] = MappingProxyType(
    {
        "cell type": (lambda: catalogue.names("cell type"), catalogue.cell),
        "receptor": (lambda: catalogue.names("receptor"), catalogue.receptor),
        "modulator": (lambda: catalogue.names("modulator"), catalogue.modulator),
        "synapse": (lambda: catalogue.names("synapse"), catalogue.synapse),
        "circuit": (lambda: names("circuits"), df.circuit),
    }
)


def _is_circuit(path: Path) -> bool:
    try:
        return "populations" in tomllib.loads(path.expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return True  # the reader of circuits says what is wrong


def run_command(options: argparse.Namespace) -> int:
    """Build and run a circuit, save the results, print the rates."""
    recipe = recipe_of(options)
    network = recipe.network
    folder = ensure_writable(options.out) if options.out else None
    say(terminal.plan(recipe, network))
    results = recipe.run(progress=False if options.json else None)
    results = with_facts(results, command=shlex.join([PROGRAM, *options.words]))
    with _undisturbed():
        if folder is not None:
            results.save(folder)
    if options.json:
        facts = {**results.provenance, "rates": results.rates().to_dict(orient="records")}
        print(as_json({**facts, "out": str(folder) if folder else None}))
    else:
        print(terminal.summary(results, folder))
    if results.provenance["completed"]:
        return 0
    kept = f"what was simulated is in {folder}." if folder else "nothing was saved (no --out)."
    say(f"{PROGRAM}: interrupted after {results.duration:g} s; {kept}")
    return INTERRUPTED


def export_command(options: argparse.Namespace) -> int:
    """Write a circuit as a C++ project."""
    recipe = recipe_of(options)
    out = df.export(
        recipe.network, recipe.duration, options.out, target=recipe.target, seed=recipe.seed,
        record=recipe.recordings(), dt=recipe.dt, threads=recipe.threads, strict=recipe.strict,
    )  # fmt: skip
    print(as_json({"out": str(out)}) if options.json else f"{out}: run `make && ./main` there.")
    return 0


def check_command(options: argparse.Namespace) -> int:
    """List what keeps a circuit from running on a target; the status is 1 if there is anything."""
    recipe = recipe_of(options)
    blockers = df.check(recipe.network, recipe.target)
    if options.json:
        print(as_json([vars(blocker) for blocker in blockers]))
    elif blockers:
        print("\n".join(map(str, blockers)))
    else:
        print(f"{recipe.network.name} runs on {recipe.target}.")
    return FAILED if blockers else 0


def report_command(options: argparse.Namespace) -> int:
    """Write an HTML report of one run, or of several side by side."""
    runs = {str(Path(folder)): df.Results.load(folder) for folder in options.folders}
    first = Path(options.folders[0]).expanduser()
    out = Path(options.out) if options.out else first / "report.html"
    content = next(iter(runs.values())) if len(runs) == 1 else runs
    written = df.report(content, out)
    print(as_json({"out": str(written)}) if options.json else f"Report: {written}")
    return 0


def doctor_command(options: argparse.Namespace) -> int:
    """Print what this machine has, and what each target still needs."""
    facts = df.doctor()
    print(as_json(facts) if options.json else render(facts))
    return 0


def replay_command(options: argparse.Namespace) -> int:
    """Repeat a run and say whether the spikes are equal; the status is 1 if they are not."""
    found = replay(options.manifest, progress=False if options.json else None)
    equal = found.first_difference is None
    if options.json:
        facts = {"equal": equal, "arguments": found.recipe.to_dict(), "spikes": found.spikes,
                 "first_difference_s": found.first_difference, "same_network": found.same_network,
                 "versions": found.versions}  # fmt: skip
        print(as_json(facts))
    else:
        print(terminal.replayed(found))
    return 0 if equal else FAILED


def calibrate_command(options: argparse.Namespace) -> int:
    """Find and store the strengths of a circuit's contacts for one model of its cells."""
    circuit = df.circuit(options.circuit)
    out = Path(options.out) if options.out else calibration_place(options.circuit)
    ensure_writable(out.parent)
    found = df.calibrate(
        circuit, options.model, synapses=options.synapses, scale=options.scale, seed=options.seed,
        report=say,
    )  # fmt: skip
    print(f"Calibration of {found.model}: {store(found, out)}")
    return 0


def calibration_place(circuit: str) -> Path:
    """Return where a circuit's calibration belongs."""
    return Recipe(circuit).calibration_file or file_of(circuit)


def cache_command(options: argparse.Namespace) -> int:
    """Print what the cache of compiled programs holds, or empty it."""
    cache = default_cache()
    if options.clear:
        print(f"Removed {cache.clear()} compiled programs from {cache.folder}.")
        return 0
    facts = {"folder": str(cache.folder), "programs": len(cache.entries()), "bytes": cache.size()}
    text = "{folder}: {programs} compiled programs, {megabytes:.1f} MB"
    print(as_json(facts) if options.json else
          text.format(**facts, megabytes=cache.size() / 1e6))  # fmt: skip
    return 0


# --- arguments ----------------------------------------------------------------------------------


def recipe_of(options: argparse.Namespace) -> Recipe:
    """Return the recipe that the arguments describe."""
    given = vars(options)
    chosen: dict[str, Any] = {
        key: tuple(given[key]) if isinstance(given[key], list) else given[key]
        for key in Recipe.__dataclass_fields__
        if given.get(key) is not None
    }
    return Recipe(**chosen)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Spiking networks from one catalogue of cells, with dendrites and without.",
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {df.__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    listing = _command(commands, "list", list_command, "tables of the catalogue")
    listing.add_argument("what", choices=list(LISTS))
    showing = _command(commands, "show", show_command, "one entry, each number with its source",
                       json=False)  # fmt: skip
    showing.add_argument(
        "name", metavar="NAME", help="cell type, receptor, modulator, synapse, circuit or TOML file"
    )
    _run_arguments(_command(commands, "run", run_command, "build and run a circuit"))
    _export_arguments(_command(commands, "export", export_command, "write a circuit as C++"))
    _check_arguments(_command(commands, "check", check_command, "what keeps it from a target"))
    reporting = _command(commands, "report", report_command, "HTML report of results")
    reporting.add_argument("folders", metavar="DIR", nargs="+", help="folder of `run --out`")
    reporting.add_argument("--out", metavar="FILE", help="default: report.html in the first DIR")
    _command(commands, "doctor", doctor_command, "what this machine has, what targets need")
    replaying = _command(commands, "replay", replay_command, "repeat a run, compare the spikes")
    replaying.add_argument("manifest", metavar="MANIFEST", help="manifest.json, or its folder")
    _calibrate_arguments(
        _command(commands, "calibrate", calibrate_command, "find a circuit's weights", json=False)
    )
    caching = _command(commands, "cache", cache_command, "compiled programs that are kept")
    caching.add_argument("--clear", action="store_true", help="remove them")
    return top


def _command(
    commands: Any, name: str, command: Callable[[argparse.Namespace], int], words: str, *,
    json: bool = True,
) -> argparse.ArgumentParser:  # fmt: skip
    made: argparse.ArgumentParser = commands.add_parser(
        name, help=words, description=(command.__doc__ or "").splitlines()[0]
    )
    made.set_defaults(command=command)
    if json:
        made.add_argument("--json", action="store_true", help="print facts for machines")
    return made


def _run_arguments(made: argparse.ArgumentParser) -> None:
    _model_arguments(made)
    _simulation_arguments(made)
    made.add_argument("--target", metavar="T", help=f"{', '.join(TARGETS)}, or auto (default)")
    made.add_argument("--out", metavar="DIR", help="folder for manifest, rates, spikes, figures")


def _export_arguments(made: argparse.ArgumentParser) -> None:
    _model_arguments(made)
    _simulation_arguments(made)
    made.add_argument("--target", metavar="T", default="cpp_standalone", help="cpp_standalone")
    made.add_argument("--out", metavar="DIR", required=True, help="new or empty folder")


def _check_arguments(made: argparse.ArgumentParser) -> None:
    _model_arguments(made)
    made.add_argument("--target", metavar="T", required=True, help=", ".join(TARGETS))


def _calibrate_arguments(made: argparse.ArgumentParser) -> None:
    made.add_argument("circuit", metavar="CIRCUIT", help="name, or TOML file")
    made.add_argument(
        "--model",
        default="biological",
        help="biological (default), glif, glif1, ..., glif5, izhikevich",
    )
    made.add_argument("--synapses", help="current or conductance (default: the circuit's)")
    made.add_argument("--scale", type=float, default=0.02, help="size for the rates (default 0.02)")
    made.add_argument("--seed", type=int, default=1)
    made.add_argument("--out", metavar="FILE", help="default: with the circuit")


def _model_arguments(made: argparse.ArgumentParser) -> None:
    add = made.add_argument
    add("circuit", metavar="CIRCUIT", help="name, or TOML file")
    add("--branch", help=f"{' or '.join(BRANCHES)} (default biological)")
    add("--model", help="point neurons: glif (default), glif1, ..., glif5, izhikevich")
    add("--synapses", help="point neurons: current or conductance (default: the circuit's)")
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
    add("--scale", type=float, help="share of the circuit's neurons (default 0.1; 1 is all)")
    add("--calibration", metavar="FILE", help="strengths (default: those of the circuit)")


def _simulation_arguments(made: argparse.ArgumentParser) -> None:
    add = made.add_argument
    add("--duration", help="simulated time (default 2s)")
    add("--dt", help="time step (default 0.1ms)")
    add("--seed", type=int, help="of connectivity, input, ... (default: drawn, and reported)")
    add("--threads", type=int, help="OpenMP threads of cpp_standalone (default 1)")
    add("--strict", action="store_true", help="IEEE arithmetic: targets agree to the last bit")
    add(
        "--record",
        action="append",
        metavar="pyr=V_soma,...",
        help=f"variables of the first {WATCHED} neurons of a population, weights of a projection "
        "(pyr_to_pv=w), or none; repeatable (default: the somatic voltage)",
    )


if __name__ == "__main__":
    sys.exit(main())
