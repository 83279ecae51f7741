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
from brian2.units.fundamentalunits import get_dimensions

from dualframe.core.quantity import quantity
from dualframe.core.validation import check_count
from dualframe.network import Population
from dualframe.neurons.point_neuron import checked

_DIMENSIONS: Mapping[str, Any] = {
    **dict.fromkeys(("chi", "theta", "delta_u"), "1"),
    **dict.fromkeys(("eps0", "tau_m", "tau_s"), "1 ms"),
    "rho0": "1 Hz",
}
#: ModelDB 245018, seq_neuromod_plasticity.m
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


def srm0(
    name: str,
    n: int,
    numbers: Mapping[str, Any] = ZANNONE,
    *,
    heterogeneity: Mapping[str, Any] | None = None,
) -> Population:
    """Return a population of SRM0 neurons.

    Parameters
    ----------
    name, n
        Of the population.
    numbers
        ``eps0`` (time; the potential is in units of ``theta``), ``tau_m``, ``tau_s`` (times),
        ``chi``, ``theta``, ``delta_u`` (plain numbers, mV in the source), ``rho0`` (rate).
    heterogeneity
        As of `dualframe.network.Population`.

    Raises
    ------
    UnknownName, CatalogueError, QuantityError
        If a number is unknown, missing, or of another dimension.
    """
    check_count(n, f"number of neurons of population {name!r}")
    dimensions = {key: get_dimensions(quantity(unit)) for key, unit in _DIMENSIONS.items()}
    return Population(
        name,
        n,
        EQUATIONS,
        threshold="rand() < rho0*dt*exp((potential - theta)/delta_u)",
        reset="slow = 0\nfast = 0\nsince = 0*second",
        parameters={
            **checked(f"SRM0 neurons of {name!r}", numbers, dimensions, ZANNONE),
            "silence": _SILENCE,
        },
        initial={"since": _SILENCE},
        heterogeneity=heterogeneity or {},
        voltage="slow",
    )
