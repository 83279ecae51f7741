r"""The mixed-feedback neuron of neuromorphic circuits (Ribar and Sepulchre 2019).

.. math::

   \dot v &= -v + I + \alpha_f \tanh(v - \delta_f) - \alpha_s^+ \tanh(v_s - \delta_s^+)
             + \alpha_s^- \tanh(v_s - \delta_s^-) - \alpha_u \tanh(v_u - \delta_u) \\
   \tau_s \dot v_s &= v - v_s, \qquad \tau_u \dot v_u = v - v_u

Each current is localised in a range of voltage and in a time scale. Negative conductances give
positive feedback: a fast one the spike, a slow one the burst; without the slow one
(:math:`\alpha_s^-` small) the neuron spikes tonically, which is how a modulator switches it.

The published model has no dimensions. Here :math:`V = V_{zero} + V_{unit} v` is a voltage, time is
counted in ``t_unit``, the membrane's time constant, and the current in ``I_unit``: conventions
(status: assumed), not measurements. V takes exponential Euler steps. There is no reset; a spike is
an upward crossing of ``V_spike``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import ms, mV, pA

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.resting_state import resting_state
from dualframe.neurons.spike_crossing import EQUATION, RESET, THRESHOLD

_PARAMETERS = ParameterTable(
    {
        **dict.fromkeys(("a_fast", "a_slow", "a_burst", "a_ultraslow"), "dimensionless"),
        **dict.fromkeys(("d_fast", "d_slow", "d_burst", "d_ultraslow"), "dimensionless"),
        **dict.fromkeys(("tau_slow", "tau_ultraslow"), "dimensionless"),
    },
    {
        "V_zero": "voltage",
        "V_unit": "voltage",
        "t_unit": "time",
        "I_unit": "current",
        "V_spike": "voltage",
    },
    "dv/dt = -v + I + a_fast tanh(v-d_fast) - a_slow tanh(v_s-d_slow) + a_burst tanh(v_s-d_burst) "
    "- a_ultraslow tanh(v_u-d_ultraslow); tau_slow dv_s/dt = v-v_s; tau_ultraslow dv_u/dt = v-v_u; "
    "spike where V rises over V_spike",
    frozenset({"tau_slow", "tau_ultraslow", "V_unit", "t_unit", "I_unit"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "V_zero": -30 * mV,
        "V_unit": 20 * mV,
        "t_unit": 0.1 * ms,
        "I_unit": 100 * pA,
        "V_spike": -10 * mV,
    }
)
_EQUATIONS = f"""
v = (V - V_zero)/V_unit : 1
fast = a_fast*tanh(v - d_fast) : 1
slow = a_burst*tanh(v_s - d_burst) - a_slow*tanh(v_s - d_slow) : 1
v_steady = I/I_unit + fast + slow - a_ultraslow*tanh(v_u - d_ultraslow) : 1
dV/dt = V_unit*(v_steady - v)*(1 - exp(-dt/t_unit))/dt : volt
dv_s/dt = (v - v_s)*(1 - exp(-dt/(tau_slow*t_unit)))/dt : 1
dv_u/dt = (v - v_u)*(1 - exp(-dt/(tau_ultraslow*t_unit)))/dt : 1
{EQUATION}
"""


def mixed_feedback_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a mixed-feedback neuron, which starts where its authors' code does, at v = -1.9.

    Parameters
    ----------
    parameters
        The gains a_fast, a_slow, a_burst (the slow negative conductance) and a_ultraslow, their
        offsets d_fast, d_slow, d_burst, d_ultraslow, the time constants tau_slow and tau_ultraslow
        in units of the membrane's (plain numbers); optionally V_zero (-30 mV), V_unit (20 mV),
        t_unit (0.1 ms), I_unit (100 pA) and V_spike (-10 mV, v = 1).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("mixed-feedback", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    rest, slope = resting_state(_steady_current, -0.3, 0.2, values)
    start = values["V_zero"] - 1.9 * values["V_unit"]
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=THRESHOLD,
        reset=RESET,
        parameters={**values, "V_rest": rest, "g_rest": slope},
        initial={"V": start, "v_s": -1.8, "v_u": -1.8},
        leak="g_rest",
        rest="V_rest",
        places={"adaptation": {"a_ultraslow": "*"}},
    )


def _steady_current(potential: Any, **p: float) -> Any:
    v = (potential - p["V_zero"]) / p["V_unit"]
    inward = p["a_fast"] * np.tanh(v - p["d_fast"]) + p["a_burst"] * np.tanh(v - p["d_burst"])
    outward = p["a_slow"] * np.tanh(v - p["d_slow"])
    outward += p["a_ultraslow"] * np.tanh(v - p["d_ultraslow"])
    return p["I_unit"] * (v + outward - inward)


MIXED_FEEDBACK = NeuronModel(
    name="mixed_feedback",
    title="mixed-feedback neuron of neuromorphic circuits",
    source="Ribar and Sepulchre 2019, IEEE Trans Circuits Syst I 66:3028",
    parameters=_PARAMETERS,
    make_neuron=mixed_feedback_neuron,
    varies=("a_burst", "a_ultraslow"),
)
