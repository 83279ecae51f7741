r"""The leaky integrate-and-modulate unit (LIM), an astrocyte (Ivanov and Michmizos 2021).

.. math:: \tau \dot A = -A + b + w \Bigl(\sum_{liquid} S - \sum_{input} S\Bigr)

Its state A is the amplitude with which STDP depresses the synapses of a liquid state machine
(NALSM): more spikes in the liquid than come in raise it, and so weaken the liquid's synapses. At
steps of 1 ms this is the recurrence of the authors' code,
:math:`A \leftarrow A + (w\,n + b - A)/\tau` with n the spikes of the step and :math:`\tau` in ms;
at other steps a spike counts as much, :math:`w` times 1 ms over :math:`\tau`.

It has no membrane and no spikes. Spikes of the liquid write ``arrived += 1``, those of the input
``arrived -= 1``. A projection with the summed variable ``"ltd_factor_post = A_pre : 1 (summed)"``
to neurons that declare ``ltd_factor : 1`` makes A the depression of their pair STDP, in units of
its ``A_minus``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {"tau": "time", "w": "dimensionless", "b": "dimensionless"},
    equations="tau dA/dt = -A + b + w (sum of liquid spikes - sum of input spikes); A is the "
    "amplitude of depression",
    positive=frozenset({"tau"}),
)


def leaky_integrate_modulate_unit(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an astrocyte of NALSM, which starts at its b.

    Parameters
    ----------
    parameters
        tau (time), w (what a spike counts) and b (plain numbers).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("leaky integrate-and-modulate", parameters, _PARAMETERS.dimensions)
    return PointNeuron(
        equations="dA/dt = (b - A)/tau + w*arrived*(ms/tau)/dt : 1\ndarrived/dt = -arrived/dt : 1",
        threshold=None,
        reset=None,
        parameters=values,
        initial={"A": values["b"], "arrived": 0.0},
        places={},
        voltage="A",
        current=None,
        weight_variables=("arrived",),
    )


LEAKY_INTEGRATE_MODULATE = NeuronModel(
    name="leaky_integrate_modulate",
    title="astrocyte that sets the depression of STDP by the spikes of a liquid",
    source="Ivanov and Michmizos 2021, arXiv:2111.01760",
    parameters=_PARAMETERS,
    make_neuron=leaky_integrate_modulate_unit,
    varies=("tau", "w"),
)
