r"""The resonate-and-fire neuron (Izhikevich 2001).

.. math:: \dot z = (b + i\omega) z + I, \quad \text{spike where } \operatorname{Im} z \ge 1,
          \quad z \to i

A damped oscillator with the voltage-like :math:`\operatorname{Im} z` and the current-like
:math:`\operatorname{Re} z`. The source has no dimensions. Here :math:`z = X + i (V - E_L)` in
volts, so that one unit of z is :math:`V_{th} - E_L`, and the current charges X:

.. math:: \dot X = b X - \omega (V - E_L) + I/C, \quad \dot V = \omega X + b (V - E_L)

with :math:`X \to 0, V \to V_{th}` at a spike. The step is the exact one for an input that is
constant in it: Euler steps would feed the oscillation (its modulus grows by
:math:`\omega^2 dt/2` per unit of time). A steady current moves V by
:math:`I \omega/(C (b^2 + \omega^2))`.

Because the spike leaves the state on the threshold, the condition asks for a rise through it since
the last step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import mV

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "b": "rate",
        "omega": "rate",
        "E_L": "voltage",
        "V_th": "voltage",
    },
    equations="dX/dt = b X - omega(V-E_L) + I/C; dV/dt = omega X + b(V-E_L); "
    "V rises through V_th: X <- 0, V <- V_th",
    positive=frozenset({"C", "omega"}),
)
#: exp(lambda dt) and (exp(lambda dt) - 1)/lambda with lambda = b + i omega, real and imaginary part
EQUATIONS = """
turn_re = exp(b*dt)*cos(omega*dt) : 1
turn_im = exp(b*dt)*sin(omega*dt) : 1
gain_re = (b*(turn_re - 1) + omega*turn_im)/(b**2 + omega**2) : second
gain_im = (b*turn_im - omega*(turn_re - 1))/(b**2 + omega**2) : second
dX/dt = ((turn_re - 1)*X - turn_im*(V - E_L) + gain_re*I/C)/dt : volt
dV/dt = (turn_im*X + (turn_re - 1)*(V - E_L) + gain_im*I/C)/dt : volt
dV_before/dt = (V - V_before)/dt : volt
"""


def resonate_and_fire_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a resonate-and-fire neuron.

    Parameters
    ----------
    parameters
        C (capacitance), b (rate, negative), omega (rate: radians per second), E_L, V_th (voltages).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("resonate-and-fire", parameters, _PARAMETERS.dimensions)
    return PointNeuron(
        equations=EQUATIONS.strip(),
        threshold="V >= V_th and V_before < V_th",
        reset="X = 0*volt\nV = V_th",
        parameters=values,
        initial={"V": values["E_L"], "V_before": values["E_L"], "X": 0 * mV},
        leak="C*(b**2 + omega**2)/omega",
        rest="E_L",
        places={"rest": {"E_L": "+"}, "threshold": {"V_th": "+"}},
    )


RESONATE_AND_FIRE = NeuronModel(
    name="resonate_and_fire",
    title="resonate-and-fire",
    source="Izhikevich 2001, Neural Networks 14:883",
    parameters=_PARAMETERS,
    make_neuron=resonate_and_fire_neuron,
    rising=(("E_L", "V_th"),),
    varies=("C", "omega"),
)
