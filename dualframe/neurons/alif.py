r"""The leaky integrate-and-fire neuron with an adaptive threshold of e-prop (Bellec et al. 2020).

.. math::

   \tau_m \dot V &= E_L - V + \tau_m I/C, \quad \tau_a \dot a = -a \\
   \text{spike where } V &\ge V_{th} + \beta a: \quad V \to V - (V_{th} - E_L), \quad a \to a + 1

so that the threshold is :math:`V_{th} + \beta \sum_f e^{-(t - t_f)/\tau_a}`. V goes on after a
spike, and no spike comes within t_ref. Both equations advance by exact exponential steps, as the
source's recurrence :math:`v \to \alpha v + I - z v_{th}`, :math:`a \to \rho a + z` does. The source
has no units and ``v_th`` = 0.6 or 0.03: a published number is a number of mV here.
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
        "tau_m": "time",
        "E_L": "voltage",
        "V_th": "voltage",
        "beta": "voltage",
        "tau_a": "time",
    },
    {"t_ref": "time"},
    "tau_m dV/dt = E_L - V + tau_m I/C; tau_a da/dt = -a; "
    "V >= V_th + beta a: V <- V - (V_th - E_L), a <- a + 1, none within t_ref",
    frozenset({"C", "tau_m", "tau_a"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"t_ref": 0 * ms})


def alif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a leaky integrate-and-fire neuron with an adaptive threshold.

    Parameters
    ----------
    parameters
        C (capacitance), tau_m, tau_a (times), E_L, V_th, beta (voltages), and optionally t_ref
        (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("ALIF", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="dV/dt = (E_L - V + tau_m*I/C)*(1 - exp(-dt/tau_m))/dt : volt\n"
        "da_threshold/dt = a_threshold*(exp(-dt/tau_a) - 1)/dt : 1",
        threshold="V >= V_th + beta*a_threshold",
        reset="V -= V_th - E_L\na_threshold += 1",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"], "a_threshold": 0.0},
        leak="C/tau_m",
        rest="E_L",
        places={
            "leak": {"tau_m": "/"},
            "rest": {"E_L": "+"},
            "threshold": {"V_th": "+"},
            "adaptation": {"beta": "*"},
        },
    )


# --- what a fit varies ---------------------------------------------------------------------------

_FREE: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "V_th": FreeParameter(
            low=0.85, high=1.15, start=1.0, scale=1.0, reason="by the rheobase that it gives"
        ),
        "C": FreeParameter(
            low=0.85, high=1.3, start=1.0, scale=1.0, log=True, reason="times tau/R"
        ),
        "beta": FreeParameter(low=0.0, high=5.0, start=0.5, scale=mV),
        "tau_a": FreeParameter(low=10.0, high=2000.0, start=200.0, scale=ms, log=True),
        "t_ref": FreeParameter(low=0.5, high=30.0, start=2.0, scale=ms, log=True),
    }
)


def _complete_parameters(free: Values, cell: MeasuredCell) -> Values:
    return {
        "C": free["C"] * cell.tau / cell.r_in,
        "tau_m": free["C"] * cell.tau,
        "E_L": cell.rest,
        "V_th": cell.rest + free["V_th"] * cell.rheobase * cell.r_in,
        "beta": free["beta"],
        "tau_a": free["tau_a"],
        "t_ref": free["t_ref"],
    }


ALIF = NeuronModel(
    name="alif",
    title="leaky integrate-and-fire with an adaptive threshold",
    source="Bellec et al. 2020, Nat Commun 11:3625",
    parameters=_PARAMETERS,
    make_neuron=alif_neuron,
    rising=(("E_L", "V_th"),),
    varies=("C", "tau_m"),
    search=SearchSpace(
        free=_FREE,
        complete=_complete_parameters,
        rest="E_L",
        second_start={"beta": 2.0, "tau_a": 50.0},
        adaptation=("beta",),
    ),
)
