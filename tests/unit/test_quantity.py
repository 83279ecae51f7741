"""Text to physics and back."""

from __future__ import annotations

import contextlib
import math

import pytest
from brian2 import Quantity, cm, mmolar, ms, mV, nS, ohm, pA, uF, uS
from brian2.units.fundamentalunits import get_dimensions
from hypothesis import given
from hypothesis import strategies as st

from dualframe.core.errors import QuantityError
from dualframe.core.quantity import (
    DIMENSIONS,
    UNITS,
    named_dimension,
    quantity,
    quantity_text,
    unit_of,
)

NAMED = ("mV", "pA", "nS", "pF", "Mohm", "ms", "Hz", "um", "uM", "nM", "mM", "second", "volt")
FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)
MAGNITUDES = FINITE.filter(lambda number: number == 0 or abs(number) > 1e-6)


@given(number=MAGNITUDES, unit=st.sampled_from(NAMED))
def test_a_text_reads_back_as_the_quantity_it_shows(number: float, unit: str) -> None:
    value = quantity(f"{number!r} {unit}")
    back = quantity(quantity_text(value, digits=17))
    assert get_dimensions(back) is get_dimensions(value)
    # a change of prefix rounds twice
    assert math.isclose(float(back), float(value), rel_tol=1e-14, abs_tol=0)


def test_a_specific_capacitance_reads_back() -> None:
    again = quantity(quantity_text(1 * uF / cm**2), "specific capacitance")
    assert float(again / (uF / cm**2)) == pytest.approx(1.0)  # units multiply in another order


@given(number=FINITE)
def test_plain_numbers_read_back(number: float) -> None:
    assert quantity(quantity_text(number, digits=17)) == number


@given(words=st.text())
def test_any_text_is_read_or_refused(words: str) -> None:
    with contextlib.suppress(QuantityError):
        assert isinstance(quantity(words), (float, Quantity))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("-70 mV", -70 * mV),
        ("100pA", 100 * pA),
        (" 1.5  ms ", 1.5 * ms),
        (".5 nS", 0.5 * nS),
        ("1e-3 nS", 1e-3 * nS),
        ("0.7 nS/mV", 0.7 * nS / mV),
        ("0.03 /ms", 0.03 / ms),
        ("0.03 ms^-1", 0.03 / ms),
        ("0.025 pA/mV^3", 0.025 * pA / mV**3),
        ("1 uF/cm**2", uF / cm**2),
        ("40 uS cm^-2", 40 * uS / cm**2),
        ("150 ohm*cm", 150 * ohm * cm),
        ("1 mM", 1 * mmolar),
    ],
)
def test_spellings(words: str, expected: Quantity) -> None:
    value = quantity(words)
    assert get_dimensions(value) is get_dimensions(expected)
    assert float(value) == pytest.approx(float(expected), rel=1e-15)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "mV",
        "ten mV",
        "10 mVV",
        "10 mV +",
        "1+1 mV",
        "2*(3 mV)",
        "10 mV; import os",
        "__import__('os')",
        "1_000 mV",
        "nan mV",
        "inf",
        "10 mV**x",
        "10 mV**1.5",
    ],
)
def test_what_is_not_a_number_with_units_is_refused(words: str) -> None:
    with pytest.raises(QuantityError, match="r_in is"):
        quantity(words, name="r_in")


@pytest.mark.parametrize("value", [None, True, object(), [None]])
def test_what_is_not_numeric_is_refused(value: object) -> None:
    with pytest.raises(QuantityError, match="expected a number with a unit"):
        quantity(value)


@pytest.mark.parametrize("name", DIMENSIONS)
def test_each_named_dimension_accepts_its_own_unit_only(name: str) -> None:
    own = Quantity(2.0, dim=named_dimension(name))
    assert quantity(own, name) is own
    other = 1 * mV if name != "voltage" else 1 * ms
    with pytest.raises(QuantityError, match=f"expected a {name}"):
        quantity(other, name)


def test_unknown_dimensions_and_units_are_answered_with_the_nearest() -> None:
    with pytest.raises(QuantityError, match="Did you mean 'voltage'"):
        named_dimension("voltages")
    with pytest.raises(QuantityError, match=r"unknown unit 'mVolt'\. Did you mean 'mvolt'"):
        quantity("3 mVolt")


def test_the_base_unit_as_equations_spell_it() -> None:
    assert [unit_of(v) for v in (1 * mV, 1 * nS, 1 * ms, 3.0)] == ["volt", "siemens", "second", "1"]
    assert "eval" not in UNITS
