r"""The squid giant axon's membrane (Hodgkin and Huxley 1952).

.. math::

   C \dot V &= I - g_{Na} m^3 h (V - E_{Na}) - g_K n^4 (V - E_K) - g_L (V - E_L) \\
   \dot x &= \phi\,(\alpha_x (1 - x) - \beta_x x), \quad x = m, h, n

with their rates, in 1/ms and of V in mV,

.. math::

   \alpha_m &= \frac{0.1 (V + 40)}{1 - e^{-(V + 40)/10}}, & \beta_m &= 4 e^{-(V + 65)/18} \\
   \alpha_h &= 0.07 e^{-(V + 65)/20}, & \beta_h &= 1/(1 + e^{-(V + 35)/10}) \\
   \alpha_n &= \frac{0.01 (V + 55)}{1 - e^{-(V + 55)/10}}, & \beta_n &= 0.125 e^{-(V + 65)/80}

The paper counts V from rest and with the other sign; here rest is at -65 mV, the usual convention.
``phi`` is the temperature factor, 1 at 6.3 °C and :math:`3^{(T - 6.3)/10}` at T °C. V and the
gates take exponential Euler steps, which are stable at every time step; at 0.1 ms spikes are some
percent late, at 0.01 ms within 0.1 ms of the solution. There is no reset; a spike is an upward
crossing of ``V_spike``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import mV

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.resting_state import resting_state
from dualframe.neurons.spike_crossing import EQUATION, RESET, THRESHOLD

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        **dict.fromkeys(("g_Na", "g_K", "g_L"), "conductance"),
        **dict.fromkeys(("E_Na", "E_K", "E_L"), "voltage"),
    },
    {"phi": "dimensionless", "V_spike": "voltage"},
    "C dV/dt = I - g_Na m^3 h (V-E_Na) - g_K n^4 (V-E_K) - g_L (V-E_L); dx/dt = phi (alpha_x (1-x) "
    "- beta_x x) for x = m, h, n; spike where V rises over V_spike",
    frozenset({"C", "g_L", "phi"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"phi": 1.0, "V_spike": 0 * mV})


def _linoid(x: str) -> str:
    """Write x/(1 - exp(-x)), which is 1 + x/2 + x^2/12 to eleven digits around zero."""
    near = f"int(abs({x}) < 0.01)"
    return f"((1 - {near})*{x}/(1 - exp(-{x}) + {near}) + {near}*(1 + 0.5*{x} + {x}*{x}/12))"


_EQUATIONS = f"""
x_m = (V + 40*mV)/(10*mV) : 1
x_n = (V + 55*mV)/(10*mV) : 1
above_rest = (V + 65*mV)/mV : 1
alpha_m = {_linoid("x_m")}/ms : Hz
rate_m = alpha_m + 4*exp(-above_rest/18)/ms : Hz
alpha_h = 0.07*exp(-above_rest/20)/ms : Hz
rate_h = alpha_h + 1/(1 + exp(-(above_rest - 30)/10))/ms : Hz
alpha_n = 0.1*{_linoid("x_n")}/ms : Hz
rate_n = alpha_n + 0.125*exp(-above_rest/80)/ms : Hz
dm/dt = (alpha_m/rate_m - m)*(1 - exp(-dt*phi*rate_m))/dt : 1
dh/dt = (alpha_h/rate_h - h)*(1 - exp(-dt*phi*rate_h))/dt : 1
dn/dt = (alpha_n/rate_n - n)*(1 - exp(-dt*phi*rate_n))/dt : 1
g_Na_open = g_Na*m*m*m*h : siemens
g_K_open = g_K*n*n*n*n : siemens
g_total = g_Na_open + g_K_open + g_L : siemens
V_steady = (g_Na_open*E_Na + g_K_open*E_K + g_L*E_L + I)/g_total : volt
dV/dt = (V_steady - V)*(1 - exp(-dt*g_total/C))/dt : volt
{EQUATION}
"""


def hodgkin_huxley_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a Hodgkin-Huxley neuron, which starts at rest.

    Parameters
    ----------
    parameters
        C (capacitance), g_Na, g_K, g_L (conductances), E_Na, E_K, E_L (voltages), and optionally
        phi (1) and V_spike (0 mV).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("Hodgkin-Huxley", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    rest, slope = resting_state(_steady_current, -0.1, 0.0, values)
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        parameters={**values, "V_rest": rest, "g_rest": slope},
        initial={"V": rest, **steady_gates(np.asarray(rest / mV))},
        leak="g_rest",
        rest="V_rest",
        places={"leak": {"g_L": "*"}, "rest": {"E_L": "+"}},
    )


def steady_gates(potential: Any) -> dict[str, Any]:
    """Return the steady values of m, h and n at a potential in mV."""
    from scipy.special import exprel  # slow to import, and few neurons need it

    above = np.asarray(potential, dtype=float) + 65
    alpha = {
        "m": 1 / exprel(-(above - 25) / 10),
        "h": 0.07 * np.exp(-above / 20),
        "n": 0.1 / exprel(-(above - 10) / 10),
    }
    beta = {
        "m": 4 * np.exp(-above / 18),
        "h": 1 / (1 + np.exp(-(above - 30) / 10)),
        "n": 0.125 * np.exp(-above / 80),
    }
    return {gate: alpha[gate] / (alpha[gate] + beta[gate]) for gate in alpha}


def _steady_current(potential: Any, **p: float) -> Any:
    gate = steady_gates(potential * 1e3)
    sodium = p["g_Na"] * gate["m"] ** 3 * gate["h"] * (potential - p["E_Na"])
    potassium = p["g_K"] * gate["n"] ** 4 * (potential - p["E_K"])
    return sodium + potassium + p["g_L"] * (potential - p["E_L"])


HODGKIN_HUXLEY = NeuronModel(
    name="hodgkin_huxley",
    title="Hodgkin and Huxley's membrane of the squid giant axon",
    source="Hodgkin and Huxley 1952, J Physiol 117:500",
    parameters=_PARAMETERS,
    make_neuron=hodgkin_huxley_neuron,
    rising=(("E_K", "E_Na"), ("E_L", "E_Na")),
    varies=("C", "g_L"),
)
