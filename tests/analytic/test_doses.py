"""Dose-response curves against binding and the leak in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from brian2.units import Mohm, mV, uM
from matplotlib.figure import Figure

import dualframe as df
from dualframe import catalogue
from dualframe.core.errors import NetworkError, UnknownName

pytestmark = pytest.mark.cpp

DOSES = np.array([0, 0.1, 1, 10, 1000])
CELL, RECEPTOR = "ctx_pv", "M1"


def effect() -> tuple[float, float]:
    """Size (fraction of leak) and reversal (mV) of the receptor's conductance on the cell."""
    entry = catalogue.cell(CELL)
    (only,) = [e for e in catalogue.receptor(RECEPTOR).effects_on(entry.name) if e.compiled]
    assert only.kind == "conductance"
    return float(only.numbers.value("size")), float(only.numbers.value("reversal") / mV)


def occupancy(dose: np.ndarray) -> np.ndarray:
    hill = float(catalogue.receptor(RECEPTOR).affinity.value("hill"))
    return dose**hill / (1 + dose**hill)


def passive(dose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rest (mV) and input resistance (Mohm) of the published GLIF neuron by dose of agonist."""
    numbers = catalogue.cell(CELL).point_neuron_set("GLIF3").numbers
    rest, r_in = float(numbers.value("E_L") / mV), float(numbers.value("R") / Mohm)
    size, reversal = effect()
    extra = size * occupancy(dose)
    return (rest + extra * reversal) / (1 + extra), r_in / (1 + extra)


def test_rest_and_resistance_follow_binding_and_leak() -> None:
    for measure, expected in zip(("rest", "r_in"), passive(DOSES), strict=True):
        found = df.dose_response(
            CELL, RECEPTOR, DOSES, measure=measure, models=("glif",), cells="published"
        )
        assert list(found.table) == ["level", "glif"]
        np.testing.assert_allclose(found.table["glif"], expected, rtol=1e-5)
    assert isinstance(found.plot(), Figure)


def test_rheobase_follows_rest_and_resistance() -> None:
    """The steady potential reaches threshold at (threshold - rest)/R."""
    found = df.dose_response(CELL, RECEPTOR, DOSES, models=("glif",), cells="published")
    numbers = catalogue.cell(CELL).point_neuron_set("GLIF3").numbers
    threshold = float((numbers.value("E_L") + numbers.value("th_inf")) / mV)
    rest, r_in = passive(DOSES)
    expected = 1e3 * (threshold - rest) / r_in
    np.testing.assert_allclose(found.table["glif"], expected, rtol=2e-3)
    assert found.unit == "pA"


def test_a_modulator_acts_at_its_concentration() -> None:
    affinity = catalogue.receptor(RECEPTOR).affinity
    ratio = float(2 * uM / affinity.value("EC50"))
    found = df.dose_response(
        CELL, "ACh", [0 * uM, 2 * uM], measure="rest", models=("glif",), cells="published"
    )
    expected, _ = passive(np.array([0, ratio]))
    np.testing.assert_allclose(found.table["glif"], expected, rtol=1e-5)


def test_an_antagonist_takes_the_modulators_effect_away() -> None:
    found = df.dose_response(
        CELL, RECEPTOR, [0, 1, 1e6], measure="rate", drug="antagonist", modulations={"ACh": 1.0}
    )
    control = df.dose_response(CELL, "ACh", [0.0], measure="rate")
    for model in ("biological", "glif"):
        rates = found.table[model].to_numpy()
        assert rates[0] > rates[1] > rates[2]
        assert rates[2] == pytest.approx(control.table[model][0], abs=1)


def test_it_refuses_what_cannot_be() -> None:
    with pytest.raises(UnknownName, match="rheobase"):
        df.dose_response(CELL, "ACh", [0], measure="reobase")
    with pytest.raises(UnknownName, match="receptor"):
        df.dose_response(CELL, "M9", [0])
    with pytest.raises(UnknownName, match="antagonist"):
        df.dose_response(CELL, "M1", [0], drug="antagonsit")
    with pytest.raises(NetworkError, match="at least one"):
        df.dose_response(CELL, "M1", [])
