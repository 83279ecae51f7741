"""Stored calibrations, measured again in the built models, against what the sources report."""

from __future__ import annotations

import re

import pytest
from brian2.units import second
from brian2.units.fundamentalunits import Quantity, get_dimensions

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration
from dualframe.experiments.calibration.background_rates import firing_rates
from dualframe.experiments.calibration.unitary_potentials import (
    calibration_targets,
    held_cells,
    measure_psp_curves,
    model_cells,
)

# circuit, model of the cells, synapses of the point branch
CASES = [
    ("l23", "biological", ""),
    ("l23", "glif", "current"),
    ("ca1", "biological", ""),
    ("ca1", "glif", "conductance"),
]
# more circuits and models, one measure of each in turn, for the time that tests may take
UNITARY = [*CASES, ("l23", "izhikevich", "current"), ("l23_human", "biological", "")]
RATES = [*CASES, ("striatum", "glif", "conductance")]
_PROTOCOL = re.compile(r"scaled\(([\d.]+)\), seed (\d+), 0.5 s to ([\d.]+) s")


def strengths(name: str, model: str, synapses: str) -> Calibration:
    return load_calibration(df.circuit(name), f"{model}_{synapses}" if synapses else model)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "model", "synapses"), UNITARY)
def test_unitary_potentials_are_those_of_the_source(name: str, model: str, synapses: str) -> None:
    """At the stated holding potential; the search interpolates to well within 1 %."""
    circuit, calibration = df.circuit(name), strengths(name, model, synapses)
    cells = model_cells(circuit, model, synapses, "published")
    for population in circuit.populations:
        targets = calibration_targets(circuit, population, model)
        held = held_cells(population, cells, targets)
        tried = {n: Quantity([calibration.weights[n]]) for n in targets}
        measured = measure_psp_curves(population, cells, tried, held)
        for contact, target in targets.items():
            current = "amp" in str(get_dimensions(calibration.weights[contact]))
            ratio = 1.0 if current else target.drive_ratio(held[contact])
            asked = ratio * float(calibration.targets[contact])
            assert measured[contact].amplitudes[0] == pytest.approx(asked, rel=0.02)


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
