"""Model cells whose soma a steady current holds at a potential, settled there.

The currents are found side by side: many cells without synapses, each with a current of its own,
run until they have settled; between two of them everything is interpolated. A cell that fires at a
potential, or nearly does so, is held at the highest one that is `MARGIN` below its firing and at
which its input resistance is at most `STEEPEST` times that at rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2 import Equations
from brian2.units import amp, ms
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.circuit import CircuitPopulation
from dualframe.experiments.calibration.measurement_run import run_measurement
from dualframe.experiments.calibration.model_cells import Builder
from dualframe.experiments.single_cell import injected_variable
from dualframe.network import CurrentInput, Network, Population, Recording

SETTLE = 500 * ms
#: Volt below the highest potential at which a cell is silent.
MARGIN = 2e-3
#: The input resistance of an Izhikevich cell grows without limit towards its firing, where it would
#: turn any weight into any potential.
STEEPEST = 2.0

_PROBE = 2e-12  # ampere: small against every rheobase, for the input resistance
_PROBED = 100 * ms
_RESISTANCES = (1e7, 3e9)  # ohm: what a probe of a cell that fires by itself may not leave
_RANGE = 2.5  # times the current that the input resistance predicts: some cells rectify
_CELLS = 201


@dataclass(frozen=True, kw_only=True)
class HeldCell:
    """A settled cell.

    Attributes
    ----------
    potential
        Of the soma, in volt.
    current
        That holds it there, in ampere.
    state
        Its state variables, with units.
    """

    potential: float
    current: float
    state: Mapping[str, Any]


@dataclass(frozen=True)
class SettledCells:
    """Cells of a population after a steady current into the soma, by increasing current.

    Attributes
    ----------
    currents, potentials
        In ampere and volt.
    usable
        How many cells can be held, from the lowest current on.
    highest
        The highest potential (volt) at which a cell is held.
    states
        State variables by name, with units.
    """

    currents: NDArray[np.float64]
    potentials: NDArray[np.float64]
    usable: int
    highest: float
    states: Mapping[str, Any]

    def hold(self, potential: float) -> HeldCell:
        """Return a cell that is held at a potential (volt), none above `highest`."""
        return self._between_cells(potential, self.potentials[: self.usable])

    def at_rest(self) -> HeldCell:
        """Return the cell that no current holds."""
        return self._between_cells(0.0, self.currents)

    def _between_cells(self, value: float, scale: NDArray[np.float64]) -> HeldCell:
        """Interpolate between the two cells around a value of potential or current."""
        above = int(np.clip(np.searchsorted(scale, value), 1, len(scale) - 1))
        low, high = float(scale[above - 1]), float(scale[above])
        share = (value - low) / (high - low)

        def blend(values: Any) -> Any:
            return values[above - 1] * (1 - share) + values[above] * share

        return HeldCell(
            potential=float(blend(self.potentials)),
            current=float(blend(self.currents)),
            state={name: blend(values) for name, values in self.states.items()},
        )


def settle_cells(
    population: CircuitPopulation, bare: Builder, potentials: Collection[float], dt: Any = 0.1 * ms
) -> SettledCells:
    """Settle cells of a population around potentials.

    Parameters
    ----------
    population
        The population; its number of neurons is ignored.
    bare
        Makes it, without synapses.
    potentials
        In volt.
    dt
        Time step.
    """
    probe = _run_cells(population, bare, np.array([-_PROBE, 0.0]), _PROBED, dt)
    rest = float(probe.potentials[1])
    resistance = np.clip((rest - float(probe.potentials[0])) / _PROBE, *_RESISTANCES)
    reach = [_RANGE * (v - rest) / resistance for v in potentials]
    low, high = min([*reach, -_PROBE]), max([*reach, _PROBE])
    return _run_cells(population, bare, np.linspace(low, high, _CELLS), SETTLE, dt)


def _run_cells(
    population: CircuitPopulation,
    bare: Builder,
    currents: NDArray[np.float64],
    duration: Quantity,
    dt: Any,
) -> SettledCells:
    """Run one cell for each current."""
    cells = bare(replace(population, n=len(currents))).population
    names = sorted(Equations(cells.equations).diff_eq_names)
    results = run_measurement(
        Network((cells,), inputs=(holding_current(cells, currents),), name="held"),
        duration + 1 * ms,
        target="runtime",
        seed=0,
        dt=dt,
        record={cells.name: Recording((*names,), every=duration)},
    )
    trace = results.traces[cells.name]
    firing = results.spikes.neuron[results.spikes.t > float(duration) / 2]
    states = {name: trace.quantity(name)[:, -1] for name in names}
    potentials = np.asarray(states[cells.voltage], dtype=float)
    silent = int(firing.min()) if len(firing) else len(currents)
    usable = _count_flat(currents, potentials, silent)
    highest = float(potentials[usable - 1]) if usable else -np.inf
    if silent < len(currents):
        highest = min(highest, float(potentials[silent - 1]) - MARGIN) if silent else -np.inf
    return SettledCells(currents, potentials, usable, highest, states)


def _count_flat(currents: NDArray[np.float64], potentials: NDArray[np.float64], silent: int) -> int:
    """Return how many silent cells have no steeper a potential by current than they may."""
    if silent < 2:
        return silent
    slopes = np.gradient(potentials[:silent], currents[:silent])
    steep = slopes > STEEPEST * np.interp(0.0, currents[:silent], slopes)
    steep &= currents[:silent] > 0
    return int(steep.argmax()) if steep.any() else silent


def holding_current(cells: Population, currents: NDArray[np.float64]) -> CurrentInput:
    """Return a steady current into the soma of each cell (ampere)."""
    soma = injected_variable(cells.variables, "soma")
    return CurrentInput(cells.name, currents * amp, variable=soma, name="held")
