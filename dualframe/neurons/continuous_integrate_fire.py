r"""Continuous integrate-and-fire (CIF, Dong and Xu 2020), which groups frames of speech.

.. math:: a \leftarrow a + \alpha_t, \qquad c \leftarrow c + \alpha_t h_t

Where a reaches the threshold :math:`\beta` the unit fires: the weight of this frame is split, so
much of it completes the sum as is missing, and the remainder begins the next one:

.. math:: \text{emitted} = c - (a - \beta)\, h_t, \qquad c \leftarrow (a - \beta)\, h_t,
          \qquad a \leftarrow a - \beta

A step of the simulation is one frame, whatever its length. Encoders give :math:`\alpha` between 0
and 1 and the content h, here one number for each unit: a vector is as many units with one
:math:`\alpha`. Projections with summed variables set ``alpha`` and ``content``. For a threshold of
1, the one of the source, and alpha of at most 1 this is its algorithm; where the threshold is
another, its algorithm splits by 1 all the same, and this does not. It has no leak and no membrane.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {},
    {"beta": "dimensionless"},
    "a <- a + alpha, c <- c + alpha h; where a >= beta: emitted = c - (a - beta) h, "
    "c <- (a - beta) h, a <- a - beta; a step of the simulation is one frame",
    frozenset({"beta"}),
)


def continuous_integrate_fire_unit(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a unit that fires when the weights of frames sum to one.

    Parameters
    ----------
    parameters
        Optionally beta (plain number, 1): the threshold.

    Raises
    ------
    UnknownName, QuantityError
        For a parameter that is unknown, or of another dimension.
    """
    name = "continuous integrate-and-fire"
    values = check_parameters(name, parameters, _PARAMETERS.dimensions, {"beta": 1.0})
    return PointNeuron(
        equations="alpha : 1\ncontent : 1\nda/dt = alpha/dt : 1\ndc/dt = alpha*content/dt : 1\n"
        "emitted : 1",
        threshold="a >= beta",
        reset="emitted = c - (a - beta)*content\nc = (a - beta)*content\na = a - beta",
        parameters=values,
        initial={"a": 0.0, "c": 0.0, "emitted": 0.0},
        places={},
        voltage="a",
        current=None,
    )


CONTINUOUS_INTEGRATE_FIRE = NeuronModel(
    name="continuous_integrate_fire",
    title="sum of weighted frames that is emitted when their weights make one",
    source="Dong and Xu 2020, ICASSP:6079",
    parameters=_PARAMETERS,
    make_neuron=continuous_integrate_fire_unit,
    varies=("beta",),
)
