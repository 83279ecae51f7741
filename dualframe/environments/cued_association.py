"""Delayed cue association: remember which cue was shown until asked for the answer.

A trial is: one of ``cues`` cues for ``cue_time`` (``cue_on``, with ``cue`` its index), nothing for
``delay_time``, a go signal for ``go_time`` (``go_on``), then the answer: the ``choice`` at the last
tick of the go signal. It is right if its index is that of the cue, and rewarded with one. After
every ``reversal_after`` trials the answers move on by one: with two cues they are swapped. The
trial ends ``pause_time`` after the answer; there is no other end.
"""

from __future__ import annotations

from collections.abc import Mapping

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import assumed_parameter
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "a common design of delayed-response experiments; all numbers are chosen here"


PARAMETERS = (
    assumed_parameter("interval", "10 ms", "time between ticks"),
    assumed_parameter("cues", 2, "number of cues, and of answers", kind="count"),
    assumed_parameter("cue_time", "500 ms", "how long the cue is shown", kind="ticks"),
    assumed_parameter(
        "delay_time", "1 s", "from the end of the cue to the go signal", kind="ticks"
    ),
    assumed_parameter(
        "go_time",
        "500 ms",
        "how long the go signal is on; the answer is read at its end",
        kind="ticks",
    ),
    assumed_parameter("pause_time", "1 s", "from the answer to the next trial", kind="ticks"),
    assumed_parameter(
        "reversal_after",
        None,
        "trials after which each cue asks for the next answer; None is never",
        kind="count or never",
    ),
)

EQUATIONS = """
cue_on = int(elapsed < cue_time - 0.5) : 1
go_on = int(elapsed > cue_time + delay_time - 0.5)
        *int(elapsed < cue_time + delay_time + go_time - 0.5) : 1
answering = go_on*int(elapsed + 1 > cue_time + delay_time + go_time - 0.5) : 1
turn = cue + floor((trial + 0.5)/reversal_after) : 1
asked = turn - cues*floor((turn + 0.5)/cues) : 1
right = int(abs(choice - asked) < 0.5) : 1
cue_next = cue : 1
answered_right_next = answered_right + answering*right : 1
terminal = int(elapsed + 1 > cue_time + delay_time + go_time + pause_time - 0.5) : 1
reward_next = answering*right : 1
succeeded = answered_right_next : 1
{shown}
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    cues = int(values["cues"])
    shown = [f"cue_{k} = cue_on*int(abs(cue - {k}) < 0.5) : 1" for k in range(cues)]
    seen = [*(f"cue_{k}" for k in range(cues)), "go_on"]
    return EnvironmentEquations(
        state=("cue", "answered_right"),
        equations=EQUATIONS.format(shown="\n".join(shown)),
        start={"cue": "floor(cues*rand())", "answered_right": "0"},
        action=Discrete(cues),
        observations=tuple(Observation(name, 0, 1) for name in seen),
    )


CUED_ASSOCIATION = EnvironmentSpec(
    name="cued_association",
    title="a cue, a delay, a go signal and an answer",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
)
