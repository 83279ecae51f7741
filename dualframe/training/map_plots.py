"""Figures of what agents have learned: policy and value over place, and weights.

Every function returns the figure that it made, or the axes that it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from dualframe.analysis.style import BLUE, GREY, VERMILION, house_style
from dualframe.building.task_builder import make_environment
from dualframe.core.errors import DualframeError
from dualframe.training.agent_record import AgentRecord
from dualframe.training.figure_parts import (
    add_bar,
    name_agents,
    new_or_given_axes,
    readable_unit,
)
from dualframe.training.maps import (
    Floats,
    Grid,
    counted_groups,
    learned_projections,
    map_drive,
    push_directions,
    standard_grid,
    weight_matrix,
)

_TITLE = 40  # letters a line
_ARROWS = 11  # a side
_WEAK = 0.05  # of the strongest push: no arrow is drawn below it


@house_style
def policy_map(
    agents: AgentRecord,
    agent: int | None = None,
    over: Sequence[str] = (),
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw what an agent has learned to do, over place or what its encoders observe.

    Where every spike pushes the agent, arrows are the directions in which the drive of all action
    cells pushes, and shades its strength. Where it chooses between two actions, shades are the
    difference of the drives of their cells, with a line where none is preferred; between more,
    colours and numbers are the preferred action, steps over one variable; an action has the same
    colour in every map. Other observed variables are held in the middle of where trials start,
    which the title says.

    Parameters
    ----------
    agents
        Agents that have learned.
    agent
        Number of the agent; None for the mean over agents.
    over
        Two variables that an encoder observes, or one; the default is the place, or what the first
        encoder observes.
    ax
        Axes to draw into; the default is a new figure.

    Raises
    ------
    DualframeError, UnknownName
        If no learned synapses lead from encoders with fields to cells that act.
    """
    grid = standard_grid(agents, over)
    figure, ax = new_or_given_axes(ax, 5.4, 4.4)
    pushes = push_directions(agents.network)
    groups = {k: group for k, group in counted_groups(agents.network).items() if k != "value"}
    if pushes:
        _draw_pushes(ax, agents, agent, grid, pushes)
    elif len(groups) >= 2:
        drives = [_group_drive(agents, agent, grid, groups[k]) for k in sorted(groups, key=int)]
        factor, unit = _drive_unit(agents, [name for k in groups for name, _ in groups[k]])
        _draw_choices(ax, grid, factor * np.stack(drives), unit)
    else:
        lacks = "one action alone" if groups else "no readout that pushes or chooses"
        raise DualframeError(f"task {agents.task.name!r} has {lacks}: it has no policy to draw.")
    _label_map(ax, agents, grid, f"Policy of {name_agents(agents, agent)}")
    return figure if figure is not None else ax


