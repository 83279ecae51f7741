"""Figures of one agent over time: its paths, and the levels of modulators.

Every function returns the figure that it made, or the axes that it was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from dualframe.analysis.style import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    VERMILION,
    house_style,
    readable_colour,
)
from dualframe.building.task_builder import make_environment
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.environments import Environment
from dualframe.training.agent_record import AgentRecord
from dualframe.training.agent_traces import AgentTrace
from dualframe.training.figure_parts import DASHES, SMALL, new_or_given_axes, readable_unit
from dualframe.training.recordings import LABEL, label_of

_SHOWN_TRIALS = 3  # at the beginning and at the end
_MANY_SAMPLES = 5000
_LINES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE)


@house_style
def trajectories(
    agents: AgentRecord,
    agent: int = 0,
    trials: Sequence[int] | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the paths of an agent: in a plane, or, where there is one dimension, over time.

    Early trials are dashed, late ones drawn through; a dot is where a path ends.

    Parameters
    ----------
    agents
        Agents whose positions were recorded.
    agent
        Number of the agent.
    trials
        Trials, from one on; by default the first three and the last three.
    ax
        Axes to draw into; the default is a new figure.

    Raises
    ------
    DualframeError, UnknownName
        If the environment has no position, or that of the agent was not recorded.
    """
    world, trace = _position_of(agents)
    if agent not in trace.agents:
        raise UnknownName(
            "agent whose position was recorded", agent, [str(k) for k in trace.agents]
        )
    spans = _spans_of_trials(agents, agent)
    if not spans:
        raise DualframeError(f"no trial of agent {agent} has ended: there are no paths.")
    chosen = _chosen_trials(spans, trials)
    figure, ax = new_or_given_axes(ax, 4.8, 4.4)
    row = int(np.flatnonzero(trace.agents == agent)[0])
    halves = _early_and_late(chosen) if trials is None else ([], chosen)
    for numbers, colour, dashes in zip(halves, (GREY, BLUE), (DASHES[1], "-"), strict=True):
        for k, number in enumerate(numbers):
            start, stop = spans[number]
            inside = (trace.t > start) & (trace.t <= stop)
            place = [trace[variable][row, 0, inside] for variable in world.position]
            x, y = place if len(place) == 2 else (trace.t[inside] - start, place[0])
            label = _trials_text(numbers) if k == 0 else None
            look: Mapping[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 1.3}
            ax.plot(x, y, **look, label=label, zorder=3)
            ax.plot(x[-1:], y[-1:], "o", color=readable_colour(colour), markersize=5, zorder=4)
    _finish_paths(ax, world, agent)
    return figure if figure is not None else ax


