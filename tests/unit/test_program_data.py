"""A program checks the data that it reads: one line that names the file, and never a crash."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from brian2.units import Hz, ms, volt

import dualframe as df

pytestmark = pytest.mark.cpp


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    equations = "dv/dt = (rest/(1*volt) - v)/(10*ms) : 1"
    rest = {"rest": 0 * volt}
    cells = df.Population("cells", 5, equations, "v > 1", "v = 0", parameters=rest)
    drive = df.PoissonInput("drive", 5, np.array([100, 200, 300, 20, 50]) * Hz)
    forward = df.Projection("drive", "cells", "v += w", weight=0.6, delay=1 * ms, probability=0.9)
    delays = df.Uniform(1 * ms, 2 * ms)
    back = df.Projection(
        "cells",
        "cells",
        "v += w",
        name="back",
        weight=0.1,
        pairs="all_to_all",
        delay=delays,
        delay_groups=None,
    )
    record = {"cells": df.Recording("v", neurons=[0, 2])}
    net = df.Network([cells], [drive], [forward, back])
    out = df.export(net, 50 * ms, tmp_path_factory.mktemp("export") / "out", seed=1, record=record)
    subprocess.run(["make", "-C", str(out)], check=True, capture_output=True)
    return out


def run_program(folder: Path) -> tuple[int, str]:
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def edited_text(folder: Path, name: str, text: str) -> str:
    """Return the parameters of a program with another line for one of them."""
    lines = (folder / "parameters.txt").read_text().splitlines()
    assert sum(line.startswith(f"{name} =") for line in lines) == 1
    edited = [f"{name} = {text}" if line.startswith(f"{name} =") else line for line in lines]
    return "\n".join(edited)


@contextmanager
def changed(path: Path, content: bytes) -> Iterator[None]:
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        yield
    finally:
        path.write_bytes(before)


def test_it_runs(project: Path) -> None:
    assert run_program(project) == (0, "")


INTEGERS = {
    "_static_array__array_cells_trace__indices": (-1, 5, 2**31 - 1),
    "_static_array__array_drive_to_cells_sources": (-1, 5, 2**31 - 1),
    "_static_array__array_drive_to_cells_targets": (-1, 5, 2**31 - 1),
    "_static_array__array_back_sources": (-1, 5),
    "_static_array__array_back_targets": (-1, 5),
    "_static_array__dynamic_array_drive_neuron_index": (-1, 5),
    "_static_array__dynamic_array_drive__timebins": (-1, 2**31 - 1),
}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in INTEGERS.items() for v in vs])
def test_wrong_numbers(project: Path, name: str, value: int) -> None:
    path = project / "static_arrays" / name
    numbers = np.fromfile(path, np.int32)
    numbers[0] = value
    with changed(path, numbers.tobytes()):
        code, message = run_program(project)
    assert code == 2
    assert message.startswith(f"error: 'static_arrays/{name}' holds ")
    assert message.count("\n") == 1


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf, 1e9])
def test_wrong_delays(project: Path, value: float) -> None:
    path = project / "static_arrays" / "_static_array__dynamic_array_back_delay"
    delays = np.fromfile(path)
    delays[-1] = value
    with changed(path, delays.tobytes()):
        code, message = run_program(project)
    assert code == 2
    assert "expected a delay in seconds" in message


def test_several_spikes_of_a_source_in_one_step(project: Path) -> None:
    path = project / "static_arrays" / "_static_array__dynamic_array_drive__timebins"
    with changed(path, np.zeros_like(np.fromfile(path, np.int32)).tobytes()):
        code, message = run_program(project)
    assert code == 2
    assert "at most one spike of each source" in message


def test_every_file_of_another_length(project: Path) -> None:
    for path in (project / "static_arrays").iterdir():
        with changed(path, path.read_bytes()[:-1]):
            code, message = run_program(project)
        assert code == 2
        assert f"'static_arrays/{path.name}' has" in message


@pytest.mark.parametrize("name", ["drive_to_cells_delay", "duration"])
@pytest.mark.parametrize("value", ["-1", "nan", "1e300", "many", ""])
def test_wrong_times_among_the_parameters(project: Path, name: str, value: str) -> None:
    with changed(project / "parameters.txt", edited_text(project, name, value).encode()):
        code, message = run_program(project)
    assert code == 2
    assert message.startswith(f"error: parameters.txt: '{name}' is")


def test_a_seed_below_zero_is_refused(project: Path) -> None:
    with changed(project / "parameters.txt", edited_text(project, "seed", "-3").encode()):
        code, message = run_program(project)
    assert code == 2
    assert message.startswith("error: parameters.txt: 'seed' is -3, expected a whole number, 0 or")


def test_a_potential_in_millivolt_is_warned_of_with_its_unit(project: Path) -> None:
    lines = edited_text(project, "cells_rest", "-50  # parameter, volt")
    with changed(project / "parameters.txt", lines.encode()):
        code, message = run_program(project)
    assert code == 0
    assert "warning: parameters.txt: 'cells_rest' is -50 volt, which no membrane has" in message
    assert "the unit is volt, so that -50 mV is -0.05" in message
    for text in ("-0.05  # parameter, volt", "-50  # parameter, no dimension", "inf"):
        lines = edited_text(project, "cells_rest", text)
        with changed(project / "parameters.txt", lines.encode()):
            assert "warning" not in run_program(project)[1]


def test_a_changed_layout(project: Path) -> None:
    path = project / "layout.txt"
    lines = path.read_text().splitlines()
    for k, line in enumerate(lines):
        if " = " not in line:
            continue
        edited = [*lines[:k], f"{line.partition(' = ')[0]} = 7", *lines[k + 1 :]]
        with changed(path, "\n".join(edited).encode()):
            code, message = run_program(project)
        assert code == 2, line
        assert "layout.txt is not as it was written" in message
