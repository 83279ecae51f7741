"""The weights of synapses, from the unitary potentials that they make.

For each synaptic input of a population, one presynaptic spike reaches model cells whose soma is
held at the potential of the recording (`held_cells`), with weights on a geometric grid; the weight
whose somatic potential has the amplitude that the source reports is interpolated (log-log), and
measured again. The potential is the difference from a cell that is held alike and gets no spike.

A cell that fires at the potential of the recording is held as near to it as it can be; what a
conductance makes there is converted with its driving force. Where less than half of that is left,
the cell is held on the other side of the reversal potential, as far from it as the recording was.

An input that the source gives as a conductance keeps it in the biological branch; the point branch
is then calibrated to the potential that this conductance makes there, held alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2.units import ms, mV, nS, pA, siemens
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.building.calibration_checks import is_unbelievable, unbelievable_contact
from dualframe.building.dendritic_populations import MODEL, DendriticNeurons
from dualframe.building.synaptic_channels import reversal_potential
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import DualframeError
from dualframe.experiments.calibration.held_cells import (
    HeldCell,
    holding_current,
    settle_cells,
)
from dualframe.experiments.calibration.measurement_run import run_measurement
from dualframe.experiments.calibration.model_cells import Builder, ModelCells, model_cells
from dualframe.network import Network, Population, Projection, Recording, SpikeInput

_SMALL = 0.02  # times 1 nS or 10 pA: so weak that the potential is proportional to it
# around the weight that proportion predicts; wider would reach weights that no time step can follow
_GRID = np.geomspace(0.1, 30, 13)
_FINE = np.geomspace(0.7, 1.4, 5)
_SPIKE_AT = 5 * ms
WATCH = 150 * ms  # after the presynaptic spike
_LEAST_DRIVE = 0.5  # of the recording's driving force, where a cell cannot be held like it
_NO_DRIVE = 1e-4  # volt
_SAME = 0.2e-3  # volt: the search for the current is finer


@dataclass(frozen=True)
class PspCurve:
    """Unitary potential (volt, absolute value) by weight (base units) for one synaptic input."""

    weights: Any
    amplitudes: Any


@dataclass(frozen=True, kw_only=True)
class CalibrationTarget:
    """What an input is calibrated to.

    Attributes
    ----------
    psp
        The potential to reach, or None.
    weight
        A weight that the source states instead, or None.
    holding
        Where the soma is held (volt); None is rest.
    reversal
        Reversal potential of the input's first synapse (volt).
    """

    psp: Any = None
    weight: Any = None
    holding: float | None = None
    reversal: float = 0.0

    def drive_ratio(self, held: HeldCell) -> float:
        """Driving force of a conductance where a cell is held, relative to the recording's."""
        if self.holding is None:
            return 1.0
        return abs((held.potential - self.reversal) / (self.holding - self.reversal))


@dataclass(frozen=True, kw_only=True)
class CalibratedContact:
    """A contact's weight, the potential that was measured with it, and where.

    Attributes
    ----------
    weight
        Peak conductance, or current.
    psp
        At the potential of the recording.
    held_at
        Where the soma was held instead of there, or None.
    """

    weight: Any
    psp: Any
    held_at: Any = None


def calibration_targets(
    circuit: Circuit, population: CircuitPopulation, model: str, dt: Any = 0.1 * ms
) -> dict[str, CalibrationTarget]:
    """Return what each synaptic input of a population is calibrated to.

    Parameters
    ----------
    circuit, population
        The circuit, and one of its populations.
    model
        ``"biological"`` or a point neuron model.
    dt
        Time step of a measurement.
    """
    cell = circuit.resolved.population(population.name).cell
    targets = {}
    for one in circuit.resolved.inputs_to(population.name):
        contact = one.entry
        if contact.is_calibrated:
            holding = contact.holding
            held = holding is not None and not isinstance(holding, str)
            targets[one.name] = CalibrationTarget(
                psp=contact.psp,
                weight=contact.conductance,
                holding=float(holding) if held else None,
                reversal=float(reversal_potential(one, cell)),
            )
    stated = {name: target for name, target in targets.items() if target.psp is None}
    if model != MODEL and stated:
        dendritic = model_cells(circuit, DendriticNeurons())
        for name, found in find_weights(population, dendritic, stated, dt).items():
            targets[name] = replace(targets[name], psp=found.psp, weight=None)
    return targets


