"""All receptor currents that one kind of presynaptic spike opens, with one variable to write.

A spike may add its weight to one variable only (the portable subset allows no more). With several
receptors, that is a mailbox k that one Euler step empties into all of them, each times its share::

    dk/dt = -k/dt

They then open one time step later. A receptor that empties a mailbox of its own gets this one
instead where something besides spikes drives it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brian2.units import ms

from dualframe.synapses.kinetics import Kinetics
from dualframe.synapses.magnesium_block import MagnesiumBlock
from dualframe.synapses.receptor_currents import ReceptorCurrent, receptor_current


@dataclass(frozen=True, kw_only=True)
class ReceptorComponent:
    """One receptor of a synapse and its share of the synapse's weight (1 for an only one).

    Parameters
    ----------
    id
        An identifier, unique in the neuron.
    compartment
        A label for the caller.
    kinetics, voltage, sign, magnesium, gain
        See `receptor_current`.
    share
        Factor on the synapse's weight.
    reversal
        Reversal potential (voltage); ``None`` means current mode.
    """

    id: str
    compartment: str
    kinetics: Kinetics
    share: float
    voltage: str
    reversal: Any = None
    sign: float = 1.0
    magnesium: MagnesiumBlock | None = None
    gain: str = ""


@dataclass(frozen=True, kw_only=True)
class SynapseEquations:
    """All receptor currents that one kind of presynaptic spike opens, with one variable to write.

    ``currents`` names the currents by compartment label; the rest is as in `ReceptorCurrent`.
    """

    equations: str
    currents: Mapping[str, tuple[str, ...]]
    written: str
    weight_unit: str
    parameters: Mapping[str, Any]
    initial: Mapping[str, Any]


def synapse_equations(
    name: str, components: Sequence[ReceptorComponent], *, feed: str = "", dt: Any = 0.1 * ms
) -> SynapseEquations:
    """Return the receptor currents of a synapse, such as AMPA and NMDA on two dendrites.

    Parameters
    ----------
    name
        Of the synapse; the mailbox is ``k_<name>``.
    components
        Its receptors.
    feed
        Expression, in units of the weight per time, that drives the synapse besides spikes.
    dt
        The time step for which the peaks are exact (time).

    Raises
    ------
    NetworkError
        As `receptor_current`.
    """
    if len(components) == 1 and (current := _component_current(components[0], feed, dt)).written:
        only = components[0]
        return SynapseEquations(
            equations=current.equations,
            currents={only.compartment: (current.current,)},
            written=current.written,
            weight_unit=current.weight_unit,
            parameters=current.parameters,
            initial=current.initial,
        )
    mailbox = f"k_{name}"
    currents = [
        _component_current(component, f"share_{component.id}*{mailbox}/dt", dt)
        for component in components
    ]
    return _combine_currents(mailbox, components, currents, feed)


def _component_current(component: ReceptorComponent, feed: str, dt: Any) -> ReceptorCurrent:
    return receptor_current(
        component.id,
        component.kinetics,
        reversal=component.reversal,
        current=component.reversal is None,
        sign=component.sign,
        voltage=component.voltage,
        magnesium=component.magnesium,
        gain=component.gain,
        feed=feed,
        dt=dt,
    )


def _combine_currents(
    mailbox: str,
    components: Sequence[ReceptorComponent],
    currents: Sequence[ReceptorCurrent],
    feed: str,
) -> SynapseEquations:
    parameters: dict[str, Any] = {}
    initial: dict[str, Any] = {}
    by_compartment: dict[str, tuple[str, ...]] = {}
    for component, current in zip(components, currents, strict=True):
        parameters |= current.parameters
        parameters[f"share_{component.id}"] = float(component.share)
        initial |= current.initial
        others = by_compartment.get(component.compartment, ())
        by_compartment[component.compartment] = (*others, current.current)
    unit = currents[0].weight_unit
    drive = f" + {feed}" if feed else ""
    emptying = f"d{mailbox}/dt = -{mailbox}/dt{drive} : {unit}"
    initial[mailbox] = 0 * next(iter(initial.values()))
    return SynapseEquations(
        equations="\n".join([emptying, *(current.equations for current in currents)]),
        currents=by_compartment,
        written=mailbox,
        weight_unit=unit,
        parameters=parameters,
        initial=initial,
    )
