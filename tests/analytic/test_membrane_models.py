"""Conductance-based and polynomial neurons against Jacobians, other solvers and published currents.

All of them stand in one network, so that one program is compiled; it runs at 0.01 ms, where the
first-order steps of these models are within the tolerances below.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, pA
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

import dualframe as df
from dualframe.targets.target_support import missing_requirements

DT = 0.01 * ms
DURATION = 1600 * ms
SETTLED = 800.0  # ms


def hopf_current(epsilon: float, sign: int) -> float:
    """The current at which the trace of FitzHugh-Nagumo's Jacobian is zero, in its own unit."""
    v = sign * np.sqrt(1 - epsilon * 0.8)
    return float(v**3 / 3 - v + (v + 0.7) / 0.8)


FIRST, SECOND = hopf_current(0.08, -1), hopf_current(0.08, 1)


def near_fixed_points(currents: Any) -> dict[str, Any]:
    """One mV from the fixed points: below the first Hopf current a large cycle is stable too."""
    roots = [np.roots([1 / 3, 0, 1 / 0.8 - 1, 0.7 / 0.8 - current]) for current in currents]
    v = np.array([root[np.isreal(root)].real[0] for root in roots])
    return {"V": (-30 + 25 * v + 1) * mV, "w_recovery": (v + 0.7) / 0.8}


# --- Morris-Lecar in the source's units: mV, ms, uA/cm^2, mS/cm^2 ---------------------------------

CLASS_1 = {"gCa": 4.0, "V3": 12.0, "V4": 17.4, "phi": 1 / 15}
CLASS_2 = {"gCa": 4.4, "V3": 2.0, "V4": 30.0, "phi": 0.04}


def morris_lecar(V: Any, w: Any, gCa: float, V3: float, V4: float, phi: float) -> tuple[Any, Any]:
    """C dV/dt without a current, and dw/dt."""
    m = 0.5 * (1 + np.tanh((V + 1.2) / 18))
    target = 0.5 * (1 + np.tanh((V - V3) / V4))
    ionic = -gCa * m * (V - 120) - 8 * w * (V + 84) - 2 * (V + 60)
    return ionic, phi * np.cosh((V - V3) / (2 * V4)) * (target - w)


def steady_current(V: Any, **p: float) -> Any:
    return -morris_lecar(V, 0.5 * (1 + np.tanh((V - p["V3"]) / p["V4"])), **p)[0]


def saddle_node() -> float:
    """The knee of the steady current-voltage curve: the largest current with a resting state."""
    V = np.linspace(-60, -10, 50001)
    return float(steady_current(V, **CLASS_1).max())


def morris_lecar_hopf() -> float:
    """The lowest current at which the trace of the class 2 Jacobian is zero."""

    def trace(V: float) -> float:
        w = 0.5 * (1 + np.tanh((V - CLASS_2["V3"]) / CLASS_2["V4"]))
        h = 1e-5
        dV = morris_lecar(V + h, w, **CLASS_2)[0] - morris_lecar(V - h, w, **CLASS_2)[0]
        dw = morris_lecar(V, w + h, **CLASS_2)[1] - morris_lecar(V, w - h, **CLASS_2)[1]
        return float((dV / 20 + dw) / (2 * h))

    return float(steady_current(brentq(trace, -45, -20), **CLASS_2))


KNEE, HOPF = saddle_node(), morris_lecar_hopf()

# name of the population -> model, set, other parameters, currents in pA
CELLS: dict[str, tuple[str, str, dict[str, Any], Any]] = {
    "fhn": (
        "fitzhugh_nagumo",
        "epsilon 0.08",
        {"t_unit": 0.25 * ms},
        100 * np.array([0.99 * FIRST, 1.01 * FIRST, 0.99 * SECOND, 1.01 * SECOND]),
    ),
    "ml_1": ("morris_lecar", "class 1", {}, 10 * (KNEE + np.array([-0.4, 0.5, 2.0, 8.0]))),
    "ml_2": ("morris_lecar", "class 2", {}, 10 * HOPF * np.array([0.9, 1.01, 1.2])),
    "hh": ("hodgkin_huxley", "squid axon", {}, np.array([215, 235, 610, 640, 1000, 2000])),
    "hr_slow": ("hindmarsh_rose", "r 0.001", {"t_unit": 0.4 * ms}, np.array([200, 400])),
    "hr": ("hindmarsh_rose", "r 0.005", {"t_unit": 0.4 * ms}, np.array([200, 325, 400])),
    "wilson_rs": ("wilson", "RS", {}, np.array([1000])),
    "wilson_burst": ("wilson", "bursting", {}, np.array([1000])),
    "wilson_fs": ("wilson", "FS", {}, np.array([1000])),
    "mixed_strong": ("mixed_feedback", "bursting", {}, np.arange(-250, 101, 50)),
    "mixed_weak": ("mixed_feedback", "bursting", {"a_burst": 0.8}, np.arange(-250, 101, 50)),
}


