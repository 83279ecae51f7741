"""Nernst and Goldman potentials against textbook tables, and the passive ion circuit."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import mmolar, ms, mV, nS, pF

import dualframe as df
from dualframe.core.errors import QuantityError
from dualframe.core.membrane_potentials import thermal_voltage

# Johnston and Wu 1995, table 2.1, squid axon at 20 degrees and a mammalian cell at 37: mM, mV. The
# tables print whole millivolts; the numbers are RT/(zF) ln(out/in) with RT/F = 25.2625 and 26.7268.
TABLE = [
    ("K, squid", 20, 400, 1, 20, -75.680),
    ("Na, squid", 440, 50, 1, 20, 54.939),
    ("Cl, squid", 560, 52, -1, 20, -60.045),
    ("Ca, squid", 10, 1e-4, 2, 20, 145.424),
    ("K, mammal", 5, 140, 1, 37, -89.059),
    ("Na, mammal", 145, 12, 1, 37, 66.598),
    ("Cl, mammal", 110, 4, -1, 37, -88.574),
]


@pytest.mark.parametrize(("ion", "outside", "inside", "valence", "celsius", "expected"), TABLE)
def test_nernst_potentials_of_the_table(
    ion: str, outside: float, inside: float, valence: int, celsius: float, expected: float
) -> None:
    found = df.nernst(outside * mmolar, inside * mmolar, valence, temperature=celsius)
    assert float(found / mV) == pytest.approx(expected, abs=0.1), ion


def test_the_thermal_voltage() -> None:
    """25.69 mV at 25 degrees Celsius, which every textbook has."""
    assert float(thermal_voltage(25) / mV) == pytest.approx(25.693, abs=0.001)


OUT = {"K": 20, "Na": 440, "Cl": 560}
IN = {"K": 400, "Na": 50, "Cl": 52}


def test_goldman_has_the_squid_at_rest() -> None:
    """P of 1 : 0.04 : 0.45 (Hodgkin and Katz 1949): between -65 and -59 mV."""
    found = df.goldman({"K": 1, "Na": 0.04, "Cl": 0.45}, OUT, IN, temperature=20)
    top, bottom = 20 + 0.04 * 440 + 0.45 * 52, 400 + 0.04 * 50 + 0.45 * 560
    assert float(found / mV) == pytest.approx(25.2625 * np.log(top / bottom), abs=0.1)
    assert -65 < float(found / mV) < -59


@pytest.mark.parametrize(("ion", "valence"), [("K", 1), ("Na", 1), ("Cl", -1)])
def test_goldman_of_one_ion_is_nernst(ion: str, valence: int) -> None:
    alone = df.goldman({ion: 2.5, **dict.fromkeys({"K", "Na", "Cl"} - {ion}, 0)}, OUT, IN)
    assert float(alone) == pytest.approx(float(df.nernst(OUT[ion], IN[ion], valence)), rel=1e-12)


def test_arrays_and_texts() -> None:
    found = df.nernst([5, 10] * mmolar, "140 mM")
    np.testing.assert_allclose(found / mV, [-89.059, -70.533], atol=0.1)


def test_the_passive_circuit_rests_at_the_weighted_mean() -> None:
    """Brian2's own membrane ends within 1e-9 of it: 80 time constants."""
    g = {"Cl": 4 * nS, "K": 10 * nS, "Na": 0.5 * nS}
    E = {"Cl": -70 * mV, "K": -90 * mV, "Na": "55 mV"}
    expected = df.resting_potential(g, E)
    assert float(expected / mV) == pytest.approx((-4 * 70 - 10 * 90 + 0.5 * 55) / 14.5, rel=1e-12)
    names = {f"g_{ion}": value for ion, value in g.items()}
    names |= {"E_Cl": -70 * mV, "E_K": -90 * mV, "E_Na": 55 * mV, "C": 14.5 * pF}
    current = " + ".join(f"g_{ion}*(E_{ion} - V)" for ion in g)
    membrane = df.Population("membrane", 1, f"dV/dt = ({current})/C : volt", parameters=names)
    results = df.run(
        df.Network(populations=(membrane,)),
        80 * ms,
        target="runtime",
        progress=False,
        record={"membrane": ["V"]},
    )
    last = results.traces["membrane"].values["V"][0, -1]
    assert last == pytest.approx(float(expected), rel=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: df.nernst(0 * mmolar, 5 * mmolar), "more than zero"),
        (lambda: df.nernst(5 * mmolar, 140), "differ in dimension"),
        (lambda: df.nernst(5, 140, 0), "valence is 0"),
        (lambda: df.nernst(5, 140, temperature=-300), "degrees Celsius"),
        (lambda: df.goldman({"Ca": 1}, {"Ca": 1}, {"Ca": 2}), "'Ca' is unknown"),
        (lambda: df.goldman({"K": 1}, {}, {"K": 2}), "outside lacks"),
        (lambda: df.goldman({"K": 0}, {"K": 5}, {"K": 140}), "no ion permeates"),
        (lambda: df.resting_potential({"K": 1 * nS}, {}), "reversals lack"),
        (lambda: df.resting_potential({}, {}), "no ion conducts"),
    ],
)
def test_errors_say_what_is_wrong(call: object, message: str) -> None:
    with pytest.raises(QuantityError, match=message):
        call()  # type: ignore[operator]