@house_style
def modulator_levels(
    agents: AgentRecord, agent: int = 0, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw levels and concentrations of modulators, and errors of expectation, over time.

    Parameters
    ----------
    agents
        Agents of which such a variable was recorded; lines are means over recorded neurons.
    agent
        Number of the agent.
    ax
        Axes to draw into; the default is a new figure.

    Raises
    ------
    DualframeError
        If none was recorded: it says which there are.
    """
    recorded = recorded_modulators(agents)
    if not recorded:
        raise DualframeError(_what_to_record(agents))
    figure, ax = new_or_given_axes(ax, 6.4, 3.6)
    units = set()
    for k, (name, variable) in enumerate(recorded):
        trace = agents.traces[name].select_agent(agent)
        factor, unit = readable_unit(trace.units[variable])
        units.add(unit)
        dashes: Any = DASHES[k % len(DASHES)]
        look: Mapping[str, Any] = {"color": _LINES[k % len(_LINES)], "linestyle": dashes}
        level = factor * trace.values[variable].mean(axis=0)
        look = {**look, "linewidth": 1.2 if trace.t.size < _MANY_SAMPLES else 0.5}
        ax.plot(trace.t, level, **look, label=f"{variable} in {name}")
    ax.set_xlabel("Time (s)")
    ax.set_ylabel(f"Level{f' ({units.pop()})' if len(units) == 1 and units != {''} else ''}")
    ax.set_title(f"Modulators, agent {agent}", pad=22)
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 0.99), ncols=3, borderaxespad=0.1, **SMALL)
    return figure if figure is not None else ax


def recorded_modulators(agents: AgentRecord) -> list[tuple[str, str]]:
    """Return populations and variables of recorded modulators.

    Parameters
    ----------
    agents
        Agents that have learned.
    """
    names = _modulator_variables(agents)
    return [(n, v) for n, trace in agents.traces.items() for v in trace.values if v in names]


def _modulator_variables(agents: AgentRecord) -> set[str]:
    forms = ("{}", "level_{}", "c_{}")
    return {form.format(name) for name in agents.task.offered for form in forms} | {"td_error"}


def _what_to_record(agents: AgentRecord) -> str:
    names = _modulator_variables(agents)
    there = {
        label_of(population.name): sorted(names & set(population.variables))
        for population in agents.network.populations
        if names & set(population.variables)
    }
    if not there:
        return f"task {agents.task.name!r} has no variable that is the level of a modulator."
    return f"no level of a modulator was recorded: train with record={there}."


# --- paths ---------------------------------------------------------------------------------------


def _position_of(agents: AgentRecord) -> tuple[Environment, AgentTrace]:
    world = make_environment(agents.task)
    if world is None or not world.position:
        raise DualframeError(
            f"task {agents.task.name!r} has no environment with a position: there are no paths."
        )
    trace = agents.traces.get(LABEL)
    if trace is None or not set(world.position) <= trace.values.keys():
        raise DualframeError(
            f"the position was not recorded: train with record={{'{LABEL}': "
            f"{list(world.position)}}}."
        )
    return world, trace


def _spans_of_trials(agents: AgentRecord, agent: int) -> dict[int, tuple[float, float]]:
    """Return start and end of each trial that has ended, in seconds."""
    if agents.trials.empty:
        return {}
    table = agents.trials[agents.trials["agent"] == agent].sort_values("trial")
    ends = table["end_s"].to_numpy()
    starts = np.concatenate([[-1.0], ends])[: ends.size]
    trial = table["trial"].tolist()
    return dict(zip(trial, zip(starts.tolist(), ends.tolist(), strict=True), strict=True))


def _chosen_trials(
    spans: Mapping[int, tuple[float, float]], trials: Sequence[int] | None
) -> list[int]:
    if trials is None:
        numbers = sorted(spans)
        return sorted({*numbers[:_SHOWN_TRIALS], *numbers[-_SHOWN_TRIALS:]})
    for number in trials:
        if number not in spans:
            raise UnknownName("trial that has ended", number, [str(k) for k in spans])
    return list(trials)


def _early_and_late(trials: Sequence[int]) -> tuple[list[int], list[int]]:
    half = len(trials) // 2
    return list(trials[:half]), list(trials[half:])


def _trials_text(trials: Sequence[int]) -> str:
    if len(trials) == 1:
        return f"trial {trials[0]}"
    if list(trials) == list(range(trials[0], trials[-1] + 1)):
        return f"trials {trials[0]} to {trials[-1]}"
    return f"trials {', '.join(map(str, trials))}"


def _finish_paths(ax: Axes, world: Environment, agent: int) -> None:
    if len(world.position) == 2:
        for k, (label, (x, y, radius)) in enumerate(world.places.items()):
            dashes: Any = DASHES[k % 2]
            ax.add_patch(Circle((x, y), radius, fill=False, edgecolor=VERMILION, linestyle=dashes))
            place: Mapping[str, Any] = {"ha": "center", "va": "bottom", "color": VERMILION}
            ax.annotate(label, (x, y + radius), **place, **SMALL, annotation_clip=False)
        bounds = {item.name: (item.low, item.high) for item in world.observations}
        ax.set_xlim(*bounds[world.position[0]])
        ax.set_ylim(*bounds[world.position[1]])
        ax.set_aspect("equal")
        ax.set_xlabel(world.position[0])
        ax.set_ylabel(world.position[1])
    else:
        ax.set_xlabel("Time in the trial (s)")
        ax.set_ylabel(world.position[0])
    ax.set_title(f"Paths of agent {agent}", pad=22)
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 0.99), ncols=2, borderaxespad=0.1, **SMALL)
