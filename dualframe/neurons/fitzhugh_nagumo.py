r"""The FitzHugh-Nagumo neuron (FitzHugh 1961, Nagumo et al. 1962).

.. math:: \dot v = v - v^3/3 - w + I, \qquad \dot w = \varepsilon (v + a - b w)

FitzHugh's own variables are :math:`x = -v` and a time that is c times longer, so that
:math:`\varepsilon = 1/c^2`. The resting state is lost, and comes back, in Hopf bifurcations where
the trace of the Jacobian is zero, :math:`v^2 = 1 - \varepsilon b`.

The published model has no dimensions. Here :math:`V = V_{zero} + V_{unit} v` is a voltage, time is
counted in ``t_unit`` and the current in ``I_unit``: four conventions (status: assumed), not
measurements. Both variables take midpoint steps, written as Euler steps, because Euler's own would
move the Hopf currents by their step. There is no reset; a spike is an upward crossing of
``V_spike``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms, mV, pA

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.resting_state import resting_state
from dualframe.neurons.spike_crossing import EQUATION, RESET, THRESHOLD

_PARAMETERS = ParameterTable(
    {"a": "dimensionless", "b": "dimensionless", "epsilon": "dimensionless"},
    {
        "V_zero": "voltage",
        "V_unit": "voltage",
        "t_unit": "time",
        "I_unit": "current",
        "V_spike": "voltage",
    },
    "dv/dt = v - v^3/3 - w + I; dw/dt = epsilon (v + a - b w); spike where v rises over V_spike",
    frozenset({"b", "epsilon", "V_unit", "t_unit", "I_unit"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "V_zero": -30 * mV,
        "V_unit": 25 * mV,
        "t_unit": 1 * ms,
        "I_unit": 100 * pA,
        "V_spike": 0 * mV,
    }
)
_EQUATIONS = f"""
v = (V - V_zero)/V_unit : 1
half = 0.5*dt/t_unit : 1
v_half = v + half*(v - v*v*v/3 - w_recovery + I/I_unit) : 1
w_half = w_recovery + half*epsilon*(v + a - b*w_recovery) : 1
dV/dt = V_unit*(v_half - v_half*v_half*v_half/3 - w_half + I/I_unit)/t_unit : volt
dw_recovery/dt = epsilon*(v_half + a - b*w_half)/t_unit : 1
{EQUATION}
"""


def fitzhugh_nagumo_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a FitzHugh-Nagumo neuron.

    Parameters
    ----------
    parameters
        a, b, epsilon (plain numbers), and optionally V_zero (-30 mV), V_unit (25 mV), t_unit
        (1 ms), I_unit (100 pA) and V_spike (0 mV, v = 1.2).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("FitzHugh-Nagumo", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    rest, slope = resting_state(_steady_current, -0.3, 0.2, values)
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        parameters={**values, "V_rest": rest, "g_rest": slope},
        initial={
            "V": rest,
            "w_recovery": ((rest - values["V_zero"]) / values["V_unit"] + values["a"])
            / values["b"],
        },
        leak="g_rest",
        rest="V_rest",
        places={},
    )


def _steady_current(
    potential: Any, *, a: float, b: float, V_zero: float, V_unit: float, I_unit: float, **_: float
) -> Any:
    v = (potential - V_zero) / V_unit
    return -I_unit * (v - v**3 / 3 - (v + a) / b)


FITZHUGH_NAGUMO = NeuronModel(
    name="fitzhugh_nagumo",
    title="FitzHugh-Nagumo",
    source="FitzHugh 1961, Biophys J 1:445; Nagumo et al. 1962, Proc IRE 50:2061",
    parameters=_PARAMETERS,
    make_neuron=fitzhugh_nagumo_neuron,
    varies=("a", "epsilon"),
)
