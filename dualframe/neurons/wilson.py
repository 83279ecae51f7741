r"""Wilson's neocortical neuron (1999): four variables with polynomial gates.

With v in 100 mV and t in ms,

.. math::

   C \dot v &= -(17.8 + 47.6 v + 33.8 v^2)(v - E_{Na}) - g_K R (v - E_K) - g_T T (v - E_T)
               - g_H H (v - E_K) + I \\
   \tau_R \dot R &= 1.24 + 3.7 v + 3.2 v^2 - R, \qquad \tau_T \dot T = 8 (v + 0.725)^2 - T, \qquad
   \tau_H \dot H = 3 T - H

and :math:`E_{Na} = 0.5, E_K = -0.95, E_T = 1.2, C = 1`. T is a calcium current and H the potassium
current that calcium opens: regular spiking, fast spiking and bursting cells differ in
:math:`g_T, g_H` and :math:`\tau_R`.

Here :math:`V = V_{unit} v` is a voltage; ``I_unit``, the current that counts as 1, is a convention
(status: assumed). V takes exponential Euler steps, which stay stable where the conductances are
large. There is no reset; a spike is an upward crossing of ``V_spike``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms, mV, nA

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.resting_state import resting_state
from dualframe.neurons.spike_crossing import EQUATION, RESET, THRESHOLD

_PARAMETERS = ParameterTable(
    {
        **dict.fromkeys(("g_K", "g_T", "g_H"), "dimensionless"),
        **dict.fromkeys(("tau_R", "tau_T", "tau_H"), "time"),
    },
    {
        **dict.fromkeys(("E_Na", "E_K", "E_T"), "dimensionless"),
        "V_unit": "voltage",
        "t_unit": "time",
        "I_unit": "current",
        "V_spike": "voltage",
    },
    "dv/dt = -(17.8 + 47.6v + 33.8v^2)(v-E_Na) - g_K R (v-E_K) - g_T T (v-E_T) - g_H H (v-E_K) + "
    "I; tau_R dR/dt = 1.24 + 3.7v + 3.2v^2 - R; tau_T dT/dt = 8(v+0.725)^2 - T; tau_H dH/dt = 3T - "
    "H; spike where V rises over V_spike",
    frozenset({"g_K", "tau_R", "tau_T", "tau_H", "V_unit", "t_unit", "I_unit"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "E_Na": 0.5,
        "E_K": -0.95,
        "E_T": 1.2,
        "V_unit": 100 * mV,
        "t_unit": 1 * ms,
        "I_unit": 1 * nA,
        "V_spike": -20 * mV,
    }
)
_EQUATIONS = f"""
v = V/V_unit : 1
g_Na_open = 17.8 + (47.6 + 33.8*v)*v : 1
g_total = g_Na_open + g_K*R + g_T*T + g_H*H : 1
v_steady = (g_Na_open*E_Na + g_K*R*E_K + g_T*T*E_T + g_H*H*E_K + I/I_unit)/g_total : 1
dV/dt = (V_unit*v_steady - V)*(1 - exp(-dt*g_total/t_unit))/dt : volt
dR/dt = (1.24 + (3.7 + 3.2*v)*v - R)/tau_R : 1
dT/dt = (8*(v + 0.725)*(v + 0.725) - T)/tau_T : 1
dH/dt = (3*T - H)/tau_H : 1
{EQUATION}
"""


def wilson_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a Wilson neuron, which starts at rest.

    Parameters
    ----------
    parameters
        g_K, g_T, g_H (plain numbers), tau_R, tau_T, tau_H (times), and optionally E_Na (0.5), E_K
        (-0.95), E_T (1.2), V_unit (100 mV), t_unit (1 ms), I_unit (1 nA) and V_spike (-20 mV).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("Wilson", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    rest, slope = resting_state(_steady_current, -0.11, 0.03, values)
    v = rest / values["V_unit"]
    calcium = 8 * (v + 0.725) ** 2
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        parameters={**values, "V_rest": rest, "g_rest": slope},
        initial={"V": rest, "R": 1.24 + (3.7 + 3.2 * v) * v, "T": calcium, "H": 3 * calcium},
        leak="g_rest",
        rest="V_rest",
        places={"adaptation": {"g_H": "*"}},
    )


def _steady_current(potential: Any, **p: float) -> Any:
    v = potential / p["V_unit"]
    sodium = (17.8 + (47.6 + 33.8 * v) * v) * (v - p["E_Na"])
    potassium = p["g_K"] * (1.24 + (3.7 + 3.2 * v) * v) * (v - p["E_K"])
    calcium = 8 * (v + 0.725) ** 2
    slow = p["g_T"] * calcium * (v - p["E_T"]) + p["g_H"] * 3 * calcium * (v - p["E_K"])
    return p["I_unit"] * (sodium + potassium + slow)


WILSON = NeuronModel(
    name="wilson",
    title="Wilson's neocortical neuron",
    source="Wilson 1999, J Theor Biol 200:375",
    parameters=_PARAMETERS,
    make_neuron=wilson_neuron,
    varies=("g_T", "g_H"),
)
