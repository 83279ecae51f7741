"""Figures of training: learning curves with inter-quartile bands, and outcomes of agents."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from dualframe.analysis.learning import learning_curve, plot_learning_curves, plot_outcomes
from dualframe.analysis.statistics import median_iqr
from dualframe.training.agents import TrainedAgents
from dualframe.training.condition_comparison import main_outcome

_NAMES = {
    "success": "Success rate",
    "duration_s": "Trial duration (s)",
    "reward": "Reward",
    "time_to_criterion_s": "Time to the criterion (s)",
    "last_success_rate": "Success rate, last trials",
    "last_reward": "Reward, last trials",
}


def write_figures(conditions: Mapping[str, TrainedAgents], folder: Path) -> list[Path]:
    """Draw the figures of one condition or several into a folder; return their files."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {**_curves(conditions), "outcomes": plot_outcomes_of(conditions)}
    written = []
    for name, figure in drawn.items():
        path = folder / f"{name}.png"
        figure.savefig(path)
        written.append(path)
    return written


def plot_weights(conditions: Mapping[str, TrainedAgents]) -> Figure:
    """Draw the rewarded weight in time: median over agents, with quartiles."""
    curves = {label: weight_curve(agents) for label, agents in conditions.items()}
    figure = plot_learning_curves(
        curves, xlabel="Time (s)", ylabel="Rewarded synapse (mV)", title=_title(conditions)
    )
    assert isinstance(figure, Figure)
    return figure


def weight_curve(agents: TrainedAgents) -> pd.DataFrame:
    """Return quartiles over agents of the followed weight: ``trial`` is the time in seconds."""
    wide = agents.curves.pivot(index="t_s", columns="agent", values="weight_mV")
    rows = [(t, *median_iqr(row), float(np.mean(row)), len(row)) for t, row in _rows(wide)]
    return pd.DataFrame(rows, columns=["trial", "median", "q25", "q75", "mean", "n"])


def _rows(wide: pd.DataFrame) -> list[tuple[float, np.ndarray]]:
    return list(zip(wide.index.to_numpy(dtype=float), wide.to_numpy(dtype=float), strict=True))


def plot_curves(
    conditions: Mapping[str, TrainedAgents],
    value: str = "success",
    *,
    window: int = 0,
    marks: Mapping[str, float] | None = None,
) -> Figure:
    """Draw a column of the trials, trial by trial: successes as means, others as medians.

    Parameters
    ----------
    conditions
        Agents by label.
    value
        ``"success"``, ``"duration_s"``, ``"reward"``, or another column of ``Agents.trials``.
    window
        Trials of an agent that a point is the mean of, up to its own; 0 is five for successes,
        whose quartiles would say nothing trial by trial, and one for others.
    marks
        Vertical lines by label.
    """
    window = window or (5 if value == "success" else 1)
    curves = {k: learning_curve(own.trials, value, window=window) for k, own in conditions.items()}
    unit = f", {window} trials" if window > 1 else ""
    figure = plot_learning_curves(
        curves,
        line="mean" if value == "success" else "median",
        ylabel=_NAMES.get(value, value) + unit,
        title=_title(conditions),
        marks=marks,
    )
    assert isinstance(figure, Figure)
    return figure


def plot_outcomes_of(conditions: Mapping[str, TrainedAgents]) -> Figure:
    """Draw the main outcome: a point per agent, and median and quartiles of each condition."""
    name = main_outcome(next(iter(conditions.values())))[0]
    values = {label: main_outcome(own)[1] for label, own in conditions.items()}
    figure = plot_outcomes(values, ylabel=_NAMES.get(name, name), title=_title(conditions))
    assert isinstance(figure, Figure)
    return figure


def _curves(conditions: Mapping[str, TrainedAgents]) -> dict[str, Figure]:
    with_trials = {label: own for label, own in conditions.items() if len(own.trials)}
    figures = {}
    for value in ("success", "duration_s", "reward"):
        if with_trials and all(value in own.trials for own in with_trials.values()):
            figures[f"learning_{value}"] = plot_curves(with_trials, value)
    if not with_trials and all(len(own.curves) for own in conditions.values()):
        figures["learning_weight"] = plot_weights(conditions)
    return figures


def _title(conditions: Mapping[str, TrainedAgents]) -> str:
    first = next(iter(conditions.values()))
    return f"{first.task.name}, {first.n} agents"
