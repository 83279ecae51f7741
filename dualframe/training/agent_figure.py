"""One figure that shows an agent: how all of them learned, its paths, maps, weights, modulators."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from matplotlib.figure import Figure

from dualframe.analysis.style import house_style, new_figure
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.training.agent_plots import modulator_levels, trajectories
from dualframe.training.agent_record import AgentRecord
from dualframe.training.figures import plot_learning
from dualframe.training.map_plots import policy_map, value_map, weight_map

_WIDTH, _HEIGHT = 5.4, 4.4


@house_style
def agent_overview(agents: AgentRecord, agent: int = 0) -> Figure:
    """Draw one agent: a panel for each thing that there is to see of it.

    The learning curve of all agents; paths, where positions were recorded; policy and value, where
    encoders have fields; the largest matrix of learned weights; modulators that were recorded.

    Parameters
    ----------
    agents
        Agents that have learned.
    agent
        Number of the agent.

    Raises
    ------
    UnknownName
        If there is no such agent.
    """
    if agent not in range(agents.n):
        raise UnknownName("agent", agent, [str(k) for k in range(agents.n)])
    panels = _panels(agents, agent)
    columns = 2 if len(panels) in (2, 4) else min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure = new_figure(_WIDTH * columns, _HEIGHT * rows + 0.4)
    grid = figure.subplots(rows, columns, squeeze=False).ravel()
    for ax, draw in zip(grid, panels, strict=False):
        draw(ax=ax)
    for ax in grid[len(panels) :]:
        ax.set_axis_off()
    heading = f"{agents.task.name}: agent {agent} of {agents.n}, modulators {agents.task.condition}"
    figure.suptitle(heading, fontweight="bold", fontsize=16, x=0.01, ha="left")
    return figure


def _panels(agents: AgentRecord, agent: int) -> list[Callable[..., Any]]:
    """Return what draws each panel; a panel whose data is not there is left out."""
    candidates: list[Callable[..., Any]] = [
        partial(plot_learning, {agents.task.condition: agents}),
        partial(trajectories, agents, agent),
        partial(policy_map, agents, agent),
        partial(value_map, agents, agent),
        partial(weight_map, agents, "", agent),
        partial(modulator_levels, agents, agent),
    ]
    return [draw for draw in candidates if _can_draw(draw)]


def _can_draw(draw: Callable[..., Any]) -> bool:
    try:
        draw(ax=Figure().subplots())
    except DualframeError:
        return False
    return True
