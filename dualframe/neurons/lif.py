r"""The leaky integrate-and-fire neuron, by its membrane time constant.

.. math:: \tau_m \dot V = E_L - V + \tau_m I/C

A spike where :math:`V \ge V_{th}`; then :math:`V \to V_{reset}`, held for ``t_ref``. With
``V_reset`` = ``E_L`` it is GLIF level 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

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


LIF = NeuronModel(
    name="LIF",
    title="leaky integrate-and-fire",
    source="Lapicque 1907; Gerstner et al. 2014, Neuronal Dynamics, chapter 1",
    parameters=_PARAMETERS,
    make_neuron=lif_neuron,
    rising=(("E_L", "V_th"), ("V_reset", "V_th")),
    varies=("C", "tau_m"),
)
