r"""Rate neurons: a state that follows its input, and a smooth, rectified or step-like output.

.. math:: \tau \dot r = -r + \sum_j w_j y_j + b, \qquad y = f(r)

(Dayan and Abbott 2001, chapter 7; Table 1 of the framework's paper.) ``rate_logistic`` has
:math:`f = 1/(1 + e^{-r})`, ``rate_tanh`` and ``rate_rectified`` what they say, ``rate_step`` is one
where r is zero or more: with a tau of one time step the unit of McCulloch and Pitts (1943). State
and output have no unit.

They have no spikes. In a network a projection with a summed variable carries their output,
``"drive_post = w*y_pre : 1 (summed)"``; statements that wait for their spikes are refused, as are
currents into them. The step is exact for an input that is constant within it. y is a state, since
GeNN sums states alone; it is that of the r of the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

OUTPUTS: Mapping[str, str] = MappingProxyType(
    {
        "rate_logistic": "1/(1 + exp(-x))",
        "rate_tanh": "tanh(x)",
        "rate_rectified": "x*int(x > 0)",
        "rate_step": "int(x >= 0)",
    }
)
_AT_ZERO: Mapping[str, float] = MappingProxyType(
    {"rate_logistic": 0.5, "rate_tanh": 0.0, "rate_rectified": 0.0, "rate_step": 1.0}
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"bias": 0.0})


def rate_neuron(model: str, parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a rate neuron, which starts at zero.

    Parameters
    ----------
    model
        One of `OUTPUTS`.
    parameters
        tau (time), and optionally bias (plain number, 0).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters(model, parameters, _parameters(model).dimensions, _DEFAULTS)
    return PointNeuron(
        equations="drive : 1\nchange = (drive + bias - r)*(1 - exp(-dt/tau)) : 1\n"
        f"dr/dt = change/dt : 1\nx = r + change : 1\ndy/dt = ({OUTPUTS[model]} - y)/dt : 1",
        threshold=None,
        reset=None,
        parameters=values,
        initial={"r": 0.0, "y": _AT_ZERO[model]},
        places={},
        voltage="r",
        current=None,
    )


def _parameters(model: str) -> ParameterTable:
    return ParameterTable(
        {"tau": "time"},
        {"bias": "dimensionless"},
        f"tau dr/dt = -r + sum w y + bias; y = f(r), f(x) = {OUTPUTS[model]}",
        frozenset({"tau"}),
    )


RATE_MODELS = tuple(
    NeuronModel(
        name=name,
        title=f"rate neuron with a {name.removeprefix('rate_')} output, without spikes",
        source="Dayan and Abbott 2001, Theoretical Neuroscience, chapter 7",
        parameters=_parameters(name),
        make_neuron=partial(rate_neuron, name),
        family="rate",
        varies=("tau",),
    )
    for name in OUTPUTS
)
