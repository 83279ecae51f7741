"""Shipped tasks and circuits, asked for a second time: another seed generates no code."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from brian2 import ms

import dualframe as df
from dualframe.core.errors import CatalogueError
from dualframe.targets.cpp import build, known_programs
from dualframe.targets.cpp import run as cpp_standalone
from dualframe.targets.cpp.compiler import has_compiler

pytestmark = [
    pytest.mark.cpp,
    pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler"),
]
BRANCHES = {"biological": df.biological.build, "task_driven": df.task_driven.build}
#: What has no branch with dendrites, because its strengths are those of point neurons.
ONLY_POINTS = {
    "acrobot",
    "bandit",
    "cartpole",
    "cued_association",
    "distal_reward",
    "linear_track",
    "mountain_car",
    "navigation",
    "pd14",
    "pendulum",
    "t_maze",
}
SMALLEST = {"distal_reward": 125}  # neurons
SCALE, AGENTS = 0.02, 2
RUN = {"target": "cpp_standalone", "progress": False}


@pytest.fixture(autouse=True)
def quick_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compile without optimisation: the plan of a program does not depend on it."""

    def flags(**options: Any) -> tuple[str, ...]:
        return ("-O0", *(flag for flag in optimised(**options) if flag != "-O3"))

    optimised = build.compile_flags
    for module in (build, known_programs):
        monkeypatch.setattr(module, "compile_flags", flags)


@pytest.fixture
def generations(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The code generations of a test: an entry each."""
    counted: list[int] = []
    generate = cpp_standalone.generate_project

    def count(*arguments: Any, **options: Any) -> Any:
        counted.append(1)
        return generate(*arguments, **options)

    monkeypatch.setattr(cpp_standalone, "generate_project", count)
    return counted


def train_task(name: str, branch: str, seed: int) -> None:
    task = df.task(name)
    small = task.with_neurons(SMALLEST[name]) if name in SMALLEST else task
    df.train(small, branch=branch, agents=AGENTS, duration=20 * ms, seed=seed, **RUN)


def run_circuit(name: str, branch: str, seed: int) -> None:
    network = BRANCHES[branch](df.circuit(name).scaled(SCALE))
    df.run(network, 2 * ms, seed=seed, **RUN)


SHIPPED: dict[str, Callable[..., None]] = {
    **{name: partial(train_task, name) for name in df.tasks()["name"]},
    **{name: partial(run_circuit, name) for name in df.circuits()["name"]},
}


@pytest.mark.parametrize("branch", BRANCHES)
@pytest.mark.parametrize("name", SHIPPED)
def test_the_second_call_generates_no_code(name: str, branch: str, generations: list[int]) -> None:
    if branch == "biological" and name in ONLY_POINTS:
        with pytest.raises(CatalogueError):
            SHIPPED[name](branch, seed=1)
        return
    SHIPPED[name](branch, seed=1)
    first = len(generations)
    SHIPPED[name](branch, seed=2)
    assert first == 1
    assert len(generations) == first
