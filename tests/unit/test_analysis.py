"""Statistics against trains and traces whose values are known from their construction."""

from __future__ import annotations

import numpy as np
import pytest
from brian2.units import Hz, ms, mV, second
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dualframe import analysis
from dualframe.analysis.rate_differences import compare_rates
from dualframe.core.errors import DualframeError, QuantityError, UnknownName
from dualframe.results.results import Results, spike_table

# --- spike trains -------------------------------------------------------------------------------


def test_firing_rates_count_a_half_open_window() -> None:
    neuron, t = [0, 0, 0, 1], [0.1, 0.2, 0.3, 0.2]
    rates = analysis.firing_rates(neuron, t, 3, start=100 * ms, stop=0.3)
    np.testing.assert_allclose(rates, [10, 5, 0])
    np.testing.assert_allclose(analysis.firing_rates([], [], 2, stop=1 * second), [0, 0])


@pytest.mark.parametrize(("start", "stop"), [(1, 1), (2, 1), (0, float("nan"))])
def test_empty_windows_are_refused(start: float, stop: float) -> None:
    with pytest.raises(QuantityError, match="window"):
        analysis.firing_rates([0], [0.5], 1, start=start, stop=stop)


def test_a_window_is_a_time() -> None:
    with pytest.raises(QuantityError, match="time"):
        analysis.firing_rates([0], [0.5], 1, stop=1 * Hz)


def test_intervals_belong_to_their_neuron() -> None:
    neuron, interval = analysis.inter_spike_intervals([1, 0, 1, 0, 2], [0.5, 0.1, 0.2, 0.4, 0.9])
    assert neuron.tolist() == [0, 1]
    np.testing.assert_allclose(interval, [0.3, 0.3])


def test_a_regular_train_has_no_variation_and_alternation_a_known_one() -> None:
    regular = np.arange(20) * 0.05
    alternating = np.cumsum(np.tile([0.1, 0.3], 10))  # mean 0.2, deviation 0.1
    neuron = np.repeat([0, 1, 2], [20, 20, 2])
    t = np.concatenate([regular, alternating[:20], [0.1, 0.2]])
    cv = analysis.cv_isi(neuron, t, 4)
    # 19 intervals: ten long and nine short ones.
    long, short = 10 / 19, 9 / 19
    mean = 0.3 * long + 0.1 * short
    expected = np.sqrt(long * (0.3 - mean) ** 2 + short * (0.1 - mean) ** 2) / mean
    assert cv[0] == pytest.approx(0, abs=1e-9)  # differences of rounded times
    assert cv[1] == pytest.approx(expected)
    assert np.isnan(cv[2:]).all()


def test_a_poisson_train_has_cv_one() -> None:
    rng = np.random.default_rng(1)
    t = np.cumsum(rng.exponential(0.1, size=(50, 400)), axis=1)
    cv = analysis.cv_isi(np.repeat(np.arange(50), 400), t.ravel(), 50)
    # The CV of 399 exponential intervals has a standard error of about 1 / sqrt(399) = 0.05,
    # the mean of 50 of them of 0.007; four of these.
    assert cv.mean() == pytest.approx(1.0, abs=0.03)


def test_population_rate_puts_spikes_on_edges_into_the_later_bin() -> None:
    t = np.arange(100) * 1e-3  # one spike per millisecond, k * dt with its rounding
    centre, rate = analysis.population_rate(t, 10, stop=100 * ms, bin=5 * ms)
    np.testing.assert_allclose(centre, 0.0025 + 0.005 * np.arange(20))
    np.testing.assert_allclose(rate, 5 / (0.005 * 10))


def test_population_rate_leaves_out_a_last_bin_that_does_not_fit() -> None:
    centre, rate = analysis.population_rate([0.29], 1, stop=0.3, bin=0.25)
    assert len(centre) == 1
    assert rate[0] == 0
    with pytest.raises(QuantityError, match="bin"):
        analysis.population_rate([0.1], 1, stop=0.3, bin=0.4)
    with pytest.raises(QuantityError, match="bin"):
        analysis.population_rate([0.1], 1, stop=0.3, bin=0)


@given(
    spikes=st.lists(st.tuples(st.integers(0, 4), st.floats(0, 0.999)), max_size=50),
    bins=st.integers(1, 20),
)
def test_no_spike_is_lost_between_bins(spikes: list[tuple[int, float]], bins: int) -> None:
    neuron, t = [i for i, _ in spikes], [x for _, x in spikes]
    counts = analysis.spike_counts(neuron, t, 5, stop=1.0, bin=1.0 / bins)
    assert counts.shape == (5, bins)
    np.testing.assert_array_equal(counts.sum(axis=1), np.bincount(neuron, minlength=5))
    _, rate = analysis.population_rate(t, 5, stop=1.0, bin=1.0 / bins)
    assert rate.sum() / bins * 5 == pytest.approx(len(spikes))


def test_correlation_of_constructed_trains() -> None:
    pattern = np.array([3, 1, 4, 1, 5, 9, 2, 6])
    counts = np.stack([pattern, 2 * pattern + 1, 10 - pattern, np.full(8, 3)])
    matrix = analysis.pairwise_correlation(counts)
    np.testing.assert_allclose(matrix[:3, :3], [[1, 1, -1], [1, 1, -1], [-1, -1, 1]])
    assert np.isnan(matrix[3]).all()
    assert np.isnan(matrix[:, 3]).all()
    assert analysis.mean_pairwise_correlation(counts) == pytest.approx(-1 / 3)
    assert np.isnan(analysis.mean_pairwise_correlation(counts[:1]))


