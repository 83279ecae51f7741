r"""Graded dendritic spikes: the dCaAP of human layer 2/3 (Gidon et al. 2020).

A dendritic calcium action potential starts where the dendrite crosses its threshold, and is the
smaller the further the dendrite has been driven beyond it:

.. math::

   K = \min\!\left(1,\ \exp\frac{-(V - \theta)}{(\theta - V_{rest})\, D}\right), \qquad
   I = w\, K\, (A - B), \qquad
   A = \frac{1}{1 + 999\, e^{-s/\tau_A}}, \quad B = \frac{1}{1 + 999\, e^{-(s - \delta)/\tau_B}}

with the time :math:`s` since it started and B zero before :math:`s = \delta`. A and B are the
solutions of :math:`\tau \dot A = A (1 - A)` from 0.001, as the authors' mechanism integrates them
(ModelDB 254217, dCaAP.mod); K is fixed when it starts, and no other one starts within the
refractory period. Two inputs that each reach the threshold together go far beyond it, so that one
dendrite computes the exclusive or.

The authors' first spike has K = 0 until it starts, as here. Their neuron has a reconstructed
morphology; numbers for a reduced dendrite (the current w above all) are the user's.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from brian2.units import ms, mV

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_not_negative, as_positive, check_name, expect_type
from dualframe.network import Event, Population

_NEVER = -1e6  # the time step of the last spike before there was one
_EQUATIONS = """
spiketime_{id} : 1
size_{id} : 1
since_{id} = (t_in_timesteps - spiketime_{id})*dt : second
rise_{id} = 1/(1 + 999*exp(-since_{id}/tau_rise_{id})) : 1
late_{id} = clip(since_{id} - offset_fall_{id}, 0*second, 1000*second) : second
ended_{id} = 1/(1 + 999*exp(-late_{id}/tau_fall_{id})) : 1
fall_{id} = int(since_{id} >= offset_fall_{id})*ended_{id} : 1
I_{id} = I_max_{id}*size_{id}*(rise_{id} - fall_{id}) : amp
"""


def add_graded_spike(
    population: Population,
    compartment: str,
    current: Any,
    *,
    threshold: Any = -36 * mV,
    rest: Any = -75 * mV,
    decay: Any = 0.3,
    refractory: Any = 200 * ms,
    tau_rise: Any = 3 * ms,
    tau_fall: Any = 0.4 * ms,
    offset_fall: Any = 21 * ms,
    name: str = "dCaAP",
) -> Population:
    """Return a population whose dendrite has graded spikes; the defaults are those of the source.

    Parameters
    ----------
    population
        Neurons with compartments, as of `from_dendrify`.
    compartment
        Name of the dendrite.
    current
        The largest current into it (current, positive inward).
    threshold, rest
        Where a spike starts, and the potential from which its size is reckoned (voltages).
    decay
        D: a spike that starts (threshold - rest) D above threshold is e times smaller. Infinite
        (``float("inf")``): all spikes are of one size.
    refractory
        Time from one start to the next, at least.
    tau_rise, tau_fall, offset_fall
        Time constants of the rise and the fall, and when the fall begins (times).
    name
        Of the spikes: ``"dspikes"`` of a recording holds them as ``"<name>_<compartment>"``.

    Raises
    ------
    UnknownName
        If there is no such compartment.
    NetworkError
        If a number is out of range, or the compartment has such spikes already.
    """
    expect_type(population, Population, "population", "a Population with compartments")
    check_name(name, "graded spike")
    label = f"{name} of population {population.name!r}"
    spike = f"{name}_{compartment}"
    sized = _with_current(population, compartment, spike)
    start = quantity(threshold, "voltage", f"threshold of {label}")
    depth = start - quantity(rest, "voltage", f"rest of {label}")
    fraction = quantity(decay, "dimensionless", f"decay of {label}")
    if not depth > 0 * mV or not fraction > 0:
        raise NetworkError(
            f"{label}: threshold {threshold} must be above rest {rest}, and decay {decay} above 0."
        )
    event = Event(
        name=spike,
        condition=f"V_{compartment} > Vth_{spike} and "
        f"t_in_timesteps >= spiketime_{spike} + refractory_{spike}",
        action=f"spiketime_{spike} = t_in_timesteps; "
        f"size_{spike} = exp(-clip((V_{compartment} - Vth_{spike})*slope_{spike}, 0, 700))",
        time=f"spiketime_{spike}",
        graded=(f"size_{spike}",),
    )
    return replace(
        population,
        equations=sized + _EQUATIONS.format(id=spike),
        events=(*population.events, event),
        parameters={
            **population.parameters,
            f"Vth_{spike}": start,
            f"slope_{spike}": 1 / (depth * fraction),
            f"I_max_{spike}": quantity(current, "current", f"current of {label}"),
            f"tau_rise_{spike}": as_positive(tau_rise, "time", f"tau_rise of {label}"),
            f"tau_fall_{spike}": as_positive(tau_fall, "time", f"tau_fall of {label}"),
            f"offset_fall_{spike}": as_not_negative(offset_fall, "time", f"offset_fall of {label}"),
        },
        durations={
            **population.durations,
            f"refractory_{spike}": as_not_negative(refractory, "time", f"refractory of {label}"),
        },
        initial={**population.initial, f"spiketime_{spike}": _NEVER, f"size_{spike}": 0.0},
    )


def _with_current(population: Population, compartment: str, spike: str) -> str:
    """Return the equations with a further current into a compartment."""
    compartments = sorted(
        name.removeprefix("V_") for name in population.variables if name.startswith("V_")
    )
    if compartment not in compartments:
        raise UnknownName(f"compartment of {population.name!r}", compartment, compartments)
    if f"I_{spike}" in population.variables:
        raise NetworkError(f"population {population.name!r} has spikes {spike!r} already.")
    total = re.compile(rf"^(\s*I_{re.escape(compartment)}\s*=[^:\n]*?)(\s*:\s*amp)", re.MULTILINE)
    equations, places = total.subn(rf"\1 + I_{spike}\2", population.equations)
    if places != 1:
        raise NetworkError(
            f"population {population.name!r} has no sum of currents I_{compartment} to which "
            f"{spike!r} could add: make it with dualframe.biological.from_dendrify."
        )
    return equations.rstrip()
