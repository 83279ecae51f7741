r"""The exponential integrate-and-fire neuron (Fourcaud-Trocme et al. 2003).

.. math:: C \dot V = -g_L (V - E_L) + g_L \Delta_T\, e^{(V - V_T)/\Delta_T} + I

A spike where V reaches V_peak; then :math:`V \to V_r`, held for t_ref. It is the AdEx neuron
(`dualframe.neurons.adex`) without adaptation, and its exponent is cut at 20 as there. Rest is lost
in a saddle-node bifurcation at :math:`I = g_L (V_T - E_L - \Delta_T)`. A fit takes V_T from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms, mV

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.search_space import FreeParameter, MeasuredCell, SearchSpace, Values

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "g_L": "conductance",
        "E_L": "voltage",
        "V_T": "voltage",
        "Delta_T": "voltage",
        "V_r": "voltage",
    },
    {"V_peak": "voltage", "t_ref": "time"},
    "C dV/dt = -g_L(V-E_L) + g_L Delta_T exp((V-V_T)/Delta_T) + I; "
    "V >= V_peak: V <- V_r, hold t_ref",
    frozenset({"C", "g_L", "Delta_T"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"V_peak": 20 * mV, "t_ref": 0 * ms})


def eif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an exponential integrate-and-fire neuron.

    Parameters
    ----------
    parameters
        C (capacitance), g_L (conductance), E_L, V_T, Delta_T, V_r (voltages), and optionally
        V_peak (20 mV) and t_ref (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("EIF", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="dV/dt = (g_L*(E_L - V) + g_L*Delta_T*exp(clip((V - V_T)/Delta_T, -100.0, 20.0))"
        " + I)/C : volt (unless refractory)",
        threshold="V >= V_peak",
        reset="V = V_r",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"]},
        leak="g_L",
        rest="E_L",
        places={
            "leak": {"g_L": "*"},
            "rest": {"E_L": "+"},
            "threshold": {"V_T": "+"},
        },
    )


# --- what a fit varies ---------------------------------------------------------------------------

_FREE: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "Delta_T": FreeParameter(
            low=0.5, high=5.0, start=2.0, scale=mV, log=True, reason="published: 0.8 to 5.5 mV"
        ),
        "V_T": FreeParameter(
            low=0.85, high=1.15, start=1.0, scale=1.0, reason="by the rheobase that it gives"
        ),
        "V_r": FreeParameter(
            low=-0.5, high=0.95, start=0.0, scale=1.0, reason="above E_L, times V_T - E_L"
        ),
        "C": FreeParameter(
            low=0.85, high=1.3, start=1.0, scale=1.0, log=True, reason="times tau/R"
        ),
        "t_ref": FreeParameter(low=0.5, high=30.0, start=2.0, scale=ms, log=True),
    }
)


def _complete_parameters(free: Values, cell: MeasuredCell) -> Values:
    depth = free["V_T"] * cell.rheobase * cell.r_in + free["Delta_T"]
    return {
        "C": free["C"] * cell.tau / cell.r_in,
        "g_L": 1 / cell.r_in,
        "E_L": cell.rest,
        "V_T": cell.rest + depth,
        "Delta_T": free["Delta_T"],
        "V_r": cell.rest + free["V_r"] * depth,
        "V_peak": cell.rest + depth + 10 * free["Delta_T"],
        "t_ref": free["t_ref"],
    }


EIF = NeuronModel(
    name="eif",
    title="exponential integrate-and-fire",
    source="Fourcaud-Trocme et al. 2003, J Neurosci 23:11628",
    parameters=_PARAMETERS,
    make_neuron=eif_neuron,
    rising=(("E_L", "V_T"), ("V_T", "V_peak"), ("V_r", "V_peak")),
    varies=("C", "g_L"),
    search=SearchSpace(
        free=_FREE, complete=_complete_parameters, rest="E_L", second_start={"V_r": 0.7}
    ),
)
