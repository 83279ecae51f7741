"""What the cases on the command line are made of: a small circuit, files, folders that exist."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import tomli_w

from dualframe.cli import main

from .attempts import CLEAR, Case

NAN, INF = float("nan"), float("inf")
DELETE = object()
RUN = (
    "--branch",
    "task_driven",
    "--target",
    "runtime",
    "--scale",
    "1",
    "--seed",
    "1",
    "--duration",
    "20ms",
)
CPP = (
    "--branch",
    "task_driven",
    "--target",
    "cpp_standalone",
    "--scale",
    "1",
    "--seed",
    "1",
    "--duration",
    "20ms",
)
COMPARE = ("--modulate", "ACh=0.8", "--seeds", "1", "--scale", "0.002", "--duration", "50ms")
TRAIN = ("--agents", "1", "--duration", "1s", "--neurons", "200", "--target", "runtime")

MINI: dict[str, Any] = {
    "name": "mini",
    "title": "two populations",
    "source": "dualframe",
    "status": "assumed",
    "populations": [
        {"name": "exc", "cell": "ctx_l23_pyr", "n": 20},
        {"name": "inh", "cell": "ctx_pv", "n": 5},
    ],
    "projections": [
        {
            "pre": "exc",
            "post": "inh",
            "synapse": "AMPA",
            "probability": 0.5,
            "delay": "1.5 ms",
            "current": "200 pA",
        },
        {
            "pre": "inh",
            "post": "exc",
            "synapse": "GABA_A",
            "probability": 0.5,
            "delay": "1 ms",
            "current": "200 pA",
        },
    ],
    "background": [
        {"post": "exc", "synapse": "AMPA", "current": "100 pA", "rate": "8 Hz", "afferents": 200},
        {"post": "inh", "synapse": "AMPA", "current": "100 pA", "rate": "8 Hz", "afferents": 200},
    ],
}


def cli(*words: Any) -> Callable[[Path], int]:
    """A command line, in process."""
    return lambda folder: main([str(word) for word in words])


def replaced(base: tuple[str, ...], words: tuple[str, ...]) -> list[str]:
    """Words of a command: an option that is stated replaces the base's."""
    kept = list(base)
    for word in words:
        if word in kept and word.startswith("--"):
            place = kept.index(word)
            del kept[place : place + 2]
    return [*kept, *words]


def toml(data: Any) -> str:
    """Return a table as TOML."""
    return tomli_w.dumps(data)


def changed(path: str, value: Any, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the mini circuit with another value: ``"populations.0.n"``; DELETE removes it."""
    data = deepcopy(MINI if base is None else base)
    *way, last = [int(k) if k.isdigit() else k for k in path.split(".")]
    place: Any = data
    for key in way:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    if value is DELETE:
        del place[last]
    else:
        place[last] = value
    return data


def add_file_case(
    cases: list[Case], id: str, text: str | bytes, *words: Any, name: str = "c.toml", **more: Any
) -> None:
    """Add a case of a file that a command reads."""

    def setup(folder: Path) -> None:
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))

    cases.append(Case(id=id, run=cli(*(words or ("run", name, *RUN))), setup=setup, **more))


def add_circuit_case(
    cases: list[Case], path: str, label: str, value: Any, *culprit: str, **more: Any
) -> None:
    """Add a case of the small circuit with another value."""
    key = path.split(".")[-1]
    options = {"expect": CLEAR, "culprit": culprit or (key,), **more}
    add_file_case(cases, f"circuit/{path}/{label}", toml(changed(path, value)), **options)


def keeps(*victims: str) -> Callable[[Path], str]:
    """Return what says which files that are not dualframe's are no longer as they were."""

    def name_loss(folder: Path) -> str:
        for path in map(folder.joinpath, victims):
            if not path.exists():
                return f"{path.name} is gone"
            if path.is_file() and not path.read_bytes().startswith(b"MINE"):
                return f"{path.name} was replaced"
        return ""

    return name_loss


@functools.cache
def prepared_folder(place: Path, name: str) -> Path:
    """Return results or agents that cases start from, made once."""
    words = {
        "results": ("run", str(place / "c.toml"), *RUN[:-1], "100ms"),
        "agents": (
            "train",
            "distal_reward",
            "--neurons",
            "200",
            "--agents",
            "1",
            "--duration",
            "500ms",
            "--modulate",
            "DA",
            "--seed",
            "1",
            "--target",
            "runtime",
        ),
    }[name]
    folder = place / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "c.toml").write_text(toml(MINI))
    child = os.fork()
    if child == 0:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        os._exit(main([*words, "--out", str(folder)]))
    if os.waitpid(child, 0)[1]:
        raise SystemExit(f"{name!r} cannot be made: dualframe {' '.join(words)}")
    return folder
