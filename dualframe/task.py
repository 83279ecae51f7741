"""Tasks: what a network of the task-driven branch learns."""

from __future__ import annotations

import pandas as pd

from dualframe.library import names


def tasks() -> pd.DataFrame:
    """Return the shipped tasks as a table, one row each; there are none yet."""
    return pd.DataFrame({"name": list(names("tasks"))}, dtype=object)
