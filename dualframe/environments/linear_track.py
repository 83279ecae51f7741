"""Linear track: run from one end to the reward at the other.

One dimension. The agent is displaced by ``push_x`` per tick, at most by ``max_step``, and stays
between the ends. The trial ends in the goal zone at the far end.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import assumed_parameter
from dualframe.environments.spaces import Box, Observation

SOURCE = "a common design of place-cell experiments; all numbers are chosen here"


PARAMETERS = (
    assumed_parameter("interval", "10 ms", "time between moves"),
    assumed_parameter("track_length", "2 m", "length of the track"),
    assumed_parameter("goal_width", "0.1 m", "length of the goal zone at the far end"),
    assumed_parameter("max_step", "0.01 m", "largest displacement per tick: 1 m/s"),
    assumed_parameter("timeout", "20 s", "longest trial", kind="ticks"),
)

EQUATIONS = """
x_next = clip(x + clip(push_x, -max_step, max_step), 0, track_length) : 1
terminal = int(x_next >= track_length - goal_width) : 1
reward_next = terminal : 1
succeeded = terminal : 1
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    step = values["max_step"]
    return EnvironmentEquations(
        state=("x",),
        equations=EQUATIONS,
        start={"x": "0"},
        action=Box(("push_x",), (-step,), (step,)),
        observations=(Observation("x", 0, values["track_length"]),),
        position=("x",),
    )


LINEAR_TRACK = EnvironmentSpec(
    name="linear_track",
    title="a track with a reward at its far end",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="timeout",
)
