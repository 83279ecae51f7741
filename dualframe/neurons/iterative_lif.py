r"""The iterative leaky integrate-and-fire neuron (Wu et al. 2018), of STBP.

.. math:: u_t = \lambda\, u_{t-1} (1 - o_{t-1}) + \sum_j w_j o_{j,t} + I, \quad
          o_t = [u_t \ge v_{th}], \quad \lambda = e^{-dt/\tau}

It is the recurrence of spatio-temporal backpropagation: the exact solution of a leaky neuron with
delta-shaped input. A step of the simulation is one step of the recurrence, whatever its length, and
the arithmetic is that of the recurrence to the last bit. The paper's step function is 1 at the
threshold itself, its code fires only above it (``gt``); this follows the paper. The source has no
units: its 1 is 1 mV here, and ``I_unit`` is the current (1 pA, a convention) that adds 1 mV in a
step. A synapse of weight w writes ``arrived += w``, which counts in the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import mV, pA

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters, with_units

_UNITS = {"v_th": mV}
_PARAMETERS = ParameterTable(
    {"decay": "dimensionless", "v_th": "voltage"},
    {"I_unit": "current"},
    "u <- decay u (1 - o) + sum w o_in + I; o = [u >= v_th]; a step of the simulation is one step",
    frozenset({"v_th", "I_unit"}),
)


def iterative_lif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    r"""Return a neuron of the recurrence of spatio-temporal backpropagation.

    Parameters
    ----------
    parameters
        decay (plain number, :math:`e^{-dt/\tau}`), v_th (voltage, or a plain number of mV), and
        optionally I_unit (the current that adds 1 mV in a step, 1 pA).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    physical = with_units("iterative LIF", parameters, _UNITS)
    values = check_parameters("iterative LIF", physical, _PARAMETERS.dimensions, {"I_unit": 1 * pA})
    return PointNeuron(
        equations="V_next = V*decay + arrived + I/I_unit*unit_V : volt\n"
        "dV/dt = (V_next - V)/dt : volt\n"
        "darrived/dt = -arrived/dt : volt",
        threshold="V >= v_th",
        reset="V = 0*volt",
        parameters={**values, "unit_V": 1 * mV},
        initial={"V": 0 * mV, "arrived": 0 * mV},
        places={"threshold": {"v_th": "+"}},
        weight_variables=("arrived",),
    )


ITERATIVE_LIF = NeuronModel(
    name="iterative_lif",
    title="iterative leaky integrate-and-fire of spatio-temporal backpropagation",
    source="Wu et al. 2018, Front Neurosci 12:331",
    parameters=_PARAMETERS,
    make_neuron=iterative_lif_neuron,
    varies=("v_th",),
)