@house_style
def value_map(
    agents: AgentRecord,
    agent: int | None = None,
    over: Sequence[str] = (),
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the drive of the critic's cells, over place or what encoders observe.

    Parameters
    ----------
    agents
        Agents of a task whose readout has a critic.
    agent, over, ax
        As of `policy_map`.

    Raises
    ------
    DualframeError
        If the task has no critic.
    """
    critic = counted_groups(agents.network).get("value")
    if critic is None:
        raise DualframeError(
            f"task {agents.task.name!r} has no critic: only a readout of the kind 'actor_critic' "
            f"has values."
        )
    grid = standard_grid(agents, over)
    figure, ax = new_or_given_axes(ax, 5.4, 4.4)
    factor, unit = _drive_unit(agents, [name for name, _ in critic])
    drive = factor * _group_drive(agents, agent, grid, critic)
    _draw_shades(ax, grid, drive, f"Drive of the critic ({unit})")
    _label_map(ax, agents, grid, f"Value to {name_agents(agents, agent)}")
    return figure if figure is not None else ax


@house_style
def weight_map(
    agents: AgentRecord,
    projection: str = "",
    agent: int | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw learned weights, a column per presynaptic and a row per postsynaptic cell.

    Parameters
    ----------
    agents
        Agents that have learned.
    projection
        Which; the default is the one with most synapses.
    agent
        Number of the agent; None for the mean over agents.
    ax
        Axes to draw into; the default is a new figure.

    Raises
    ------
    UnknownName
        If there is no such projection or agent.
    """
    if not agents.weights:
        raise DualframeError(f"task {agents.task.name!r} has no synapses that learn.")
    name = projection or max(agents.weights, key=lambda key: len(agents.weights[key]))
    matrix = weight_matrix(agents, name, agent)
    factor, unit = readable_unit(agents.weight_units.get(name, "1"))
    figure, ax = new_or_given_axes(ax, 5.4, 4.4)
    image = ax.imshow(
        factor * matrix.T, cmap="viridis", aspect="auto", origin="lower", interpolation="nearest"
    )
    ax.set_facecolor("#E8E8E8")  # no synapse
    add_bar(ax, image, f"Weight{f' ({unit})' if unit else ''}")
    ends = learned_projections(agents)[name]
    ax.set_xlabel(f"Presynaptic cell ({ends.source})")
    ax.set_ylabel(f"Postsynaptic cell ({ends.target})")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    ax.set_title(f"{name}, {name_agents(agents, agent)}")
    return figure if figure is not None else ax


# --- maps ----------------------------------------------------------------------------------------


def _group_drive(
    agents: AgentRecord,
    agent: int | None,
    grid: Grid,
    group: Sequence[tuple[str, NDArray[np.int64]]],
) -> Floats:
    """Return the mean drive of a group of cells at all places."""
    cells = [map_drive(agents, name, grid, agent)[indices] for name, indices in group]
    return np.asarray(np.concatenate(cells).mean(axis=0), dtype=float)


def _drive_unit(agents: AgentRecord, populations: Iterable[str]) -> tuple[float, str]:
    """Return the factor from a drive of populations to a readable unit, weight times Hz, and it."""
    onto = {*populations}
    names = [n for n, p in learned_projections(agents).items() if p.target in onto]
    factor, unit = readable_unit(agents.weight_units.get(names[0], "1") if names else "1")
    return factor, f"{unit} Hz".strip()


def _draw_pushes(
    ax: Axes,
    agents: AgentRecord,
    agent: int | None,
    grid: Grid,
    pushes: Mapping[str, Floats],
) -> None:
    push = sum(map_drive(agents, name, grid, agent).T @ parts for name, parts in pushes.items())
    strength = np.linalg.norm(np.asarray(push), axis=1)
    factor, unit = _drive_unit(agents, pushes)
    _draw_shades(ax, grid, factor * strength, f"Strength of the push ({unit})", "Blues")
    if len(grid.over) == 1 or np.shape(push)[1] != 2:
        return
    x, y = (grid.place_values(name) for name in grid.over)
    step = max(grid.axes[0].size // _ARROWS, 1)
    shown = np.zeros(grid.shape, dtype=bool)
    shown[step // 2 :: step, step // 2 :: step] = True
    shown = shown.ravel() & (strength > _WEAK * strength.max())
    unit = np.asarray(push)[shown] / strength[shown, np.newaxis]
    options: Mapping[str, Any] = {"pivot": "mid", "scale": 16, "width": 0.007, "color": "black"}
    ax.quiver(x[shown], y[shown], unit[:, 0], unit[:, 1], **options)


def _draw_choices(ax: Axes, grid: Grid, drives: Floats, unit: str = "Hz") -> None:
    """Draw the preferred one of two actions, or of more; drives by action and place."""
    if len(drives) == 2:
        difference = drives[1] - drives[0]
        label = f"Drive of action 1 minus 0 ({unit})"
        _draw_shades(ax, grid, difference, label, "RdBu_r", centred=True)
        signs = difference.reshape(grid.shape).T
        if len(grid.over) == 2 and signs.min() < 0 < signs.max():
            ax.contour(*grid.axes, signs, levels=[0.0], colors="black", linewidths=1.2)
        if len(grid.over) == 2:
            preferred = {0: difference.min() < 0, 1: difference.max() > 0}
            places = {0: difference.argmin(), 1: difference.argmax()}
            _name_actions(
                ax, grid, {k: places[k] for k, somewhere in preferred.items() if somewhere}
            )
        return
    best = drives.argmax(axis=0)
    colours = ListedColormap([_action_colour(k) for k in range(len(drives))])
    if len(grid.over) == 1:
        ax.step(grid.axes[0], best, where="mid", color=GREY, linewidth=1)
        for k in np.unique(best):
            ax.plot(grid.axes[0][best == k], best[best == k], "o", color=colours(int(k)))
        ax.set_yticks(range(len(drives)))
        ax.set_ylim(-0.5, len(drives) - 0.5)
        ax.set_ylabel("Preferred action")
    else:
        table = best.reshape(grid.shape).T
        limits: Mapping[str, Any] = {"vmin": -0.5, "vmax": len(drives) - 0.5}
        image = ax.pcolormesh(*grid.axes, table, cmap=colours, shading="nearest", **limits)
        add_bar(ax, image, "Preferred action", ticks=range(len(drives)))
        lead = drives - np.sort(drives, axis=0)[-2]
        places = {k: np.where(best == k, lead[k], -np.inf).argmax() for k in np.unique(best)}
        _name_actions(ax, grid, places)


def _action_colour(action: int) -> Any:
    """Return the colour of an action in every map; the first ten are full, the next ten pale."""
    return colormaps["tab20"]((2 * action + action // 10) % 20)


def _name_actions(ax: Axes, grid: Grid, places: Mapping[int, Any]) -> None:
    """Write each action where it is preferred most."""
    x, y = (grid.place_values(name) for name in grid.over)
    for action, place in places.items():
        options: Mapping[str, Any] = {"color": "white", "fontweight": "bold", "clip_on": True}
        sides: Mapping[str, Any] = {
            "ha": _side_within(x, place, ("left", "center", "right")),
            "va": _side_within(y, place, ("bottom", "center", "top")),
        }
        ax.text(x[place], y[place], f"action {action}", **options, **sides)


def _side_within(values: Floats, place: Any, sides: tuple[str, str, str]) -> str:
    """Return at which side of a place a text stays within the axes."""
    fraction = (values[place] - values.min()) / (np.ptp(values) or 1.0)
    return sides[int(np.digitize(fraction, (0.25, 0.75)))]


def _draw_shades(
    ax: Axes,
    grid: Grid,
    values: Floats,
    label: str,
    colours: str = "viridis",
    *,
    centred: bool = False,
) -> None:
    """Draw values at places as shades with their scale; over one variable as a line."""
    if len(grid.over) == 1:
        ax.plot(grid.axes[0], values, color=BLUE)
        ax.set_ylabel(label)
        if centred:
            ax.axhline(0, color=GREY, linewidth=1)
        return
    reach = float(np.abs(values).max()) or 1.0
    limits: dict[str, Any] = {"vmin": -reach, "vmax": reach} if centred else {}
    table = values.reshape(grid.shape).T
    image = ax.pcolormesh(*grid.axes, table, cmap=colours, shading="nearest", **limits)
    add_bar(ax, image, label)


def _label_map(ax: Axes, agents: AgentRecord, grid: Grid, title: str) -> None:
    ax.set_xlabel(grid.over[0])
    if len(grid.over) == 2:
        ax.set_ylabel(grid.over[1])
    world = make_environment(agents.task)
    if world is not None and grid.over == world.position and len(grid.over) == 2:
        ax.set_aspect("equal")
        for x, y, radius in world.places.values():
            ax.add_patch(Circle((x, y), radius, fill=False, edgecolor=VERMILION, linewidth=1.5))
    held = [f"{name} = {value:.3g}" for name, value in grid.at.items() if name not in grid.over]
    ax.set_title("\nat ".join(filter(None, [title, fill(", ".join(held), _TITLE)])))