@pytest.fixture(scope="module")
def found() -> df.Results:
    if reasons := missing_requirements("cpp_standalone"):
        pytest.skip("; ".join(reasons))
    populations, inputs = [], []
    for name, (model, label, other, currents) in CELLS.items():
        cell = df.neuron(model, label, **other)
        if name == "fhn":
            cell = replace(cell, initial=near_fixed_points(currents / 100))
        populations.append(cell.make_population(name, len(currents)))
        inputs.append(df.CurrentInput(name, currents * pA, 0 * ms))
    return df.run(
        df.Network(populations=tuple(populations), inputs=tuple(inputs)),
        DURATION,
        dt=DT,
        target="cpp_standalone",
        progress=False,
        record={"hh": df.Recording("V")},
    )


def spikes(found: df.Results, name: str, after: float = 0.0) -> list[Any]:
    """Spike times of every cell of a population, in ms."""
    table = found.spikes[found.spikes.population == name]
    cells = range(len(CELLS[name][3]))
    times = [np.sort(1e3 * table.t[table.neuron == cell].to_numpy()) for cell in cells]
    return [t[t > after] for t in times]


@pytest.mark.slow
@pytest.mark.cpp
def test_fitzhugh_nagumo_oscillates_between_its_hopf_currents(found: df.Results) -> None:
    """Within 1 % on both ends: what starts near the fixed point dies out, or grows to spikes."""
    below, inside, near_the_end, beyond = spikes(found, "fhn", SETTLED)
    assert (len(below), len(beyond)) == (0, 0)
    assert min(len(inside), len(near_the_end)) > 10


@pytest.mark.slow
@pytest.mark.cpp
def test_morris_lecar_of_class_1_starts_at_any_rate(found: df.Results) -> None:
    """The rate grows as the root of the distance to the knee: twice for four times the distance.

    The root holds near the knee only; 15 % are what the source's own equations have here.
    """
    at_rest, *firing = spikes(found, "ml_1")
    assert pytest.approx(39.96, abs=0.05) == KNEE  # Rinzel and Ermentrout 1998
    assert len(at_rest) == 0
    rates = [1e3 / np.diff(times)[-1] for times in firing]
    assert rates[0] < 4
    assert rates[1] / rates[0] == pytest.approx(2, rel=0.15)
    assert rates[2] / rates[1] == pytest.approx(2, rel=0.15)


@pytest.mark.slow
@pytest.mark.cpp
def test_morris_lecar_of_class_2_jumps_to_a_rate(found: df.Results) -> None:
    at_rest, onset, more = spikes(found, "ml_2", SETTLED)
    assert pytest.approx(93.86, abs=0.05) == HOPF  # Rinzel and Ermentrout 1998
    assert len(at_rest) == 0
    first, second = (1e3 / np.diff(times).mean() for times in (onset, more))
    assert first > 0.8 * second
    assert first > 8  # Hz, where class 1 has less than 4


def squid(t: float, y: Any, current: float) -> list[float]:
    """The textbook form of the equations, in mV, ms and uA/cm^2."""
    V, m, h, n = y
    a_m, b_m = 0.1 * (V + 40) / (1 - np.exp(-(V + 40) / 10)), 4 * np.exp(-(V + 65) / 18)
    a_h, b_h = 0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))
    a_n, b_n = 0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10)), 0.125 * np.exp(-(V + 65) / 80)
    ionic = 120 * m**3 * h * (V - 50) + 36 * n**4 * (V + 77) + 0.3 * (V + 54.387)
    gates = [a_m * (1 - m) - b_m * m, a_h * (1 - h) - b_h * h, a_n * (1 - n) - b_n * n]
    return [current - ionic, *gates]


@pytest.mark.slow
@pytest.mark.cpp
def test_hodgkin_huxley_has_the_published_action_potential(found: df.Results) -> None:
    """Against LSODA: times within 1 % and the peak within 0.5 mV, of first-order steps of 0.01 ms.

    One spike from 2.24 uA/cm^2 on, repetitive firing from 6.26 (Rinzel and Miller 1980).
    """
    silent, once, ends, repeats, _, strong = spikes(found, "hh")
    assert (len(silent), len(once)) == (0, 1)
    assert len(ends) < 5
    assert repeats[-1] > 1550
    V = found.traces["hh"].values["V"]
    start = [1e3 * float(V[0, 0]), 0.0529, 0.5961, 0.3177]
    assert start[0] == pytest.approx(-65, abs=0.01)
    solved = solve_ivp(
        squid, (0, 60), start, args=(20.0,), method="LSODA", rtol=1e-8, max_step=0.05
    )
    (up,) = np.nonzero((solved.y[0][1:] > 0) & (solved.y[0][:-1] <= 0))
    assert len(up) >= 4
    np.testing.assert_allclose(strong[: len(up)], solved.t[up + 1], rtol=0.01, atol=0.05)
    peak = 1e3 * float(V[5].max())
    assert peak == pytest.approx(solved.y[0].max(), abs=0.5)
    assert 100 < peak - start[0] < 110  # "about 100 mV"


