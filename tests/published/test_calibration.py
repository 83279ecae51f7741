"""Stored calibrations, measured again in the built models, against what the sources report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, amp, ms, second
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration
from dualframe.building.twin_choice import choose_twin
from dualframe.experiments.calibration.model_cells import chosen_neurons
from dualframe.experiments.calibration.rate_runs import firing_rates, rate_ranges
from dualframe.experiments.single_cell import injected_variable
from dualframe.network import CurrentInput, Network, Population, Projection, SpikeInput

# a few of the circuits and models in turn, for the time that tests may take
UNITARY = [("l23", "biological"), ("l23", "glif"), ("striatum", "izhikevich")]
RATES = [("l23", "biological"), ("l23", "glif"), ("striatum", "glif"), ("ca1", "biological")]
# currents (ampere) into cells side by side, wide enough for all that are held
_LADDER = np.linspace(-0.4e-9, 1.6e-9, 401)


def measure_held(
    circuit: df.Circuit, network: Network, calibration: Calibration
) -> dict[str, tuple[float, float]]:
    """Return each contact's unitary potential, and where the soma was held for it (volt).

    By none of the steps of a calibration: every contact has two cells of its built target, one of
    which gets a spike through the statement of the built projection, after both have settled from
    rest under a current that is read from a ladder of them.
    """
    onto = {name: [c for c in circuit.contacts if c.target == name] for name in circuit.sizes}
    cells = [
        replace(p, parameters={**p.parameters, **_silence(network, p)})
        for p in network.populations
        if onto[p.name]
    ]
    ladder = _run_cells(cells, {p.name: _LADDER for p in cells})
    currents = {
        p.name: np.repeat([_current(ladder[p.name], c, calibration) for c in onto[p.name]], 2)
        for p in cells
    }
    probes = tuple(
        Projection(
            "probe",
            contact.target,
            **_release(network, contact.name),
            name=contact.name,
            weight=Quantity([calibration.weights[contact.name]]),
            pairs=(np.array([0]), np.array([2 * k])),
        )
        for contacts in onto.values()
        for k, contact in enumerate(contacts)
    )
    traces = _run_cells(cells, currents, probes)
    return {
        contact.name: (float(np.abs(pair[0] - pair[1]).max()), float(pair[0, 0]))
        for post, contacts in onto.items()
        for k, contact in enumerate(contacts)
        for pair in [traces[post][2 * k : 2 * k + 2]]
    }


def _silence(network: Network, population: Population) -> dict[str, Quantity]:
    """Return event rates of a population's background that are none."""
    places = network.meta["background"].items()
    return {f"rate_{x}": 0 * Hz for x, at in places if at["population"] == population.name}


def _release(network: Network, contact: str) -> dict[str, Any]:
    """Return what a spike of a contact, or an event of the background, does."""
    background = network.meta["background"].get(contact)
    if background is not None:
        return {"on_pre": f"{background['variable']} += w"}
    built = next(p for p in network.projections if p.name == contact)
    parts = ("on_pre", "equations", "parameters")  # with the short-term plasticity of release
    return {name: getattr(built, name) for name in parts}


def _asked(contact: df.CircuitProjection, calibration: Calibration) -> float:
    """Return where the soma is to be held (volt); NaN is at rest."""
    holding = calibration.held_at.get(contact.name, calibration.holdings[contact.name])
    return np.nan if isinstance(holding, str) else float(holding)


def _current(
    ladder: NDArray[np.float64], contact: df.CircuitProjection, calibration: Calibration
) -> float:
    """Return the current (ampere) of a ladder at which the soma is where it is to be held."""
    asked, rising = _asked(contact, calibration), np.maximum.accumulate(ladder[:, 0])
    return 0.0 if np.isnan(asked) else float(np.interp(asked, rising, _LADDER))


def _run_cells(
    cells: list[Population],
    currents: Mapping[str, NDArray[np.float64]],
    probes: tuple[Projection, ...] = (),
) -> dict[str, NDArray[np.float64]]:
    """Return the somatic potentials (volt) from the time of the spike on, by population."""
    cells = [replace(p, n=len(currents[p.name]), positions=None) for p in cells]
    steps = [
        CurrentInput(
            p.name, currents[p.name] * amp, variable=injected_variable(p.variables, "soma")
        )
        for p in cells
    ]
    spike = (SpikeInput("probe", 1, [0], [300] * ms),) if probes else ()
    results = df.run(
        Network(tuple(cells), (*spike, *steps), probes),
        380 * ms if probes else 301 * ms,
        target="runtime",
        seed=0,
        record={p.name: df.Recording(p.voltage) for p in cells},
        progress=False,
    )
    assert results.spikes.empty or not probes
    return {p.name: results.traces[p.name].values[p.voltage][:, 3000:] for p in cells}


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


@pytest.mark.parametrize("name", ["l23", "l23_human", "striatum", "ca1"])
def test_rates_are_verified_with_other_seeds_at_every_scale(name: str) -> None:
    """Where a stored rate is outside its range, the calibration says that it is unverified."""
    circuit = df.circuit(name)
    ranges = rate_ranges(circuit)
    for model in ("biological", *(choose_twin(circuit, m).key for m in ("glif", "izhikevich"))):
        provenance = load_calibration(circuit, model).provenance
        rows = [row for row in provenance["rates"] if row["purpose"] == "verification"]
        searched = {row["seed"] for row in provenance["rates"] if row["purpose"] == "search"}
        assert {row["scale"] for row in rows} == set(circuit.calibrated_scales)
        assert len({row["seed"] for row in rows}) >= 3
        assert not searched & {row["seed"] for row in rows}
        outside = [
            (row["scale"], row["seed"], population)
            for row in rows
            for population, (low, high) in ranges.items()
            if not low <= row["rates_Hz"][population] <= high
        ]
        assert len(outside) == len(provenance.get("failures", ()))


@pytest.mark.slow
@pytest.mark.cpp
@pytest.mark.parametrize(("name", "model"), RATES)
def test_background_brings_each_population_into_the_range_of_its_source(
    name: str, model: str
) -> None:
    """With a seed of the verification, at the smallest scale; arithmetic of another machine too.

    A network changes its spikes with the last bit: the rates of a run scatter by the sixth of half
    a range that its duration is chosen for, and verified ones may lie at an end of it.
    """
    circuit = df.circuit(name)
    key = model if model == "biological" else choose_twin(circuit, model).key
    calibration = load_calibration(circuit, key)
    row = next(r for r in calibration.provenance["rates"] if r["purpose"] == "verification")
    found = firing_rates(
        circuit.scaled(row["scale"]),
        calibration,
        chosen_neurons(circuit, model),
        seed=row["seed"],
        duration=row["duration_s"] * second,
    )
    for population, (low, high) in rate_ranges(circuit).items():
        slack = (high / low) ** (3 / 12)  # three standard errors
        assert low / slack <= found[population] <= high * slack, (population, found)


def test_a_calibration_knows_the_circuit_it_belongs_to() -> None:
    circuit = df.circuit("l23")
    changed = circuit.with_components(projections=circuit.projections[1:])
    with pytest.raises(df.DualframeError, match="another version of the circuit"):
        load_calibration(changed, "biological")
    assert load_calibration(
        circuit.scaled(0.1), "biological"
    ).weights  # a scaled circuit is the same one
