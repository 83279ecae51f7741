"""CartPole-v1: a pole on a cart that is pushed left or right.

The dynamics of Barto, Sutton and Anderson (1983) as Gymnasium writes them, without friction,
integrated by explicit Euler steps of 20 ms::

    temp       = (F + m_p l theta_dot**2 sin(theta)) / (m_c + m_p)
    theta_acc  = (g sin(theta) - cos(theta) temp) / (l (4/3 - m_p cos(theta)**2 / (m_c + m_p)))
    x_acc      = temp - m_p l theta_acc cos(theta) / (m_c + m_p)

A trial ends when the cart leaves the track or the pole leans too far. Reward is one per tick, the
last included. Success is to reach the limit of 500 ticks.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import EnvironmentParameter as Parameter
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "Gymnasium CartPole-v1 (classic_control/cartpole.py); Barto, Sutton and Anderson 1983"

PARAMETERS = (
    Parameter("interval", "20 ms", "simulated time between decisions"),
    Parameter("tau", "20 ms", "step of the Euler integration"),
    Parameter("gravity", "9.8 m/s**2", "acceleration of gravity"),
    Parameter("masscart", "1 kg", "mass of the cart"),
    Parameter("masspole", "0.1 kg", "mass of the pole"),
    Parameter("length", "0.5 m", "half the length of the pole"),
    Parameter("force_mag", "10 N", "force of a push"),
    Parameter("x_threshold", "2.4 m", "half the length of the track"),
    Parameter("theta_threshold", 12 * 2 * pi / 360, "largest angle of the pole, in radians"),
    Parameter("start_range", 0.05, "starts are uniform between minus and plus this, in SI units"),
    Parameter("limit", 500, "ticks after which a trial is cut off", kind="count"),
)

EQUATIONS = """
force = force_mag*(2*choice - 1) : 1
total_mass = masspole + masscart : 1
temp = (force + masspole*length*theta_dot**2*sin(theta))/total_mass : 1
theta_acc = (gravity*sin(theta) - cos(theta)*temp)
            /(length*(4.0/3.0 - masspole*cos(theta)**2/total_mass)) : 1
x_acc = temp - masspole*length*theta_acc*cos(theta)/total_mass : 1
x_next = x + tau*x_dot : 1
x_dot_next = x_dot + tau*x_acc : 1
theta_next = theta + tau*theta_dot : 1
theta_dot_next = theta_dot + tau*theta_acc : 1
terminal = int(abs(x_next) > x_threshold or abs(theta_next) > theta_threshold) : 1
reward_next = 1 : 1
succeeded = truncated*(1 - terminal) : 1
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    state = ("x", "x_dot", "theta", "theta_dot")
    return EnvironmentEquations(
        state=state,
        equations=EQUATIONS,
        start=dict.fromkeys(state, "-start_range + 2*start_range*rand()"),
        action=Discrete(2),
        observations=(
            Observation("x", -2 * values["x_threshold"], 2 * values["x_threshold"]),
            Observation("x_dot"),
            Observation("theta", -2 * values["theta_threshold"], 2 * values["theta_threshold"]),
            Observation("theta_dot"),
        ),
    )


CARTPOLE = EnvironmentSpec(
    name="cartpole",
    title="a pole on a cart that is pushed left or right",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="limit",
)
