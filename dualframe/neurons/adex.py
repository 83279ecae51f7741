r"""The adaptive exponential integrate-and-fire neuron (Brette and Gerstner 2005).

.. math::

   C \dot V &= -g_L (V - E_L) + g_L \Delta_T\, e^{(V - V_T)/\Delta_T} - w + I \\
   \tau_w \dot w &= a (V - E_L) - w

A spike where V reaches V_peak; then V is set to V_r, held for t_ref, and w rises by b.

V starts every step below V_peak, so an Euler step over the upstroke is large but finite: the spike
is over in the step in which the exponential takes off, and w, which reads the potential before
that step, does not see where V would have gone. The exponent is cut at 20, where V gains more than
a tenth of a volt in a step of 1 us (for a time constant of 10 ms), so that single precision does
not overflow. Neither V_peak nor the cut changes a spike train if V_peak lies some :math:`\Delta_T`
above V_T.

Where :math:`a/g_L < \tau_m/\tau_w` with :math:`\tau_m = C/g_L`, rest is lost in a saddle-node
bifurcation at :math:`I = (g_L + a)(V_T - E_L - \Delta_T + \Delta_T \ln(1 + a/g_L))`, else in a Hopf
bifurcation at :math:`I = (g_L + a)(V_T - E_L - \Delta_T + \Delta_T \ln(1 + \tau_m/\tau_w)) +
\Delta_T g_L (a/g_L - \tau_m/\tau_w)` (Naud et al. 2008). A fit takes V_T from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from brian2.units import Hz, ms, mV, pA

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.search_space import Floats, FreeParameter, MeasuredCell, SearchSpace, Values

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "g_L": "conductance",
        "E_L": "voltage",
        "V_T": "voltage",
        "Delta_T": "voltage",
        "a": "conductance",
        "tau_w": "time",
        "b": "current",
        "V_r": "voltage",
    },
    {"V_peak": "voltage", "t_ref": "time"},
    "C dV/dt = -g_L(V-E_L) + g_L Delta_T exp((V-V_T)/Delta_T) - w + I; tau_w dw/dt = a(V-E_L) - w; "
    "V >= V_peak: V <- V_r, hold t_ref, w <- w+b",
    frozenset({"C", "g_L", "Delta_T", "tau_w"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"V_peak": 20 * mV, "t_ref": 0 * ms})


def adex_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an adaptive exponential integrate-and-fire neuron.

    Parameters
    ----------
    parameters
        C (capacitance), g_L (conductance), E_L, V_T, Delta_T, V_r (voltages), a (conductance,
        possibly negative), tau_w (time), b (current), and optionally V_peak (20 mV) and t_ref
        (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("AdEx", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="dV/dt = (g_L*(E_L - V) + g_L*Delta_T*exp(clip((V - V_T)/Delta_T, -100.0, 20.0))"
        " - w_adapt + I)/C : volt (unless refractory)\n"
        "dw_adapt/dt = (a*(V - E_L) - w_adapt)/tau_w : amp",
        threshold="V >= V_peak",
        reset="V = V_r\nw_adapt += b",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"], "w_adapt": 0 * pA},
        leak="g_L + a",
        rest="E_L",
        places={
            "leak": {"g_L": "*"},
            "rest": {"E_L": "+"},
            "threshold": {"V_T": "+"},
            "adaptation": {"b": "*"},
        },
    )


# --- what a fit varies ---------------------------------------------------------------------------

_MIDDLE_RATE = 20 * Hz
_FREE: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "Delta_T": FreeParameter(
            low=0.5, high=5.0, start=2.0, scale=mV, log=True, reason="published: 0.8 to 5.5 mV"
        ),
        "V_T": FreeParameter(
            low=0.85,
            high=1.15,
            start=1.0,
            scale=1.0,
            reason="by the rheobase that it gives, times the cell's",
        ),
        "V_r": FreeParameter(
            low=-0.5,
            high=0.95,
            start=0.0,
            scale=1.0,
            reason="above E_L, times V_T - E_L: from below rest",
        ),
        "C": FreeParameter(
            low=0.85, high=1.3, start=1.0, scale=1.0, log=True, reason="times tau/R"
        ),
        "a": FreeParameter(low=-0.3, high=0.6, start=0.0, scale=1.0, reason="times 1/R"),
        "tau_w": FreeParameter(
            low=10.0, high=500.0, start=100.0, scale=ms, log=True, reason="published: 30 to 300 ms"
        ),
        "b": FreeParameter(
            low=-0.2,
            high=3.0,
            start=0.1,
            scale="rheobase",
            reason="by the mean of w at 20 Hz that it gives",
        ),
        "t_ref": FreeParameter(low=0.5, high=30.0, start=2.0, scale=ms, log=True),
    }
)


def _complete_parameters(free: Values, cell: MeasuredCell) -> Values:
    conductance = 1 / cell.r_in  # g_L + a
    a, g_L = free["a"] * conductance, (1 - free["a"]) * conductance
    capacitance = free["C"] * cell.tau * conductance
    adaptation, tau_ratio = a / g_L, capacitance / g_L / free["tau_w"]
    slope = np.minimum(adaptation, tau_ratio)
    current = free["V_T"] * cell.rheobase
    excess = free["Delta_T"] * g_L * np.maximum(adaptation - tau_ratio, 0)
    depth = free["Delta_T"] * (1 - np.log(1 + slope)) + (current - excess) / conductance
    return {
        "C": capacitance,
        "g_L": g_L,
        "E_L": cell.rest,
        "V_T": cell.rest + depth,
        "Delta_T": free["Delta_T"],
        "a": a,
        "tau_w": free["tau_w"],
        "b": free["b"] / (free["tau_w"] * _MIDDLE_RATE),
        "V_r": cell.rest + free["V_r"] * depth,
        "V_peak": cell.rest + depth + 10 * free["Delta_T"],
        "t_ref": free["t_ref"],
    }


def _charging_time(values: Values) -> Floats:
    r"""Return the mean time (s) of charging at rest: :math:`(C - a \tau_w)/(g_L + a)`."""
    capacitance, a, tau_w, leak = (
        np.asarray(values[name], dtype=float) for name in ("C", "a", "tau_w", "g_L")
    )
    area: Floats = (capacitance - a * tau_w) / (leak + a)
    return area


ADEX = NeuronModel(
    name="adex",
    title="adaptive exponential integrate-and-fire",
    source="Brette and Gerstner 2005, J Neurophysiol 94:3637; Naud et al. 2008, Biol Cybern 99:335",
    parameters=_PARAMETERS,
    make_neuron=adex_neuron,
    rising=(("E_L", "V_T"), ("V_T", "V_peak"), ("V_r", "V_peak")),
    varies=("C", "g_L", "tau_w"),
    search=SearchSpace(
        free=_FREE,
        complete=_complete_parameters,
        rest="E_L",
        charging_time=_charging_time,
        second_start={"V_r": 0.7, "tau_w": 30.0, "b": 0.5},
    ),
)
