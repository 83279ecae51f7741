"""Acrobot-v1: a double pendulum with a motor at the elbow, to be swung above a bar.

Sutton (1996) in the form of Sutton and Barto's book, as Gymnasium writes it: angles from hanging
down (the second relative to the first), moments of inertia ``moi`` of both links, one step of the
classical Runge-Kutta method per tick. Angles are wrapped to [-pi, pi], velocities clipped. The
trial ends when the tip is one link's length above the pivot,
``-cos(theta1) - cos(theta1 + theta2) > 1``; every tick before costs one.

The stages of the Runge-Kutta step use one another many times, so the environment is `staged`: it
acts one time step after the tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

from brian2.units import Hz

from dualframe.environments.environment_record import EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import EnvironmentParameter as Parameter
from dualframe.environments.spaces import Discrete, Observation

SOURCE = "Gymnasium Acrobot-v1 (classic_control/acrobot.py, book_or_nips = 'book'); Sutton 1996"

PARAMETERS = (
    Parameter("interval", "200 ms", "simulated time between decisions"),
    Parameter("tau", "200 ms", "step of the integration"),
    Parameter("gravity", "9.8 m/s**2", "acceleration of gravity"),
    Parameter("length1", "1 m", "length of the first link"),
    Parameter("mass1", "1 kg", "mass of the first link"),
    Parameter("mass2", "1 kg", "mass of the second link"),
    Parameter("centre1", "0.5 m", "centre of mass of the first link, from its upper end"),
    Parameter("centre2", "0.5 m", "centre of mass of the second link, from its upper end"),
    Parameter("moi", "1 kg*m**2", "moment of inertia of each link"),
    Parameter("max_speed1", 4 * pi * Hz, "largest angular velocity, in radians per second"),
    Parameter("max_speed2", 9 * pi * Hz, "largest angular velocity, in radians per second"),
    Parameter("torque", "1 N*m", "torque of the motor: minus this, none or this"),
    Parameter("start_range", 0.1, "starts are uniform between minus and plus this, in SI units"),
    Parameter("limit", 500, "ticks after which a trial is cut off", kind="count"),
)

# One evaluation of the derivatives at the angles a{k}, b{k} and velocities u{k}, v{k}
_STAGE = """
d1_{k} = mass1*centre1**2 + mass2*(length1**2 + centre2**2 + 2*length1*centre2*cos(b{k}))
         + moi + moi : 1
d2_{k} = mass2*(centre2**2 + length1*centre2*cos(b{k})) + moi : 1
phi2_{k} = mass2*centre2*gravity*cos(a{k} + b{k} - pi/2.0) : 1
phi1_{k} = -mass2*length1*centre2*v{k}**2*sin(b{k}) - 2*mass2*length1*centre2*v{k}*u{k}*sin(b{k})
           + (mass1*centre1 + mass2*length1)*gravity*cos(a{k} - pi/2)
           + phi2_{k} : 1
v_dot{k} = (force + d2_{k}/d1_{k}*phi1_{k} - mass2*length1*centre2*u{k}**2*sin(b{k}) - phi2_{k})
           /(mass2*centre2**2 + moi - d2_{k}**2/d1_{k}) : 1
u_dot{k} = -(d2_{k}*v_dot{k} + phi1_{k})/d1_{k} : 1
"""


def _stage_point(k: int, step: str) -> str:
    """The point of stage ``k``: from the state along the derivatives of the stage before."""
    states = {"a": "theta1", "b": "theta2", "u": "theta1_dot", "v": "theta2_dot"}
    before = {"a": f"u{k - 1}", "b": f"v{k - 1}", "u": f"u_dot{k - 1}", "v": f"v_dot{k - 1}"}
    along = {name: f" + {step}*{slope}" if k > 1 else "" for name, slope in before.items()}
    return "\n".join(f"{name}{k} = {state}{along[name]} : 1" for name, state in states.items())


def _runge_kutta_sum(state: str, slope: str) -> str:
    return f"{state} + tau/6.0*({slope}1 + 2*{slope}2 + 2*{slope}3 + {slope}4)"


def _wrap_angle(angle: str) -> str:
    """Whole turns off an angle outside [-pi, pi], as many as bring it inside."""
    over = f"clip(ceil(({angle} - pi)/(2*pi)), 0, 1e9)"
    under = f"clip(ceil((-pi - {angle})/(2*pi)), 0, 1e9)"
    return f"{angle} - 2*pi*({over} - {under})"


def _acrobot_equations() -> str:
    points = (
        _stage_point(1, ""),
        _stage_point(2, "tau/2.0"),
        _stage_point(3, "tau/2.0"),
        _stage_point(4, "tau"),
    )
    stages = "\n".join(point + _STAGE.format(k=k) for k, point in enumerate(points, start=1))
    return f"""
force = torque*(choice - 1) : 1
{stages}
turned1 = {_runge_kutta_sum("theta1", "u")} : 1
turned2 = {_runge_kutta_sum("theta2", "v")} : 1
theta1_next = {_wrap_angle("turned1")} : 1
theta2_next = {_wrap_angle("turned2")} : 1
theta1_dot_next = clip({_runge_kutta_sum("theta1_dot", "u_dot")}, -max_speed1, max_speed1) : 1
theta2_dot_next = clip({_runge_kutta_sum("theta2_dot", "v_dot")}, -max_speed2, max_speed2) : 1
terminal = int(-cos(theta1_next) - cos(theta2_next + theta1_next) > 1.0) : 1
reward_next = terminal - 1 : 1
succeeded = terminal : 1
cos_theta1 = cos(theta1) : 1
sin_theta1 = sin(theta1) : 1
cos_theta2 = cos(theta2) : 1
sin_theta2 = sin(theta2) : 1
"""


EQUATIONS = _acrobot_equations()


def _write_equations(values: Mapping[str, float]) -> EnvironmentEquations:
    """Return the equations for values of the parameters."""
    state = ("theta1", "theta2", "theta1_dot", "theta2_dot")
    fastest = {"theta1_dot": values["max_speed1"], "theta2_dot": values["max_speed2"]}
    circle = ("cos_theta1", "sin_theta1", "cos_theta2", "sin_theta2")
    return EnvironmentEquations(
        state=state,
        equations=EQUATIONS,
        start=dict.fromkeys(state, "-start_range + 2*start_range*rand()"),
        action=Discrete(3),
        observations=(
            *(Observation(name, -1, 1) for name in circle),
            *(Observation(name, -speed, speed) for name, speed in fastest.items()),
        ),
        staged=True,
    )


ACROBOT = EnvironmentSpec(
    name="acrobot",
    title="a double pendulum to swing up with a motor at the elbow",
    source=SOURCE,
    parameters=PARAMETERS,
    write_equations=_write_equations,
    limit="limit",
)
