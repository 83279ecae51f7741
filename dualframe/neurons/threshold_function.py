r"""The spiking neuron with a threshold function of Maass (1997).

.. math::

   P(t) = E_L + \int \epsilon(s)\, I(t - s)\, ds, \quad \epsilon(s) = e^{-s/\tau_m}/C, \quad
   \text{spike where } P(t) \ge \Theta(t - t')

with :math:`t'` the last spike, which does not reset P. :math:`\Theta` is infinite for
:math:`t - t' < t_{abs}`, then

.. math:: \Theta(s) = V_{th} + \Theta_1\, e^{-(s - t_{abs})/\tau_{rel}}

The source asks of :math:`\Theta` only that it is large first and returns to its value at rest; the
exponential is an assumption. The rate cannot exceed :math:`1/t_{abs}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import second

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "tau_m": "time",
        "E_L": "voltage",
        "V_th": "voltage",
        "Theta_1": "voltage",
        "tau_rel": "time",
        "t_abs": "time",
    },
    equations="tau_m dP/dt = E_L - P + tau_m I/C, no reset; Theta(s) infinite for s < t_abs, then "
    "V_th + Theta_1 exp(-(s - t_abs)/tau_rel); spike at P >= Theta(t - t')",
    positive=frozenset({"C", "tau_m", "tau_rel"}),
)
_LONG_AGO = 1000 * second


def threshold_function_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a neuron whose threshold is a function of the time since its last spike.

    Parameters
    ----------
    parameters
        C (capacitance), tau_m, tau_rel, t_abs (times), E_L, V_th, Theta_1 (voltages).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("threshold function", parameters, _PARAMETERS.dimensions)
    return PointNeuron(
        equations="dV/dt = (E_L - V + tau_m*I/C)*(1 - exp(-dt/tau_m))/dt : volt\n"
        "dsince/dt = 1 : second\n"
        "Theta = V_th + Theta_1*exp(-clip((since - t_abs)/tau_rel, 0.0, 100.0)) : volt",
        threshold="V >= Theta and since > t_abs - 0.5*dt",
        reset="since = 0*second",
        parameters=values,
        initial={"V": values["E_L"], "since": _LONG_AGO},
        leak="C/tau_m",
        rest="E_L",
        places={
            "leak": {"tau_m": "/"},
            "rest": {"E_L": "+"},
            "threshold": {"V_th": "+"},
            "adaptation": {"Theta_1": "*"},
        },
    )


THRESHOLD_FUNCTION = NeuronModel(
    name="threshold_function",
    title="spiking neuron with a threshold function of the time since its last spike",
    source="Maass 1997, Neural Networks 10:1659",
    parameters=_PARAMETERS,
    make_neuron=threshold_function_neuron,
    rising=(("E_L", "V_th"),),
    varies=("C", "tau_m"),
)
