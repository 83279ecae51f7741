"""Linear track: run from one end to the reward at the other.

One dimension. The agent is displaced by ``push_x`` per tick, at most by ``max_step``, and stays
between the ends. The trial ends in the goal zone at the far end.
"""

from __future__ import annotations

from typing import Any

from dualframe.core.quantity import quantity
from dualframe.environments.environment import World, ticks
from dualframe.environments.parameter import Number, plain
from dualframe.environments.spaces import Box, Observation

SOURCE = "a common design of place-cell experiments; all numbers are chosen here"


def _assumed(name: str, value: Any, meaning: str) -> Number:
    return Number(name, value, meaning, status="assumed")


NUMBERS = (
    _assumed("interval", "10 ms", "time between moves"),
    _assumed("track_length", "2 m", "length of the track"),
    _assumed("goal_width", "0.1 m", "length of the goal zone at the far end"),
    _assumed("max_step", "0.01 m", "largest displacement per tick: 1 m/s"),
    _assumed("timeout", "20 s", "longest trial"),
)

EQUATIONS = """
x_next = clip(x + clip(push_x, -max_step, max_step), 0, track_length) : 1
terminal = int(x_next >= track_length - goal_width) : 1
reward_next = terminal : 1
succeeded = terminal : 1
"""


def build(numbers: tuple[Number, ...], interval: Any) -> World:
    """Return the world for a set of numbers."""
    values = plain(numbers)
    timeout = next(quantity(number.value) for number in numbers if number.name == "timeout")
    step = values["max_step"]
    return World(
        name="linear_track",
        title="a track with a reward at its far end",
        source=SOURCE,
        numbers=numbers,
        state=("x",),
        equations=EQUATIONS,
        start={"x": "0"},
        action=Box(("push_x",), (-step,), (step,)),
        observations=(Observation("x", 0, values["track_length"]),),
        interval=interval,
        limit=ticks(timeout, interval, "timeout of world 'linear_track'"),
        parameters={k: v for k, v in values.items() if k not in ("interval", "timeout")},
    )
