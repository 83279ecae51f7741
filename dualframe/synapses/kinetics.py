"""What a kind of synaptic kinetics states: parameters, and equations of a gating variable.

A spike of weight w makes a conductance (siemens), or in current mode a current (amp), that peaks at
w. The factors ``peak`` are exact for the Euler scheme at the dt they were made for: the largest
sample of the discrete response is w. (With the continuous-time factor, a rise of two steps would be
off by tens of percent.) Where time constants are varied between neurons, the factor stays that of
the nominal ones.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from dualframe.core.errors import NetworkError
from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import quantity


@dataclass(frozen=True, kw_only=True)
class GatingEquations:
    """State equations whose output peaks at the weight.

    Parameters
    ----------
    lines
        Equations, in which ``{unit}`` stands for the unit of a weight.
    output
        The variable that peaks at the weight.
    written
        The variable that a spike increments by its weight.
    states
        State variables, all zero at the start.
    parameters
        Name -> quantity or float.
    """

    lines: tuple[str, ...]
    output: str
    written: str
    states: tuple[str, ...]
    parameters: Mapping[str, Any]


class Kinetics(ABC):
    """Synaptic kinetics with its time constants."""

    @abstractmethod
    def gating_equations(self, id: str, feed: str, dt: Any) -> GatingEquations:
        """Return the equations of one channel.

        Parameters
        ----------
        id
            The channel's name; every variable and parameter ends with it.
        feed
            Expression, like ``" + x"``, that drives the channel besides spikes; may be empty.
        dt
            The time step for which the peak is exact (time).

        Raises
        ------
        NetworkError
            If a time constant is too short for an Euler step.
        QuantityError
            If a parameter has another dimension.
        """


@dataclass(frozen=True, kw_only=True)
class SynapseKinetics:
    """A kind of synaptic kinetics.

    Parameters
    ----------
    name
        How files call it.
    parameters
        Names and dimensions of its parameters.
    model
        Makes the kinetics from parameters by these names.
    """

    name: str
    parameters: ParameterTable
    model: type[Kinetics]


def peak_factor(rise: Any, decay: Any, dt: Any) -> float:
    """Return the gain at which the Euler response of rise and decay peaks at 1.

    With f = 1 - dt/tau per step, the response n steps after a spike is

        (dt/decay) (f_decay^n - f_rise^n)/(f_decay - f_rise)

    (n f^(n-1) instead of the quotient where both are equal). As dt goes to 0 the factor goes to
    q^(q/(q-1)) with q = decay/rise, or e where they are equal.

    Parameters
    ----------
    rise, decay, dt
        Times.
    """
    slow, fast = 1 - float(dt / decay), 1 - float(dt / rise)
    # The peak, at rise q ln(q)/(q - 1), is never later than the longer time constant; Euler's
    # factors belong to slightly shorter ones.
    n = np.arange(ceil(max(float(rise / dt), float(decay / dt))) + 2)
    if abs(slow - fast) < 1e-6 * (1 - fast):  # below, the quotient would cancel
        response = n * slow ** np.maximum(n - 1, 0)
    else:
        response = (slow**n - fast**n) / (slow - fast)
    return float(1 / (float(dt / decay) * response.max()))


def stable_time_constant(tau: Any, dt: Any, label: str) -> Any:
    """Return a time constant that an Euler step can follow.

    Parameters
    ----------
    tau, dt
        The time constant and the step (times).
    label
        What an error calls it.

    Raises
    ------
    NetworkError
        If it is shorter than the step.
    """
    tau = quantity(tau, "time", label)
    if np.any(tau < dt):
        raise NetworkError(
            f"{label} is {tau}: expected at least the time step, {dt}; give a larger tau or a "
            f"smaller dt."
        )
    return tau
