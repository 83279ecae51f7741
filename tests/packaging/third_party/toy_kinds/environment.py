"""A field without a goal to be seen: who has moved far enough to the east is paid."""

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import assumed_parameter
from dualframe.environments.spaces import Box, Observation

EQUATIONS = """
x_next = clip(x + gain*spikes_x + push_x, -half_width, half_width) : 1
y_next = clip(y + gain*spikes_y + push_y, -half_width, half_width) : 1
found_next = 0 : 1
spikes_x_next = 0 : 1
spikes_y_next = 0 : 1
terminal = int(x_next >= pays_at) : 1
reward_next = terminal : 1
succeeded = terminal : 1
"""


def write_equations(values):
    """Return the equations for values of the parameters."""
    reach = values["half_width"]
    state = ("x", "y", "found", "spikes_x", "spikes_y")
    return EnvironmentEquations(
        state=state,
        equations=EQUATIONS,
        start=dict.fromkeys(state, "0"),
        action=Box(("push_x", "push_y"), (-1.0,) * 2, (1.0,) * 2),
        observations=(Observation("x", -reach, reach), Observation("y", -reach, reach)),
        further_outcomes={"old_goal": "0*x"},
        spikes=("spikes_x", "spikes_y"),
    )


TOY_EAST = EnvironmentSpec(
    name="toy_east",
    title="a field in which the east pays",
    source="a test of dualframe",
    parameters=(
        assumed_parameter("interval", "1 ms", "time between moves"),
        assumed_parameter("half_width", 2.0, "walls are at minus and plus this"),
        assumed_parameter("pays_at", 1.0, "where the east begins"),
        assumed_parameter("gain", 0.05, "displacement by a spike"),
        assumed_parameter("timeout", "100 ms", "longest trial", kind="ticks"),
    ),
    write_equations=write_equations,
    limit="timeout",
)
