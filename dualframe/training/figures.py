"""Figures of training: learning curves with their bands, and outcomes of agents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dualframe.analysis.learning import (
    learning_curve,
    plot_learning_curves,
    plot_outcomes,
    summarise_agents,
)
from dualframe.core.errors import DualframeError
from dualframe.training.learning_record import LearningRecord

_LABELS = {
    "success": "Success rate",
    "duration_s": "Trial duration (s)",
    "reward": "Reward",
    "time_to_criterion_s": "Time to the criterion (s)",
    "last_success_rate": "Success rate, last trials",
    "last_reward": "Reward, last trials",
    "weight_mV": "Rewarded synapse (mV)",
    "weight_nS": "Rewarded synapse (nS)",
    "weight": "Rewarded synapse",
}
_MOST_POINTS = 100
_TRIAL_COLUMNS = ("success", "duration_s", "reward")

#: Names of the figures that may be drawn.
FIGURES = (*(f"learning_{column}" for column in _TRIAL_COLUMNS), "learning_weight", "outcomes")

#: What each of them shows.
CAPTIONS: Mapping[str, str] = {
    "learning_success": "Share of successful trials, averaged over the last five of each agent.",
    "learning_duration_s": "How long trials lasted.",
    "learning_reward": "Reward of a trial.",
    "learning_weight": "The weight that the task follows, in time.",
    "outcomes": "The outcome that the task is judged by: a point per agent, median and quartiles.",
}

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
    paths = []
    for name, figure in draw_figures(conditions).items():
        path = folder / f"{name}.png"
        figure.savefig(path)
        paths.append(path)
    return paths


def draw_figures(conditions: Conditions) -> dict[str, Any]:
    """Return the figures of one condition or several by name.

    A figure of what is not a number, such as rewards that are not finite, is left out.

    Parameters
    ----------
    conditions
        Agents by the label of their condition.
    """
    figures = _standard_curves(conditions)
    if not any(np.isnan(agents.main_values).any() for agents in conditions.values()):
        figures["outcomes"] = plot_outcomes_of(conditions)
    return figures


def plot_learning(
    conditions: LearningRecord | Conditions, value: str = "", *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw learning curves.

    Parameters
    ----------
    conditions
        Agents, or agents by the label of their condition.
    value
        Column of the trials; by default successes (rewards, where the task is judged by them), or,
        in tasks without trials, the weight that is followed.
    ax
        Axes to draw into; the default is a new figure.

    Raises
    ------
    DualframeError
        If there is nothing that was followed.
    """
    labelled = label_conditions(conditions)
    with_trials = {label: agents for label, agents in labelled.items() if len(agents.trials)}
    if value or with_trials:
        return plot_curves(with_trials or labelled, value or _main_column(labelled), ax=ax)
    if not all(len(agents.curves) for agents in labelled.values()):
        raise DualframeError("there is no trial that has ended, and no weight that was followed.")
    return plot_weights(labelled, ax=ax)


def label_conditions(conditions: LearningRecord | Conditions) -> Conditions:
    """Return agents by the label of their condition.

    Parameters
    ----------
    conditions
        Agents, or agents by the label of their condition.
    """
    if isinstance(conditions, LearningRecord):
        return {conditions.task.condition: conditions}
    return conditions


def _main_column(conditions: Conditions) -> str:
    """Return the column of trials that the task's outcome is made of."""
    outcome = next(iter(conditions.values())).main_outcome.column
    return "reward" if outcome.endswith("reward") else "success"


def plot_weights(conditions: Conditions, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw the rewarded weight in time: median over agents, with quartiles.

    Parameters
    ----------
    conditions
        Agents by the label of their condition; of a task without trials.
    ax
        Axes to draw into; the default is a new figure.
    """
    label = _LABELS[_weight_column(next(iter(conditions.values())))]
    return plot_learning_curves(
        {condition: weight_curve(agents) for condition, agents in conditions.items()},
        xlabel="Time (s)",
        ylabel=label,
        title=_title(conditions),
        ax=ax,
    )


def weight_curve(agents: LearningRecord) -> pd.DataFrame:
    """Return quartiles over agents of the weight that is followed.

    Parameters
    ----------
    agents
        Of a task without trials.

    Returns
    -------
    pandas.DataFrame
        As of `dualframe.analysis.learning.learning_curve`; ``trial`` is the time in seconds.
    """
    wide = agents.curves.pivot(index="t_s", columns="agent", values=_weight_column(agents))
    return summarise_agents(wide)


def plot_curves(
    conditions: Conditions,
    value: str = "success",
    *,
    window: int = 0,
    marks: Mapping[str, float] | None = None,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a column of the trials, trial by trial: successes as means, others as medians.

    Parameters
    ----------
    conditions
        Agents by the label of their condition.
    value
        ``"success"``, ``"duration_s"``, ``"reward"``, or another column of `TrainedAgents.trials`.
    window
        Trials of an agent that a point is the mean of, up to its own; 0 is five for successes,
        and for others one, or more where there are more than a hundred trials.
    marks
        Vertical lines by label.
    ax
        Axes to draw into; the default is a new figure.
    """
    for condition, agents in conditions.items():
        if value in agents.trials and len(agents.trials) and not _has_numbers(agents, value):
            raise DualframeError(
                f"{value!r} of the trials of condition {condition!r} is never finite: there is no "
                f"learning curve to draw."
            )
    most = max((int(agents.trials["trial"].max()) for agents in conditions.values()), default=1)
    window = window or (5 if value == "success" else max(most // _MOST_POINTS, 1))
    averaged = f", {window} trials" if window > 1 else ""
    return plot_learning_curves(
        {
            condition: learning_curve(agents.trials, value, window=window)
            for condition, agents in conditions.items()
        },
        line="mean" if value == "success" else "median",
        ylabel=_LABELS.get(value, value) + averaged,
        title=_title(conditions),
        marks=marks,
        ax=ax,
    )


def plot_outcomes_of(
    conditions: LearningRecord | Conditions, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw the main outcome: a point per agent, and median and quartiles of each condition.

    Parameters
    ----------
    conditions
        Agents, or agents by the label of their condition.
    ax
        Axes to draw into; the default is a new figure.
    """
    labelled = label_conditions(conditions)
    column = next(iter(labelled.values())).main_outcome.column
    return plot_outcomes(
        {condition: agents.main_values for condition, agents in labelled.items()},
        ylabel=_LABELS.get(column, column),
        title=_title(labelled),
        ax=ax,
    )


def _standard_curves(conditions: Conditions) -> dict[str, Any]:
    with_trials = {label: agents for label, agents in conditions.items() if len(agents.trials)}
    if with_trials:
        return {
            f"learning_{value}": plot_curves(with_trials, value)
            for value in _TRIAL_COLUMNS
            if all(_has_numbers(agents, value) for agents in with_trials.values())
        }
    if all(len(agents.curves) for agents in conditions.values()):
        return {"learning_weight": plot_weights(conditions)}
    return {}


def _has_numbers(agents: LearningRecord, value: str) -> bool:
    """Tell whether a column of the trials is there and has finite values."""
    return value in agents.trials and bool(np.isfinite(agents.trials[value]).any())


def _weight_column(agents: LearningRecord) -> str:
    return next(column for column in map(str, agents.curves) if column.startswith("weight"))


def _title(conditions: Conditions) -> str:
    first = next(iter(conditions.values()))
    title = f"{first.task.name}, {first.n} agent{'s' * (first.n > 1)}"
    return title if len(conditions) > 1 else f"{title}, {next(iter(conditions))}"
