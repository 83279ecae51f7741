r"""The integrate-and-fire-or-burst neuron of thalamic relay cells (Smith et al. 2000).

.. math::

   C \dot V &= -g_L (V - E_L) - g_T\, m_\infty h\, (V - E_T) + I, \quad
   m_\infty = [V \ge V_h] \\
   \dot h &= -h/\tau_h^- \text{ where } V \ge V_h, \quad (1 - h)/\tau_h^+ \text{ elsewhere}

A spike where :math:`V \ge V_{th}`; then :math:`V \to V_r`, held for t_ref. Below V_h the
low-threshold calcium current recovers from inactivation; above it h lets it drive a burst, also
after the end of an inhibition.

The source gives densities per membrane area. The stored set is that of an area of 0.0002 cm2, an
assumption that scales C, the conductances and the input alike and changes no spike time.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "g_L": "conductance",
        "E_L": "voltage",
        "g_T": "conductance",
        "E_T": "voltage",
        "V_h": "voltage",
        "tau_h_minus": "time",
        "tau_h_plus": "time",
        "V_th": "voltage",
        "V_r": "voltage",
    },
    {"t_ref": "time"},
    "C dV/dt = -g_L(V-E_L) - g_T [V >= V_h] h (V-E_T) + I; "
    "dh/dt = -h/tau_h_minus where V >= V_h, else (1-h)/tau_h_plus; V >= V_th: V <- V_r, hold t_ref",
    frozenset({"C", "g_L", "tau_h_minus", "tau_h_plus"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"t_ref": 0 * ms})


def if_or_burst_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an integrate-and-fire-or-burst neuron.

    Parameters
    ----------
    parameters
        C (capacitance), g_L, g_T (conductances), E_L, E_T, V_h, V_th, V_r (voltages), tau_h_minus,
        tau_h_plus (times), and optionally t_ref (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("if_or_burst", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="opened = int(V >= V_h) : 1\n"
        "dV/dt = (g_L*(E_L - V) + g_T*opened*h*(E_T - V) + I)/C : volt (unless refractory)\n"
        "dh/dt = (1 - opened)*(1 - h)/tau_h_plus - opened*h/tau_h_minus : 1",
        threshold="V >= V_th",
        reset="V = V_r",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"], "h": 1.0},
        leak="g_L",
        rest="E_L",
        places={
            "leak": {"g_L": "*"},
            "rest": {"E_L": "+"},
            "threshold": {"V_th": "+"},
        },
    )


IF_OR_BURST = NeuronModel(
    name="if_or_burst",
    title="integrate-and-fire-or-burst",
    source="Smith et al. 2000, J Neurophysiol 83:588",
    parameters=_PARAMETERS,
    make_neuron=if_or_burst_neuron,
    rising=(("E_L", "V_th"), ("V_r", "V_th"), ("V_h", "V_th"), ("V_th", "E_T")),
    varies=("C", "g_L", "g_T"),
)
