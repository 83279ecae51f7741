"""The weights of synapses, from the unitary potentials that they make at rest.

For each synaptic input of a population, one presynaptic spike reaches model cells at rest with
weights on a geometric grid; the weight whose somatic potential has the amplitude that the source
reports is interpolated (log-log), and measured again. An input that the source gives as a
conductance keeps it in the biological branch; the point branch is then calibrated to the potential
that this conductance makes there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2.units import ms, mV, nS, pA
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.building.circuit_builder import BuiltPopulation, NeuronBuilder, build_population
from dualframe.building.dendritic_populations import MODEL, DendriticNeurons
from dualframe.building.point_neurons import PointNeurons
from dualframe.building.twin_choice import TwinChoice
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import DualframeError
from dualframe.network import Network, Population, Projection, Recording, SpikeInput
from dualframe.simulation.run import run

_SMALL = 0.02  # times 1 nS or 10 pA: so weak that the potential is proportional to it
# around the weight that proportion predicts; wider would reach weights that no time step can follow
_GRID = np.geomspace(0.1, 30, 13)
_FINE = np.geomspace(0.7, 1.4, 5)
_SPIKE_AT = 5 * ms
WATCH = 150 * ms  # after the presynaptic spike

Builder = Callable[[CircuitPopulation], BuiltPopulation]


@dataclass(frozen=True)
class PspCurve:
    """Unitary potential (volt, absolute value) by weight (base units) for one synaptic input."""

    weights: Any
    amplitudes: Any


@dataclass(frozen=True)
class CalibrationTarget:
    """What an input is calibrated to: a potential, or a weight that the source states."""

    psp: Any = None
    weight: Any = None


def population_builder(circuit: Circuit, choice: TwinChoice | None = None) -> Builder:
    """Return what builds a population of a circuit in a model, with its channels.

    Parameters
    ----------
    circuit
        The circuit.
    choice
        Its point neurons; None for the biological branch.
    """
    neurons: NeuronBuilder = DendriticNeurons() if choice is None else PointNeurons(choice=choice)
    resolved = circuit.resolved

    def build_one(population: CircuitPopulation) -> BuiltPopulation:
        resized = replace(resolved.population(population.name), entry=population)
        return build_population(resolved, resized, neurons)

    return build_one


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
    inputs = [
        contact
        for contact in circuit.contacts
        if contact.target == population.name and contact.is_calibrated
    ]
    stated = [contact for contact in inputs if contact.psp is None]
    targets = {c.name: CalibrationTarget(psp=c.psp) for c in inputs if c.psp is not None}
    if model == MODEL:
        return targets | {c.name: CalibrationTarget(weight=c.conductance) for c in stated}
    if stated:
        weights = {c.name: np.array([float(c.conductance)]) * 1e9 * nS for c in stated}
        dendritic = population_builder(circuit)
        for name, curve in measure_psp_curves(population, dendritic, weights, dt).items():
            targets[name] = CalibrationTarget(psp=curve.amplitudes[0] * 1e3 * mV)
    return targets


def measure_psp_curves(
    population: CircuitPopulation,
    builder: Builder,
    weights: Mapping[str, Any],
    dt: Any = 0.1 * ms,
) -> dict[str, PspCurve]:
    """Measure unitary potentials at rest.

    Parameters
    ----------
    population
        The postsynaptic population; its number of neurons is ignored.
    builder
        Makes it, with all its channels.
    weights
        Weights to try, by synaptic input.
    dt
        Time step.

    Returns
    -------
    dict
        Amplitude at the soma for each weight; NaN where the cell fired.
    """
    built = builder(replace(population, n=sum(map(len, weights.values()))))
    cells, channels = built.population, built.channels
    projections, places, first = [], {}, 0
    for name, tried in weights.items():
        places[name] = np.arange(first, first + len(tried), dtype=np.int32)
        first += len(tried)
        projections.append(
            Projection(
                "probe",
                cells.name,
                f"{channels[name].written} += w",
                name=name,
                weight=tried,
                pairs=(np.zeros(len(tried), dtype=np.int32), places[name]),
            )
        )
    spike = SpikeInput("probe", 1, [0], Quantity([float(_SPIKE_AT)], dim=ms.dim))
    network = Network((cells,), (spike,), tuple(projections), name=f"psp_{population.name}")
    amplitudes = _peak_deflections(network, cells, dt)
    return {name: PspCurve(np.asarray(weights[name]), amplitudes[k]) for name, k in places.items()}


def _peak_deflections(network: Network, cells: Population, dt: Any) -> NDArray[np.float64]:
    """Return the largest deflection (volt) of each cell after the spike; NaN where it fired."""
    results = run(
        network,
        _SPIKE_AT + WATCH,
        target="runtime",
        seed=0,
        dt=dt,
        progress=False,
        record={cells.name: Recording((cells.voltage,))},
    )
    trace = results.traces[cells.name]
    voltage = trace.values[cells.voltage]
    rest = voltage[:, np.searchsorted(trace.t, float(_SPIKE_AT) - 1e-9)]
    peaks = np.abs(voltage[:, trace.t >= float(_SPIKE_AT)] - rest[:, None]).max(axis=1)
    peaks[np.unique(results.spikes.neuron)] = np.nan
    return np.asarray(peaks, dtype=float)


def find_weights(
    population: CircuitPopulation,
    builder: Builder,
    targets: Mapping[str, CalibrationTarget],
    dt: Any = 0.1 * ms,
) -> dict[str, tuple[Any, Any]]:
    """Return the weight of every synaptic input of a population, and its measured potential.

    Parameters
    ----------
    population, builder, dt
        As in `measure_psp_curves`.
    targets
        From `calibration_targets`.

    Raises
    ------
    DualframeError
        If no weight reaches an amplitude without making the cell fire.
    """
    if not targets:
        return {}
    channels = builder(replace(population, n=1)).channels
    units = {
        name: 1 * nS if channel.weight_unit == "siemens" else 10 * pA
        for name, channel in channels.items()
    }

    def measure(weights: Mapping[str, Any]) -> dict[str, PspCurve]:
        quantities = {name: w * units[name] / float(units[name]) for name, w in weights.items()}
        return measure_psp_curves(population, builder, quantities, dt)

    tiny = {name: np.array([_SMALL]) * units[name] for name in targets}
    small = measure_psp_curves(population, builder, tiny, dt)
    near = {name: _proportional_weight(name, small[name], targets[name]) for name in targets}
    coarse = measure({name: _GRID * near[name] for name in targets})
    guess = {name: _interpolate_weight(name, coarse[name], targets[name]) for name in targets}
    fine = measure({name: guess[name] * _FINE for name in targets})
    final = {name: _interpolate_weight(name, fine[name], targets[name]) for name in targets}
    check = measure({name: np.array([final[name]]) for name in targets})
    return {
        name: (
            (np.array([final[name]]) * units[name] / float(units[name]))[0],
            check[name].amplitudes[0] * 1e3 * mV,
        )
        for name in targets
    }


def _proportional_weight(name: str, small: PspCurve, target: CalibrationTarget) -> float:
    """Return the weight (base units) that a very small one predicts for the target's potential."""
    if target.weight is not None:
        return float(target.weight)
    weight, amplitude = float(small.weights[0]), float(small.amplitudes[0])
    if not amplitude > 1e-9:
        raise DualframeError(
            f"contact {name!r} makes no potential at rest: its reversal potential is there, or "
            f"the cell fires by itself. State its conductance instead of its psp, or calibrate "
            f"with synapses='current'."
        )
    return weight * float(target.psp) / amplitude


def _interpolate_weight(name: str, curve: PspCurve, target: CalibrationTarget) -> float:
    if target.weight is not None:
        return float(target.weight)
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
