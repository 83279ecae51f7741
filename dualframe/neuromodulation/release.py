"""How releasing populations and pulses raise the concentrations in the neurons.

Release is volume transmission: a spike of any releasing neuron, or a pulse, raises the
concentration at every neuron for which the region counts, without delay. In a scaled circuit each
neuron releases for those that it stands for, so that the population releases as much as in the
full-size one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from brian2.units import mmolar, second
from brian2.units.fundamentalunits import Quantity

from dualframe.catalogue import Modulator
from dualframe.circuit import Modulation, ResolvedCircuit
from dualframe.network import Projection, SpikeInput
from dualframe.neuromodulation.brain_regions import modulations_by_region
from dualframe.neuromodulation.concentration import as_concentration, concentration_variable
from dualframe.receptor_effects import ModulationEquations


def volume_release(
    circuit: ResolvedCircuit, populations: Mapping[str, ModulationEquations]
) -> tuple[list[SpikeInput], list[Projection]]:
    """Return the inputs that are pulses, and the projections of pulses and releasing populations.

    Parameters
    ----------
    circuit
        Its modulations and regions.
    populations
        What the modulators add to each population, by its name.
    """
    inputs, made = [], []
    for modulator, region, given in _entries(circuit):
        ending = f"_in_{region}" if region else ""
        if given.released_by is not None:
            name = f"release_{modulator.name}_{given.released_by}"
            rise = _per_spike(circuit, given, modulator)
            for target, variable in _targets(circuit, modulator, region, populations):
                scaled = f"{modulator.name}_{given.released_by}" in populations[target].releases
                factor = f"*{name}" if scaled else ""  # by autoreceptors
                made.append(
                    _raising(
                        given.released_by,
                        target,
                        variable,
                        f"{name}_{target}{ending}",
                        rise,
                        factor=factor,
                    )
                )
        if given.pulses:
            source, rises = _pulses(given, modulator, f"pulses_{modulator.name}{ending}")
            targets = list(_targets(circuit, modulator, region, populations))
            inputs += [source] if targets else []
            for target, variable in targets:
                n = circuit.circuit.sizes[target]
                pairs = np.repeat(np.arange(source.n), n), np.tile(np.arange(n), source.n)
                weight = rises if source.n == 1 else Quantity(np.repeat(rises, n), dim=mmolar.dim)
                made.append(
                    _raising(
                        source.name,
                        target,
                        variable,
                        f"{source.name}_{target}",
                        weight[0] if source.n == 1 else weight,
                        "all_to_all" if source.n == 1 else pairs,
                    )
                )
    return inputs, made


def _entries(circuit: ResolvedCircuit) -> Iterator[tuple[Modulator, str, Modulation]]:
    for name, modulator in circuit.modulators.items():
        for region, given in modulations_by_region(circuit, name).items():
            yield modulator, region, given


def _targets(
    circuit: ResolvedCircuit,
    modulator: Modulator,
    region: str,
    populations: Mapping[str, ModulationEquations],
) -> Iterator[tuple[str, str]]:
    """Yield the populations that integrate the concentration of a region, and its variable."""
    for target, terms in populations.items():
        variable = concentration_variable(modulator, region, circuit.population(target).region)
        if variable in terms.initial:
            yield target, variable


def _raising(
    source: str,
    target: str,
    variable: str,
    name: str,
    rise: Any,
    pairs: Any = "all_to_all",
    factor: str = "",
) -> Projection:
    on_pre = f"{variable} += w{factor}"
    return Projection(
        source=source, target=target, name=name, on_pre=on_pre, weight=rise, pairs=pairs
    )


def _per_spike(circuit: ResolvedCircuit, given: Modulation, modulator: Modulator) -> Any:
    """Return what a spike of one neuron adds."""
    assert given.released_by is not None  # the caller has looked
    full = circuit.circuit.full_size.sizes[given.released_by]
    if given.per_spike is None:  # of all neurons together, as the uptake's source has it
        rise = modulator.uptake(given.uptake).numbers.value("release_total") / full
    else:
        rise = as_concentration(given.per_spike, modulator)
    return rise * (full / circuit.circuit.sizes[given.released_by])


def _pulses(given: Modulation, modulator: Modulator, name: str) -> tuple[SpikeInput, Any]:
    """Return one source for each height of a pulse, and the heights."""
    rises = [float(as_concentration(pulses.rise, modulator) / mmolar) for pulses in given.pulses]
    heights = sorted(set(rises))
    indices, times = [], []
    for rise, pulses in zip(rises, given.pulses, strict=True):
        times.append(np.asarray(pulses.times / second, dtype=float))
        indices.append(np.full(times[-1].size, heights.index(rise)))
    all_times = np.concatenate(times) * second
    source = SpikeInput(name, len(heights), np.concatenate(indices), all_times)
    return source, np.array(heights) * mmolar
