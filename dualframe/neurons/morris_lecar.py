r"""The Morris-Lecar neuron (Morris and Lecar 1981).

.. math::

   C \dot V &= I - g_{Ca} m_\infty(V) (V - E_{Ca}) - g_K w (V - E_K) - g_L (V - E_L) \\
   \dot w &= \phi\, (w_\infty(V) - w) / \tau_w(V)

with :math:`m_\infty = (1 + \tanh((V - V_1)/V_2))/2`, :math:`w_\infty = (1 + \tanh((V -
V_3)/V_4))/2` and :math:`\tau_w = 1\,ms / \cosh((V - V_3)/(2 V_4))`. Depending on the set, rest is
lost in a saddle-node bifurcation on the limit cycle (class 1: any low rate) or in a Hopf
bifurcation (class 2: no rate below a finite one).

V and w (``w_open``: ``w`` is the weight of a synapse) take exponential Euler steps, which stay
stable where the conductances are large. There is no reset; a spike is an upward crossing of
``V_spike``.
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
        **dict.fromkeys(("g_Ca", "g_K", "g_L"), "conductance"),
        **dict.fromkeys(("E_Ca", "E_K", "E_L", "V_1", "V_2", "V_3", "V_4"), "voltage"),
        "phi": "rate",
    },
    {"V_spike": "voltage"},
    "C dV/dt = I - g_Ca m_inf (V-E_Ca) - g_K w (V-E_K) - g_L (V-E_L); dw/dt = phi cosh((V-V_3)/"
    "(2V_4)) (w_inf - w); m_inf = (1+tanh((V-V_1)/V_2))/2, w_inf = (1+tanh((V-V_3)/V_4))/2; spike "
    "where V rises over V_spike",
    frozenset({"C", "g_L", "V_2", "V_4", "phi"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"V_spike": 0 * mV})
_EQUATIONS = f"""
g_Ca_open = g_Ca*0.5*(1 + tanh((V - V_1)/V_2)) : siemens
g_total = g_Ca_open + g_K*w_open + g_L : siemens
V_steady = (g_Ca_open*E_Ca + g_K*w_open*E_K + g_L*E_L + I)/g_total : volt
dV/dt = (V_steady - V)*(1 - exp(-dt*g_total/C))/dt : volt
w_steady = 0.5*(1 + tanh((V - V_3)/V_4)) : 1
w_rate = phi*0.5*(exp((V - V_3)/(2*V_4)) + exp((V_3 - V)/(2*V_4))) : Hz
dw_open/dt = (w_steady - w_open)*(1 - exp(-dt*w_rate))/dt : 1
{EQUATION}
"""


def morris_lecar_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a Morris-Lecar neuron, which starts at its lowest resting state.

    Parameters
    ----------
    parameters
        C (capacitance), g_Ca, g_K, g_L (conductances), E_Ca, E_K, E_L, V_1, V_2, V_3, V_4
        (voltages), phi (rate), and optionally V_spike (0 mV).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("Morris-Lecar", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    rest, slope = resting_state(_steady_current, -0.15, 0.1, values)
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        parameters={**values, "V_rest": rest, "g_rest": slope},
        initial={"V": rest, "w_open": _open_share(rest, values["V_3"], values["V_4"])},
        leak="g_rest",
        rest="V_rest",
        places={"leak": {"g_L": "*"}, "rest": {"E_L": "+"}, "threshold": {"V_1": "+"}},
    )


def _open_share(potential: Any, half: Any, slope: Any) -> Any:
    return 0.5 * (1 + np.tanh(np.asarray((potential - half) / slope)))


def _steady_current(potential: Any, **p: float) -> Any:
    calcium = p["g_Ca"] * _open_share(potential, p["V_1"], p["V_2"]) * (potential - p["E_Ca"])
    potassium = p["g_K"] * _open_share(potential, p["V_3"], p["V_4"]) * (potential - p["E_K"])
    return calcium + potassium + p["g_L"] * (potential - p["E_L"])


MORRIS_LECAR = NeuronModel(
    name="morris_lecar",
    title="Morris-Lecar",
    source="Morris and Lecar 1981, Biophys J 35:193; sets of Rinzel and Ermentrout 1998",
    parameters=_PARAMETERS,
    make_neuron=morris_lecar_neuron,
    rising=(("E_K", "E_Ca"),),
    varies=("C", "g_L", "phi"),
)
