"""T-maze: a cue at the start says which way to turn at the end of the corridor.

The memory task of Bakker (2002). The agent walks along a corridor of ``corridor`` steps; at the
start it sees one of two cues (``cue_north``, ``cue_south``), on the way nothing but the corridor,
at its end the junction. Actions are 0 north, 1 east, 2 south, 3 west. North or south at the
junction ends the trial, with ``reward_right`` where the cue was and ``reward_wrong`` otherwise.
Everywhere else a move against a wall leaves the agent where it is and costs ``reward_wrong`` too.
"""

from __future__ import annotations

from typing import Any

from dualframe.environments.environment import World
from dualframe.environments.parameter import Number, plain
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "after Bakker 2002, Reinforcement learning with long short-term memory (NIPS 14)"


def _assumed(name: str, value: Any, meaning: str, kind: str = "positive") -> Number:
    return Number(name, value, meaning, status="assumed", kind=kind)


NUMBERS = (
    _assumed("interval", "50 ms", "simulated time between decisions"),
    _assumed("corridor", 10, "steps from the start to the junction", kind="count"),
    _assumed("reward_right", 4.0, "reward of the right turn", kind="any"),
    _assumed("reward_wrong", -0.1, "reward of a wrong turn or a move against a wall", kind="any"),
    _assumed("limit", 200, "ticks after which a trial is cut off", kind="count"),
)

EQUATIONS = """
cue_north = int(position < 0.5)*side : 1
cue_south = int(position < 0.5)*(1 - side) : 1
at_junction = int(position > corridor - 0.5) : 1
go_north = int(choice < 0.5) : 1
go_south = int(choice > 1.5)*int(choice < 2.5) : 1
go_east = int(choice > 0.5)*int(choice < 1.5) : 1
go_west = int(choice > 2.5) : 1
position_next = clip(position + go_east - go_west, 0, corridor) : 1
side_next = side : 1
turned = at_junction*(go_north + go_south) : 1
right = at_junction*(go_north*side + go_south*(1 - side)) : 1
bumped = 1 - turned - go_east*(1 - at_junction) - go_west*int(position > 0.5) : 1
terminal = turned : 1
reward_next = reward_right*right + reward_wrong*(turned - right + bumped) : 1
succeeded = right : 1
"""


def build(numbers: tuple[Number, ...], interval: Any) -> World:
    """Return the world for a set of numbers."""
    values = plain(numbers)
    return World(
        name="t_maze",
        title="a corridor with a cue at its start and a choice at its end",
        source=SOURCE,
        numbers=numbers,
        state=("position", "side"),
        equations=EQUATIONS,
        start={"position": "0", "side": "int(rand() < 0.5)"},
        action=Discrete(4),
        observations=tuple(
            Observation(name, 0, 1) for name in ("cue_north", "cue_south", "at_junction")
        ),
        interval=interval,
        limit=int(values["limit"]),
        parameters={k: v for k, v in values.items() if k not in ("interval", "limit")},
    )
