r"""Spike response neurons with escape noise, as in Zannone et al. (2018): SRM0.

.. math::

   u(t) = \sum_j w_j \sum_f \epsilon(t - t_j^f) + \chi\, e^{-(t - \hat t)/\tau_m}, \quad
   \epsilon(s) = \epsilon_0\, \frac{e^{-s/\tau_m} - e^{-s/\tau_s}}{\tau_m - \tau_s}, \quad
   p(\text{spike in } dt) = \rho_0\, e^{(u - \theta)/\Delta u}\, dt

where the sum runs over input spikes since the neuron's own last spike :math:`\hat t` only: a spike
clears the postsynaptic potentials, and what arrives in the step after it is lost (the source's
``Canc``). The potential is in the source's units (mV); a synapse writes ``arrived += w``.

In discrete time as the source has it (``convolution.m``): both components of the potential lose
:math:`dt/\tau` of themselves per step. A neuron that is told the index of the running trial
(``trial``) starts every trial without potentials, as if it had not spiked for a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import Hz, ms

from dualframe.core.parameter_table import Dimensions, ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_DIMENSIONS: Dimensions = {
    **dict.fromkeys(("chi", "theta", "delta_u"), "dimensionless"),
    **dict.fromkeys(("eps0", "tau_m", "tau_s"), "time"),
    "rho0": "rate",
}
#: ModelDB 245018, seq_neuromod_plasticity.m; the potential is in mV
ZANNONE: Mapping[str, Any] = {
    "eps0": 20 * ms,
    "tau_m": 20 * ms,
    "tau_s": 5 * ms,
    "chi": -5.0,
    "rho0": 60 * Hz,
    "theta": 16.0,
    "delta_u": 2.0,
}
_SILENCE = 1000 * ms  # since the last spike, at the start of a trial: last_spike_post of the source

EQUATIONS = """
trial : 1
new_trial = int(trial - trial_known > 0.5) : 1
dtrial_known/dt = (trial - trial_known)/dt : 1
held = int(since < 0.5*dt) : 1
taken = arrived*(1 - held)*(1 - new_trial) : 1
dslow/dt = ((1 - new_trial)*slow*(1 - dt/tau_m) + taken - slow)/dt : 1
dfast/dt = ((1 - new_trial)*fast*(1 - dt/tau_s) + taken - fast)/dt : 1
darrived/dt = -arrived/dt : 1
dsince/dt = 1 + new_trial*(silence - since)/dt : second
potential = eps0*(slow - fast)/(tau_m - tau_s) + chi*exp(-since/tau_m) : 1
"""


def srm0_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return an SRM0 neuron, which has no currents: a synapse of weight w writes ``arrived += w``.

    Parameters
    ----------
    parameters
        ``eps0`` (time; the potential is in units of ``theta``), ``tau_m``, ``tau_s`` (times),
        ``chi``, ``theta``, ``delta_u`` (plain numbers, mV in the source), ``rho0`` (rate). Those
        that are left out are the source's.

    Raises
    ------
    UnknownName, QuantityError
        If a number is unknown, or of another dimension.
    """
    values = check_parameters("SRM0 neurons", parameters, _DIMENSIONS, ZANNONE)
    return PointNeuron(
        equations=EQUATIONS,
        threshold="rand() < rho0*dt*exp((potential - theta)/delta_u)",
        reset="slow = 0\nfast = 0\nsince = 0*second",
        parameters={**values, "silence": _SILENCE},
        initial={"since": _SILENCE},
        places={},
        voltage="slow",
        current=None,
        weight_variables=("arrived",),
        signals=("trial",),
    )


SRM0 = NeuronModel(
    name="srm0",
    title="spike response neuron with escape noise",
    source="Zannone et al. 2018, Sci Rep 8:9486; ModelDB 245018",
    parameters=ParameterTable(
        {},
        _DIMENSIONS,
        "u = sum_j w_j sum_f eps(t - t_j^f) + chi exp(-(t - t_last)/tau_m), over spikes since the "
        "last own one; eps(s) = eps0 (exp(-s/tau_m) - exp(-s/tau_s))/(tau_m - tau_s); "
        "spikes at rate rho0 exp((u - theta)/delta_u)",
        frozenset({"tau_m", "tau_s", "delta_u", "rho0"}),
    ),
    make_neuron=srm0_neuron,
    varies=("eps0", "tau_m", "theta"),
)
