r"""Adaptation of the spike threshold: a neuron that fires much becomes harder to fire.

.. math:: \theta \to \theta + \theta_+ \ \text{at a spike}, \qquad \dot\theta = -\theta/\tau_\theta

The threshold condition is evaluated with :math:`V - \theta` for the voltage, which raises a
threshold by theta. Diehl and Cook (2015) have :math:`\theta_+` 0.05 mV and :math:`\tau_\theta`
:math:`10^7` ms. Nothing synaptic changes, so it is no rule of a projection but a population with
two more numbers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from brian2.utils.stringtools import get_identifiers, word_substitute

from dualframe.core.errors import NetworkError
from dualframe.core.parameter_table import ParameterTable
from dualframe.core.quantity import quantity, unit_of
from dualframe.network import Population

PARAMETERS = ParameterTable(
    required={"theta_plus": "voltage", "tau_theta": "time"},
    equations="post: theta <- theta + theta_plus; dtheta/dt = -theta/tau_theta; a spike where "
    "V - theta passes the threshold",
)


def with_adaptive_threshold(
    population: Population,
    *,
    theta_plus: Any,
    tau_theta: Any,
    frozen: bool = False,
) -> Population:
    """Return a population whose threshold rises with every spike and comes back slowly.

    Parameters
    ----------
    population
        Neurons whose threshold condition names their ``voltage``. Models that spike by themselves
        and only register it with a threshold (the exponential, Izhikevich's) register it later,
        which is not the same as being harder to fire.
    theta_plus, tau_theta
        Rise of the threshold at a spike, of the voltage's dimension, and its time constant. The
        numbers of Diehl and Cook are those of the catalogue:
        ``**catalogue.rule_parameter_sets("threshold_adaptation").numbers.plain()``.
    frozen
        Hold the threshold where it is, for evaluation. Nothing is compiled for it.

    Raises
    ------
    NetworkError
        If the population has no threshold, or one without the voltage, or is adaptive already.
    """
    voltage, condition = population.voltage, population.threshold or ""
    if voltage not in get_identifiers(condition):
        raise NetworkError(
            f"threshold of population {population.name!r} is {population.threshold!r}: expected a "
            f"condition on its voltage {voltage!r}. Say which variable is the voltage."
        )
    if "theta" in population.variables:
        raise NetworkError(f"population {population.name!r} has a variable 'theta' already.")
    rise = quantity(theta_plus, name="theta_plus")
    return replace(
        population,
        equations=f"{population.equations.rstrip()}\n"
        f"dtheta/dt = adapts*theta*(exp(-dt/tau_theta) - 1)/dt : {unit_of(rise)}",
        threshold=str(word_substitute(condition, {voltage: f"({voltage} - theta)"})),
        reset="\n".join(filter(None, [population.reset, "theta += adapts*theta_plus"])),
        parameters={
            **population.parameters,
            "theta_plus": rise,
            "tau_theta": quantity(tau_theta, "time", "tau_theta"),
            "adapts": 0.0 if frozen else 1.0,
        },
        initial={**population.initial, "theta": 0 * rise},
    )
