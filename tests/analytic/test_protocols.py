"""The bench and its measures against the closed forms of a leaky integrate-and-fire neuron."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from brian2.units import Mohm, ms, mV, nA, nS, pA, pF, second

from dualframe.core.errors import DualframeWarning
from dualframe.experiments import Response, current_clamp
from dualframe.experiments import electrophysiology as measures
from dualframe.experiments.cell_survey import survey_cell
from dualframe.network import Population

GL, C, EL, VTH, T_REF = 5 * nS, 100 * pF, -70 * mV, -50 * mV, 2 * ms  # tau is 20 ms
RHEOBASE = 100.0  # pA: gL (Vth - EL)
TAU = -0.1 / np.log(1 - 0.1 / 20)  # ms: one Euler step of 0.1 ms multiplies by 1 - dt/tau


def lif() -> Population:
    """A leaky integrate-and-fire neuron that resets to -70 mV."""
    return Population(
        "lif",
        1,
        "dV/dt = (gL*(EL - V) + I_ext)/C : volt (unless refractory)\nI_ext : amp",
        threshold="V > Vth",
        reset="V = Vreset",
        refractory=T_REF,
        parameters={"gL": GL, "C": C, "EL": EL, "Vth": VTH, "Vreset": EL},
        initial={"V": EL},
    )


def clamp(currents: Any, **options: Any) -> Response:
    """Clamp the neuron."""
    return current_clamp(lif(), "", currents, target="auto", **options)


def interval(current: np.ndarray) -> np.ndarray:
    """Closed form of the inter-spike interval (ms)."""
    return 2 + TAU * np.log(current / (current - RHEOBASE))


@pytest.fixture(scope="module")
def steps() -> Response:
    currents = np.array([-20, 10, 50, 99.9, 100.1, 105, 120, 150, 200, 300]) * pA
    return clamp(currents, duration=600 * ms, delay=50 * ms, record=[0, 1, 2])


def test_rest_resistance_and_time_constant(steps: Response) -> None:
    assert measures.resting_potential(steps) / mV == pytest.approx(-70)
    # a step of 600 ms ends exp(-30) from its steady state
    assert measures.input_resistance(steps) / Mohm == pytest.approx(200, rel=1e-9)
    # the stretch is a pure exponential of the Euler scheme's time constant
    assert measures.time_constant(steps) / ms == pytest.approx(TAU, rel=1e-5)


def test_rheobase_is_leak_times_depth_to_threshold(steps: Response) -> None:
    assert measures.rheobase(steps) / pA == pytest.approx(100.1)

    def clamp_that_warns(currents: Any, **options: Any) -> Response:
        if currents.max() > 5 * nA:  # the first run, which no cell survives
            warnings.warn("faster than any cell", DualframeWarning, stacklevel=1)
        return clamp(currents, **options)

    with warnings.catch_warnings():
        warnings.simplefilter("error", DualframeWarning)
        found = survey_cell(clamp_that_warns)
    assert 0 <= found.rheobase / pA - RHEOBASE <= found.resolution / pA + 1e-6
    assert found.resolution / pA < 0.03
    assert found.r_in / Mohm == pytest.approx(200, rel=1e-6)
    assert not found.fires_at_rest
    # 40 spikes in 1 s: the 40th begins within it
    last = 40 * interval(np.array([found.top / pA]))[0] - 2
    assert last == pytest.approx(1000, abs=5)


def test_intervals_and_latency_follow_the_closed_form(steps: Response) -> None:
    currents = np.asarray(steps.currents / pA)
    firing = currents > RHEOBASE
    expected = interval(currents[firing])
    latency = np.asarray(measures.first_spike_latency(steps) / ms)
    # a spike is seen at the end of its step, so at most one step of 0.1 ms late
    np.testing.assert_allclose(latency[firing], expected - 2, atol=0.11)
    assert np.isnan(latency[~firing]).all()
    for copy, length in zip(np.flatnonzero(firing), expected, strict=True):
        found = 1e3 * np.diff(steps.spike_train(copy))
        assert found == pytest.approx(length, abs=0.21)  # refractoriness ends on a step too
    rates = np.asarray(measures.firing_rate(steps))[firing]
    # one spike more or less, and the intervals' time steps
    assert (np.abs(rates - 1e3 / expected) <= 1 / 0.6 + 0.01 * rates).all()
    assert measures.spike_counts(steps)[~firing].sum() == 0


def test_a_regular_train_does_not_adapt(steps: Response) -> None:
    found = measures.adaptation_index(steps)
    enough = measures.spike_counts(steps) > 2
    assert enough.sum() >= 4
    np.testing.assert_allclose(found[enough], 0, atol=1e-9)
    assert np.isnan(found[~enough]).all()


def test_parameters_per_copy_are_those_copies() -> None:
    thresholds = np.array([-60, -55, -50]) * mV
    response = clamp(
        120 * pA, parameters={"Vth": thresholds}, duration=100 * ms, delay=0 * ms, record=False
    )
    depth = np.array([10, 15, 20])
    expected = TAU * np.log(120 / (120 - 5 * depth))
    found = np.asarray(measures.first_spike_latency(response) / ms)
    np.testing.assert_allclose(found, expected, atol=0.11)


def test_times_count_from_the_onset() -> None:
    response = clamp([0, 150] * pA, duration=50 * ms, delay=20 * ms, after=10 * ms, record=[1])
    assert response.t[0] == -20 * ms
    assert float(response.t[-1]) == pytest.approx(0.0599)
    before = np.asarray(response.t) <= 0  # a step acts on the potential one time step later
    assert np.ptp(np.asarray(response.V)[0, before]) == 0
    assert (np.asarray(response.spike_times[1]) > 0).all()
    assert response.duration == 50 * ms
    assert response.n == 2


def test_a_pacemaker_has_a_rheobase_below_zero() -> None:
    """Leak potential 10 mV above threshold: silent below -50 pA."""

    def pacing(currents: Any, **options: Any) -> Response:
        moved = {"EL": -40 * mV}
        return current_clamp(lif(), "", currents, parameters=moved, target="auto", **options)

    found = survey_cell(pacing)
    assert found.fires_at_rest
    assert found.rheobase / pA == pytest.approx(-50, abs=1)


def test_a_step_longer_than_a_second_is_not_counted_as_one() -> None:
    response = clamp([150] * pA, duration=0.25 * second, record=False)
    expected = 1e3 / interval(np.array([150.0]))[0]
    assert measures.firing_rate(response)[0] == pytest.approx(expected, abs=4)