def test_shared_input_gives_the_correlation_of_its_share() -> None:
    rng = np.random.default_rng(2)
    shared = rng.poisson(3, size=4000)
    counts = shared + rng.poisson(1, size=(20, 4000))
    # Variances 3 (shared) and 1 (own): correlation 3/4. Its standard error is about
    # (1 - 0.75**2) / sqrt(4000) = 0.007 for one pair; four of these.
    assert analysis.mean_pairwise_correlation(counts) == pytest.approx(0.75, abs=0.03)


@given(arrays(float, (4, 6), elements=st.integers(0, 5).map(float)))
def test_correlation_agrees_with_numpy(counts: np.ndarray) -> None:
    with np.errstate(invalid="ignore", divide="ignore"):
        expected = np.corrcoef(counts)
    expected[(np.ptp(counts, axis=1) == 0), :] = np.nan
    expected[:, (np.ptp(counts, axis=1) == 0)] = np.nan
    np.testing.assert_allclose(analysis.pairwise_correlation(counts), expected, atol=1e-12)


# --- traces -------------------------------------------------------------------------------------

T = np.arange(0, 0.5, 1e-4)
TAU_RISE, TAU_DECAY, ONSET = 0.002, 0.02, 0.1


def psp(amplitude: float) -> np.ndarray:
    """A difference of exponentials from -70 mV, of a given peak."""
    since = np.clip(T - ONSET, 0, None)
    shape = np.exp(-since / TAU_DECAY) - np.exp(-since / TAU_RISE)
    peak = TAU_RISE * TAU_DECAY / (TAU_DECAY - TAU_RISE) * np.log(TAU_DECAY / TAU_RISE)
    return -0.07 + amplitude * shape / (np.exp(-peak / TAU_DECAY) - np.exp(-peak / TAU_RISE))


@pytest.mark.parametrize("amplitude", [0.5e-3, -1.2e-3])
def test_psp_amplitude_has_a_sign_and_a_unit(amplitude: float) -> None:
    # The peak lies between samples: 1e-4 s of a parabola of width ~5 ms is less than 1e-4 of it.
    measured = analysis.psp_amplitude(T, psp(amplitude), ONSET)
    assert measured == pytest.approx(amplitude, rel=1e-4)
    with_units = analysis.psp_amplitude(T * second, psp(amplitude) * 1000 * mV, 100 * ms)
    assert float(with_units / mV) == pytest.approx(1e3 * amplitude, rel=1e-4)


@pytest.mark.parametrize("tau", [0.001, 0.015, 0.4])
def test_time_constant_of_an_exponential(tau: float) -> None:
    v = np.where(T < 0.1, -0.065, -0.07 + 0.005 * np.exp(-(T - 0.1) / tau))
    fit = analysis.fit_exponential(T * second, v * 1e3 * mV, 100 * ms, 400 * ms)
    # The search stops at a relative change of 1e-9 in tau; rounding of v limits it to about 1e-6.
    assert float(fit.tau / second) == pytest.approx(tau, rel=1e-5)
    assert float(fit.steady / mV) == pytest.approx(-70, abs=1e-4)
    assert float(fit.first / mV) == pytest.approx(-65, abs=1e-4)


def test_time_constant_with_noise() -> None:
    rng = np.random.default_rng(3)
    v = -0.07 + 0.005 * np.exp(-T / 0.02) + rng.normal(0, 5e-5, T.size)
    # One per cent noise on 4000 samples: the error of tau is far below one per cent.
    assert analysis.fit_exponential(T, v, 0, 0.4).tau == pytest.approx(0.02, rel=0.01)


def test_traces_that_cannot_be_measured() -> None:
    with pytest.raises(QuantityError, match="expected the trace of one neuron"):
        analysis.psp_amplitude(T, np.zeros((2, T.size)), ONSET)
    with pytest.raises(QuantityError, match="samples between"):
        analysis.psp_amplitude(T, psp(1e-3), 10 * second)
    with pytest.raises(QuantityError, match="constant"):
        analysis.fit_exponential(T, np.zeros_like(T), 0.1, 0.4)


# --- comparison of results ----------------------------------------------------------------------


def results(*rates: int, names: tuple[str, ...] = ("a", "b")) -> Results:
    """Populations of two neurons, of which the first fires at a rate during 1 s."""
    import pandas as pd

    table = pd.DataFrame({"population": names, "cell_type": names, "n": 2})
    trains = {
        name: (np.zeros(rate), np.linspace(0, 0.9, rate))
        for name, rate in zip(names, rates, strict=True)
    }
    return Results(populations=table, spikes=spike_table(table, trains), duration=1.0)


def test_compare_rates() -> None:
    table = compare_rates({"x": results(4, 0), "y": results(8, 2)})
    assert table["label"].tolist() == ["y", "y"]
    np.testing.assert_allclose(table["rate_Hz"], [4, 1])
    np.testing.assert_allclose(table["difference_Hz"], [2, 1])
    np.testing.assert_allclose(table["ratio"], [2, np.nan])
    # Deviations of (4, 0) and (8, 0) are 2 and 4: pooled sqrt(10).
    assert table["difference_sd"][0] == pytest.approx(2 / np.sqrt(10))
    backwards = compare_rates({"x": results(4, 0), "y": results(8, 2)}, reference="y")
    np.testing.assert_allclose(backwards["difference_Hz"], [-2, -1])


def test_compare_rates_leaves_out_what_has_no_counterpart() -> None:
    table = compare_rates({"x": results(4, 0), "y": results(8, 2, names=("b", "c"))})
    assert table["population"].tolist() == ["b"]
    with pytest.raises(DualframeError, match="at least two"):
        compare_rates({"x": results(1, 1)})
    with pytest.raises(UnknownName, match="label"):
        compare_rates({"x": results(1, 1), "y": results(1, 1)}, reference="z")
