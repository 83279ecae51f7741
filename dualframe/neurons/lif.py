r"""The leaky integrate-and-fire neuron, by its membrane time constant.

.. math:: \tau_m \dot V = E_L - V + \tau_m I/C

A spike where :math:`V \ge V_{th}`; then :math:`V \to V_{reset}`, held for ``t_ref``. With
``V_reset`` = ``E_L`` it is GLIF level 1. A generic neuron :math:`\dot v = a - b v + I` with a reset
to v0 is this one with :math:`\tau_m = 1/b, E_L = a/b`. Its rate is
:math:`1/(t_{ref} + \tau_m \ln((RI + E_L - V_{reset})/(RI + E_L - V_{th})))` with
:math:`R = \tau_m/C`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.search_space import FreeParameter, MeasuredCell, SearchSpace, Values

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "tau_m": "time",
        "E_L": "voltage",
        "V_th": "voltage",
        "V_reset": "voltage",
        "t_ref": "time",
    },
    equations="tau_m dV/dt = E_L - V + tau_m I/C; spike at V >= V_th; then V <- V_reset, "
    "hold t_ref",
    positive=frozenset({"C", "tau_m"}),
)


def lif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a leaky integrate-and-fire neuron.

    Parameters
    ----------
    parameters
        C (capacitance), tau_m, t_ref (times), E_L, V_th, V_reset (voltages).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("LIF", parameters, _PARAMETERS.dimensions)
    return PointNeuron(
        equations="dV/dt = (E_L - V)/tau_m + I/C : volt (unless refractory)",
        threshold="V >= V_th",
        reset="V = V_reset",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"]},
        leak="C/tau_m",
        rest="E_L",
        places={
            "leak": {"tau_m": "/"},
            "rest": {"E_L": "+"},
            "threshold": {"V_th": "+"},
        },
    )


# --- what a fit varies ---------------------------------------------------------------------------

_FREE: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "V_th": FreeParameter(
            low=0.85, high=1.15, start=1.0, scale=1.0, reason="by the rheobase that it gives"
        ),
        "V_reset": FreeParameter(
            low=-0.5, high=0.95, start=0.0, scale=1.0, reason="above E_L, times V_th - E_L"
        ),
        "C": FreeParameter(
            low=0.85, high=1.3, start=1.0, scale=1.0, log=True, reason="times tau/R"
        ),
        "t_ref": FreeParameter(low=0.5, high=30.0, start=2.0, scale=ms, log=True),
    }
)


def _complete_parameters(free: Values, cell: MeasuredCell) -> Values:
    depth = free["V_th"] * cell.rheobase * cell.r_in
    return {
        "C": free["C"] * cell.tau / cell.r_in,
        "tau_m": free["C"] * cell.tau,
        "E_L": cell.rest,
        "V_th": cell.rest + depth,
        "V_reset": cell.rest + free["V_reset"] * depth,
        "t_ref": free["t_ref"],
    }


LIF = NeuronModel(
    name="LIF",
    title="leaky integrate-and-fire",
    source="Lapicque 1907; Gerstner et al. 2014, Neuronal Dynamics, chapter 1",
    parameters=_PARAMETERS,
    make_neuron=lif_neuron,
    rising=(("E_L", "V_th"), ("V_reset", "V_th")),
    varies=("C", "tau_m"),
    search=SearchSpace(
        free=_FREE, complete=_complete_parameters, rest="E_L", second_start={"V_reset": 0.7}
    ),
)
