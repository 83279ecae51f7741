"""What a row of the table of peers is: one piece of work, done by dualframe and by others."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import brian2 as b
import numpy as np
from brian2 import second
from measure import cost

import dualframe as df
from dualframe.simulation import run as simulation

OURS = "dualframe"


class Stages:
    """CPU seconds of the stages of one turn: build, draw, run, read; the rest is the start."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        """Add what a ``with`` block costs, with the programs that it starts."""
        with cost() as spent:
            yield
        self.add(name, spent.cpu)

    def add(self, name: str, seconds: float) -> None:
        """Add seconds to a stage."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What a side is told of a turn; ``folder`` keeps what it compiled before."""

    settings: Mapping[str, Any]
    seed: int
    folder: Path
    stages: Stages = field(default_factory=Stages)

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]


@dataclass(frozen=True, kw_only=True)
class Side:
    """How one simulator does the work: ``take_turn`` returns what has to agree.

    ``prepare`` compiles, once and before all turns, in a process of its own.
    """

    take_turn: Callable[[Turn], dict[str, Any]]
    prepare: Callable[[Turn], Any] | None = None
    module: str = "brian2"

    def missing(self) -> str:
        """Say why the side cannot be run here; empty if it can."""
        found = importlib.util.find_spec(self.module) is not None
        return "" if found else f"{self.module} is not installed"


Agreement = Callable[[Mapping[str, Any], Mapping[str, Any]], tuple[bool, str]]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A piece of work. ``stages`` are those whose sum is compared, ``goal`` the least ratio."""

    name: str
    work: str
    sides: Mapping[str, Side]
    agreement: Agreement
    stages: tuple[str, ...] = ("run",)
    settings: Mapping[str, Any] = field(default_factory=dict)
    short: Mapping[str, Any] = field(default_factory=dict)  # for tests
    turns: int = 3
    goals: Mapping[str, float] = field(default_factory=dict)
    note: str = ""


# --- what sides share -----------------------------------------------------------------------------


def run_dualframe(turn: Turn, net: df.Network, duration: float, **options: Any) -> df.Results:
    """Run a network in C++: the drawing, the program, and the files about it are stages."""
    drawn = Stages()

    def draw(*arguments: Any, **named: Any) -> Any:
        with drawn.measure("draw"):
            return lower(*arguments, **named)

    lower = simulation.lower_network
    with mock.patch.object(simulation, "lower_network", draw), cost() as spent:
        results = df.run(
            net,
            duration * second,
            target="cpp_standalone",
            seed=turn.seed,
            progress=False,
            **options,
        )
    turn.stages.add("draw", drawn.seconds["draw"])
    turn.stages.add("run", spent.children)
    turn.stages.add("read", spent.own - drawn.seconds["draw"])
    return results


def write_brian_program(
    turn: Turn, net: b.Network, duration: float, outputs: Mapping[str, tuple[Any, str]]
) -> None:
    """Compile Brian2's own C++ program, with its defaults; ``outputs`` are read by `run_program`.

    The objects of the network are made after `start_brian_program`.
    """
    net.run(duration * second, namespace={})
    b.device.build(directory=str(turn.folder), compile=True, run=False, with_output=False)
    names = {
        key: (
            Path(b.device.get_array_filename(owner.variables[name])).name,
            str(_dtype(owner, name)),
        )
        for key, (owner, name) in outputs.items()
    }
    (turn.folder / "outputs.json").write_text(json.dumps(names))


def _dtype(owner: Any, name: str) -> np.dtype[Any]:
    return np.dtype(owner.variables[name].dtype)


def start_brian_program(turn: Turn) -> None:
    """Choose Brian2's C++ target for the objects that are made from now on."""
    b.set_device("cpp_standalone", directory=str(turn.folder), build_on_run=False)
    b.seed(turn.seed)


def run_program(turn: Turn) -> dict[str, Any]:
    """Run the program that was compiled; return its outputs."""
    with turn.stages.measure("run"):
        subprocess.run(["./main"], cwd=turn.folder, check=True, capture_output=True)
    names = json.loads((turn.folder / "outputs.json").read_text())
    with turn.stages.measure("read"):
        results = turn.folder / "results"
        return {key: np.fromfile(results / name, dtype) for key, (name, dtype) in names.items()}


# --- agreement ------------------------------------------------------------------------------------


def within(tolerance: float, floor: float = 0.0) -> Agreement:
    """Return a check that all numbers differ by a part of the peer's at most, or by ``floor``."""

    def compare(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[bool, str]:
        texts, agree = [], True
        for key, value in theirs.items():
            allowed = max(tolerance * abs(value), floor)
            agree = agree and abs(ours[key] - value) <= allowed
            texts.append(f"{key} {ours[key]:.4g} and {value:.4g}")
        return agree and bool(theirs), "; ".join(texts)

    return compare


def same_digest(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[bool, str]:
    """Every number and text is the same."""
    agree = dict(ours) == dict(theirs) and bool(ours)
    return agree, f"the same {ours['spikes']} spikes" if agree else f"{ours} and {theirs}"
