r"""The quadratic integrate-and-fire neuron (Latham et al. 2000), which is the theta neuron.

.. math:: C \dot V = k (V - E_L)(V - V_c) + I

A spike where V reaches V_peak; then :math:`V \to V_r`, held for t_ref. E_L is the rest, V_c the
voltage above which an undriven neuron fires. Rest is lost in a saddle-node bifurcation at
:math:`I_0 = k (V_c - E_L)^2/4`. Above it the time from V_r to V_peak is, with
:math:`x = (V - (E_L + V_c)/2) \sqrt{k/(I - I_0)}`,

.. math:: T = \frac{C}{\sqrt{k (I - I_0)}}\,(\arctan x_{peak} - \arctan x_r)

and the rate :math:`\sqrt{k (I - I_0)}/(\pi C)` for a reset and a peak at infinity.

The normal form :math:`\dot v = v^2 + I` without dimensions is this neuron with k = 1 nS/mV,
C = 1 pF, E_L = V_c = 0 mV: then v counts in mV, t in ms and I in pA.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms, mV

from dualframe.core.parameter_table import ParameterTable, dimension_of_unit
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters
from dualframe.neurons.search_space import FreeParameter, MeasuredCell, SearchSpace, Values

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "k": dimension_of_unit("nS/mV"),
        "E_L": "voltage",
        "V_c": "voltage",
        "V_r": "voltage",
    },
    {"V_peak": "voltage", "t_ref": "time"},
    "C dV/dt = k(V-E_L)(V-V_c) + I; V >= V_peak: V <- V_r, hold t_ref",
    frozenset({"C", "k"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType({"V_peak": 30 * mV, "t_ref": 0 * ms})


def qif_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a quadratic integrate-and-fire neuron.

    Parameters
    ----------
    parameters
        C (capacitance), k (conductance per voltage), E_L, V_c, V_r (voltages), and optionally
        V_peak (30 mV) and t_ref (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("QIF", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations="dV/dt = (k*(V - E_L)*(V - V_c) + I)/C : volt (unless refractory)",
        threshold="V >= V_peak",
        reset="V = V_r",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"]},
        leak="k*(V_c - E_L)",
        rest="E_L",
        places={
            "leak": {"k": "*"},
            "rest": {"E_L": "+"},
            "threshold": {"V_c": "+"},
        },
    )


# --- what a fit varies ---------------------------------------------------------------------------

_FREE: Mapping[str, FreeParameter] = MappingProxyType(
    {
        "V_c": FreeParameter(
            low=0.85, high=1.15, start=1.0, scale=1.0, reason="by the rheobase that it gives"
        ),
        "V_r": FreeParameter(
            low=-0.5, high=0.95, start=0.0, scale=1.0, reason="above E_L, times V_c - E_L"
        ),
        "C": FreeParameter(
            low=0.85, high=1.3, start=1.0, scale=1.0, log=True, reason="times tau/R"
        ),
        "t_ref": FreeParameter(low=0.5, high=30.0, start=2.0, scale=ms, log=True),
    }
)


def _complete_parameters(free: Values, cell: MeasuredCell) -> Values:
    depth = 4 * free["V_c"] * cell.rheobase * cell.r_in  # I_0 = (V_c - E_L)/(4R)
    return {
        "C": free["C"] * cell.tau / cell.r_in,
        "k": 1 / (cell.r_in * depth),
        "E_L": cell.rest,
        "V_c": cell.rest + depth,
        "V_r": cell.rest + free["V_r"] * depth,
        "V_peak": cell.rest + 3 * depth,
        "t_ref": free["t_ref"],
    }


QIF = NeuronModel(
    name="qif",
    title="quadratic integrate-and-fire",
    source="Latham et al. 2000, J Neurophysiol 83:808; Ermentrout and Kopell 1986, "
    "SIAM J Appl Math 46:233",
    parameters=_PARAMETERS,
    make_neuron=qif_neuron,
    rising=(("V_c", "V_peak"), ("V_r", "V_peak")),
    varies=("C", "k"),
    search=SearchSpace(
        free=_FREE, complete=_complete_parameters, rest="E_L", second_start={"V_r": 0.7}
    ),
)
