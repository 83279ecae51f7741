"""Figures of training: learning curves with inter-quartile bands, and outcomes of agents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dualframe.analysis.learning import learning_curve, plot_learning_curves, plot_outcomes
from dualframe.analysis.statistics import median_iqr
from dualframe.training.learning_record import LearningRecord

_LABELS = {
    "success": "Success rate",
    "duration_s": "Trial duration (s)",
    "reward": "Reward",
    "time_to_criterion_s": "Time to the criterion (s)",
    "last_success_rate": "Success rate, last trials",
    "last_reward": "Reward, last trials",
    "weight_mV": "Rewarded synapse (mV)",
    "weight": "Rewarded synapse",
}
_TRIAL_COLUMNS = ("success", "duration_s", "reward")

#: Names of the figures that may be drawn.
FIGURES = (*(f"learning_{column}" for column in _TRIAL_COLUMNS), "learning_weight", "outcomes")

Conditions = Mapping[str, LearningRecord]


def write_figures(conditions: Conditions, folder: Path) -> list[Path]:
    """Draw the figures of one condition or several into a folder; return their files.

    Parameters
    ----------
    conditions
        Agents by the label of their condition.
    folder
        It is made if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = {**_standard_curves(conditions), "outcomes": plot_outcomes_of(conditions)}
    paths = []
    for name, figure in figures.items():
        path = folder / f"{name}.png"
        figure.savefig(path)
        paths.append(path)
    return paths


def plot_learning(conditions: Conditions, value: str = "") -> Figure:
    """Draw learning curves.

    Parameters
    ----------
    conditions
        Agents by the label of their condition.
    value
        Column of the trials; by default successes, or, in tasks without trials, the weight that is
        followed.
    """
    if value or any(len(agents.trials) for agents in conditions.values()):
        return plot_curves(conditions, value or "success")
    return plot_weights(conditions)


def plot_weights(conditions: Conditions) -> Figure:
    """Draw the rewarded weight in time: median over agents, with quartiles.

    Parameters
    ----------
    conditions
        Agents by the label of their condition; of a task without trials.
    """
    label = _LABELS[_weight_column(next(iter(conditions.values())))]
    figure = plot_learning_curves(
        {condition: weight_curve(agents) for condition, agents in conditions.items()},
        xlabel="Time (s)",
        ylabel=label,
        title=_title(conditions),
    )
    assert isinstance(figure, Figure)
    return figure


def weight_curve(agents: LearningRecord) -> pd.DataFrame:
    """Return quartiles over agents of the weight that is followed.

    Parameters
    ----------
    agents
        Of a task without trials.

    Returns
    -------
    pandas.DataFrame
        ``trial, median, q25, q75, mean, n``; ``trial`` is the time in seconds.
    """
    wide = agents.curves.pivot(index="t_s", columns="agent", values=_weight_column(agents))
    times, weights = wide.index.to_numpy(dtype=float), wide.to_numpy(dtype=float)
    rows = [
        (t, *median_iqr(row), float(np.mean(row)), len(row))
        for t, row in zip(times, weights, strict=True)
    ]
    return pd.DataFrame(rows, columns=["trial", "median", "q25", "q75", "mean", "n"])


def plot_curves(
    conditions: Conditions,
    value: str = "success",
    *,
    window: int = 0,
    marks: Mapping[str, float] | None = None,
) -> Figure:
    """Draw a column of the trials, trial by trial: successes as means, others as medians.

    Parameters
    ----------
    conditions
        Agents by the label of their condition.
    value
        ``"success"``, ``"duration_s"``, ``"reward"``, or another column of `TrainedAgents.trials`.
    window
        Trials of an agent that a point is the mean of, up to its own; 0 is five for successes,
        whose quartiles would say nothing trial by trial, and one for others.
    marks
        Vertical lines by label.
    """
    window = window or (5 if value == "success" else 1)
    averaged = f", {window} trials" if window > 1 else ""
    figure = plot_learning_curves(
        {
            condition: learning_curve(agents.trials, value, window=window)
            for condition, agents in conditions.items()
        },
        line="mean" if value == "success" else "median",
        ylabel=_LABELS.get(value, value) + averaged,
        title=_title(conditions),
        marks=marks,
    )
    assert isinstance(figure, Figure)
    return figure


def plot_outcomes_of(conditions: Conditions) -> Figure:
    """Draw the main outcome: a point per agent, and median and quartiles of each condition.

    Parameters
    ----------
    conditions
        Agents by the label of their condition.
    """
    column = next(iter(conditions.values())).main_outcome.column
    figure = plot_outcomes(
        {condition: agents.main_values for condition, agents in conditions.items()},
        ylabel=_LABELS.get(column, column),
        title=_title(conditions),
    )
    assert isinstance(figure, Figure)
    return figure


def _standard_curves(conditions: Conditions) -> dict[str, Figure]:
    with_trials = {label: agents for label, agents in conditions.items() if len(agents.trials)}
    if with_trials:
        return {
            f"learning_{value}": plot_curves(with_trials, value)
            for value in _TRIAL_COLUMNS
            if all(value in agents.trials for agents in with_trials.values())
        }
    if all(len(agents.curves) for agents in conditions.values()):
        return {"learning_weight": plot_weights(conditions)}
    return {}


def _weight_column(agents: LearningRecord) -> str:
    return next(column for column in map(str, agents.curves) if column.startswith("weight"))


def _title(conditions: Conditions) -> str:
    first = next(iter(conditions.values()))
    return f"{first.task.name}, {first.n} agents"
