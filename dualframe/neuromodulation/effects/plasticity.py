"""Plasticity: factors on a rule of the synapses onto a cell, 1 without the modulator.

The factors are variables of the postsynaptic neuron, ``ltp_factor``, ``ltd_factor``,
``rate_factor`` and ``eligibility_factor``, so that a rule can read them on every target. A cell
has those that a rule on its synapses asks for and some receptor changes.
"""

from __future__ import annotations

from dualframe.neuromodulation.effect_records import (
    ActiveEffect,
    ModulatableParameters,
    ModulationEquations,
    multiplied_factor,
)
from dualframe.neuromodulation.effects.response import factor


def plasticity(
    terms: ModulationEquations, entry: ActiveEffect, places: ModulatableParameters
) -> None:
    """Scale the parts that a rule asks for, of the synapses onto this population."""
    for name in entry.asked:
        terms.factors[name] = multiplied_factor(terms.factors, name, factor(terms, entry, name))
