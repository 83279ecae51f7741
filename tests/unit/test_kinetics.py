"""What a channel declares, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Equations, mmolar, ms, mV, nS, pA
from brian2.units.fundamentalunits import get_dimensions
from hypothesis import given, settings
from hypothesis import strategies as st

from dualframe.circuit import Background
from dualframe.core.errors import NetworkError, QuantityError
from dualframe.synapses import (
    DoubleAlpha,
    DualExponential,
    Exponential,
    Kinetics,
    MagnesiumBlock,
    peak_factor,
    receptor_current,
)

ALL = [
    Exponential(5 * ms),
    DualExponential(0.5 * ms, 5 * ms),
    DoubleAlpha(2 * ms, 30 * ms, 0.4),
]


@pytest.mark.parametrize("kinetics", ALL)
@pytest.mark.parametrize("current", [False, True])
def test_a_channel_is_complete(kinetics: Kinetics, current: bool) -> None:
    """Every identifier is a variable of the channel, a parameter or the voltage."""
    part = receptor_current(
        "GABA_dend",
        kinetics,
        reversal=None if current else -75 * mV,
        current=current,
        voltage="V_dend",
    )
    equations = Equations(part.equations)
    known = equations.names | set(part.parameters) | {"V_dend", "dt", "t", "xi", "i", "N"}
    assert equations.identifiers <= known
    assert equations.diff_eq_names == set(part.initial)
    assert part.written in part.initial
    assert part.current == "I_GABA_dend"
    assert get_dimensions(part.initial[part.written]) is equations[part.written].dim
    unit = pA if current else nS
    assert equations[part.written].dim is get_dimensions(unit)
    assert part.weight_unit == ("amp" if current else "siemens")


def test_every_name_ends_with_the_id() -> None:
    """Two channels in one neuron share no name."""
    for kinetics in ALL:
        one = receptor_current("a", kinetics, reversal=0 * mV, magnesium=MagnesiumBlock())
        two = receptor_current("b", kinetics, reversal=0 * mV, magnesium=MagnesiumBlock())
        assert not set(one.parameters) & set(two.parameters)
        assert not Equations(one.equations).names & Equations(two.equations).names


def test_no_magnesium_leaves_no_trace() -> None:
    part = receptor_current("a", Exponential(5 * ms), reversal=0 * mV)
    assert "exp" not in part.equations
    assert "Mg_a" not in part.parameters
    blocked = receptor_current(
        "a", Exponential(5 * ms), reversal=0 * mV, magnesium=MagnesiumBlock(2 * mmolar)
    )
    assert blocked.parameters["Mg_a"] == 2 * mmolar


def test_refusals() -> None:
    with pytest.raises(NetworkError, match="either a reversal potential or current=True"):
        receptor_current("a", Exponential(5 * ms))
    with pytest.raises(NetworkError, match="either a reversal potential or current=True"):
        receptor_current("a", Exponential(5 * ms), reversal=0 * mV, current=True)
    with pytest.raises(NetworkError, match="needs a reversal potential"):
        receptor_current("a", Exponential(5 * ms), current=True, magnesium=MagnesiumBlock())
    with pytest.raises(NetworkError, match="not an identifier"):
        receptor_current("a b", Exponential(5 * ms), reversal=0 * mV)
    with pytest.raises(NetworkError, match="decay time of a"):
        receptor_current("a", Exponential(0.05 * ms), reversal=0 * mV)
    with pytest.raises(QuantityError, match="reversal of a"):
        receptor_current("a", Exponential(5 * ms), reversal=1 * nS)
    with pytest.raises(QuantityError, match="decay time of a"):
        receptor_current("a", Exponential(5 * nS), reversal=0 * mV)


def test_kinetics_without_a_kind_are_told_the_kinds() -> None:
    with pytest.raises(
        NetworkError, match=r"kinetics of background .* name no kind: .*exponential"
    ):
        Background("pyr", "AMPA", "soma", current="20 pA", kinetics={"AMPA": {"tau": 5 * ms}})


def test_two_steps_of_rise_are_resolved() -> None:
    """0.2 ms at 0.1 ms is two steps, although 2*0.1 and 0.2 may differ by rounding."""
    part = receptor_current("a", DualExponential(0.2 * ms, 5 * ms), reversal=0 * mV, dt=0.1 * ms)
    assert part.written == "r_a"


@settings(max_examples=50, deadline=None)
@given(rise=st.floats(0.2, 20), ratio=st.floats(1, 50))
def test_peak_factor_makes_the_recurrence_peak_at_one(rise: float, ratio: float) -> None:
    decay = rise * ratio
    gain = peak_factor(rise * ms, decay * ms, 0.1 * ms)
    r, g, top = 1.0, 0.0, 0.0
    for _ in range(int(2 * decay / 0.1) + 5):
        r, g = r - 0.1 / rise * r, g + 0.1 / decay * (gain * r - g)
        top = max(top, g)
    # The closed form cancels where both constants are nearly equal; 1e-6 is where it switches to
    # the formula of equal ones.
    assert top == pytest.approx(1, abs=2e-6)


def test_peak_factor_tends_to_the_continuous_one() -> None:
    q = 10.0
    fine = peak_factor(1 * ms, q * ms, 0.001 * ms)
    # one step is 1e-3 of the rise time: first order in it
    assert fine == pytest.approx(q ** (q / (q - 1)), rel=2e-3)
    assert peak_factor(1 * ms, 1 * ms, 0.001 * ms) == pytest.approx(np.e, rel=2e-3)
