r"""Neurons with escape noise and one exponential potential, which no spike resets.

.. math:: \tau_m \dot u = -u, \quad u \to u + w \text{ at an input spike}, \quad
          p(\text{spike in } dt) = 1 - e^{-\rho\, dt}, \quad
          \rho = \rho_0 e^{(u - \theta)/\Delta u}

The stochastic spike response neuron of actor-critic models (Fremaux et al. 2013) with a single
exponential response and without a refractory kernel. The potential has no unit. ``spiked`` is one
in the step after a spike, for rules of plasticity that read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

EQUATIONS = """
du/dt = u*(exp(-dt/tau_m) - 1)/dt : 1
rate_now = rho0*exp((u - theta)/delta_u) : Hz
dsince/dt = 1 : second
spiked = int(since < 0.5*dt) : 1
"""
_DIMENSIONS: Dimensions = {
    "tau_m": "time",
    "rho0": "rate",
    "theta": "dimensionless",
    "delta_u": "dimensionless",
}


def escape_rate_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a neuron whose rate grows exponentially with its potential.

    Parameters
    ----------
    parameters
        ``tau_m`` (time), ``rho0`` (rate at threshold), ``theta`` and ``delta_u`` (plain numbers).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        If a number is unknown, missing, or of another dimension.
    """
    values = check_parameters("escape-rate neurons", parameters, _DIMENSIONS)
    return PointNeuron(
        equations=EQUATIONS,
        threshold="rand() < 1 - exp(-rate_now*dt)",
        reset="since = 0*second",
        parameters=values,
        initial={"since": 1e3 * values["tau_m"]},
        places={},
        voltage="u",
        current=None,
        weight_variables=("u",),
    )


ESCAPE_RATE = NeuronModel(
    name="escape_rate",
    title="exponential potential that no spike resets, with escape noise",
    source="after Fremaux et al. 2013, PLoS Comput Biol 9:e1003024",
    parameters=ParameterTable(
        _DIMENSIONS,
        {},
        "tau_m du/dt = -u; p(spike in dt) = 1 - exp(-rho0 exp((u - theta)/delta_u) dt)",
        frozenset({"tau_m", "delta_u", "rho0"}),
    ),
    make_neuron=escape_rate_neuron,
    varies=("tau_m", "theta"),
)
