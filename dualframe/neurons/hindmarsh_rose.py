r"""The bursting neuron of Hindmarsh and Rose (1984).

.. math::

   \dot x = y - a x^3 + b x^2 - z + I, \qquad \dot y = c - d x^2 - y, \qquad
   \dot z = r (s (x - x_R) - z)

The published model has no dimensions. Here :math:`V = V_{zero} + V_{unit} x` is a voltage, time is
counted in ``t_unit`` and the current in ``I_unit``: conventions (status: assumed), not
measurements. All three take midpoint steps, written as Euler steps: Euler's own, of 0.02 units
(0.1 ms with the default of 5 ms), have fewer spikes in a burst and no chaos at I = 3.25. There is
no reset; a spike is an upward crossing of ``V_spike``.

The thalamic model of the same authors (1989), which the framework's paper cites, is another one:
three ionic currents. It is not here, because its source could not be read.
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
    dict.fromkeys(("a", "b", "c", "d", "r", "s", "x_R"), "dimensionless"),
    {
        "V_zero": "voltage",
        "V_unit": "voltage",
        "t_unit": "time",
        "I_unit": "current",
        "V_spike": "voltage",
    },
    "dx/dt = y - a x^3 + b x^2 - z + I; dy/dt = c - d x^2 - y; dz/dt = r (s (x - x_R) - z); spike "
    "where V rises over V_spike",
    frozenset({"a", "r", "V_unit", "t_unit", "I_unit"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "V_zero": -30 * mV,
        "V_unit": 25 * mV,
        "t_unit": 5 * ms,
        "I_unit": 100 * pA,
        "V_spike": -5 * mV,
    }
)
_EQUATIONS = f"""
x = (V - V_zero)/V_unit : 1
half = 0.5*dt/t_unit : 1
x_half = x + half*(y + x*x*(b - a*x) - z + I/I_unit) : 1
y_half = y + half*(c - d*x*x - y) : 1
z_half = z + half*r*(s*(x - x_R) - z) : 1
dV/dt = V_unit*(y_half + x_half*x_half*(b - a*x_half) - z_half + I/I_unit)/t_unit : volt
dy/dt = (c - d*x_half*x_half - y_half)/t_unit : 1
dz/dt = r*(s*(x_half - x_R) - z_half)/t_unit : 1
{EQUATION}
"""


def hindmarsh_rose_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a Hindmarsh-Rose neuron, which starts at its resting state without a current.

    Parameters
    ----------
    parameters
        a, b, c, d, r, s, x_R (plain numbers), and optionally V_zero (-30 mV), V_unit (25 mV),
        t_unit (5 ms), I_unit (100 pA) and V_spike (-5 mV, x = 1).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("Hindmarsh-Rose", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    rest, slope = resting_state(_steady_current, -0.3, 0.2, values)
    x = (rest - values["V_zero"]) / values["V_unit"]
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        parameters={**values, "V_rest": rest, "g_rest": slope},
        initial={
            "V": rest,
            "y": values["c"] - values["d"] * x**2,
            "z": values["s"] * (x - values["x_R"]),
        },
        leak="g_rest",
        rest="V_rest",
        places={"adaptation": {"s": "*"}},
    )


def _steady_current(potential: Any, **p: float) -> Any:
    x = (potential - p["V_zero"]) / p["V_unit"]
    inward = p["c"] - p["d"] * x**2 - p["a"] * x**3 + p["b"] * x**2 - p["s"] * (x - p["x_R"])
    return -p["I_unit"] * inward


HINDMARSH_ROSE = NeuronModel(
    name="hindmarsh_rose",
    title="Hindmarsh and Rose's bursting neuron of 1984",
    source="Hindmarsh and Rose 1984, Proc R Soc Lond B 221:87",
    parameters=_PARAMETERS,
    make_neuron=hindmarsh_rose_neuron,
    varies=("r", "s"),
)
