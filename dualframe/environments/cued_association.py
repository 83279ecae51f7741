"""Delayed cue association: remember which cue was shown until asked for the answer.

A trial is: one of ``cues`` cues for ``cue_time`` (``cue_on``, with ``cue`` its index), nothing for
``delay_time``, a go signal for ``go_time`` (``go_on``), then the answer: the ``choice`` at the last
tick of the go signal. It is right if its index is that of the cue, and rewarded with one. The trial
ends ``pause_time`` after that; there is no other end.
"""

from __future__ import annotations

from typing import Any

from dualframe.core.quantity import quantity
from dualframe.environments.environment import World, ticks
from dualframe.environments.parameter import Number, plain
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "a common design of delayed-response experiments; all numbers are chosen here"


def _assumed(name: str, value: Any, meaning: str, kind: str = "positive") -> Number:
    return Number(name, value, meaning, status="assumed", kind=kind)


NUMBERS = (
    _assumed("interval", "10 ms", "time between ticks"),
    _assumed("cues", 2, "number of cues, and of answers", kind="count"),
    _assumed("cue_time", "500 ms", "how long the cue is shown"),
    _assumed("delay_time", "1 s", "from the end of the cue to the go signal"),
    _assumed("go_time", "500 ms", "how long the go signal is on; the answer is read at its end"),
    _assumed("pause_time", "1 s", "from the answer to the next trial"),
)

EQUATIONS = """
cue_on = int(elapsed < cue_time - 0.5) : 1
go_on = int(elapsed > cue_time + delay_time - 0.5)
        *int(elapsed < cue_time + delay_time + go_time - 0.5) : 1
answering = go_on*int(elapsed + 1 > cue_time + delay_time + go_time - 0.5) : 1
right = int(abs(choice - cue) < 0.5) : 1
cue_next = cue : 1
answered_right_next = answered_right + answering*right : 1
terminal = int(elapsed + 1 > cue_time + delay_time + go_time + pause_time - 0.5) : 1
reward_next = answering*right : 1
succeeded = answered_right_next : 1
{shown}
"""


def build(numbers: tuple[Number, ...], interval: Any) -> World:
    """Return the world for a set of numbers."""
    values = plain(numbers)
    given = {number.name: quantity(number.value) for number in numbers}
    in_ticks = {
        name: float(ticks(given[name], interval, f"{name} of world 'cued_association'"))
        for name in ("cue_time", "delay_time", "go_time", "pause_time")
    }
    cues = int(values["cues"])
    shown = [f"cue_{k} = cue_on*int(abs(cue - {k}) < 0.5) : 1" for k in range(cues)]
    seen = [*(f"cue_{k}" for k in range(cues)), "go_on"]
    return World(
        name="cued_association",
        title="a cue, a delay, a go signal and an answer",
        source=SOURCE,
        numbers=numbers,
        state=("cue", "answered_right"),
        equations=EQUATIONS.format(shown="\n".join(shown)),
        start={"cue": "floor(cues*rand())", "answered_right": "0"},
        action=Discrete(cues),
        observations=tuple(Observation(name, 0, 1) for name in seen),
        interval=interval,
        limit=None,
        parameters={k: v for k, v in {**values, **in_ticks}.items() if k != "interval"},
    )
