"""The kinds of effects, one function each: what they add to `ModulationEquations`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from dualframe.neuromodulation.effect_records import (
    ActiveEffect,
    ModulatableParameters,
    ModulationEquations,
)
from dualframe.neuromodulation.effects.currents import conductance, hcn
from dualframe.neuromodulation.effects.parameters import scaled, shifted
from dualframe.neuromodulation.effects.plasticity import plasticity
from dualframe.neuromodulation.effects.synapses import gain, release

#: Kind of effect -> function that adds it to the terms of a population.
EFFECTS: Mapping[
    str, Callable[[ModulationEquations, ActiveEffect, ModulatableParameters], None]
] = MappingProxyType(
    {
        "conductance": conductance,
        "hcn": hcn,
        "leak": scaled,
        "rest": shifted,
        "adaptation": scaled,
        "threshold": shifted,
        "dspike": scaled,
        "release": release,
        "gain": gain,
        "plasticity": plasticity,
    }
)

#: Kinds that change parameters of the membrane -> what a model without such a parameter is.
LACKS: Mapping[str, str] = MappingProxyType(
    {
        "leak": "whose leak is no parameter",
        "rest": "whose resting potential is no parameter",
        "adaptation": "which does not adapt",
        "threshold": "whose threshold is no parameter",
        "dspike": "which has no dendritic spikes",
    }
)
