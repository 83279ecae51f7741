r"""Units of the first two generations of networks: threshold gates and activation functions.

.. math:: y_{t+1} = f\Bigl(\sum_j w_j y_{j,t} + b\Bigr)

``mcculloch_pitts`` has a step, 1 where the sum is zero or more, so that ``bias`` is minus the
threshold (McCulloch and Pitts 1943); ``perceptron_logistic``, ``perceptron_tanh`` and
``perceptron_rectified`` have smooth or rectified outputs: the perceptron of the framework's paper,
the second generation of Maass (1997). A step of the simulation is one step of the network, whatever
its length: the delay of one synapse. Inhibition is a negative weight; in the paper of 1943 one
active inhibitory synapse silences a unit whatever else it gets, which a large weight does.

Like rate neurons they have no spikes and no unit, and a projection with a summed variable carries
their output, ``"drive_post = w*y_pre : 1 (summed)"``. `dualframe.neurons.rate_neuron` has the same
outputs with a time constant.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.rate_neuron import OUTPUTS as RATE_OUTPUTS

OUTPUTS: Mapping[str, str] = MappingProxyType(
    {
        "mcculloch_pitts": RATE_OUTPUTS["rate_step"],
        "perceptron_logistic": RATE_OUTPUTS["rate_logistic"],
        "perceptron_tanh": RATE_OUTPUTS["rate_tanh"],
        "perceptron_rectified": RATE_OUTPUTS["rate_rectified"],
    }
)
_STEP_SOURCE = "McCulloch and Pitts 1943, Bull Math Biophys 5:115"
_SOURCE = "Rosenblatt 1962, Principles of Neurodynamics; outputs as in Maass 1997"


def perceptron(model: str, parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a unit whose output is a function of the weighted sum of one step before; first zero.

    Parameters
    ----------
    model
        One of `OUTPUTS`.
    parameters
        Optionally bias (plain number, 0).

    Raises
    ------
    UnknownName, QuantityError
        For a parameter that is unknown, or of another dimension.
    """
    values = check_parameters(model, parameters, _parameters(model).dimensions, {"bias": 0.0})
    return PointNeuron(
        equations=f"drive : 1\nx = drive + bias : 1\ndy/dt = ({OUTPUTS[model]} - y)/dt : 1",
        threshold=None,
        reset=None,
        parameters=values,
        initial={"y": 0.0},
        places={},
        voltage="y",
        current=None,
    )


def _parameters(model: str) -> ParameterTable:
    return ParameterTable(
        {},
        {"bias": "dimensionless"},
        f"y <- f(sum w y + bias), f(x) = {OUTPUTS[model]}; a step of the simulation is one step",
    )


PERCEPTRONS = tuple(
    NeuronModel(
        name=name,
        title="threshold gate, one step"
        if name == "mcculloch_pitts"
        else f"weighted sum and {name.removeprefix('perceptron_')} output, one step",
        source=_STEP_SOURCE if name == "mcculloch_pitts" else _SOURCE,
        parameters=_parameters(name),
        make_neuron=partial(perceptron, name),
        family="perceptron",
        varies=("bias",),
    )
    for name in OUTPUTS
)
