"""The channels that a synaptic input opens in the cells it ends on, in either branch.

A branch says where a compartment's voltage is (`PostsynapticSite`), and in current mode at which
potential conductances are replaced by currents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dualframe.building.calibrated_weights import SynapticStrength, weight_of
from dualframe.catalogue import CellType, Synapse
from dualframe.circuit.resolved_circuit import SynapticInput
from dualframe.core.errors import CatalogueError
from dualframe.synapses.kinetics import Kinetics
from dualframe.synapses.magnesium_block import PARAMETERS as MAGNESIUM_PARAMETERS
from dualframe.synapses.magnesium_block import MagnesiumBlock
from dualframe.synapses.registry import SYNAPSE_KINETICS
from dualframe.synapses.synapse_equations import (
    ReceptorComponent,
    SynapseEquations,
    synapse_equations,
)

_NO_DRIVE = 1e-3  # volt: a driving force below it is that of rounding and of the model's rest


@dataclass(frozen=True)
class PostsynapticSite:
    """Where a synaptic input ends: a compartment's label and the name of its voltage."""

    compartment: str
    voltage: str


def synaptic_channels(
    synaptic_input: SynapticInput,
    cell: CellType,
    sites: tuple[PostsynapticSite, ...],
    rest: Any = None,
    gains: Mapping[str, str] | None = None,
    events: SynapticStrength | None = None,
) -> SynapseEquations:
    """Return the channels of a synaptic input.

    Parameters
    ----------
    synaptic_input
        The projection or background input.
    cell
        The postsynaptic cell, whose own synaptic constants (NMDA) stand before the catalogue's;
        a reversal potential of the input stands before both.
    sites
        Compartments; the weight is divided evenly among them.
    rest
        Resting potential: current mode, in which a synapse passes the current that its
        conductance would pass at rest. ``None`` is conductance mode.
    gains
        Kind of synapse -> expression of a factor on its current, from receptors of the cell.
    events
        Weight and rate of the Poisson events of a background input, which the neuron counts.

    Raises
    ------
    CatalogueError
        In current mode, if an input of several synapses has its first one reverse at rest.
    """
    entry = synaptic_input.entry
    parts = []
    for synapse in synaptic_input.synapses:
        share = entry.synapses[synapse.name] / len(sites)
        if rest is not None:
            share *= _relative_drive(synaptic_input, synapse, cell, rest)
        parts += [
            ReceptorComponent(
                id=f"{synapse.name}_{entry.name}"
                + (f"_{site.compartment}" if len(sites) > 1 else ""),
                compartment=site.compartment,
                kinetics=_kinetics(synaptic_input, synapse),
                share=share,
                voltage=site.voltage,
                reversal=_reversal(synaptic_input, synapse, cell) if rest is None else None,
                sign=float(synapse.sign),
                magnesium=_magnesium(synapse, cell) if rest is None else None,
                gain=(gains or {}).get(synapse.name, ""),
            )
            for site in sites
        ]
    if events is None:
        return synapse_equations(entry.name, parts)
    feed = f"w_{entry.name}*events_{entry.name}/dt"
    return _with_events(entry.name, synapse_equations(entry.name, parts, feed=feed), events)


def _with_events(
    name: str, channels: SynapseEquations, events: SynapticStrength
) -> SynapseEquations:
    """Add the Poisson events of background input: one count for all receptors that it opens.

    A spiking source would give one event per step at most, and with a chance of 0.2 per step its
    counts vary too little; a neuron with 1600 afferents at 8 Hz receives 1.3 in each 0.1 ms.
    """
    counted = f"events_{name} = poisson(rate_{name}*dt) : 1 (constant over dt)"
    numbers = {f"w_{name}": weight_of(name, channels, events), f"rate_{name}": events.rate}
    return replace(
        channels,
        equations=f"{counted}\n{channels.equations}",
        parameters={**channels.parameters, **numbers},
    )


def _relative_drive(
    synaptic_input: SynapticInput, synapse: Synapse, cell: CellType, rest: Any
) -> float:
    """Current at rest per conductance, relative to the input's first synapse."""
    first = synaptic_input.synapses[0]
    if synapse.name == first.name:
        return 1.0
    reference = _drive(synaptic_input, first, cell, rest)
    if abs(reference) < _NO_DRIVE:
        raise CatalogueError(
            f"contact {synaptic_input.name!r}: {first.name} reverses at the resting potential of "
            f"{cell.name!r}, so the current of {synapse.name} cannot be given relative to its. "
            f"Name another synapse first, or build with synapses='conductance'."
        )
    return abs(_drive(synaptic_input, synapse, cell, rest) / reference)


def _drive(synaptic_input: SynapticInput, synapse: Synapse, cell: CellType, rest: Any) -> float:
    force = float(np.asarray(_reversal(synaptic_input, synapse, cell) - rest))
    block = _magnesium(synapse, cell)
    if block is None:
        return force
    exponent = float(np.asarray(block.alpha * (rest - block.gamma)))
    return float(force / (1 + float(np.asarray(block.Mg / block.beta)) * np.exp(-exponent)))


def reversal_potential(synaptic_input: SynapticInput, cell: CellType) -> Any:
    """Return the reversal potential of an input's first synapse.

    Parameters
    ----------
    synaptic_input, cell
        As in `synaptic_channels`.
    """
    return _reversal(synaptic_input, synaptic_input.synapses[0], cell)


def _cell_constant(cell: CellType, name: str) -> Any:
    numbers = cell.compartments.globals if cell.compartments is not None else {}
    return numbers[name].value if name in numbers else None


def _reversal(synaptic_input: SynapticInput, synapse: Synapse, cell: CellType) -> Any:
    stated = synaptic_input.entry.reversal
    if synapse.name in stated:
        return stated[synapse.name]
    of_cell = _cell_constant(cell, f"E_{synapse.name}")
    return synapse.numbers.value("E") if of_cell is None else of_cell


def _magnesium(synapse: Synapse, cell: CellType) -> MagnesiumBlock | None:
    if not synapse.block:
        return None
    constants = {}
    for name in MAGNESIUM_PARAMETERS.required:
        of_cell = _cell_constant(cell, name)
        constants[name] = synapse.numbers.value(name) if of_cell is None else of_cell
    # Dendrify, and so the catalogue, adds gamma to the voltage; the block subtracts it
    return MagnesiumBlock(**constants | {"gamma": -1 * constants["gamma"]})


def _kinetics(synaptic_input: SynapticInput, synapse: Synapse) -> Kinetics:
    stated = synaptic_input.entry.kinetics.get(synapse.name)
    if stated is not None:
        times = {key: value for key, value in stated.items() if key != "kind"}
        return SYNAPSE_KINETICS[stated["kind"]].model(**times)
    kind = SYNAPSE_KINETICS[synapse.kinetics]
    return kind.model(**{name: synapse.numbers.value(name) for name in kind.parameters.required})
