"""Figures of results and of agents, all under one name: `dualframe.plots`."""

from dualframe.analysis.plots import compare, raster, rates, savefig, traces
from dualframe.training.agent_figure import agent_overview
from dualframe.training.agent_plots import modulator_levels, trajectories
from dualframe.training.figures import plot_learning as learning_curves
from dualframe.training.figures import plot_outcomes_of as outcomes
from dualframe.training.map_plots import policy_map, value_map, weight_map

__all__ = [
    "agent_overview",
    "compare",
    "learning_curves",
    "modulator_levels",
    "outcomes",
    "policy_map",
    "raster",
    "rates",
    "savefig",
    "traces",
    "trajectories",
    "value_map",
    "weight_map",
]
