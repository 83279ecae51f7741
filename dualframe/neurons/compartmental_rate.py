r"""A rate neuron with a soma and two dendrites (Sacramento et al. 2018).

.. math::

   \dot u = -g_l u + g_B (v_B - u) + g_A (v_A - u), \qquad y = \log(1 + e^u)

The basal dendrite has :math:`v_B = \sum_j w_j y_j`, what comes from below; the apical one
:math:`v_A`, what comes from above and from lateral interneurons, which in learned networks cancel:
what is left is an error. ``predicted`` is the output at which the basal dendrite alone would hold
the soma,

.. math:: \hat v_B = \frac{g_B}{g_l + g_B + g_A} v_B

and :math:`\dot w = \eta\,(y - \log(1 + e^{\hat v_B}))\, y_j` is how the source's basal synapses
learn. Potentials have no unit and rest at zero, the capacitance is one, conductances are rates.
The source's interneurons and output neurons have one dendrite and are nudged by a conductance
``g_som`` to another soma or a target: the same equation, with g_som for g_A and that potential as
``top_down``; their prediction leaves g_som out, :math:`g_B v_B/(g_l + g_B)`. Lateral synapses onto
the apical dendrite learn by :math:`\dot w = -\eta\, v_A\, y_j`. The source's noise is not here.

Like a rate neuron it has no spikes: projections with summed variables set ``basal``, ``top_down``
and ``lateral`` (one each), such as ``"basal_post = w*y_pre : 1 (summed)"``. The step is exact for
inputs that are constant within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    dict.fromkeys(("g_l", "g_B", "g_A"), "rate"),
    equations="du/dt = -g_l u + g_B (basal - u) + g_A (top_down + lateral - u); "
    "y = log(1 + exp(u)); predicted = log(1 + exp(g_B basal/(g_l + g_B + g_A)))",
    positive=frozenset({"g_l", "g_B"}),
)
_EQUATIONS = """
basal : 1
top_down : 1
lateral : 1
v_A = top_down + lateral : 1
g_all = g_l + g_B + g_A : Hz
change = ((g_B*basal + g_A*v_A)/g_all - u)*(1 - exp(-dt*g_all)) : 1
du/dt = change/dt : 1
dy/dt = (log(1 + exp(u + change)) - y)/dt : 1
predicted = log(1 + exp(g_B*basal/g_all)) : 1
"""


def compartmental_rate_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a rate neuron with a basal and an apical dendrite, which starts at rest.

    Parameters
    ----------
    parameters
        g_l, g_B, g_A: conductances of the leak and to the dendrites, over the capacitance
        (rates).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("compartmental rate neuron", parameters, _PARAMETERS.dimensions)
    return PointNeuron(
        equations=_EQUATIONS,
        threshold=None,
        reset=None,
        parameters=values,
        initial={"u": 0.0, "y": log(2)},
        places={},
        voltage="u",
        current=None,
    )


COMPARTMENTAL_RATE = NeuronModel(
    name="compartmental_rate",
    title="rate neuron with a soma, a basal and an apical dendrite, without spikes",
    source="Sacramento et al. 2018, NeurIPS 31:8721",
    parameters=_PARAMETERS,
    make_neuron=compartmental_rate_neuron,
    varies=("g_A",),
)
