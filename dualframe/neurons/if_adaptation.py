r"""The integrate-and-fire neuron with an adaptation conductance, of Izhikevich's comparison (2004).

.. math::

   C \dot V &= g_L (E_L - V) + g (E_g - V) + I, \quad \tau_g \dot g = -g \\
   \text{spike where } V &\ge V_{th}: \quad V \to V_r, \quad g \to g + \Delta g

The source writes it without dimensions, :math:`\dot v = I + a - b v + g(d - v)`,
:math:`\dot g = (e\,\delta(t) - g)/\tau`, which is this with :math:`b = g_L/C`, :math:`a = b E_L`,
:math:`d = E_g`, g per capacitance, and a step of :math:`e/\tau`. It names no numbers. Dayan and
Abbott (2001, section 5.4) have the same neuron and its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms, nS

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "g_L": "conductance",
        "E_L": "voltage",
        "V_th": "voltage",
        "V_r": "voltage",
        "E_g": "voltage",
        "Delta_g": "conductance",
        "tau_g": "time",
    },
    {"t_ref": "time"},
    "C dV/dt = g_L(E_L-V) + g(E_g-V) + I; tau_g dg/dt = -g; "
    "V >= V_th: V <- V_r, hold t_ref, g <- g + Delta_g",
    frozenset({"C", "g_L", "tau_g"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"t_ref": 0 * ms})


def if_adaptation_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an integrate-and-fire neuron with an adaptation conductance.

    Parameters
    ----------
    parameters
        C (capacitance), g_L, Delta_g (conductances), E_L, V_th, V_r, E_g (voltages), tau_g (time),
        and optionally t_ref (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("if_adaptation", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="dV/dt = (g_L*(E_L - V) + g_adapt*(E_g - V) + I)/C : volt (unless refractory)\n"
        "dg_adapt/dt = -g_adapt/tau_g : siemens",
        threshold="V >= V_th",
        reset="V = V_r\ng_adapt += Delta_g",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"], "g_adapt": 0 * nS},
        leak="g_L",
        rest="E_L",
        places={
            "leak": {"g_L": "*"},
            "rest": {"E_L": "+"},
            "threshold": {"V_th": "+"},
            "adaptation": {"Delta_g": "*"},
        },
    )


IF_ADAPTATION = NeuronModel(
    name="if_adaptation",
    title="integrate-and-fire with an adaptation conductance",
    source="Izhikevich 2004, IEEE Trans Neural Netw 15:1063; Dayan and Abbott 2001, "
    "Theoretical Neuroscience, section 5.4",
    parameters=_PARAMETERS,
    make_neuron=if_adaptation_neuron,
    rising=(("E_L", "V_th"), ("V_r", "V_th")),
    varies=("C", "g_L"),
)
