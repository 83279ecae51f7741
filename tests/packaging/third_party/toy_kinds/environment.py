"""A lever: a trial is one decision between two actions, of which the second pays."""

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import assumed_parameter
from dualframe.environments.spaces import Discrete, Observation

EQUATIONS = """
light_next = 1 - light : 1
terminal = 1 : 1
reward_next = pay*int(action > 0.5) : 1
succeeded = int(action > 0.5) : 1
"""


def write_equations(values):
    """Return the equations for values of the parameters."""
    return EnvironmentEquations(
        state=("light",),
        equations=EQUATIONS,
        start={},
        action=Discrete(2),
        observations=(Observation("light", 0, 1),),
    )


TOY_LEVER = EnvironmentSpec(
    name="toy_lever",
    title="one decision a trial between two actions, of which the second pays",
    source="a test of dualframe",
    parameters=(
        assumed_parameter("interval", "20 ms", "time between decisions"),
        assumed_parameter("pay", 1.0, "what the lever pays"),
    ),
    write_equations=write_equations,
)
