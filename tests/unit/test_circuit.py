"""Circuits made and changed in Python, and shown."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from math import inf

import numpy as np
import pytest
from brian2.units import Hz, mmolar, ms, mV, nS, second, umolar

from dualframe.circuit import (
    Background,
    Circuit,
    CircuitPopulation,
    CircuitProjection,
    Drug,
    Modulation,
    circuit,
    circuits,
)
from dualframe.core.errors import CatalogueError, NetworkError, QuantityError, UnknownName


@pytest.fixture(scope="module")
def l23():
    return circuit("l23")


def two_cells(**changes):
    content = {"synapses": "AMPA", "compartments": "dend", "psp": 1 * mV, "probability": 0.1}
    cells = (CircuitPopulation("a", "ctx_l23_pyr", 100), CircuitPopulation("b", "ctx_pv", 50))
    return Circuit("hand", cells, (CircuitProjection("a", "b", **content | changes),))


class TestByHand:
    def test_frozen_and_comparable(self, l23):
        assert l23 == circuit("l23")
        assert hash(l23) == hash(circuit("l23"))
        assert l23 != l23.with_modulation("ACh", 0.8)
        with pytest.raises(FrozenInstanceError):
            l23.name = "other"

    def test_digest_ignores_words(self, l23):
        assert replace(l23, title="x", note="y").digest == l23.digest
        assert l23.with_modulation("ACh", 0.8).digest != l23.digest
        assert l23.scaled(0.5).digest != l23.digest

    def test_texts_are_quantities(self):
        projection = CircuitProjection(
            "a", "b", "AMPA", "dend", psp="0.5 mV", delay="1 ms", probability=0.1
        )
        assert (projection.psp, projection.delay) == (0.5 * mV, 1 * ms)
        assert projection.name == "a_to_b"

    def test_reversal(self):
        contact = two_cells(reversal="-5 mV").projections[0]
        assert dict(contact.reversal) == {"AMPA": -5 * mV}
        assert two_cells().digest == two_cells(reversal={}).digest
        assert two_cells().digest != two_cells(reversal="-5 mV").digest
        assert "E_AMPA -5 mV" in str(two_cells(reversal="-5 mV"))
        with pytest.raises(NetworkError, match="give one for each"):
            two_cells(synapses=("AMPA", "NMDA"), reversal="0 mV")
        with pytest.raises(UnknownName, match="reversal"):
            two_cells(reversal={"GABA_A": "-60 mV"})
        with pytest.raises(QuantityError):
            two_cells(reversal="1 ms")

    def test_lookup(self, l23):
        assert l23.projection("pv_to_pyr").target == "pyr"
        with pytest.raises(UnknownName, match="Did you mean 'pv_to_pyr'"):
            l23.projection("pv_to_pyrr")
        with pytest.raises(UnknownName, match="Did you mean 'sst'"):
            l23.population("SST")

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"probability": 1.1}, NetworkError),
            ({"probability": -0.1}, NetworkError),
            ({"in_degree": 0}, NetworkError),
            ({}, NetworkError),
            ({"probability": 0.1, "in_degree": 1}, NetworkError),
            ({"probability": 0.1, "psp": None}, NetworkError),
            ({"probability": 0.1, "psp": 0 * mV}, NetworkError),
            ({"probability": 0.1, "psp": 1 * nS}, QuantityError),
            ({"probability": 0.1, "conductance": 1 * nS}, NetworkError),
            ({"probability": 0.1, "compartments": ()}, NetworkError),
            ({"probability": 0.1, "synapses": {"AMPA": 2.0}}, NetworkError),
            ({"probability": 0.1, "kinetics": {"kind": "triple"}}, UnknownName),
            ({"probability": 0.1, "kinetics": {"kind": "exponential"}}, NetworkError),
            (
                {"probability": 0.1, "kinetics": {"kind": "exponential", "tau": 1 * mV}},
                QuantityError,
            ),
            ({"probability": 0.1, "kinetics": {"NMDA": {"kind": "exponential"}}}, UnknownName),
            ({"probability": 0.1, "weight_factor": 0}, NetworkError),
            ({"probability": 0.1, "delay": [1, 2] * ms}, NetworkError),
        ],
    )
    def test_impossible_projection(self, changes, error):
        content = {"synapses": "AMPA", "compartments": "dend", "psp": 1 * mV} | changes
        with pytest.raises(error):
            CircuitProjection("a", "b", **content)

    @pytest.mark.parametrize(
        ("content", "error"),
        [
            ({"n": -1}, NetworkError),
            ({"n": 2.5}, NetworkError),
            ({"rate_low": 1 * Hz}, NetworkError),
            ({"rate_low": 2 * Hz, "rate_high": 1 * Hz}, NetworkError),
            ({"rate_low": 1 * ms, "rate_high": 1 * Hz}, QuantityError),
            ({"name": "1st"}, NetworkError),
        ],
    )
    def test_impossible_population(self, content, error):
        with pytest.raises(error):
            CircuitPopulation(**{"name": "a", "cell": "ctx_pv", "n": 1} | content)

    def test_impossible_circuits(self):
        cells = (CircuitPopulation("a", "ctx_pv", 5),)
        with pytest.raises(NetworkError, match="at least one population"):
            Circuit("none", ())
        with pytest.raises(UnknownName, match="'a'"):
            Circuit("c", cells, background=(Background("aa", "AMPA", "dend", psp=1 * mV),))
        with pytest.raises(NetworkError, match="only 4 possible partners"):
            Circuit(
                "c",
                cells,
                (CircuitProjection("a", "a", "GABA_A", "soma", psp=1 * mV, in_degree=5),),
            )
        with pytest.raises(UnknownName):
            Circuit("c", cells, modulations=(Modulation("ACh", released_by="b", per_spike=0.1),))

    def test_check_against_the_catalogue(self):
        assert two_cells().check()
        with pytest.raises(CatalogueError, match="'a_to_b' ends on compartment 'tuft'"):
            two_cells(compartments="tuft").check()
        with pytest.raises(UnknownName, match="Did you mean 'AMPA'"):
            two_cells(synapses="AMPAR").check()
        with pytest.raises(CatalogueError, match="Dale"):
            two_cells(synapses="GABA_A").check()

    def test_with(self, l23):
        assert l23.with_components(background=()).background == ()
        with pytest.raises(UnknownName, match="Did you mean 'background'"):
            l23.with_components(backgrounds=())
        with pytest.raises(NetworkError, match="then scale it"):
            l23.scaled(0.1).with_components(background=())


class TestModulation:
    def test_level(self, l23):
        awake = l23.with_modulation("ACh", level=0.8)
        assert awake.modulations == (Modulation("ACh", 0.8),)
        assert l23.modulations == ()
        assert l23.with_modulation("ACh", "0.8") == awake
        assert l23.with_modulation("acetylcholine", 0.8) == awake

    def test_concentration(self, l23):
        level = l23.with_modulation("ACh", "2 uM").modulations[0].level
        assert level == 2 * umolar
        assert l23.with_modulation("ACh", 0.002 * mmolar).modulations[0].level == level

    def test_last_word_counts(self, l23):
        twice = l23.with_modulation("ACh", 0.8).with_modulation("DA", 0.1)
        twice = twice.with_modulation("ACh", 0.2)
        assert [(m.modulator, m.level) for m in twice.modulations] == [("DA", 0.1), ("ACh", 0.2)]

    def test_schedule_and_release(self, l23):
        steps = [(0 * second, 0.0), (1 * second, "1 uM")]
        found = l23.with_modulation("ACh", schedule=steps).modulations[0]
        assert found.schedule[1] == (1 * second, 1 * umolar)
        phasic = l23.with_modulation("DA", released_by="vip", per_spike=0.01).modulations[0]
        assert (phasic.released_by, phasic.per_spike) == ("vip", 0.01)

    @pytest.mark.parametrize(
        "content",
        [
            {"level": 1.5},
            {"level": -0.1},
            {"level": float("nan")},
            {"level": "-1 uM"},
            {},
            {"level": 0.5, "schedule": [(0 * ms, 0.1)]},
            {"schedule": [(1 * ms, 0.1), (0 * ms, 0.1)]},
            {"schedule": [(-1 * ms, 0.1)]},
            {"schedule": [0.1]},
            {"released_by": "vip"},
            {"per_spike": 0.1},
        ],
    )
    def test_impossible(self, l23, content):
        with pytest.raises(NetworkError):
            l23.with_modulation("ACh", **content)

    def test_not_a_concentration(self, l23):
        with pytest.raises(QuantityError, match="concentration"):
            l23.with_modulation("ACh", 2 * mV)

    def test_unknown(self, l23):
        with pytest.raises(UnknownName, match="Did you mean 'ACh'"):
            l23.with_modulation("ACk", 0.8)
        with pytest.raises(UnknownName, match="Did you mean 'vip'"):
            l23.with_modulation("ACh", released_by="vipp", per_spike=0.1)


class TestDrug:
    def test_drug(self, l23):
        ko = l23.with_drug("antagonist", receptor="M1", cells="ctx_l23_pyr")
        assert ko.drugs == (Drug("antagonist", "M1", ("ctx_l23_pyr",), inf),)
        assert ko.drugs[0].saturating
        weaker = ko.with_drug("antagonist", "M1", "ctx_l23_pyr", dose=0.5).drugs
        assert [drug.dose for drug in weaker] == [0.5]
        assert len(ko.with_drug("knockout", "M1").drugs) == 2

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (("antagonistt", "M1"), "Did you mean 'antagonist'"),
            (("agonist", "M1x"), "Did you mean 'M1'"),
            (("agonist", "M1", "ctx_pvb"), "Did you mean 'ctx_pv'"),
        ],
    )
    def test_unknown(self, l23, content, message):
        with pytest.raises(UnknownName, match=message):
            l23.with_drug(*content)

    def test_dose(self, l23):
        assert l23.with_drug("agonist", "M1", dose="inf").drugs[0].saturating
        by_concentration = Drug("agonist", "M1", dose="2 uM", affinity="100 nM")
        assert by_concentration.relative == pytest.approx(20)
        assert Drug("antagonist", "M1", dose="3").relative == 3
        for dose in (-1, "nan uM", np.ones(2)):
            with pytest.raises((NetworkError, QuantityError), match="dose of the agonist at M1"):
                l23.with_drug("agonist", "M1", dose=dose)
        with pytest.raises(NetworkError, match="no dose"):
            l23.with_drug("knockout", "M1", dose=0.5)


class TestText:
    def test_overview(self, l23):
        circuit_of_few = l23.scaled(0.05).with_modulation("ACh", 0.8).with_drug("knockout", "M1")
        small = circuit_of_few.describe()
        assert "839 ctx_l23_pyr, 0.27 to 1.35 Hz" in small
        assert "ACh: level 0.8 of the reference concentration" in small
        assert "knockout of M1 in all cells" in small
        assert "pv_to_pyr: 35.19 -> 8.456, weight times 4.161" in small

    def test_every_assumption_is_shown(self):
        for name in circuits().name:
            found = circuit(name)
            assumed = (found.numbers().status == "assumed").sum()
            text = found.describe()
            assert text.count("[ASSUMED:") == assumed
            assert assumed > 0 or name == "pd14"  # all of its numbers are those of the source
            assert (f"{assumed} lines are marked" in text) == (assumed > 0)

    def test_sources_are_spelt_out(self, l23):
        assert "375:eabj5861" in l23.describe()
        assert "phasic" not in l23.describe()

    def test_release(self, l23):
        found = l23.with_modulation(
            "DA", schedule=[("0 s", 0.1)], released_by="vip", per_spike="10 nM"
        )
        text = found.describe()
        assert "from 0 s level 0.1" in text
        assert "at each spike of vip" in text
