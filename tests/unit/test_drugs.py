"""Drugs by name: what they are at each receptor, against the formula of Gaddum and Schild."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from brian2 import mmolar, nmolar, umolar

import dualframe as df
from dualframe import catalogue
from dualframe.catalogue.drug import MEASURES
from dualframe.circuit import Circuit, CircuitPopulation
from dualframe.core.errors import CatalogueError, NetworkError, UnknownName
from dualframe.neuromodulation.occupancy import steady_occupancy
from dualframe.simulation.option_texts import apply_drug_options


def cells(*names: str) -> Circuit:
    return Circuit("alone", tuple(CircuitPopulation(name, name, 1) for name in names))


AWAKE = cells("ctx_pv", "ctx_l23_pyr").with_modulation("ACh", level="20 uM")


def parameters(circuit: Circuit, population: str = "ctx_pv") -> dict[str, Any]:
    network = df.task_driven.build(circuit, model="glif3")
    return dict(network.population(population).parameters)


@pytest.mark.parametrize("dose", [0.1, 1.0, 30.0, 1000.0])  # nM
def test_an_antagonist_shifts_the_curve_of_the_modulator(dose: float) -> None:
    """Gaddum: occupancy = C/(C + EC50 (1 + B/K)); numbers as the files have them, hill is 1."""
    treated = AWAKE.with_drug("pirenzepine", dose=f"{dose} nM")
    for receptor, affinity in {"M1": 7.1, "M2": 320, "M4": 18}.items():  # nM
        [drug] = [x for x in treated.drugs if x.receptor == receptor]
        found = steady_occupancy(catalogue.receptor(receptor), float(20 * umolar / mmolar), [drug])
        assert found == pytest.approx(20 / (20 + 5 * (1 + dose / affinity)), rel=1e-12)


def test_what_is_built_has_the_dose_over_the_affinity() -> None:
    treated = AWAKE.with_drug("atropine", dose="1 nM").with_drug("pirenzepine", "M1", dose="71 nM")
    assert parameters(treated)["antagonist_M1"] == pytest.approx(1 / 0.45 + 10)
    nicotine = cells("ctx_vip").with_drug("nicotine", dose="1 uM")
    assert parameters(nicotine, "ctx_vip")["agonist_nACh_a4b2"] == pytest.approx(0.1)


def test_it_is_the_unnamed_drug_of_the_same_affinity() -> None:
    named = AWAKE.with_drug("atropine", "M1", "ctx_pv", "3 nM")
    unnamed = AWAKE.with_drug("antagonist", "M1", "ctx_pv", 3 * nmolar, "0.45 nM")
    assert parameters(named) == parameters(unnamed)
    assert "antagonist_M1" not in parameters(named, "ctx_l23_pyr")


def test_an_infinite_dose_saturates_every_receptor() -> None:
    awake = cells("ctx_vip").with_modulation("ACh", level=0.5)
    blocked = awake.with_drug("mecamylamine", dose="inf").with_drug("atropine", dose=float("inf"))
    assert all(drug.saturating for drug in blocked.drugs)
    plain, built, open_ = (
        df.task_driven.build(circuit, model="glif3")
        for circuit in (cells("ctx_vip"), blocked, awake)
    )
    assert built.population("ctx_vip") == plain.population("ctx_vip")
    assert open_.population("ctx_vip") != plain.population("ctx_vip")


def test_a_drug_of_many_receptors_needs_an_effect_at_one() -> None:
    awake = cells("ctx_l5_et").with_modulation("5-HT", level=0.5)
    parameters(awake.with_drug("haloperidol", dose="5 nM"), "ctx_l5_et")
    with pytest.raises(CatalogueError, match=r"beta has no compiled effect.*propranolol"):
        parameters(cells("ctx_vip").with_drug("propranolol", dose="5 nM"), "ctx_vip")


def test_a_dose_again_takes_the_place_of_the_first() -> None:
    twice = AWAKE.with_drug("atropine", dose="1 nM").with_drug("Atropine", dose="2 nM")
    assert [drug.dose for drug in twice.drugs] == [2 * nmolar] * 3
    assert len(twice.with_drug("pirenzepine", dose="1 nM").drugs) == 6


def test_what_is_assumed_of_a_drug_is_said() -> None:
    network = df.task_driven.build(AWAKE.with_drug("atropine", dose="1 nM"), model="glif3")
    [line] = [x for x in network.meta["assumptions"] if x.startswith("atropine at M1")]
    assert "from memory" in line
    measured = AWAKE.with_drug("atropine", "M1", dose="1 nM", affinity="0.2 nM")
    network = df.task_driven.build(measured, model="glif3")
    assert not [x for x in network.meta["assumptions"] if x.startswith("atropine")]


def test_a_file_names_a_drug(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    head = 'name = "mine"\n[[populations]]\nname = "pv"\ncell = "ctx_pv"\nn = 1\n[[drugs]]\n'
    path.write_text(head.replace("n = 1", 'n = { value = "1", source = "dualframe", status = '
                    '"assumed" }') + 'name = "atropine"\ndose = "1 nM"\n')  # fmt: skip
    expected = cells("ctx_pv").with_drug("atropine", dose="1 nM").drugs
    assert df.circuit(path).drugs == expected
    path.write_text(path.read_text().replace('dose = "1 nM"', ""))
    with pytest.raises(CatalogueError, match=r"drugs.*atropine has no dose"):
        df.circuit(path)


def test_the_command_line_names_a_drug() -> None:
    for text, call in {
        "atropine=10 nM": ("atropine", None, None, "10 nM"),
        "haloperidol:D2=5nM@ctx_pv": ("haloperidol", "D2", "ctx_pv", "5 nM"),
        "yohimbine=1uM/40nM": ("yohimbine", None, None, "1 uM", "40 nM"),
        "antagonist:M1=3": ("antagonist", "M1", None, 3),
    }.items():
        assert apply_drug_options(AWAKE, (), (text,)).drugs == AWAKE.with_drug(*call).drugs


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"kind": "atropin"}, UnknownName, "Did you mean 'atropine'"),
        ({"kind": "atropine"}, NetworkError, r"no dose: give its concentration.*M1 \(Ki 0.45 nM\)"),
        ({"kind": "atropine", "dose": 3}, NetworkError, "dose of atropine is 3: .*concentration"),
        ({"kind": "atropine", "dose": "-1 nM"}, NetworkError, "zero or more"),
        ({"kind": "atropine", "dose": "1 mV"}, df.DualframeError, "atropine"),
        ({"kind": "atropine", "receptor": "D1", "dose": "1 nM"}, UnknownName, "M1, M2, M4"),
        ({"kind": "atropine", "dose": "1 nM", "affinity": "1 nM"}, NetworkError, "receptor"),
        ({"kind": "mecamylamine", "dose": "1 uM"}, NetworkError, "no affinity of mecamylamine"),
        ({"kind": "antagonist"}, NetworkError, "no receptor"),
    ],
)
def test_what_cannot_be_given_is_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        AWAKE.with_drug(**options)


def test_names_answer_to_spelling_and_aliases() -> None:
    for alias, name in {
        "SCH 23390": "SCH23390",
        "way100635": "WAY-100635",
        "isoprenaline": "isoproterenol",
        "MLA": "methyllycaconitine",
    }.items():
        assert catalogue.drug(alias).name == name


@pytest.mark.parametrize("name", catalogue.names("drug"))
def test_a_drug_acts_once_at_a_receptor_with_one_number(name: str) -> None:
    drug = df.drug(name)
    places = [action.receptor for action in drug.actions]
    assert len(set(places)) == len(places)
    for action in drug.actions:
        assert set(action.numbers) <= set(MEASURES)
        if "IC50" in action.numbers:  # which is not a K_B
            assert action.affinity is not None
            assert action.affinity.assumed


def test_a_second_affinity_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    text = (catalogue.lookup.HERE / "drugs" / "idazoxan.toml").read_text()
    path.write_text(text + 'Kd = "3 nM"\n')
    with pytest.raises(CatalogueError, match="Kd"):
        catalogue.drug(path)
