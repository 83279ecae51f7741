"""How strong the contacts of a circuit are: found by measuring the built model, then stored.

**Weights.** For each contact onto a population, one presynaptic spike reaches model cells at rest
with weights on a geometric grid; the weight whose somatic potential has the amplitude that the
source reports is interpolated (log-log), and measured again. A contact that the source gives as a
conductance keeps it in the biological branch; the point branch is then calibrated to the potential
that this conductance makes there.

**Background.** The event rates of the background input are changed, population by population,
until every population fires within the range that its source reports, in the scaled circuit with
all its recurrent connections.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from brian2.units import Hz, ms, mV, nS, pA, second
from brian2.units.fundamentalunits import Quantity

from dualframe import biological, task_driven
from dualframe.building.calibrated_weights import Calibration, contacts_digest
from dualframe.building.circuit_builder import build_population as build_point
from dualframe.building.circuit_builder import model_key
from dualframe.building.dendritic_circuit import MODEL
from dualframe.building.dendritic_circuit import build_population as build_dendritic
from dualframe.catalogue.fitted_models import Cells
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import DualframeError
from dualframe.experiments.calibration.broyden_rate_search import RateSearch, inside
from dualframe.network import Network, Population, Projection, Recording, SpikeInput
from dualframe.simulation.run import package_versions, positive_time, run
from dualframe.synapses.synapse_equations import SynapseEquations

_SMALL = 0.02  # times 1 nS or 10 pA: so weak that the potential is proportional to it
# around the weight that proportion predicts; wider would reach weights that no time step can follow
_GRID = np.geomspace(0.1, 30, 13)
_STEPS = 40
_FINE = np.geomspace(0.7, 1.4, 5)
_PROBE_AT = 5 * ms
_WATCH = 150 * ms

Builder = Callable[[CircuitPopulation, dict[str, SynapseEquations]], Population]


@dataclass(frozen=True)
class Psp:
    """Unitary potential (volt, absolute value) by weight (base units) for one contact."""

    weights: Any
    amplitudes: Any


def calibrate(
    circuit: Circuit,
    model: str = MODEL,
    *,
    synapses: str | None = None,
    rates: bool = True,
    scale: float = 0.02,
    seed: int = 1,
    duration: Any = 2 * second,
    events: Mapping[str, Any] | None = None,
    report: Callable[[str], None] = lambda line: None,
    cells: Cells = "published",
) -> Calibration:
    """Find the strengths of a circuit's contacts for one model of its cells.

    Parameters
    ----------
    circuit
        The circuit; modulation, drugs and scale are put aside.
    model, synapses
        ``"biological"``, or a point neuron model and its synapse mode.
    rates
        Whether to find the background rates too.
    scale
        Size of the circuit in which the rates are found, relative to the full one.
    seed
        Seed of its connectivity and input.
    duration
        Simulated time of each step of the search; the first 0.5 s do not count.
    events
        Event rates of the background by population to start the search from (default 300 Hz).
    report
        Called with a line of progress.
    cells
        Which point neurons, as in `dualframe.building.circuit_builder`; those that are fitted have
        calibrations of their own.

    Raises
    ------
    DualframeError
        If no weight reaches an amplitude without making the cell fire, or the rates do not come
        into their ranges.
    """
    if circuit.contacts and all(contact.current is not None for contact in circuit.contacts):
        raise DualframeError(
            f"circuit {circuit.name!r} states all its strengths: there is nothing to calibrate."
        )
    duration = positive_time(duration, "duration")
    base = replace(circuit.full or circuit, modulations=(), drugs=(), effects=())
    synapses = synapses or circuit.synapse_mode
    key = MODEL if model == MODEL else model_key(model, synapses, cells)
    weights: dict[str, Any] = {}
    psps: dict[str, Any] = {}
    targets: dict[str, Any] = {}
    for given in base.populations:
        builder = _builder(base, model, synapses, cells)
        wanted = _targets(base, given, model)
        found = _weights(given, builder, wanted)
        for name, (weight, psp) in found.items():
            weights[name], psps[name], targets[name] = weight, psp, wanted[name].psp or psp
            report(f"{name}: weight {weight}, PSP {psp} (asked {targets[name]})")
    facts = _provenance(base, scale, seed, duration)
    result = Calibration(base.name, key, weights, psps, targets, dict(events or {}), facts)
    if not rates:
        return result
    return _with_rates(base, result, (model, synapses, cells), scale, seed, duration, report)


@dataclass(frozen=True)
class Wanted:
    """What a contact is calibrated to: a potential, or a weight that is given."""

    psp: Any = None
    weight: Any = None


def measure_psps(
    given: CircuitPopulation, builder: Builder, weights: Mapping[str, Any]
) -> dict[str, Psp]:
    """Measure unitary potentials at rest.

    Parameters
    ----------
    given
        The postsynaptic population; its number of neurons is ignored.
    builder
        Makes it, with all its channels.
    weights
        Weights to try, by contact.

    Returns
    -------
    dict
        Amplitude at the soma for each weight; NaN where the cell fired.
    """
    written: dict[str, SynapseEquations] = {}
    total = sum(len(w) for w in weights.values())
    population = builder(replace(given, n=total), written)
    probe = SpikeInput("probe", 1, [0], Quantity([float(_PROBE_AT)], dim=ms.dim))
    projections, first, slots = [], 0, {}
    for name, tried in weights.items():
        own = np.arange(first, first + len(tried), dtype=np.int32)
        slots[name] = own
        first += len(tried)
        projections.append(
            Projection(
                "probe",
                population.name,
                f"{written[name].written} += w",
                name=name,
                weight=tried,
                pairs=(np.zeros(len(tried), dtype=np.int32), own),
            )
        )
    network = Network((population,), (probe,), tuple(projections), name=f"psp_{given.name}")
    done = run(
        network,
        _PROBE_AT + _WATCH,
        target="runtime",
        seed=0,
        progress=False,
        record={population.name: Recording((population.voltage,))},
    )
    trace = done.traces[population.name]
    voltage = trace.values[population.voltage]
    rest = voltage[:, np.searchsorted(trace.t, float(_PROBE_AT) - 1e-9)]
    amplitude = np.abs(voltage[:, trace.t >= float(_PROBE_AT)] - rest[:, None]).max(axis=1)
    amplitude[np.unique(done.spikes.neuron)] = np.nan
    return {name: Psp(np.asarray(weights[name]), amplitude[own]) for name, own in slots.items()}


def _weights(
    given: CircuitPopulation, builder: Builder, wanted: Mapping[str, Wanted]
) -> dict[str, tuple[Any, Any]]:
    """Weight and measured potential of every contact onto a population."""
    if not wanted:
        return {}
    written: dict[str, SynapseEquations] = {}
    builder(replace(given, n=1), written)
    units = {
        name: 1 * nS if own.weight_unit == "siemens" else 10 * pA for name, own in written.items()
    }
    small = {name: np.array([_SMALL]) * units[name] for name in wanted}
    near = {
        name: _proportional(name, found, wanted[name])
        for name, found in measure_psps(given, builder, small).items()
    }
    coarse = {name: _GRID * near[name] * units[name] / float(units[name]) for name in wanted}
    first = measure_psps(given, builder, coarse)
    guess = {name: _solve(name, first[name], wanted[name]) for name in wanted}
    fine = {name: guess[name] * _FINE * units[name] / float(units[name]) for name in wanted}
    second_look = measure_psps(given, builder, fine)
    final = {name: _solve(name, second_look[name], wanted[name]) for name in wanted}
    exact = {name: np.array([final[name]]) * units[name] / float(units[name]) for name in wanted}
    check = measure_psps(given, builder, exact)
    return {name: (exact[name][0], check[name].amplitudes[0] * 1e3 * mV) for name in wanted}


def _proportional(name: str, small: Psp, wanted: Wanted) -> float:
    """Return the weight (base units) that a very small one predicts for the wanted potential."""
    if wanted.weight is not None:
        return float(wanted.weight)
    weight, amplitude = float(small.weights[0]), float(small.amplitudes[0])
    if not amplitude > 1e-9:
        raise DualframeError(
            f"contact {name!r} makes no potential at rest: its reversal potential is there, or "
            f"the cell fires by itself. State its conductance instead of its psp, or calibrate "
            f"with synapses='current'."
        )
    return weight * float(wanted.psp) / amplitude


def _solve(name: str, measured: Psp, wanted: Wanted) -> float:
    if wanted.weight is not None:
        return float(wanted.weight)
    usable = np.isfinite(measured.amplitudes) & (measured.amplitudes > 0)
    weights, amplitudes = measured.weights[usable], measured.amplitudes[usable]
    target = float(wanted.psp)
    if not len(weights) or not amplitudes.min() <= target <= amplitudes.max():
        raise DualframeError(
            f"contact {name!r}: no weight gives a unitary potential of {wanted.psp} below the "
            f"firing threshold (tried {amplitudes.min() * 1e3:.3g} to "
            f"{amplitudes.max() * 1e3:.3g} mV)."
        )
    return float(np.exp(np.interp(np.log(target), np.log(amplitudes), np.log(weights))))


def _builder(circuit: Circuit, model: str, synapses: str, cells: Cells = "published") -> Builder:
    if model == MODEL:
        return lambda given, written: build_dendritic(circuit, given, written)[0]
    return lambda given, written: build_point(
        circuit, given, model, synapses, written, cells=cells
    )[0]


def _targets(circuit: Circuit, given: CircuitPopulation, model: str) -> dict[str, Wanted]:
    onto = [contact for contact in circuit.contacts if contact.target == given.name]
    onto = [contact for contact in onto if contact.current is None]
    by_conductance = [contact for contact in onto if contact.psp is None]
    wanted = {contact.name: Wanted(psp=contact.psp) for contact in onto if contact.psp is not None}
    if model == MODEL:
        return wanted | {c.name: Wanted(weight=c.conductance) for c in by_conductance}
    if by_conductance:
        tried = {c.name: np.array([float(c.conductance)]) * 1e9 * nS for c in by_conductance}
        measured = measure_psps(given, _builder(circuit, MODEL, ""), tried)
        for name, psp in measured.items():
            wanted[name] = Wanted(psp=psp.amplitudes[0] * 1e3 * mV)
    return wanted


def _with_rates(
    base: Circuit,
    start: Calibration,
    neurons: tuple[str, str, Cells],
    scale: float,
    seed: int,
    duration: Any,
    report: Callable[[str], None],
) -> Calibration:
    """Change the background rates until each population fires within its range.

    ``neurons`` are the model, the mode of the synapses and the choice of cells.
    """
    model, synapses, cells = neurons
    small = base.scaled(scale)
    ranges = {
        p.name: (float(p.rate_low), float(p.rate_high))
        for p in base.populations
        if p.rate_low is not None
    }
    driven = dict.fromkeys(c.target for c in base.background if c.current is None)
    inputs = {name: float(start.rates.get(name, 300 * Hz)) for name in driven if name in ranges}
    search = RateSearch({name: ranges[name] for name in inputs}, inputs)
    fixed = {name: float(start.rates.get(name, 300 * Hz)) for name in driven if name not in ranges}
    found: dict[str, float] = {}
    for step in range(_STEPS):
        events = fixed | dict(search.inputs)
        current = replace(start, rates={name: rate * Hz for name, rate in events.items()})
        found = firing_rates(small, current, model, synapses, seed, duration, cells=cells)
        report(
            f"step {step}: "
            + ", ".join(f"{n} {found[n]:.2f} Hz at {events.get(n, 0):.0f} Hz" for n in found)
        )
        # well inside, so that another seed stays inside too
        if all(inside(found[name], *ranges[name], margin=0.1) for name in inputs):
            measured = {name: round(rate, 3) for name, rate in found.items()}
            return replace(current, provenance={**current.provenance, "rates_Hz": measured})
        search.step(found)
    raise DualframeError(
        f"circuit {base.name!r}, {start.model!r}: background rates did not bring every population "
        f"into its range (last: {found}, ranges {ranges})."
    )


def firing_rates(
    circuit: Circuit,
    calibration: Calibration,
    model: str,
    synapses: str,
    seed: int,
    duration: Any = 2 * second,
    settle: Any = 0.5 * second,
    cells: Cells = "published",
) -> dict[str, float]:
    """Mean firing rate (Hz) of each population after the settling time."""
    if model == MODEL:
        network = biological.build(circuit, calibration=calibration)
    else:
        network = task_driven.build(
            circuit, model=model, synapses=synapses, calibration=calibration, cells=cells
        )
    done = run(network, duration, seed=seed, progress=False)
    if not done.provenance["completed"]:
        raise KeyboardInterrupt  # a part of a run is no measurement
    table = done.rates(start=settle)
    return dict(zip(table.population, table.mean_rate_Hz, strict=True))


def _provenance(circuit: Circuit, scale: float, seed: int, duration: Any) -> dict[str, Any]:
    return {
        "contacts": contacts_digest(circuit),
        "date": date.today().isoformat(),
        "versions": package_versions(),
        "psp_protocol": f"one spike at rest, peak of the somatic potential within {_WATCH}",
        "rates_protocol": f"scaled({scale}), seed {seed}, 0.5 s to {float(duration):g} s",
    }
