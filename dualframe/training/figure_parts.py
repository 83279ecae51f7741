"""What the figures of agents share: axes, units of what is drawn, who is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dualframe.analysis.style import new_figure
from dualframe.training.agent_record import AgentRecord

#: Of curves and paths that are told apart by more than their colour.
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.6)), (0, (1, 1.4)), (0, (5, 1.4, 1, 1.4)))
SMALL: Mapping[str, Any] = {"fontsize": "small"}
_UNITS: Mapping[str, tuple[float, str]] = {
    "volt": (1e3, "mV"),
    "siemens": (1e9, "nS"),
    "amp": (1e12, "pA"),
    "mmolar": (1e6, "nM"),
    "1": (1.0, ""),
}


def new_or_given_axes(ax: Axes | None, width: float, height: float) -> tuple[Figure | None, Axes]:
    """Return the axes that were given, or a new figure and its axes.

    Parameters
    ----------
    ax
        Axes to draw into, or None.
    width, height
        Of a new figure, in inches.
    """
    if ax is not None:
        return None, ax
    figure = new_figure(width, height)
    return figure, figure.subplots()


def add_bar(ax: Axes, image: Any, label: str, ticks: Iterable[int] | None = None) -> None:
    """Draw the scale of shades beside axes.

    Parameters
    ----------
    ax, image
        The axes and what is drawn in them.
    label
        What the shades are.
    ticks
        Numbers that have a shade each, where they are few.
    """
    figure = ax.get_figure()
    assert figure is not None
    place = ax.inset_axes((1.03, 0.0, 0.05, 1.0))  # beside the axes whatever their shape
    figure.colorbar(image, cax=place, label=label, ticks=None if ticks is None else list(ticks))


def readable_unit(unit: str) -> tuple[float, str]:
    """Return the factor from base units to a readable one, and its symbol.

    Parameters
    ----------
    unit
        Name of the base unit.
    """
    return _UNITS.get(unit, (1.0, unit))


def name_agents(agents: AgentRecord, agent: int | None) -> str:
    """Return who is drawn.

    Parameters
    ----------
    agents, agent
        The agents, and the number of one; None for the mean over all.
    """
    if agent is not None:
        return f"agent {agent}"
    return f"{agents.n} agent{'s' * (agents.n > 1)} (mean)"