def held_cells(
    population: CircuitPopulation,
    cells: ModelCells,
    targets: Mapping[str, CalibrationTarget],
    dt: Any = 0.1 * ms,
) -> dict[str, HeldCell]:
    """Return a settled cell for each synaptic input, held where its potential was recorded.

    Parameters
    ----------
    population, cells, dt
        As in `measure_psp_curves`.
    targets
        From `calibration_targets`.
    """
    channels = cells.wired(replace(population, n=1)).channels
    asked = {name: one for name, one in targets.items() if one.holding is not None}
    potentials = {float(one.holding) for one in asked.values() if one.holding is not None}
    settled = settle_cells(population, cells.bare, potentials, dt)
    places = {
        name: place_of_holding(name, one, settled.highest, channels[name].weight_unit)
        for name, one in asked.items()
    }
    lowest = min(places.values(), default=settled.highest)
    if lowest < settled.potentials[0]:
        settled = settle_cells(population, cells.bare, set(places.values()), dt)
    return {n: settled.hold(places[n]) if n in places else settled.at_rest() for n in targets}


def _other_side(target: CalibrationTarget) -> float:
    return 2 * target.reversal - float(target.holding or 0.0)


def place_of_holding(name: str, target: CalibrationTarget, highest: float, unit: str) -> float:
    """Return where a cell (volt) is held for a recording: there, or as the module says.

    Parameters
    ----------
    name, target
        The contact, and what it is calibrated to.
    highest
        The highest potential (volt) at which the cell can be held.
    unit
        Of the contact's weight: ``"siemens"`` for a conductance.
    """
    holding = float(target.holding or 0.0)
    drive = holding - target.reversal
    if unit == "siemens" and abs(drive) < _NO_DRIVE:
        raise DualframeError(
            f"contact {name!r}: its reversal potential is that of holding, {holding * 1e3:g} mV, "
            f"where it makes no potential. State another one, or its conductance."
        )
    if holding <= highest:
        return holding
    if unit != "siemens" or (highest - target.reversal) / drive >= _LEAST_DRIVE:
        return highest
    return _other_side(target)


def measure_psp_curves(
    population: CircuitPopulation,
    cells: ModelCells,
    weights: Mapping[str, Any],
    held: Mapping[str, HeldCell],
    dt: Any = 0.1 * ms,
) -> dict[str, PspCurve]:
    """Measure unitary potentials.

    Parameters
    ----------
    population
        The postsynaptic population; its number of neurons is ignored.
    cells
        Makes it.
    weights
        Weights to try, by synaptic input.
    held
        Where the soma is held, by synaptic input.
    dt
        Time step.

    Returns
    -------
    dict
        Amplitude at the soma for each weight; NaN where the cell fired.
    """
    states = [held[name] for name, tried in weights.items() for _ in range(1 + len(tried))]
    neurons, channels = _settled_population(population, cells.wired, states)
    projections, places, first = [], {}, 0
    for name, tried in weights.items():
        places[name] = np.arange(first, first + len(tried), dtype=np.int32)
        first += len(tried) + 1  # the last cell of an input gets no spike
        projections.append(
            Projection(
                "probe",
                neurons.name,
                f"{channels[name].written} += w",
                name=name,
                weight=tried,
                pairs=(np.zeros(len(tried), dtype=np.int32), places[name]),
            )
        )
    spike = SpikeInput("probe", 1, [0], Quantity([float(_SPIKE_AT)], dim=ms.dim))
    steady = holding_current(neurons, np.array([one.current for one in states]))
    network = Network((neurons,), (spike, steady), tuple(projections), name="psp")
    voltage = _voltage_after_spike(network, neurons, dt)
    return {
        name: PspCurve(
            np.asarray(weights[name]), np.abs(voltage[k] - voltage[k[-1] + 1]).max(axis=1)
        )
        for name, k in places.items()
    }


def _settled_population(
    population: CircuitPopulation, builder: Builder, states: list[HeldCell]
) -> tuple[Population, Mapping[str, Any]]:
    """Return a population whose cells begin in these states, and its channels."""
    built = builder(replace(population, n=len(states)))
    begin = {
        name: Quantity([float(one.state[name]) for one in states], dim=value.dim)
        for name, value in states[0].state.items()
    }
    cells = replace(built.population, initial={**built.population.initial, **begin})
    return cells, built.channels


