"""MountainCar-v0: a car in a valley that must gain speed by swinging to and fro.

Moore (1990) as Gymnasium writes it, in plain numbers per tick::

    velocity += (choice - 1) force - gravity cos(3 position);    position += velocity

Both are clipped, and the car stops at the left wall. The trial ends at the goal; until then every
tick, the last included, costs one.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import EnvironmentParameter as Parameter
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "Gymnasium MountainCar-v0 (classic_control/mountain_car.py); Moore 1990"

PARAMETERS = (
    Parameter(
        "interval",
        "20 ms",
        "simulated time between decisions",
        source="chosen here",
        status="assumed",
    ),
    Parameter("force", 0.001, "change of velocity by the motor per tick"),
    Parameter("gravity", 0.0025, "change of velocity by gravity per tick, on the steepest slope"),
    Parameter("min_position", -1.2, "left wall", kind="any"),
    Parameter("max_position", 0.6, "right end", kind="any"),
    Parameter("max_velocity", 0.07, "largest velocity"),
    Parameter("goal_position", 0.5, "where the trial ends", kind="any"),
    Parameter("goal_velocity", 0.0, "least velocity at the goal", kind="any"),
    Parameter("start_low", -0.6, "starts are uniform from here", kind="any"),
    Parameter("start_high", -0.4, "to here", kind="any"),
    Parameter("limit", 200, "ticks after which a trial is cut off", kind="count"),
)

EQUATIONS = """
pushed = clip(velocity + (choice - 1)*force + cos(3*position)*(-gravity),
              -max_velocity, max_velocity) : 1
position_next = clip(position + pushed, min_position, max_position) : 1
stopped = int(position_next <= min_position and pushed < 0) : 1
velocity_next = pushed*(1 - stopped) : 1
fast_enough = stopped*int(goal_velocity <= 0) + (1 - stopped)*int(pushed >= goal_velocity) : 1
terminal = int(position_next >= goal_position)*fast_enough : 1
reward_next = -1 : 1
succeeded = terminal : 1
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    speed = values["max_velocity"]
    return EnvironmentEquations(
        state=("position", "velocity"),
        equations=EQUATIONS,
        start={"position": "start_low + (start_high - start_low)*rand()", "velocity": "0"},
        action=Discrete(3),
        observations=(
            Observation("position", values["min_position"], values["max_position"]),
            Observation("velocity", -speed, speed),
        ),
    )


MOUNTAIN_CAR = EnvironmentSpec(
    name="mountain_car",
    title="a car in a valley that must swing to get out",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="limit",
)
