"""MountainCar-v0: a car in a valley that must gain speed by swinging to and fro.

Moore (1990) as Gymnasium writes it, in plain numbers per tick::

    velocity += (choice - 1) force - gravity cos(3 position);    position += velocity

Both are clipped, and the car stops at the left wall. The trial ends at the goal; until then every
tick, the last included, costs one.
"""

from __future__ import annotations

from typing import Any

from dualframe.environments.environment import World
from dualframe.environments.parameter import Number, plain
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "Gymnasium MountainCar-v0 (classic_control/mountain_car.py); Moore 1990"

NUMBERS = (
    Number("interval", "20 ms", "simulated time between decisions", "chosen here", "assumed"),
    Number("force", 0.001, "change of velocity by the motor per tick"),
    Number("gravity", 0.0025, "change of velocity by gravity per tick, on the steepest slope"),
    Number("min_position", -1.2, "left wall", kind="any"),
    Number("max_position", 0.6, "right end", kind="any"),
    Number("max_velocity", 0.07, "largest velocity"),
    Number("goal_position", 0.5, "where the trial ends", kind="any"),
    Number("goal_velocity", 0.0, "least velocity at the goal", kind="any"),
    Number("start_low", -0.6, "starts are uniform from here", kind="any"),
    Number("start_high", -0.4, "to here", kind="any"),
    Number("limit", 200, "ticks after which a trial is cut off", kind="count"),
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


def build(numbers: tuple[Number, ...], interval: Any) -> World:
    """Return the world for a set of numbers."""
    values = plain(numbers)
    speed = values["max_velocity"]
    return World(
        name="mountain_car",
        title="a car in a valley that must swing to get out",
        source=SOURCE,
        numbers=numbers,
        state=("position", "velocity"),
        equations=EQUATIONS,
        start={"position": "start_low + (start_high - start_low)*rand()", "velocity": "0"},
        action=Discrete(3),
        observations=(
            Observation("position", values["min_position"], values["max_position"]),
            Observation("velocity", -speed, speed),
        ),
        interval=interval,
        limit=int(values["limit"]),
        parameters={k: v for k, v in values.items() if k not in ("interval", "limit")},
    )
