"""Whether what a folder says of agents can be: its files, their tables and their synapses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from dualframe.core.errors import OutputError
from dualframe.core.output_manifest import earlier_files, is_unchanged
from dualframe.core.quantity import unit_of
from dualframe.core.user_warnings import warn_user
from dualframe.network import Network
from dualframe.results.saved_results import reporting_damage
from dualframe.training.learning_record import LearningRecord

_REWARDS = ("reward", "last_reward", "mean_reward")


def check_files(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder that lacks a file; say which tables are no longer as they were saved.

    Parameters
    ----------
    folder
        Of agents.
    names
        The files that it must have.

    Raises
    ------
    OutputError
        If one is missing: it names the file.
    """
    for path in (folder / name for name in names):
        if not path.is_file():
            raise OutputError(f"{str(path)!r} is missing: restore it, or run again.")
    changed = [
        repr(str(path))
        for path, digest in earlier_files(folder).items()
        if path.parent == folder
        and path.suffix == ".csv"
        and path.is_file()
        and not is_unchanged(path, digest)
    ]
    if changed:
        warn_user(
            [
                f"{', '.join(changed)}: not as saved (the SHA-256 in the manifest is another), and "
                "read as it is now: restore it, or run again, if nobody meant to change it."
            ]
        )


def check_tables(record: LearningRecord, folder: Path, rows: Mapping[str, int]) -> None:
    """Refuse tables that are not those of so many agents and their task.

    Parameters
    ----------
    record
        Tables as they were read.
    folder
        Of their files.
    rows
        How many rows each table had when it was saved.

    Raises
    ------
    OutputError
        If a table cannot be: it names the file.
    """
    with reporting_damage(folder / "outcomes.csv"):
        _check_rows(record.outcomes, rows.get("outcomes"))
        _check_table(record.outcomes, record.n, may_lack_values=True)
        if record.outcomes["agent"].tolist() != list(range(len(record.outcomes))):
            raise ValueError("its agents are not numbered from zero on")
        if len(record.outcomes) != record.n:
            raise ValueError(f"it has {len(record.outcomes)} rows for {record.n} agents")
        _check_successes(record.outcomes)
        np.asarray(record.main_values)
    with reporting_damage(folder / "trials.csv"):
        _check_rows(record.trials, rows.get("trials"))
        _check_table(record.trials, record.n)
        _check_trials(record)
    with reporting_damage(folder / "curves.csv"):
        _check_rows(record.curves, rows.get("curves"))
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
        if name in _REWARDS:  # of any size, as the environment's equations give them
            continue
        if np.isinf(values).any() or (np.isnan(values).any() and not may_lack_values):
            raise ValueError(f"a number in column {name!r} is missing or not finite")
        if name in ("trial", "t_s", "duration_s", "end_s") and values.min() < 0:
            raise ValueError(f"a number in column {name!r} is negative")
    if not table["agent"].isin(range(agents)).all():
        raise ValueError(f"column 'agent' is not within 0 to {agents - 1}")


def _check_rows(table: pd.DataFrame, rows: int | None) -> None:
    """Refuse a table that was cut, or has grown, since it was saved."""
    if len(table) != rows:
        raise ValueError(f"it has {len(table)} rows, {rows} were saved")


def _check_successes(outcomes: pd.DataFrame) -> None:
    """Refuse more successes than trials, where a table counts both."""
    if not {"trials", "successes"} <= {*outcomes.columns}:
        return
    impossible = (outcomes["successes"] < 0) | (outcomes["successes"] > outcomes["trials"])
    if impossible.any():
        agent, trials, successes = outcomes.loc[impossible, ["agent", "trials", "successes"]].iloc[
            0
        ]
        raise ValueError(f"agent {agent:g} has {successes:g} successes in {trials:g} trials")


def _check_trials(record: LearningRecord) -> None:
    """Refuse trials that are not as many as `outcomes` counts, and successes but 0 and 1."""
    trials, outcomes = record.trials, record.outcomes
    if not len(trials):
        return
    if "successes" in outcomes and not trials["success"].isin((0, 1)).all():
        raise ValueError("a number in column 'success' is neither 0 nor 1")
    if "trials" in outcomes:
        counted = trials["agent"].value_counts()
        for agent, expected in zip(outcomes["agent"], outcomes["trials"], strict=True):
            found = counted.get(agent, 0)
            if found != expected:
                raise ValueError(
                    f"it has {found} trials of agent {agent}, outcomes.csv says {expected}"
                )
    record.learning_curve()