def crossings_of_solver(slopes: Any, start: Any, end: float, level: float, *more: float) -> Any:
    """Times at which the first variable rises over a level, by LSODA."""

    def above(t: float, y: Any, *_: float) -> float:
        return float(y[0] - level)

    above.direction = 1  # type: ignore[attr-defined]
    solved = solve_ivp(
        slopes, (0, end), start, args=more, method="LSODA", rtol=1e-8, atol=1e-10, events=above
    )
    return solved.t_events[0]


def burst_sizes(times: Any, pause: float) -> set[int]:
    """Numbers of spikes between intervals that are longer than some times the shortest."""
    intervals = np.diff(times)
    (long,) = np.nonzero(intervals > pause * intervals.min())
    assert len(long) >= 3
    return set(np.diff(long).tolist())


def hindmarsh_rose(t: float, y: Any, r: float, current: float) -> list[float]:
    """The equations of 1984 with the usual numbers."""
    x, fast, slow = y
    return [
        fast - x**3 + 3 * x**2 - slow + current,
        1 - 5 * x**2 - fast,
        r * (4 * (x + 1.6) - slow),
    ]


@pytest.mark.slow
@pytest.mark.cpp
def test_hindmarsh_rose_bursts_at_2_is_chaotic_at_325_and_tonic_at_4(found: df.Results) -> None:
    """Numbers of spikes in a burst are those of an adaptive solver; pauses are clear of 4 times."""
    bursting, _ = spikes(found, "hr_slow", SETTLED)
    triplets = spikes(found, "hr", SETTLED)[0]
    pairs, chaotic, tonic = (np.diff(times) for times in spikes(found, "hr", SETTLED))
    for r, ours in ((0.001, bursting), (0.005, triplets)):
        solved = crossings_of_solver(hindmarsh_rose, [-1.6, -12.0, 0.0], 6000, 1.0, r, 2.0)
        assert burst_sizes(ours, 4) == burst_sizes(solved[solved > 3000], 4)
    assert tonic.max() / tonic.min() < 1.01
    # chaos: no period up to 8 intervals returns within 2 %, where bursts of 3 return to 0.2 %
    assert all(returns(chaotic, period) > 0.1 for period in range(1, 9))
    assert returns(pairs, 3) < 0.01


def returns(intervals: Any, period: int) -> float:
    """The mean relative difference of intervals that lie a period apart."""
    pairs = intervals[period:], intervals[:-period]
    return float(np.mean(np.abs(pairs[0] - pairs[1]) / (pairs[0] + pairs[1])))


def wilson_bursting(t: float, y: Any) -> list[float]:
    """The equations of 1999 with a current of 1, in 100 mV and ms."""
    v, recovery, calcium, potassium = y
    sodium = (17.8 + (47.6 + 33.8 * v) * v) * (v - 0.5)
    slow = 2.25 * calcium * (v - 1.2) + 9.5 * potassium * (v + 0.95)
    return [
        1 - sodium - 26 * recovery * (v + 0.95) - slow,
        (1.24 + (3.7 + 3.2 * v) * v - recovery) / 4.2,
        (8 * (v + 0.725) ** 2 - calcium) / 14,
        (3 * calcium - potassium) / 45,
    ]


@pytest.mark.slow
@pytest.mark.cpp
def test_wilson_adapts_and_bursts_by_two_conductances(found: df.Results) -> None:
    (regular,), (bursts,), (fast,) = (
        spikes(found, name) for name in ("wilson_rs", "wilson_burst", "wilson_fs")
    )
    intervals = np.diff(regular)
    assert intervals[-1] > 2.5 * intervals[0]
    assert intervals[-1] == pytest.approx(intervals[-2], rel=0.02)
    solved = crossings_of_solver(wilson_bursting, [-0.7, 0.1, 0.0, 0.0], 1600, -0.2)
    assert burst_sizes(bursts, 4) == burst_sizes(solved[solved > SETTLED], 4)
    assert len(fast) > 4 * len(regular)


@pytest.mark.slow
@pytest.mark.cpp
def test_mixed_feedback_bursts_where_its_slow_conductance_is_negative(found: df.Results) -> None:
    """The slow current-voltage curve has slope 1 - a_burst at d_burst, where a_fast = a_slow."""

    def burst_ratio(times: Any) -> float:
        intervals = np.diff(times)
        return float(intervals.max() / intervals.min()) if len(intervals) > 5 else 1.0

    strong = [burst_ratio(times) for times in spikes(found, "mixed_strong", SETTLED / 2)]
    weak = spikes(found, "mixed_weak", SETTLED / 2)
    assert max(strong) > 10
    assert max(map(burst_ratio, weak)) < 1.5
    assert max(map(len, weak)) > 50
