"""Whether what a folder says of agents can be: their tables and their synapses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dualframe.core.quantity import unit_of
from dualframe.network import Network
from dualframe.results.saved_results import reporting_damage
from dualframe.training.learning_record import LearningRecord


def check_tables(record: LearningRecord, folder: Path) -> None:
    """Refuse tables that are not those of so many agents and their task.

    Parameters
    ----------
    record
        Tables as they were read.
    folder
        Of their files.

    Raises
    ------
    OutputError
        If a table cannot be: it names the file.
    """
    with reporting_damage(folder / "outcomes.csv"):
        _check_table(record.outcomes, record.n, may_lack_values=True)
        if record.outcomes["agent"].tolist() != list(range(len(record.outcomes))):
            raise ValueError("its agents are not numbered from zero on")
        if len(record.outcomes) != record.n:
            raise ValueError(f"it has {len(record.outcomes)} rows for {record.n} agents")
        np.asarray(record.main_values)
    with reporting_damage(folder / "trials.csv"):
        _check_table(record.trials, record.n)
        if len(record.trials):
            record.learning_curve()
    with reporting_damage(folder / "curves.csv"):
        _check_table(record.curves, record.n)
    with reporting_damage(folder / "outcomes.csv"):
        record.count_successes()


def check_synapses(
    network: Network, agents: int, weights: Mapping[str, pd.DataFrame], units: Mapping[str, str]
) -> None:
    """Refuse weights of synapses that the agents cannot have.

    Parameters
    ----------
    network
        Of one agent.
    agents
        Their number.
    weights, units
        Tables (pre, post, weight) and the units of their weights, by projection.

    Raises
    ------
    ValueError
        If a projection does not learn, an index is too large, or a unit is another.
    """
    learning = {p.name: p for p in network.projections if p.plasticity is not None}
    for name, table in weights.items():
        if name not in learning:
            raise ValueError(f"{name!r} is no projection of the task that learns")
        projection = learning[name]
        for end, population in (("pre", projection.source), ("post", projection.target)):
            size = network.source(population).n * agents
            if len(table) and table[end].max() >= size:
                raise ValueError(f"{name}/{end} reaches index {table[end].max()} of {size}")
        rule = projection.plasticity
        if rule is not None and units[name] != unit_of(rule.w_max):
            raise ValueError(f"weights of {name} are in {units[name]}")


def _check_table(table: pd.DataFrame, agents: int, *, may_lack_values: bool = False) -> None:
    if not len(table):
        return
    for name, column in table.items():
        if column.dtype.kind not in "biuf":
            raise TypeError(f"column {name!r} holds more than numbers")
        values = column.to_numpy(dtype=float)
        if np.isinf(values).any() or (np.isnan(values).any() and not may_lack_values):
            raise ValueError(f"a number in column {name!r} is missing or not finite")
        if name in ("trial", "t_s", "duration_s", "end_s") and values.min() < 0:
            raise ValueError(f"a number in column {name!r} is negative")
    if not table["agent"].isin(range(agents)).all():
        raise ValueError(f"column 'agent' is not within 0 to {agents - 1}")
