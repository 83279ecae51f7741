"""The potential at which the amplitude of a contact was recorded."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import numpy as np
import pytest
from brian2.units import mV, nS, pA

import dualframe as df
from dualframe.building.calibrated_weights import Calibration, load_calibration, save_calibration
from dualframe.circuit import Circuit, CircuitPopulation, CircuitProjection
from dualframe.circuit.describe import assumed_numbers
from dualframe.core.shipped_files import shipped_folder
from dualframe.experiments.calibration.held_cells import SettledCells
from dualframe.experiments.calibration.unitary_potentials import CalibrationTarget, place_of_holding

NOTED = "holding is stated"


def pair(**options):
    return Circuit(
        "pair",
        (
            CircuitPopulation("pv", "ctx_pv", 1),
            CircuitPopulation("pyr", "ctx_l23_pyr", 1),
        ),
        (
            CircuitProjection(
                "pv", "pyr", "GABA_A", "soma", in_degree=1, **{"psp": 0.4 * mV} | options
            ),
        ),
    )


def test_where_none_is_stated_rest_is_assumed_and_said() -> None:
    silent, rest, held = pair(), pair(holding="rest"), pair(holding="-55 mV")
    assert "PSP 0.4 mV at rest (assumed)" in str(silent.describe())
    assert "PSP 0.4 mV at -55. mV" in str(held.describe()).replace("-55 mV", "-55. mV")
    said = [any(NOTED in x for x in assumed_numbers(c, dendrites=True)) for c in (silent, rest)]
    assert said == [True, False]


def test_a_calibration_belongs_to_the_potentials_that_are_held(tmp_path) -> None:
    circuits = [pair(), pair(holding="rest"), pair(holding=-55 * mV), pair(holding=-60 * mV)]
    assert len({circuit.contacts_digest for circuit in circuits}) == 4
    path = tmp_path / "pair.toml"
    calibration = Calibration(
        "pair",
        "biological",
        {"pv_to_pyr": 1 * nS},
        holdings={"pv_to_pyr": -55 * mV, "other": "rest"},
        held_at={"pv_to_pyr": -57 * mV},
        provenance={"contacts": circuits[2].contacts_digest},
    )
    save_calibration(replace(calibration, weights={"pv_to_pyr": 1 * nS, "other": 2 * nS}), path)
    found = load_calibration(circuits[2], "biological", path)
    assert found.holdings == {"pv_to_pyr": -55 * mV, "other": "rest"}
    assert found.held_at == {"pv_to_pyr": -57 * mV}
    network = df.biological.build(circuits[2], calibration=found)
    [line] = [x for x in network.meta["assumptions"] if "cannot be held" in x]
    assert "pv_to_pyr is calibrated at -57.0 mV" in line
    with pytest.raises(df.DualframeError, match="another version of the circuit"):
        load_calibration(circuits[3], "biological", path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"holding": "1 s"}, "holding of projection"),
        ({"holding": "rests"}, "or 'rest'"),
        ({"holding": "-55 mV", "psp": None, "current": 1 * pA}, "no holding"),
    ],
)
def test_what_is_no_potential_is_refused(options, expected) -> None:
    with pytest.raises(df.DualframeError, match=expected):
        pair(**options)


def test_layer_23_follows_the_pipeline_of_its_amplitudes() -> None:
    circuit = df.circuit("l23")
    for projection in circuit.projections:
        inhibitory = "GABA_A" in projection.synapses
        assert projection.holding == (-55 if inhibitory else -70) * mV
        assert "aisynphys" in projection.sources["holding"].source
    assert {background.holding for background in circuit.background} == {"rest"}


def test_a_table_of_the_circuit_holds_for_its_kind_of_synapse(tmp_path) -> None:
    text = shipped_folder("circuits").joinpath("l23.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("[holding]\nAMPA", "[holding]\nNMDA", 1))
    with pytest.raises(df.DualframeError, match=r"\[holding\]"):
        df.circuit(path)
    assert set(tomllib.loads(text)["holding"]) == {"AMPA", "GABA_A"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('holding = "rest"', 'holding = "resting"', "Or write 'rest'"),
        ("calibrated = [0.05, 0.1]", "calibrated = []", "Give shares of the neurons"),
        ("default = 0.05", "default = -0.05", "Give shares of the neurons"),
    ],
)
def test_a_file_with_a_bad_value_is_refused_with_the_remedy(
    tmp_path, before: str, after: str, expected: str
) -> None:
    text = shipped_folder("circuits").joinpath("l23.toml").read_text()
    assert before in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(df.DualframeError, match=expected):
        df.circuit(path)


HOLDING = -55e-3


@pytest.mark.parametrize(
    ("highest", "reversal", "unit", "place"),
    [
        (-40e-3, -80e-3, "siemens", -55e-3),  # there
        (-58e-3, -80e-3, "siemens", -58e-3),  # as near as it can be
        (-58e-3, -80e-3, "amp", -58e-3),
        (-70e-3, -80e-3, "siemens", -105e-3),  # two fifths of the driving force are left
        (-61e-3, -60e-3, "siemens", -65e-3),  # on the wrong side of the reversal potential
        (-70e-3, -80e-3, "amp", -70e-3),  # no driving force
    ],
)
def test_a_cell_that_fires_is_held_elsewhere(highest, reversal, unit, place) -> None:
    target = CalibrationTarget(holding=HOLDING, reversal=reversal)
    assert place_of_holding("a", target, highest, unit) == pytest.approx(place)


def test_between_two_settled_cells_everything_is_interpolated() -> None:
    currents, potentials = np.linspace(-1e-10, 1e-10, 5), np.linspace(-90e-3, -50e-3, 5)
    cells = SettledCells(currents, potentials, 5, -50e-3, {"V": potentials * 1e3 * mV})
    held = cells.hold(-65e-3)
    assert held.current == pytest.approx(0.25e-10)
    assert float(held.state["V"]) == pytest.approx(-65e-3)
    assert cells.at_rest().potential == pytest.approx(-70e-3)
