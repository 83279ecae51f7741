r"""The parametric leaky integrate-and-fire neuron (Fang et al. 2021), with its time constant fixed.

.. math:: V_t = V_{t-1} + \frac{1}{\tau} (X_t - (V_{t-1} - v_{reset})), \quad
          \frac{1}{\tau} = \frac{1}{1 + e^{-a}}, \quad
          \text{spike where } V_t \ge v_{th}: V \to v_{reset}

:math:`\tau` counts steps, and a step of the simulation is one of them. The source learns a by
backpropagation; here it is a number, and nothing changes it. The source has no units: its 1 is
1 mV here, and ``I_unit`` is the current (1 pA, a convention) that is 1 mV of X. A synapse of weight
w writes ``arrived += w``, which counts in the next step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import mV, pA

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters, with_units

_UNITS = {"v_th": mV, "v_reset": mV}
_PARAMETERS = ParameterTable(
    {"a": "dimensionless"},
    {"v_th": "voltage", "v_reset": "voltage", "I_unit": "current"},
    "V <- V + (X - (V - v_reset))/tau, 1/tau = 1/(1 + exp(-a)), X = sum w o_in + I; "
    "V >= v_th: V <- v_reset; a step of the simulation is one step, a is not learned",
    frozenset({"I_unit"}),
)
_DEFAULTS = {"v_th": 1 * mV, "v_reset": 0 * mV, "I_unit": 1 * pA}


def plif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a parametric leaky integrate-and-fire neuron of fixed time constant.

    Parameters
    ----------
    parameters
        a (plain number: the time constant is :math:`1 + e^{-a}` steps), and optionally v_th (1 mV),
        v_reset (0 mV) and I_unit (1 pA).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    physical = with_units("PLIF", parameters, _UNITS)
    values = check_parameters("PLIF", physical, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="X = arrived + I/I_unit*unit_V : volt\n"
        "dV/dt = (X - (V - v_reset))/(1 + exp(-a))/dt : volt\n"
        "darrived/dt = -arrived/dt : volt",
        threshold="V >= v_th",
        reset="V = v_reset",
        parameters={**values, "unit_V": 1 * mV},
        initial={"V": values["v_reset"], "arrived": 0 * mV},
        places={"threshold": {"v_th": "+"}},
        weight_variables=("arrived",),
    )


PLIF = NeuronModel(
    name="plif",
    title="parametric leaky integrate-and-fire, its time constant fixed",
    source="Fang et al. 2021, ICCV, arXiv 2007.05785",
    parameters=_PARAMETERS,
    make_neuron=plif_neuron,
    rising=(("v_reset", "v_th"),),
    varies=("v_th",),
)
