"""Stored calibrations, measured again in the built models, against what the sources report."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from brian2.units import amp, ms, second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration
from dualframe.building.twin_choice import choose_twin
from dualframe.experiments.calibration.background_rates import firing_rates
from dualframe.experiments.single_cell import injected_variable
from dualframe.network import CurrentInput, Network, Population, Projection, SpikeInput

# circuit, model of the cells, synapses of the point branch
CASES = [
    ("l23", "biological", ""),
    ("l23", "glif", "current"),
    ("ca1", "biological", ""),
    ("ca1", "glif", "conductance"),
]
# more circuits and models, one measure of each in turn, for the time that tests may take
UNITARY = [("l23", "biological"), ("l23", "glif"), ("striatum", "izhikevich")]
RATES = [*CASES, ("striatum", "glif", "conductance")]
_PROTOCOL = re.compile(r"scaled\(([\d.]+)\), seed (\d+), 0.5 s to ([\d.]+) s")


def strengths(name: str, model: str, synapses: str) -> Calibration:
    return load_calibration(df.circuit(name), f"{model}_{synapses}" if synapses else model)


def measure_held(
    circuit: df.Circuit, network: Network, calibration: Calibration
) -> dict[str, tuple[float, float]]:
    """Return each contact's unitary potential, and where the soma was held for it (volt).

    By none of the steps of a calibration: every contact has two cells of its built target, one of
    which gets a spike through the statement of the built projection; the current that holds both
    is found by the secant rule, from rest anew in every run.
    """
    onto = {
        p.name: [c for c in circuit.contacts if c.target == p.name] for p in network.populations
    }
    cells = [replace(p, n=2 * len(onto[p.name]), positions=None) for p in network.populations]
    probes = tuple(
        Projection(
            "probe",
            contact.target,
            network.projection(contact.name).on_pre,
            name=contact.name,
            weight=Quantity([calibration.weights[contact.name]]),
            pairs=(np.array([0]), np.array([2 * k])),
        )
        for contacts in onto.values()
        for k, contact in enumerate(contacts)
    )
    asked = np.array([_asked(c, calibration) for own in onto.values() for c in own for _ in "ab"])
    current, slope, before = np.zeros(len(asked)), np.full(len(asked), 1e8), None
    step = np.zeros(len(asked))
    for _ in range(4):
        current += step
        voltage = _run_probes(cells, probes, current)
        if before is not None:
            moved = step != 0
            slope[moved] = (voltage[moved, 0] - before[moved]) / step[moved]
        before = voltage[:, 0]
        step = np.nan_to_num((asked - before) / slope)
    made = np.abs(voltage[::2] - voltage[1::2]).max(axis=1)
    names = [contact.name for own in onto.values() for contact in own]
    return {name: (made[k], voltage[2 * k, 0]) for k, name in enumerate(names)}


def _asked(contact: df.CircuitProjection, calibration: Calibration) -> float:
    """Return where the soma is to be held (volt); NaN is at rest."""
    holding = calibration.held_at.get(contact.name, calibration.holdings[contact.name])
    return np.nan if isinstance(holding, str) else float(holding)


def _run_probes(
    cells: list[Population], probes: tuple[Projection, ...], current: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the somatic potentials (volt) of all cells from the spike on."""
    shares = np.split(current, np.cumsum([p.n for p in cells])[:-1])
    steps = [
        CurrentInput(p.name, own * amp, variable=injected_variable(p.variables, "soma"))
        for p, own in zip(cells, shares, strict=True)
    ]
    results = df.run(
        Network(tuple(cells), probes, (SpikeInput("probe", 1, [0], [400] * ms), *steps)),
        500 * ms,
        target="runtime",
        seed=0,
        record={p.name: [p.voltage] for p in cells},
        progress=False,
    )
    assert results.spikes.empty
    return np.concatenate([results.traces[p.name].values[p.voltage][:, 4000:] for p in cells])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "model"), UNITARY)
def test_stored_weights_make_the_potentials_of_the_source(name: str, model: str) -> None:
    """Held where the source was recorded; the search interpolates to well within 2 %."""
    circuit = df.circuit(name)
    if model == "biological":
        calibration = load_calibration(circuit, model)
        network = df.biological.build(circuit.scaled(0.01), calibration=calibration)
    else:
        calibration = load_calibration(circuit, choose_twin(circuit, model).key)
        network = df.task_driven.build(circuit.scaled(0.01), model=model, calibration=calibration)
    contacts = {contact.name: contact for contact in circuit.contacts}
    for contact, (made, held) in measure_held(circuit, network, calibration).items():
        asked = _asked(contacts[contact], calibration)
        assert np.isnan(asked) or held == pytest.approx(asked, abs=0.2e-3)
        assert made == pytest.approx(float(calibration.targets[contact]), rel=0.02), contact


@pytest.mark.parametrize("name", ["l23", "ca1", "l23_human", "striatum"])
def test_a_conductance_of_the_source_is_kept_by_the_dendritic_branch(name: str) -> None:
    circuit, calibration = df.circuit(name), load_calibration(df.circuit(name), "biological")
    given = [c for c in circuit.contacts if c.conductance is not None]
    assert (name != "l23") == bool(given)
    for contact in given:
        kept = float(calibration.weights[contact.name])
        assert kept == pytest.approx(float(contact.conductance), rel=1e-5)  # six stored digits


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.parametrize(("name", "model", "synapses"), RATES)
def test_background_brings_each_population_into_the_range_of_its_source(
    name: str, model: str, synapses: str
) -> None:
    """The same run as that of the calibration, on a machine whose arithmetic may differ.

    A chaotic network changes its spikes with the last bit, so its rates are estimates: with some
    ten to thirty cells of a type that inhibit each other, the mean over a few seconds scatters by
    a third between realisations. A rate may leave its range by that factor.
    """
    circuit, calibration = df.circuit(name), strengths(name, model, synapses)
    protocol = _PROTOCOL.fullmatch(calibration.provenance["rates_protocol"])
    assert protocol is not None
    scaled, length = circuit.scaled(float(protocol[1])), float(protocol[3]) * second
    found = firing_rates(
        scaled,
        calibration,
        model=model,
        synapses=synapses,
        seed=int(protocol[2]),
        duration=length,
    )
    for population in circuit.populations:
        low, high = float(population.rate_low), float(population.rate_high)
        assert low / 1.34 <= found[population.name] <= high * 1.34, (population.name, found)


def test_a_calibration_knows_the_circuit_it_belongs_to() -> None:
    circuit = df.circuit("l23")
    changed = circuit.with_components(projections=circuit.projections[1:])
    with pytest.raises(df.DualframeError, match="another version of the circuit"):
        load_calibration(changed, "biological")
    assert load_calibration(
        circuit.scaled(0.1), "biological"
    ).weights  # a scaled circuit is the same one
