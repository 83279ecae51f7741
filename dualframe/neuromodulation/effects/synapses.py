r"""Synapses: a factor :math:`1 + (scale - 1) f` on release, or on the current that it opens.

``release`` multiplies the weight that each presynaptic spike adds, at the time it arrives: a
change of release does not touch transmitter that is bound already. ``gain`` multiplies the current
itself, of one kind of synapse.

The receptor of ``release`` is presynaptic, but its occupancy is a variable of the *post*synaptic
neuron, because a portable synapse reads no other. The concentration at the terminal is taken to
be that at the neuron on which it ends.
"""

from __future__ import annotations

from dualframe.neuromodulation.effect_records import (
    ActiveEffect,
    ModulatableParameters,
    ModulationEquations,
    multiplied_factor,
)
from dualframe.neuromodulation.effects.response import factor


def release(terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters) -> None:
    """Scale what each spike of the presynaptic cells releases onto this population."""
    own = factor(terms, entry)
    for contact in entry.contacts:
        terms.releases[contact] = multiplied_factor(terms.releases, contact, own)


def gain(terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters) -> None:
    """Scale the currents of one kind of synapse onto this population."""
    own, synapse = factor(terms, entry), entry.effect.synapse
    for contact in entry.contacts:
        known = terms.gains.setdefault(contact, {})
        known[synapse] = multiplied_factor(known, synapse, own)
