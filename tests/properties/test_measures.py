"""Properties of the measures of spike trains and f-I curves."""

from __future__ import annotations

import numpy as np
import pytest
from brian2.units import ms, pA, second, volt
from hypothesis import given
from hypothesis import strategies as st

from dualframe.experiments.electrophysiology import (
    adaptation_index,
    adaptation_of_train,
    fi_curve,
    first_spike_latency,
    rheobase,
    spike_counts,
)
from dualframe.experiments.model_comparison import rate_error
from dualframe.experiments.model_fitting.evolution_search import smooth_rates
from dualframe.experiments.response import Response

intervals = st.lists(st.floats(1e-3, 0.2), min_size=2, max_size=20)
rates = st.lists(st.floats(0, 100), min_size=3, max_size=30)


def made(trains: list[np.ndarray], currents: list[float] | None = None) -> Response:
    """A response with given spikes in a step of one second."""
    amplitudes = np.arange(len(trains), dtype=float) if currents is None else np.array(currents)
    return Response(
        cell="",
        model="",
        currents=amplitudes * pA,
        t=np.zeros(0) * second,
        V=np.zeros((0, 0)) * volt,
        recorded=np.zeros(0, dtype=np.int64),
        spike_times=tuple(t * second for t in trains),
        duration=1 * second,
        delay=0 * ms,
        dt=0.1 * ms,
    )


@given(intervals)
def test_an_adaptation_index_lies_between_minus_one_and_one(gaps: list[float]) -> None:
    assert -1 < adaptation_of_train(np.cumsum([0, *gaps])) < 1


@given(intervals)
def test_a_reversed_train_has_the_opposite_index(gaps: list[float]) -> None:
    forward = adaptation_of_train(np.cumsum([0, *gaps]))
    backward = adaptation_of_train(np.cumsum([0, *gaps[::-1]]))
    assert forward == pytest.approx(-backward, abs=1e-9)


@given(intervals, st.floats(0.1, 10))
def test_an_index_does_not_depend_on_the_unit_of_time(gaps: list[float], factor: float) -> None:
    train = np.cumsum([0, *gaps])
    assert adaptation_of_train(train * factor) == pytest.approx(
        adaptation_of_train(train), abs=1e-9
    )


@given(st.floats(0.005, 0.05), st.floats(1.01, 1.3), st.integers(3, 12))
def test_a_geometric_train_has_a_known_index(first: float, ratio: float, n: int) -> None:
    train = np.cumsum([0, *(first * ratio ** np.arange(n))])
    assert adaptation_of_train(train) == pytest.approx((ratio - 1) / (ratio + 1))


def test_an_index_needs_three_spikes() -> None:
    assert np.isnan(adaptation_of_train([0.1, 0.2]))
    assert np.isnan(adaptation_of_train([]))
    assert adaptation_of_train([0.1, 0.2, 0.3]) == pytest.approx(0)
    assert adaptation_of_train([0, 0.1, 0.4]) == pytest.approx((0.3 - 0.1) / 0.4)


@given(rates)
def test_a_curve_agrees_with_itself(values: list[float]) -> None:
    curve = np.array(values) + 1
    assert rate_error(curve, curve) == 0


@given(rates, st.floats(0.01, 2))
def test_the_error_of_a_scaled_curve_is_the_scale(values: list[float], share: float) -> None:
    curve = np.array(values) + 1
    assert rate_error(curve, curve * (1 + share)) == pytest.approx(share)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_rheobase_is_the_smallest_current_with_a_spike(counts: list[int]) -> None:
    response = made([np.linspace(0.1, 0.9, n) for n in counts])
    found = float(rheobase(response) / pA)
    firing = [k for k, n in enumerate(counts) if n]
    assert np.isnan(found) if not firing else found == pytest.approx(firing[0])
    assert spike_counts(response).tolist() == counts


def test_spikes_outside_the_step_do_not_count() -> None:
    response = made([np.array([-0.1, 0.2, 0.5, 0.7, 1.2])])
    assert spike_counts(response).tolist() == [3]
    assert first_spike_latency(response)[0] == 200 * ms
    assert adaptation_index(response)[0] == pytest.approx((0.2 - 0.3) / 0.5)


def test_a_response_prints_counts_and_first_spikes_in_a_line() -> None:
    few = made([np.array([]), np.array([0.0123, 0.5])], [10, 200])
    assert repr(few) == (
        "<Response: cell, 2 steps of 10. pA to 200. pA for 1. s; spikes during it 0, 2; first "
        "after -, 12.3 ms; V of 0 steps>"
    )
    many = repr(made([np.linspace(0, 0.9, 1000)] * 100))
    assert len(many) < 300
    assert "1000, and 92 more; first" in many


def test_a_curve_is_sorted_by_current() -> None:
    curve = fi_curve(made([np.array([0.1, 0.2]), np.array([]), np.array([0.5])], [30, 10, 20]))
    np.testing.assert_allclose(curve.current_A, [1e-11, 2e-11, 3e-11])
    assert curve.rate_Hz.tolist() == [0, 1, 2]


@given(st.floats(0.02, 0.3), st.floats(0, 0.02))
def test_smooth_rates_have_no_steps(gap: float, onset: float) -> None:
    """A regular train counts as one over its interval, but for the part before its first spike."""
    train = onset + gap * np.arange(1, int((1 - onset) / gap) + 1)
    train = train[train < 1]
    if len(train) > 1:
        expected = (1 - onset) / gap
        assert smooth_rates(made([train]))[0] == pytest.approx(expected, abs=1e-6)
