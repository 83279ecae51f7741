"""T-maze: a cue at the start says which way to turn at the end of the corridor.

The memory task of Bakker (2002). The agent walks along a corridor of ``corridor`` steps; at the
start it sees one of two cues (``cue_north``, ``cue_south``), on the way nothing but the corridor,
at its end the junction. Actions are 0 north, 1 east, 2 south, 3 west. North or south at the
junction ends the trial, with ``reward_right`` where the cue was and ``reward_wrong`` otherwise.
Everywhere else a move against a wall leaves the agent where it is and costs ``reward_wrong`` too.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import assumed_parameter
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "after Bakker 2002, Reinforcement learning with long short-term memory (NIPS 14)"


PARAMETERS = (
    assumed_parameter("interval", "50 ms", "simulated time between decisions"),
    assumed_parameter("corridor", 10, "steps from the start to the junction", kind="count"),
    assumed_parameter("reward_right", 4.0, "reward of the right turn", kind="any"),
    assumed_parameter(
        "reward_wrong", -0.1, "reward of a wrong turn or a move against a wall", kind="any"
    ),
    assumed_parameter("limit", 200, "ticks after which a trial is cut off", kind="count"),
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


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    return EnvironmentEquations(
        state=("position", "side"),
        equations=EQUATIONS,
        start={"position": "0", "side": "int(rand() < 0.5)"},
        action=Discrete(4),
        observations=tuple(
            Observation(name, 0, 1) for name in ("cue_north", "cue_south", "at_junction")
        ),
        position=("position",),
    )


T_MAZE = EnvironmentSpec(
    name="t_maze",
    title="a corridor with a cue at its start and a choice at its end",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="limit",
)
