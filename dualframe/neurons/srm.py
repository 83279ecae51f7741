r"""The spike response model with its own kernels, for currents (Gerstner et al. 2014, chapter 6.4).

.. math::

   V(t) &= E_L + \int \kappa(s)\, I(t - s)\, ds - \sum_f \eta_0\, e^{-(t - t_f)/\tau_\eta}, \quad
   \kappa(s) = e^{-s/\tau_m}/C \\
   \theta(t) &= V_{th} + \sum_f \theta_1\, e^{-(t - t_f)/\tau_\theta}, \quad
   \rho = \rho_0\, e^{(V - \theta)/\Delta_u}

over all of its own spikes, which come with probability :math:`1 - e^{-\rho\,dt}` in a step. With
:math:`\eta_0 = V_{th} - V_r`, :math:`\tau_\eta = \tau_m` and no noise it is a leaky
integrate-and-fire neuron whose reset subtracts :math:`V_{th} - V_r`. All kernels advance by exact
exponential steps. SRM0 (`dualframe.neurons.srm0`) has kernels for spikes and forgets what arrived
before its last spike.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from brian2.units import ms, mV

from dualframe.core.parameter_table import ParameterTable
from dualframe.neurons.neuron_model import NeuronModel
from dualframe.neurons.point_neuron import PointNeuron, check_parameters

_PARAMETERS = ParameterTable(
    {
        "C": "capacitance",
        "tau_m": "time",
        "E_L": "voltage",
        "V_th": "voltage",
        "eta_0": "voltage",
        "tau_eta": "time",
        "rho_0": "rate",
        "Delta_u": "voltage",
    },
    {"theta_1": "voltage", "tau_theta": "time", "t_ref": "time"},
    "V = E_L + int kappa(s) I(t-s) ds - sum eta_0 exp(-(t-t_f)/tau_eta), kappa = exp(-s/tau_m)/C; "
    "theta = V_th + sum theta_1 exp(-(t-t_f)/tau_theta); "
    "spikes at rate rho_0 exp((V-theta)/Delta_u), none within t_ref",
    frozenset({"C", "tau_m", "tau_eta", "tau_theta", "rho_0", "Delta_u"}),
)
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"theta_1": 0 * mV, "tau_theta": 10 * ms, "t_ref": 0 * ms}
)
EQUATIONS = """
refreshed = exp(-dt/tau_eta) - 1 : 1
dV/dt = ((E_L - V - after + tau_m*I/C)*(1 - exp(-dt/tau_m)) - after*refreshed)/dt : volt
dafter/dt = after*refreshed/dt : volt
draised/dt = raised*(exp(-dt/tau_theta) - 1)/dt : volt
rate_now = rho_0*exp(clip((V - V_th - raised)/Delta_u, -100.0, 40.0)) : Hz
"""


def srm_neuron(parameters: Mapping[str, Any]) -> PointNeuron:
    """Return a neuron of the spike response model with exponential kernels and escape noise.

    Parameters
    ----------
    parameters
        C (capacitance), tau_m, tau_eta (times), E_L, V_th, eta_0, Delta_u (voltages), rho_0 (rate
        at threshold), and optionally theta_1 (0 mV), tau_theta (10 ms) and t_ref (0 ms).

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        For a parameter that is unknown, missing, or of another dimension.
    """
    values = check_parameters("SRM", parameters, _PARAMETERS.dimensions, _DEFAULTS)
    return PointNeuron(
        equations=EQUATIONS.strip(),
        threshold="rand() < 1 - exp(-rate_now*dt)",
        reset="V -= eta_0\nafter += eta_0\nraised += theta_1",
        refractory="t_ref",
        parameters=values,
        initial={"V": values["E_L"], "after": 0 * mV, "raised": 0 * mV},
        leak="C/tau_m",
        rest="E_L",
        places={
            "leak": {"tau_m": "/"},
            "rest": {"E_L": "+"},
            "threshold": {"V_th": "+"},
            "adaptation": {"theta_1": "*"},
        },
    )


SRM = NeuronModel(
    name="srm",
    title="spike response model with its own kernels and escape noise",
    source="Gerstner et al. 2014, Neuronal Dynamics, chapter 6.4; Gerstner and Kistler 2002, "
    "Spiking Neuron Models, chapter 4",
    parameters=_PARAMETERS,
    make_neuron=srm_neuron,
    rising=(("E_L", "V_th"),),
    varies=("C", "tau_m"),
)
