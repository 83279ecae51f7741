"""Serotonin reduces feedback inhibition through CCK cells only (Winterer et al. 2011).

J Neurosci 31:8464, abstract: serotonin "via 5-HT1B heteroreceptors substantially reduces synaptic
excitation of cholecystokinin-expressing interneurons in area CA1 of the rat hippocampus, in
contrast to parvalbumin-expressing basket cells"; only inputs from CA1 pyramidal cells are affected,
and feedback inhibition falls. The abstract gives no size: the catalogue assumes half.

Pyramidal cells fire together once; both interneurons inhibit them in return. The conductances of
the two loops in the pyramidal cells are compared with and without an agonist at the receptor. The
weights are the test's own: between them, some but not all interneurons fire in the control.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import ms, mV, nA, nS

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.network import Network

MODELS = ("biological", "glif_conductance")
SIZES = {"pyr": 40, "pv": 20, "cck": 20}
CELLS = {"pyr": "ca1_pyr", "pv": "ca1_pv_basket", "cck": "ca1_cck_basket"}
LOOPS = ("pv", "cck")
# such that most interneurons of the control fire; PV cells need more
EXCITATION = {
    "biological": {"pv": 4 * nS, "cck": 1.3 * nS},
    "glif_conductance": {"pv": 6 * nS, "cck": 2.4 * nS},
}


def circuit() -> Circuit:
    populations = tuple(CircuitPopulation(name, CELLS[name], n) for name, n in SIZES.items())
    excite = [
        CircuitProjection("pyr", name, "AMPA", ("dend",), probability=0.4, psp=1 * mV)
        for name in LOOPS
    ]
    inhibit = [
        CircuitProjection(name, "pyr", "GABA_A", ("soma",), probability=0.5, psp=1 * mV)
        for name in LOOPS
    ]
    return Circuit("feedback", populations, (*excite, *inhibit))


def build(given: Circuit, model: str) -> Network:
    weights = {f"pyr_to_{name}": weight for name, weight in EXCITATION[model].items()}
    weights |= {f"{name}_to_pyr": 0.2 * nS for name in LOOPS}
    calibration = Calibration(given.name, model, weights)
    if model == "biological":
        network = df.biological.build(given, calibration=calibration)
    else:
        network = df.task_driven.build(
            given, synapses="conductance", cells="published", calibration=calibration
        )
    variable = "I_ext_soma" if model == "biological" else "I_ext"
    kick = df.CurrentInput("pyr", 4 * nA, 20 * ms, 23 * ms, variable=variable)
    return replace(network, inputs=(*network.inputs, kick))


def inhibition(given: Circuit, model: str) -> dict[str, Any]:
    """Mean over pyramidal cells of each loop's conductance, integrated; and its spikes."""
    names = {name: f"g_GABA_A_{name}_to_pyr" for name in LOOPS}
    found = df.run(
        build(given, model),
        120 * ms,
        seed=3,
        record={"pyr": df.Recording(tuple(names.values()))},
        progress=False,
    )
    trace = found.traces["pyr"]
    spikes = {name: found.spike_trains(name)[0].size for name in SIZES}
    return {name: float(trace.values[names[name]].mean()) for name in LOOPS} | {"spikes": spikes}


@pytest.fixture(scope="module", params=MODELS)
def measured(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    plain = circuit()
    agonist = plain.with_drug("agonist", "5HT1B")
    conditions = {
        "control": plain,
        "agonist": agonist,
        "without": agonist.with_drug("knockout", "5HT1B"),
    }
    return {label: inhibition(given, request.param) for label, given in conditions.items()}


def test_both_loops_work_in_the_control(measured: dict[str, dict[str, Any]]) -> None:
    spikes = measured["control"]["spikes"]
    assert spikes["pyr"] >= SIZES["pyr"]
    assert all(spikes[name] >= SIZES[name] / 2 for name in LOOPS)
    assert all(measured["control"][name] > 0 for name in LOOPS)


def test_serotonin_reduces_feedback_through_cck_cells_only(
    measured: dict[str, dict[str, Any]],
) -> None:
    control, agonist = measured["control"], measured["agonist"]
    assert agonist["cck"] < 0.5 * control["cck"]  # release is halved; fewer cells reach threshold
    # the pyramidal cells fire together once, before any inhibition: what PV cells get is the same
    assert agonist["pv"] == pytest.approx(control["pv"], rel=0.05)


def test_the_knockout_restores_the_feedback_exactly(measured: dict[str, dict[str, Any]]) -> None:
    assert measured["without"] == measured["control"]


@pytest.mark.parametrize("model", MODELS)
def test_only_that_contact_changes(model: str) -> None:
    plain, changed = build(circuit(), model), build(circuit().with_drug("agonist", "5HT1B"), model)
    before = {p.name: p for p in plain.projections}
    different = [p.name for p in changed.projections if p != before[p.name]]
    assert different == ["pyr_to_cck"]
    assert changed.population("pv") == plain.population("pv")
    assert np.array_equal(list(before), [p.name for p in changed.projections])
