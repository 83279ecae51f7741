"""The integrate-and-fire family against closed forms, published protocols and plain recurrences."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from brian2 import Hz, ms, mV, nA, pA

import dualframe as df
from dualframe.experiments.current_clamp import current_clamp
from dualframe.experiments.response import Response

FINE = 0.01 * ms


def clamp(name: str, label: str, currents: Any, **options: Any) -> Response:
    """Steps into copies of a published neuron, from rest, on the runtime."""
    changed = options.pop("neuron", {})
    population = df.neuron(name, label, **changed).make_population("cell", 1)
    settings = {"delay": 1 * ms, "target": "runtime", "record": False, **options}
    return current_clamp(population, "", currents, **settings)


def rates(found: Response, n: int) -> np.ndarray:
    """1/mean interval (1/s) of each copy."""
    trains = [found.spike_train(k) for k in range(n)]
    assert all(len(train) > 4 for train in trains)
    return np.array([(len(t) - 1) / (t[-1] - t[0]) for t in trains])


# ---------------------------------------------------------------- LIF


def test_lif_has_the_rate_of_the_closed_form() -> None:
    """f = 1/(t_ref + tau ln((R I - V_reset)/(R I - V_th))) with voltages from E_L.

    The bar is 0.1 %. Intervals are whole steps of 0.01 ms, rounded up: 0.05 % of 20 ms. Euler steps
    are exact for a time constant that is dt/2 shorter, 0.05 % of 10 ms, and that has another sign.
    """
    currents = np.array([1.55, 1.65, 1.75]) * nA  # rheobase 1.5 nA
    found = clamp(
        "LIF", "Dayan and Abbott, fig. 5.5", currents, duration=250 * ms, dt=FINE,
        neuron={"t_ref": 2 * ms},
    )  # fmt: skip
    drive = 10 * np.asarray(currents / nA)  # mV at 10 Mohm
    expected = 1e3 / (2 + 10 * np.log(drive / (drive - 15)))
    np.testing.assert_allclose(rates(found, 3), expected, rtol=1e-3)


def test_the_generic_neuron_of_table_1_is_lif() -> None:
    """dv/dt = a - b v + I with a reset to v0 is LIF with tau = 1/b, E_L = a/b, C = 1/(b R)."""
    a, b, v_th, v0, drive = 1.0, 0.05, 30.0, 5.0, 1.2  # mV and ms
    v, spikes, dt = a / b, [], 0.1
    for step in range(5000):
        v += dt * (a - b * v + drive * (step >= 10))
        if v >= v_th:
            v, spikes = v0, [*spikes, step]
    neuron = df.neuron(
        "LIF", C="1 pF", tau_m=20 * ms, E_L=a / b * mV, V_th=v_th * mV, V_reset=v0 * mV,
        t_ref=0 * ms,
    )  # fmt: skip
    found = current_clamp(
        neuron.make_population("cell", 1), "", [drive] * pA, duration=499 * ms, delay=1 * ms,
        target="runtime", record=False,
    )  # fmt: skip
    assert len(spikes) > 10
    steps = np.rint(np.asarray(found.spike_train(0)) * 1e4) + 10
    np.testing.assert_array_equal(steps, spikes)


# ---------------------------------------------------------------- ALIF


def test_alif_is_the_recurrence_of_its_authors() -> None:
    """v <- alpha v + (1 - alpha) R I - z v_th; a <- rho a + z, z none within 5 ms of a spike.

    The same operations in another order: spike steps are equal unless a potential lies within
    1e-12 of its threshold.
    """
    found = clamp(
        "alif", "evidence accumulation", [1.5] * pA, duration=2000 * ms, dt=1 * ms, record=True,
        variables=["a_threshold"], delay=1 * ms,
    )  # fmt: skip
    rho, alpha = math.exp(-1 / 2000), math.exp(-1 / 20)
    beta = 1.7 * (1 - rho) / (1 - alpha)
    v, trace, last, spikes, traces = 0.0, 0.0, -math.inf, [], []
    for step in range(2000):
        v, trace = alpha * v + (1 - alpha) * 1.5, rho * trace
        if v >= 0.6 + beta * trace and step - last >= 5:
            v, trace, last = v - 0.6, trace + 1, step
            spikes.append(step)
        traces.append(trace)
    assert len(spikes) > 20
    np.testing.assert_array_equal(np.rint(np.asarray(found.spike_train(0)) * 1e3), spikes)
    # the threshold's trace is the sum of exp(-(t - t_f)/tau_a); what is recorded in step k is the
    # state before it, and the current comes on in step 1
    recorded = found.results.traces["cell"].values["a_threshold"][0]
    closed = [sum(rho ** (k - f) for f in spikes if f < k) for k in (500, 1500)]
    np.testing.assert_allclose(recorded[[502, 1502]], closed, rtol=1e-9)
    intervals = np.diff(spikes)
    assert intervals[-1] > 1.2 * intervals[0]  # the rate to a step adapts


# ---------------------------------------------------------------- IFwA


def test_if_adaptation_lengthens_intervals_until_they_are_steady() -> None:
    """Intervals rise monotonically; at the end they solve the equations of a periodic orbit.

    With g decaying by e^(-T/tau_g) per period and rising by Delta_g, V' is linear with a known
    conductance: solved by a fine loop of its own; the simulation's steps of 0.05 ms round an
    interval of some 10 ms by 0.5 %.
    """
    found = clamp(
        "if_adaptation", "Dayan and Abbott, fig. 5.6", [2000] * pA, duration=900 * ms, dt=FINE * 5
    )
    intervals = np.diff(found.spike_train(0)) * 1e3
    assert intervals[0] < 0.7 * intervals[-1]
    assert np.all(np.diff(intervals) > -0.051)  # a step of 0.05 ms of rounding
    period = intervals[-1]
    g0 = 6 / (1 - math.exp(-period / 100))  # nS just after a spike
    v, t, h = -65.0, 0.0, 1e-3
    while v < -50:
        v += h * (100 * (-65 - v) + g0 * math.exp(-t / 100) * (-70 - v) + 2000) / 1000
        t += h
    assert t == pytest.approx(period, rel=5e-3)


# ---------------------------------------------------------------- QIF


def test_qif_fires_at_the_root_of_the_current_over_pi() -> None:
    """f = sqrt(I)/pi in the normal form, for a reset and a peak at infinity.

    From -20 to 20 the time is short of that by 2/20 ms, which is added. The bar is 1 %; Euler
    steps of 0.01 ms at |v| <= 20 make 0.2 %.
    """
    currents = np.array([0.01, 0.04, 0.16, 0.36])
    found = clamp("qif", "normal form", currents * pA, duration=250 * ms, dt=FINE)
    periods = 1e3 / rates(found, 4) + 2 / 20
    np.testing.assert_allclose(1 / periods, np.sqrt(currents) / np.pi, rtol=1e-2)
    slope = np.polyfit(np.sqrt(currents), 1 / periods, 1)[0]
    assert slope * np.pi == pytest.approx(1, rel=1e-2)


def test_qif_in_physical_units_has_the_period_of_the_arctangents() -> None:
    """T = t_ref + C/sqrt(k J) (atan x_peak - atan x_reset), J = I - k (V_c - E_L)^2/4 = I - 50 pA.

    0.5 %: t_ref and the interval are whole steps, and the upstroke is one.
    """
    found = clamp("qif", "cortical", np.array([100, 300]) * pA, duration=500 * ms, dt=FINE)
    J = np.array([100, 300]) - 50.0
    x_peak, x_reset = (30 + 60) * np.sqrt(0.5 / J), (-65 + 60) * np.sqrt(0.5 / J)
    expected = 2 + 200 / np.sqrt(0.5 * J) * (np.arctan(x_peak) - np.arctan(x_reset))
    np.testing.assert_allclose(1e3 / rates(found, 2), expected, rtol=5e-3)
    below = clamp("qif", "cortical", np.array([49, 51]) * pA, duration=2000 * ms)
    assert [len(below.spike_train(k)) > 0 for k in (0, 1)] == [False, True]


# ---------------------------------------------------------------- EIF


def test_the_dynamic_current_voltage_curve_of_eif_gives_back_its_parameters() -> None:
    """Badel et al. 2008: I_dyn = I - C dV/dt by V; its fit finds Delta_T and V_T within 5 %.

    V_T is counted from E_L. A noisy input is in the source; steps of many sizes visit the same
    voltages. V is recorded after the step, so the current belongs to the V before it.
    """
    currents = np.linspace(20, 400, 8) * pA
    found = clamp("eif", "Wang-Buzsaki", currents, duration=60 * ms, dt=FINE, record=True)
    V = np.asarray(found.V / mV)
    steps = np.diff(V, axis=1)
    driven = (np.asarray(found.t / ms)[:-1] > 0) & (np.asarray(found.t / ms)[1:] < 60)
    before = V[:, :-1]
    kept = driven & (steps > 0) & (before > -65.5) & (before < -40)
    ionic = (np.asarray(currents / pA)[:, None] - 100 * steps / 0.01)[kept] / 10  # I_dyn/g_L, mV
    voltage = before[kept]
    spike_part = voltage + 65 - ionic  # Delta_T exp((V - V_T)/Delta_T)
    upper = spike_part > 0.5
    slope, offset = np.polyfit(voltage[upper], np.log(spike_part[upper]), 1)
    sharpness = 1 / slope
    V_T = sharpness * (math.log(sharpness) - offset)
    assert upper.sum() > 500
    assert sharpness == pytest.approx(3.48, rel=0.05)
    assert pytest.approx(-59.9 + 65, rel=0.05) == V_T + 65


def test_eif_loses_rest_at_its_saddle_node() -> None:
    """I = g_L (V_T - E_L - Delta_T) = 10 nS x 1.62 mV; the passage is slow next to it."""
    found = clamp("eif", "Wang-Buzsaki", np.array([15.9, 16.8]) * pA, duration=1500 * ms)
    assert [len(found.spike_train(k)) > 0 for k in (0, 1)] == [False, True]


# ---------------------------------------------------------------- resonate-and-fire


def test_resonate_and_fire_answers_doublets_at_its_period_only() -> None:
    """Two pulses that alone do not fire it: spikes where the interval is near 2 pi/omega.

    A pulse turns X to p; V is p e^(bt) sin(omega t). The second pulse adds at its phase: the peak
    is |p| sqrt(1 + d^2 + 2 d cos(omega T)) e^(b t) with d = e^(bT), by the exact solution.
    """
    b, omega, pulse = -0.1, 1.0, 0.85  # per ms, mV
    delays = np.arange(0.5, 13.0, 0.5)
    neuron = df.neuron("resonate_and_fire", "b = -1, omega = 10")
    cells = neuron.make_population("cells", len(delays))
    index = np.arange(len(delays))
    source = df.SpikeInput(
        "pulses", len(delays), np.concatenate([index, index]),
        np.concatenate([np.full(len(delays), 1.0), 1.0 + delays]) * ms,
    )  # fmt: skip
    hit = df.Projection(
        "pulses", "cells", "X += w", weight=pulse * mV, pairs="one_to_one", name="hit"
    )
    net = df.Network([cells], [source], [hit])
    fired = set(df.run(net, 40 * ms, target="runtime", seed=1, progress=False).spikes.neuron)
    t = np.arange(0, 30, 0.01)

    def peak(delay: float) -> float:
        first = np.exp(b * t) * np.sin(omega * t)
        late = np.where(t > delay, np.exp(b * (t - delay)) * np.sin(omega * (t - delay)), 0)
        return float(pulse * (first + late).max())

    expected = {k for k, delay in enumerate(delays) if peak(delay) >= 1}
    near = {k for k, delay in enumerate(delays) if abs(peak(delay) - 1) < 0.02}
    assert peak(100.0) < 1  # a single pulse does not fire it
    assert fired - near == expected - near
    answered = delays[sorted(fired)]
    resonant = answered[answered > 2]  # those below are summation
    assert len(resonant) > 0
    assert abs(resonant.mean() - 2 * np.pi) < 0.7
    assert not any(3 <= delay <= 4.5 for delay in answered)  # half a period cancels


def test_resonate_and_fire_rings_as_the_exact_solution() -> None:
    """The step response is exact: 1e-9 of rounding over 400 steps."""
    found = clamp("resonate_and_fire", "b = -1, omega = 10", [5] * pA, duration=40 * ms,
                  record=True)  # fmt: skip
    t = np.asarray(found.t / ms)
    lam = -0.1 + 1j
    z = np.where(t >= -1e-9, (np.exp(lam * np.maximum(t, 0)) - 1) / lam * 0.5, 0)
    np.testing.assert_allclose(np.asarray(found.V[0] / mV), z.imag, atol=1e-9)


# ---------------------------------------------------------------- integrate-and-fire-or-burst


def test_if_or_burst_bursts_from_below_and_fires_tonically_from_above() -> None:
    """Smith et al. 2000: a burst of 2 to 6 spikes from a hyperpolarised start, else tonic firing.

    The drive is below the rheobase of tonic firing, 7 nS x 30 mV = 210 pA, so that all spikes are
    of the burst. From a depolarised start, where the calcium current is inactivated, there is none,
    and above the rheobase the interval is C/g_L ln((15 + d)/d) with d = I/g_L - 30 mV.
    """
    drive = np.array([40, 80, 160, 160, 300.0])
    start = {
        "V": np.array([-75, -75, -75, -55, -50.0]) * mV,
        "h": np.array([1, 1, 1, 0, 0.0]),
    }
    options = {"duration": 500 * ms, "initial": start}
    found = clamp("if_or_burst", "relay cell", drive * pA, **options)
    trains = [np.asarray(found.spike_train(k)) * 1e3 for k in range(5)]
    assert all(2 <= len(train) <= 6 for train in trains[:3])
    assert all(train[-1] - train[0] < 60 for train in trains[:3])
    assert len(trains[3]) == 0
    above = 300 / 7 - 30  # mV; the recovered share of h is nil, V stays above V_h
    expected = 400 / 7 * math.log((above + 15) / above)
    np.testing.assert_allclose(np.diff(trains[4]), expected, atol=0.21)  # two steps of 0.1 ms


def test_if_or_burst_answers_the_end_of_an_inhibition() -> None:
    """Held 3 mV above V_h, where the current is inactivated, a release evokes 2 to 6 spikes."""
    options = {"duration": 500 * ms, "after": 300 * ms, "initial": {"h": np.zeros(2)}}
    held = {"E_L": -57 * mV}
    found = clamp("if_or_burst", "relay cell", [-150, -10] * pA, neuron=held, **options)
    rebound = np.asarray(found.spike_times[0]) * 1e3
    assert 2 <= len(rebound) <= 6
    assert rebound.min() > 500
    assert len(found.spike_times[1]) == 0


# ---------------------------------------------------------------- PLIF, STBP


def spikes_of_a_recurrence(name: str, steps: int, n: int) -> tuple[Any, Any, np.ndarray]:
    """A population that random spikes drive, and what it did: spike train and input per step."""
    rng = np.random.default_rng(3)
    sources, weights = 12, rng.normal(0.25, 0.35, (12, n))
    active = rng.random((steps, sources)) < 0.2
    when, who = np.nonzero(active)
    label = {"iterative_lif": "MNIST", "plif": "tau = 2"}[name]
    cells = df.neuron(name, label).make_population("cells", n)
    drive = df.SpikeInput("drive", sources, who, when * ms)
    i, j = (index.ravel() for index in np.indices((sources, n)))
    w = weights.ravel() * mV
    join = df.Projection("drive", "cells", "arrived += w", pairs=(i, j), weight=w, name="join")
    net = df.Network([cells], [drive], [join])
    results = df.run(net, steps * ms, dt=1 * ms, target="runtime", seed=1, progress=False)
    train = np.zeros((steps, n), dtype=bool)
    train[np.rint(results.spikes.t * 1e3).astype(int), results.spikes.neuron] = True
    arrived = np.zeros((steps, n))
    for step in range(1, steps):  # what a synapse adds in a step counts in the next
        for source in np.flatnonzero(active[step - 1]):
            arrived[step] += weights[source] * 1e-3
    return train, weights, arrived


def test_iterative_lif_is_its_recurrence_to_the_bit() -> None:
    steps, n = 300, 20
    train, _, arrived = spikes_of_a_recurrence("iterative_lif", steps, n)
    u, out = np.zeros(n), np.zeros(n)
    expected = np.zeros((steps, n), dtype=bool)
    for step in range(steps):
        u = u * 0.2 * (1 - out) + arrived[step]
        out = (u >= 0.5e-3).astype(float)
        expected[step] = out > 0
    assert 0.02 < expected.mean() < 0.8
    np.testing.assert_array_equal(train, expected)


def test_plif_is_its_recurrence() -> None:
    steps, n = 300, 20
    train, _, arrived = spikes_of_a_recurrence("plif", steps, n)
    v, expected = np.zeros(n), np.zeros((steps, n), dtype=bool)
    for step in range(steps):
        v = v + 0.5 * (arrived[step] - v)
        expected[step] = v >= 1e-3
        v[expected[step]] = 0
    assert 0.005 < expected.mean() < 0.8
    np.testing.assert_array_equal(train, expected)


@pytest.mark.parametrize(("a", "tau"), [(-math.log(9), 10.0), (0.0, 2.0), (3.0, 1 + math.exp(-3))])
def test_plif_decays_by_its_time_constant(a: float, tau: float) -> None:
    """From rest to a steady X, the distance shrinks by 1 - 1/tau per step, tau = 1 + e^-a."""
    found = clamp("plif", "tau = 2", [0.5] * pA, duration=20 * ms, dt=1 * ms, record=True,
                  neuron={"a": a})  # fmt: skip
    V = np.asarray(found.V[0] / mV)
    after = 0.5 - V[2:6]
    np.testing.assert_allclose(after[1:] / after[:-1], 1 - 1 / tau, rtol=1e-6)


# ---------------------------------------------------------------- SRM, threshold function


def test_srm_without_noise_is_lif_whose_reset_subtracts() -> None:
    """Kernels of LIF: the same spikes as a loop of dV = ((E_L - V)/tau + I/C) dt, V -= 15 mV.

    Noise of 0.001 mV makes it deterministic up to a step: V climbs 0.003 mV or more in one.
    """
    found = clamp("srm", "leaky integrate-and-fire", [1800] * pA, duration=300 * ms,
                  neuron={"Delta_u": 0.001 * mV, "rho_0": 10000 * Hz})  # fmt: skip
    v, decay, spikes = 0.0, math.exp(-0.01), []
    for step in range(3000):
        v = v * decay + 18 * (1 - decay)
        if v >= 15:
            v, spikes = v - 15, [*spikes, step]
    found_steps = np.rint(np.asarray(found.spike_train(0)) * 1e4)
    assert len(found_steps) == len(spikes) > 10
    np.testing.assert_allclose(np.diff(found_steps), np.diff(spikes), atol=1)


def test_the_escape_rate_of_srm_is_exponential_in_the_potential() -> None:
    """log rate = log rho_0 + (V - V_th)/Delta_u: slope 1/Delta_u = 0.5 per mV.

    Without kernels after a spike V is steady, so that counts are binomial: 600 to 4400 spikes each,
    4 % of the smallest. Five standard errors of the slope are 0.02 per mV.
    """
    depths = np.array([-6.0, -5.0, -4.0, -3.0, -2.0])
    V = np.repeat(depths, 40)  # mV below threshold, 40 copies each
    start = {"V": (-50 + V) * mV}
    found = clamp("srm", "leaky integrate-and-fire", (15 + V) * 100 * pA, duration=3000 * ms,
                  delay=1 * ms, dt=1 * ms, initial=start, seed=4,
                  neuron={"Delta_u": 2 * mV, "rho_0": 100 * Hz, "eta_0": 0 * mV})  # fmt: skip
    counts = np.array([len(found.spike_train(k)) for k in range(len(V))]).reshape(5, 40).sum(1)
    observed = counts / (40 * 3.0)
    slope, _ = np.polyfit(depths, np.log(observed), 1)
    assert slope == pytest.approx(0.5, abs=0.02)
    expected = (1 - np.exp(-0.1 * np.exp(depths / 2))) * 1e3  # in steps of 1 ms
    np.testing.assert_allclose(observed, expected, rtol=0.1)


def test_a_threshold_function_limits_the_rate_to_its_absolute_refractoriness() -> None:
    """Rates rise to 1/t_abs = 500 Hz and not beyond; weak input sees the relative part."""
    currents = np.array([320, 400, 800, 2000, 20000]) * pA
    found = clamp("threshold_function", "absolute and relative refractoriness", currents,
                  duration=400 * ms)  # fmt: skip
    observed = rates(found, 5)
    assert all(low < high for low, high in pairwise(observed))
    assert observed[-1] == pytest.approx(500, rel=0.01)
    # the interval at which V_th + Theta_1 exp(-(T - t_abs)/tau_rel) meets the steady potential
    steady = np.array([400, 800]) / 20 - 15  # mV above V_th
    expected = 2 + 5 * np.log(40 / steady)
    last = [np.diff(found.spike_train(k))[-1] * 1e3 for k in (1, 2)]
    np.testing.assert_allclose(last, expected, atol=0.11)  # a step of 0.1 ms
