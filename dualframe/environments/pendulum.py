"""Pendulum-v1: swing a pendulum up and hold it, with a motor that is too weak to lift it.

A rod of mass ``m`` and length ``l`` with the torque ``u``, by semi-implicit Euler steps::

    theta_acc = 3 g/(2 l) sin(theta) + 3/(m l**2) u

``theta`` is zero upright and is not wrapped. The reward of a tick is minus the cost of the state
*before* it: ``wrapped(theta)**2 + 0.1 theta_dot**2 + 0.001 u**2``. Nothing but the limit of 200
ticks ends a trial, and the source has no criterion of success: ``success`` is always zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import EnvironmentParameter as Parameter
from dualframe.environments.spaces import Box, Observation

SOURCE = "Gymnasium Pendulum-v1 (classic_control/pendulum.py)"

PARAMETERS = (
    Parameter("interval", "50 ms", "simulated time between decisions"),
    Parameter("tau", "50 ms", "step of the integration"),
    Parameter("gravity", "10 m/s**2", "acceleration of gravity"),
    Parameter("mass", "1 kg", "mass of the rod"),
    Parameter("length", "1 m", "length of the rod"),
    Parameter("max_speed", "8 Hz", "largest angular velocity, in radians per second"),
    Parameter("max_torque", "2 N*m", "largest torque"),
    Parameter("angle_cost", 1.0, "cost per squared angle"),
    Parameter("speed_cost", 0.1, "cost per squared angular velocity"),
    Parameter("torque_cost", 0.001, "cost per squared torque"),
    Parameter("start_angle", pi, "first angles are uniform between minus and plus this"),
    Parameter(
        "start_speed", "1 Hz", "first angular velocities are uniform between minus and plus it"
    ),
    Parameter("limit", 200, "ticks after which a trial is cut off", kind="count"),
)

EQUATIONS = """
u = clip(torque, -max_torque, max_torque) : 1
wrapped = theta + pi - 2*pi*floor((theta + pi)/(2*pi)) - pi : 1
theta_dot_next = clip(theta_dot + (3*gravity/(2*length)*sin(theta)
                 + 3.0/(mass*length**2)*u)*tau, -max_speed, max_speed) : 1
theta_next = theta + theta_dot_next*tau : 1
cos_theta = cos(theta) : 1
sin_theta = sin(theta) : 1
terminal = 0 : 1
reward_next = -(angle_cost*wrapped**2 + speed_cost*theta_dot**2 + torque_cost*u**2) : 1
succeeded = 0 : 1
"""


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    torque, speed = values["max_torque"], values["max_speed"]
    return EnvironmentEquations(
        state=("theta", "theta_dot"),
        equations=EQUATIONS,
        start={
            "theta": "-start_angle + 2*start_angle*rand()",
            "theta_dot": "-start_speed + 2*start_speed*rand()",
        },
        action=Box(("torque",), (-torque,), (torque,)),
        observations=(
            Observation("cos_theta", -1, 1),
            Observation("sin_theta", -1, 1),
            Observation("theta_dot", -speed, speed),
        ),
    )


PENDULUM = EnvironmentSpec(
    name="pendulum",
    title="a pendulum to swing up with a weak motor",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="limit",
)
