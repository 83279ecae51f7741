"""How releasing populations, pulses and signals raise the concentrations in the neurons.

Release is volume transmission: a spike of any releasing neuron, a pulse or a signal raises the
concentration at every neuron for which the region counts, without delay. In a scaled circuit each
neuron releases for those that it stands for, so that the population releases as much as in the
full-size one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import mmolar, second
from brian2.units.fundamentalunits import Quantity

from dualframe.catalogue import Modulator
from dualframe.circuit import Modulation, ResolvedCircuit
from dualframe.network import Projection, SpikeInput, copy_variable
from dualframe.neuromodulation.brain_regions import modulations_by_region
from dualframe.neuromodulation.concentration import (
    as_concentration,
    concentration_variable,
    heard_variable,
)
from dualframe.receptor_effects import ModulationEquations


def volume_release(
    circuit: ResolvedCircuit, populations: Mapping[str, ModulationEquations]
) -> tuple[list[SpikeInput], list[Projection]]:
    """Return the inputs that are pulses, and what brings pulses, releases and signals to neurons.

    Parameters
    ----------
    circuit
        Its modulations and regions.
    populations
        What the modulators add to each population, by its name.
    """
    inputs: list[SpikeInput] = []
    projections: list[Projection] = []
    for modulator in circuit.modulators.values():
        for region, modulation in modulations_by_region(circuit, modulator.name).items():
            ending = f"_in_{region}" if region else ""
            targets = _sensing_populations(circuit, modulator, region, populations)
            if modulation.released_by is not None:
                rise = _rise_per_spike(circuit, modulation, modulator)
                name = f"release_{modulator.name}_{modulation.released_by}"
                for target, variable in targets.items():
                    releases = populations[target].releases  # scaled by autoreceptors
                    scaled = f"{modulator.name}_{modulation.released_by}" in releases
                    projections.append(
                        Projection(
                            source=modulation.released_by,
                            target=target,
                            name=f"{name}_{target}{ending}",
                            on_pre=f"{variable} += w" + (f"*{name}" if scaled else ""),
                            weight=rise,
                            pairs="all_to_all",
                        )
                    )
            projections += [
                copy_variable(signal.source, signal.variable, target, heard_variable(signal))
                for signal in modulation.signals
                for target in targets
            ]
            if modulation.pulses and targets:
                name = f"pulses_{modulator.name}{ending}"
                source, rises = _pulse_input(modulation, modulator, name)
                inputs.append(source)
                sizes = circuit.circuit.sizes
                projections += [
                    _pulse_projection(source, rises, target, variable, sizes[target])
                    for target, variable in targets.items()
                ]
    return inputs, projections


def _sensing_populations(
    circuit: ResolvedCircuit,
    modulator: Modulator,
    region: str,
    populations: Mapping[str, ModulationEquations],
) -> dict[str, str]:
    """Populations that integrate the concentration of a region, and the variable in each."""
    variables = {
        target: concentration_variable(modulator, region, circuit.population(target).region)
        for target in populations
    }
    return {
        target: variable
        for target, variable in variables.items()
        if variable in populations[target].initial
    }


def _pulse_projection(
    source: SpikeInput, rises: Any, target: str, variable: str, n: int
) -> Projection:
    """Return the projection of pulses onto all neurons of a population."""
    weight: Any = rises[0]
    pairs: Any = "all_to_all"
    if source.n > 1:
        weight = Quantity(np.repeat(rises, n), dim=mmolar.dim)
        pairs = (np.repeat(np.arange(source.n), n), np.tile(np.arange(n), source.n))
    return Projection(
        source=source.name,
        target=target,
        name=f"{source.name}_{target}",
        on_pre=f"{variable} += w",
        weight=weight,
        pairs=pairs,
    )


def _rise_per_spike(circuit: ResolvedCircuit, modulation: Modulation, modulator: Modulator) -> Any:
    """Return what a spike of one neuron adds."""
    assert modulation.released_by is not None  # the caller has looked
    full = circuit.circuit.full_size.sizes[modulation.released_by]
    if modulation.per_spike is None:  # of all neurons together, as the uptake's source has it
        rise = modulator.uptake(modulation.uptake).numbers.value("release_total") / full
    else:
        rise = as_concentration(modulation.per_spike, modulator)
    return rise * (full / circuit.circuit.sizes[modulation.released_by])


def _pulse_input(modulation: Modulation, modulator: Modulator, name: str) -> tuple[SpikeInput, Any]:
    """Return one source for each height of a pulse, and the heights."""
    rises = [float(as_concentration(p.rise, modulator) / mmolar) for p in modulation.pulses]
    heights = sorted(set(rises))
    indices, times = [], []
    for rise, pulses in zip(rises, modulation.pulses, strict=True):
        times.append(np.asarray(pulses.times / second, dtype=float))
        indices.append(np.full(times[-1].size, heights.index(rise)))
    all_times = np.concatenate(times) * second
    source = SpikeInput(name, len(heights), np.concatenate(indices), all_times)
    return source, np.array(heights) * mmolar
