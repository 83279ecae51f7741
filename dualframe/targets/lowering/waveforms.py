"""Waveforms of currents in the portable subset, which has no arrays over time.

A waveform is a generator with a source for each sample. The source fires once, a step before its
value holds, and adds the difference to the value before: what is done for a sample is done once,
and not in every step, as it would be in equations of ``t``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units import second
from brian2.units.fundamentalunits import DIMENSIONLESS, Quantity, get_dimensions

from dualframe.core.quantity import unit_of
from dualframe.network import CurrentInput, Network, Population, Projection, SpikeInput
from dualframe.targets.lowering.time_steps import nearest_steps


def waveform_variable(current: CurrentInput, index: int) -> str:
    """Return the variable that holds the present value of a waveform.

    Parameters
    ----------
    current
        The waveform.
    index
        Its place among the current inputs of the population.
    """
    return f"{current.variable}_{current.name or 'waveform'}_{index}_now"


def insert_waveforms(network: Network, dt: float) -> Network:
    """Return a network in which generators and projections play the waveforms.

    Parameters
    ----------
    network
        The description; its waveforms stay among the inputs.
    dt
        Time step, s.
    """
    currents = [item for item in network.inputs if isinstance(item, CurrentInput)]
    if not any(current.is_waveform for current in currents):
        return network
    populations, sources, projections = [], list(network.inputs), list(network.projections)
    for population in network.populations:
        changed = population
        own = [current for current in currents if current.target == population.name]
        for index, current in enumerate(own):
            if current.is_waveform:
                changed, source, projection = _played(changed, current, index, dt)
                sources.append(source)
                projections.append(projection)
        populations.append(changed)
    return replace(
        network,
        populations=tuple(populations),
        inputs=tuple(sources),
        projections=tuple(projections),
    )


def _played(
    population: Population, current: CurrentInput, index: int, dt: float
) -> tuple[Population, SpikeInput, Projection]:
    n, variable = population.n, waveform_variable(current, index)
    values = np.asarray(current.values, dtype=float)
    rows = np.broadcast_to(values.reshape(len(values), -1), (len(values), n))
    steps = np.array([nearest_steps(time, dt) for time in np.asarray(current.times)])
    # of several samples in one step the last one holds
    last = np.append(steps[1:] > steps[:-1], True)
    rows, steps = rows[last], steps[last]
    at_start = rows[0] if steps[0] == 0 else np.zeros(n)
    if steps[0] == 0:
        differences, steps = np.diff(rows, axis=0), steps[1:]
    else:
        differences = np.diff(rows, axis=0, prepend=np.zeros((1, n)))
    count = len(steps)
    name = f"{population.name}_{variable}"
    source = SpikeInput(name, max(count, 1), np.arange(count), (steps - 1) * dt * second)
    projection = Projection(
        name,
        population.name,
        f"{variable} += w",
        weight=differences.ravel() * _one(current),
        pairs=(np.repeat(np.arange(count), n), np.tile(np.arange(n), count)),
    )
    text = unit_of(current.values)
    rate = f"0*{text}/second" if text != "1" else "0/second"
    changed = replace(
        population,
        equations=f"{population.equations}\nd{variable}/dt = {rate} : {text}",
        initial={**population.initial, variable: at_start * _one(current)},
    )
    return changed, source, projection


def _one(current: CurrentInput) -> Any:
    """Return the unit of a waveform, one of it in SI base units."""
    dimensions = get_dimensions(current.values)
    return 1.0 if dimensions is DIMENSIONLESS else Quantity(1.0, dim=dimensions)
