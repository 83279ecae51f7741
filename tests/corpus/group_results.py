"""Tries a group of bad inputs in a process of its own, which forks once per case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# What is bad, and may be: the case's name and the reason.
ACCEPTED: dict[str, str] = {}


def outcomes_of(group: str, place: Path) -> dict[str, tuple[str, str]]:
    """Return what came of each case of a group, and why."""
    command = [sys.executable, "-m", "bad_inputs", "--group", group, "--work", str(place), "--json"]
    done = subprocess.run(
        command, cwd=Path(__file__).parent, capture_output=True, text=True, env=os.environ
    )
    assert done.returncode in (0, 1), done.stderr
    return {case: (kind, why) for case, kind, why in json.loads(done.stdout)}


def check_group(group: str, place: Path, least: int) -> None:
    """Demand that at least so many cases are tried, and that what is bad is known and named."""
    outcomes = outcomes_of(group, place)
    assert len(outcomes) >= least
    bad = {case: pair for case, pair in outcomes.items() if pair[0] not in ("clear", "works")}
    unknown = {case: pair for case, pair in bad.items() if case not in ACCEPTED}
    assert not unknown, "\n".join(f"{kind} {case}: {why}" for case, (kind, why) in unknown.items())
    mended = (set(ACCEPTED) & set(outcomes)) - set(bad)
    assert not mended, f"no longer bad, to be taken from ACCEPTED: {mended}"
