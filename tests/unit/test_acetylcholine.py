"""Where acetylcholine suppresses release in layer 2/3, and which drug restores it."""

from __future__ import annotations

import pytest
from brian2.units import mV, nS, umolar

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.catalogue import receptor
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.network import Network

MODELS = ("biological", "glif", "izhikevich")
LEVEL = 0.8
REFERENCE, EC50 = 30 * umolar, 5 * umolar  # of the catalogue: what level 1 is, and of M2 and M4
OCCUPANCY = LEVEL * REFERENCE / (LEVEL * REFERENCE + EC50)
#: Contacts whose release falls, with the receptor at their terminals and the catalogue's factor.
SUPPRESSED = {"pyr_to_pyr": ("M4", 0.5), "pv_to_pyr": ("M2", 0.6)}
CELLS = {"pyr": "ctx_l23_pyr", "pv": "ctx_pv", "sst": "ctx_sst", "vip": "ctx_vip"}
CONTACTS = [(pre, "pyr") for pre in CELLS] + [("pyr", post) for post in ("pv", "sst", "vip")]
CIRCUIT = Circuit(
    "awake",
    tuple(CircuitPopulation(name, cell, 2) for name, cell in CELLS.items()),
    tuple(
        CircuitProjection(
            pre, post, "AMPA" if pre == "pyr" else "GABA_A", ("soma",), probability=0.5, psp=1 * mV
        )
        for pre, post in (*CONTACTS, ("pv", "pv"))
    ),
)


def build(circuit: Circuit, model: str) -> Network:
    weights = {projection.name: 1 * nS for projection in circuit.projections}
    key = model if model == "biological" else f"{model}_conductance_fitted"
    calibration = Calibration(circuit.name, key, weights)
    if model == "biological":
        return df.biological.build(circuit, calibration=calibration)
    return df.task_driven.build(circuit, model=model, calibration=calibration)


@pytest.fixture(scope="module", params=MODELS)
def networks(request: pytest.FixtureRequest) -> dict[str, Network]:
    awake = CIRCUIT.with_modulation("ACh", level=LEVEL)
    circuits = {"control": CIRCUIT, "ACh": awake}
    circuits |= {name: awake.with_drug("antagonist", name) for name in ("M2", "M4")}
    return {name: build(circuit, request.param) for name, circuit in circuits.items()}


def released(network: Network) -> dict[str, float]:
    """What a spike releases at each contact, as a part of what it releases without modulators."""
    numbers = network.population("pyr").parameters
    factors = {}
    for projection in network.projections:
        factors[projection.name] = 1.0
        if "release_" in projection.on_pre:
            [scale] = (
                numbers[name]
                for name in numbers
                if name.startswith(f"scale_{SUPPRESSED[projection.name][0]}_")
            )
            assert f"*release_{projection.name}" in projection.on_pre
            factors[projection.name] = 1 + (scale - 1) * float(OCCUPANCY)
    return factors


def test_acetylcholine_suppresses_recurrent_excitation_and_no_other(
    networks: dict[str, Network],
) -> None:
    """Contacts onto interneurons, and the background, have no source that says so."""
    assert set(released(networks["control"]).values()) == {1.0}
    lower = {name: factor for name, factor in released(networks["ACh"]).items() if factor != 1}
    expected = {name: 1 + (x - 1) * float(OCCUPANCY) for name, (_, x) in SUPPRESSED.items()}
    assert lower == pytest.approx(expected)
    assert lower["pyr_to_pyr"] == pytest.approx(0.586, abs=0.001)


@pytest.mark.parametrize("blocked", ["M2", "M4"])
def test_an_antagonist_restores_what_its_receptor_suppressed(
    networks: dict[str, Network], blocked: str
) -> None:
    suppressed, restored = released(networks["ACh"]), released(networks[blocked])
    for name, (site, _) in SUPPRESSED.items():
        assert restored[name] == (1.0 if site == blocked else suppressed[name])


def test_every_guessed_size_is_named_among_the_assumptions(networks: dict[str, Network]) -> None:
    lines = networks["ACh"].meta["assumptions"]
    assert [line for line in lines if "M4 on ctx_l23_pyr, release: scale 0.5 is assumed" in line]
    for guess in ("M1 on ctx_vip, conductance", "nACh_a4b2 on ctx_vip, conductance"):
        assert [line for line in lines if line.startswith(guess) and "a guess" in line]


def test_the_statuses_of_direction_and_size_are_apart() -> None:
    [effect] = (e for e in receptor("M4").effects_on("ctx_l23_pyr") if e.compiled)
    assert effect.origin.status == "measured"
    assert effect.numbers["scale"].status == "assumed"
    assert effect.onto == ("ctx_l23_pyr",)
