"""Bad and hostile arguments of the Python API are refused in a clear line, or work rightly."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_inputs.attempts import Case, attempt_case
from bad_inputs.judgement import judge_attempt
from group_results import ACCEPTED, check_group

import dualframe as df

CASES = 870  # of all groups


@pytest.mark.parametrize(
    ("group", "least"),
    [
        ("populations", 86),
        ("projections", 75),
        ("inputs", 36),
        ("networks_and_runs", 130),
        ("name_collisions", 18),
    ],
)
def test_bad_arguments_are_refused_clearly(group: str, least: int, tmp_path: Path) -> None:
    check_group(group, tmp_path, least)


def test_few_bad_inputs_are_accepted() -> None:
    assert len(ACCEPTED) <= 0.01 * CASES


def refuse(message: str) -> Any:
    raise df.DualframeError(message)


def end_with(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("clear", lambda: refuse("the weight is nan: expected a finite number.")),
        ("unclear", lambda: refuse("something went wrong with the weight")),
        ("unclear", lambda: refuse("expected a finite number.")),
        ("silent", lambda: None),
        ("traceback", lambda: 1 / 0),
        ("crash", lambda: end_with(signal.SIGSEGV)),
        ("hang", lambda: time.sleep(30)),
        ("executed", lambda: Path("../../canary").touch()),
        ("lost", lambda: Path("thesis").write_text("ours")),
        ("traceback", lambda: bytearray(1 << 40)),
    ],
)
def test_the_judgement_tells_them_apart(
    kind: str, action: Callable[[], Any], tmp_path: Path
) -> None:
    case = Case(
        id="x",
        run=lambda folder: action(),
        api=True,
        culprit=("weight",),
        limit=1,
        memory=1 << 32,
        setup=lambda folder: (folder / "thesis").write_text("MINE"),
        lost=lambda folder: "" if (folder / "thesis").read_text() == "MINE" else "thesis",
    )
    assert judge_attempt(case, attempt_case(case, tmp_path))[0] == kind


def test_what_a_refused_input_wrote_is_seen(tmp_path: Path) -> None:
    def write(folder: Path) -> int:
        (folder / "left").touch()
        sys.stderr.write("dualframe: error: x is 1: expected 2\n")
        return 2

    case = Case(id="x", run=write)
    assert judge_attempt(case, attempt_case(case, tmp_path))[0] == "wrote"