def _voltage_after_spike(network: Network, cells: Population, dt: Any) -> NDArray[np.float64]:
    """Return the somatic potential (volt) of each cell; NaN where it fired."""
    results = run_measurement(
        network,
        _SPIKE_AT + WATCH,
        target="runtime",
        seed=0,
        dt=dt,
        record={cells.name: Recording((cells.voltage,))},
    )
    trace = results.traces[cells.name]
    voltage = np.array(trace.values[cells.voltage])[:, trace.t >= float(_SPIKE_AT) - 1e-9]
    voltage[np.unique(results.spikes.neuron)] = np.nan
    return voltage


def find_weights(
    population: CircuitPopulation,
    cells: ModelCells,
    targets: Mapping[str, CalibrationTarget],
    dt: Any = 0.1 * ms,
) -> dict[str, CalibratedContact]:
    """Return the weight of every synaptic input of a population, and its measured potential.

    Parameters
    ----------
    population, cells, dt
        As in `measure_psp_curves`.
    targets
        From `calibration_targets`.

    Raises
    ------
    DualframeError
        If no weight reaches an amplitude without making the cell fire, or one only with more than
        any contact has (`dualframe.building.calibration_checks.LARGEST_CONDUCTANCE`).
    """
    if not targets:
        return {}
    channels = cells.wired(replace(population, n=1)).channels
    conductances = {n for n, channel in channels.items() if channel.weight_unit == "siemens"}
    units = {name: 1 * nS if name in conductances else 10 * pA for name in channels}
    held = held_cells(population, cells, targets, dt)
    ratios = {n: targets[n].drive_ratio(held[n]) if n in conductances else 1.0 for n in targets}

    def measure(weights: Mapping[str, Any]) -> dict[str, PspCurve]:
        quantities = {name: w * units[name] / float(units[name]) for name, w in weights.items()}
        curves = measure_psp_curves(population, cells, quantities, held, dt)
        return {n: PspCurve(c.weights, c.amplitudes / ratios[n]) for n, c in curves.items()}

    sought = {name: target for name, target in targets.items() if target.weight is None}
    final = {n: float(one.weight) for n, one in targets.items() if one.weight is not None}
    if sought:
        small = measure({name: np.array([_SMALL * float(units[name])]) for name in sought})
        near = {name: _proportional_weight(name, small[name], one) for name, one in sought.items()}
        coarse = measure({name: _GRID * near[name] for name in sought})
        guess = {n: _interpolate_weight(n, coarse[n], one) for n, one in sought.items()}
        fine = measure({name: guess[name] * _FINE for name in sought})
        final |= {n: _interpolate_weight(n, fine[n], one) for n, one in sought.items()}
        for name in sorted(sought.keys() & conductances):
            if is_unbelievable(final[name] * siemens):
                raise DualframeError(
                    unbelievable_contact(name, final[name] * siemens, sought[name].psp)
                )
    check = measure({name: np.array([final[name]]) for name in targets})
    return {
        name: CalibratedContact(
            weight=(np.array([final[name]]) * units[name] / float(units[name]))[0],
            psp=check[name].amplitudes[0] * 1e3 * mV,
            held_at=_elsewhere(target, held[name]),
        )
        for name, target in targets.items()
    }


def _elsewhere(target: CalibrationTarget, held: HeldCell) -> Any:
    """Return where a cell is held, if that is not where the recording was."""
    if target.holding is None or abs(held.potential - target.holding) < _SAME:
        return None
    return held.potential * 1e3 * mV


def _proportional_weight(name: str, small: PspCurve, target: CalibrationTarget) -> float:
    """Return the weight (base units) that a very small one predicts for the target's potential."""
    weight, amplitude = float(small.weights[0]), float(small.amplitudes[0])
    if not amplitude > 1e-9:
        raise DualframeError(
            f"contact {name!r} makes no potential: its reversal potential is where the cell is "
            f"held, or the cell fires by itself. State its conductance instead of its psp, or "
            f"calibrate with synapses='current'."
        )
    return weight * float(target.psp) / amplitude


def _interpolate_weight(name: str, curve: PspCurve, target: CalibrationTarget) -> float:
    usable = np.isfinite(curve.amplitudes) & (curve.amplitudes > 0)
    weights, amplitudes = curve.weights[usable], curve.amplitudes[usable]
    psp = float(target.psp)
    if not len(weights) or not amplitudes.min() <= psp <= amplitudes.max():
        raise DualframeError(
            f"contact {name!r}: no weight gives a unitary potential of {target.psp} below the "
            f"firing threshold (tried {amplitudes.min() * 1e3:.3g} to "
            f"{amplitudes.max() * 1e3:.3g} mV)."
        )
    return float(np.exp(np.interp(np.log(psp), np.log(amplitudes), np.log(weights))))
