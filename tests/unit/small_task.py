"""A navigation task of half a second: agents start in the goal, which then moves away."""

from __future__ import annotations

from pathlib import Path

import dualframe as df
from dualframe.task import Task

AGENTS, TRIALS, REVERSAL = 2, 4, 3
GRACE, LIMIT = 0.02, 0.15  # s
CHANGES = {
    'trials = "40"': f'trials = "{TRIALS}"',
    'trial_limit = "15 s"': f'trial_limit = "{LIMIT} s"',
    'agents = { value = "20"': f'agents = {{ value = "{AGENTS}"',
    'kind = "open_field"': (
        f'kind = "open_field"\ngoal_x = "0"\ngoal_y = "0"\nreversal_trial = "{REVERSAL}"\n'
        f'timeout = "{LIMIT} s"\ngrace = "{GRACE} s"'
    ),
    'spacing = "0.4"': 'spacing = "1"',
    'sigma = "0.4"': 'sigma = "1"',
}


def small_task(folder: Path) -> Path:
    """Write the task's file; its agents succeed in the first two trials and in no other."""
    shipped = Path(df.__file__).parents[1] / "tasks"
    text = (shipped / "navigation.toml").read_text(encoding="utf-8")
    for old, new in CHANGES.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "small.toml"
    path.write_text(text.replace('name = "navigation"', 'name = "small"'), encoding="utf-8")
    return path


def small(folder: Path) -> Task:
    return df.task(small_task(folder))
