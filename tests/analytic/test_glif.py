"""GLIF neurons against closed forms between spikes, the jump rules at spikes, and a plain loop."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import Hz, Mohm, NeuronGroup, SpikeMonitor, StateMonitor, ms, mV, pA, pF
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.core.errors import CatalogueError, QuantityError, UnknownName
from dualframe.neuromodulation import substitute_parameters
from dualframe.neurons.glif import LEVELS, glif_level, glif_neuron, reduce_to_level
from dualframe.neurons.point_neuron import PointNeuron

DT = 0.1  # ms

# Teeter et al. 2018, specimen 486108147 (Cux2, layer 2/3), level 5; t_ref is 47 steps
SPECIMEN: dict[str, Any] = {
    "C": 104.651 * pF,
    "R": 160.363 * Mohm,
    "E_L": -76.6679 * mV,
    "th_inf": 22.0487 * mV,
    "t_ref": 4.7 * ms,
    "asc_amp1": -219.722 * pA,
    "asc_tau1": 10 * ms,
    "asc_amp2": -6.27438 * pA,
    "asc_tau2": 333.333 * ms,
    "f_v": 0.188898,
    "deltaV": 21.3104 * mV,
    "a_spike": 3.52132 * mV,
    "b_spike": 368.633 * Hz,
    "a_voltage": 22.4087 * Hz,
    "b_voltage": 60.6953 * Hz,
}
R, C, E_L, TH, T_REF = 0.160363, 104.651, -76.6679, 22.0487, 4.7  # GOhm (mV/pA), pF, mV, mV, ms
TAU = R * C  # ms
REFRACTORY = 47  # steps
PULSE = "drive*int(t < 10*ms)"  # pA that fire one early spike, and then silence


def run(
    cell: PointNeuron, drive: Any, duration: Any, record: Any = (), current: str = "drive"
) -> tuple[list[np.ndarray], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return spike steps, the variables at the start of each step, and before each threshold.

    The recordings are in mV and pA, with shape (neurons, steps).
    """
    drive = np.atleast_1d(drive / pA) * pA
    equations = f"{cell.equations}\nI = {current} : amp\ndrive : amp (constant)\n"
    for name, value in cell.parameters.items():
        dimensions = get_dimensions(value)
        unit = "1" if dimensions is DIMENSIONLESS else repr(dimensions)
        equations += f"{name} : {unit} (constant)\n"
    numpy = {"codeobj_class": brian2.NumpyCodeObject}
    group = NeuronGroup(
        len(drive),
        equations,
        method="euler",
        threshold=cell.threshold,
        reset=cell.reset,
        refractory=cell.refractory,
        dt=DT * ms,
        namespace={},
        **numpy,
    )
    for name, value in {**cell.parameters, **cell.initial, "drive": drive}.items():
        setattr(group, name, value)
    spikes = SpikeMonitor(group, **numpy)
    parts = [group, spikes]
    slots = {}
    for when in ("start", "after_groups") if record else ():
        slots[when] = StateMonitor(group, record, record=True, dt=DT * ms, when=when, **numpy)
    network = brian2.Network(*parts, *slots.values())
    network.run(duration, namespace={})
    trains = spikes.spike_trains()
    steps = [np.rint(np.asarray(trains[i] / ms) / DT).astype(int) for i in range(len(drive))]
    unit = {name: pA if name.startswith("asc") else mV for name in record}
    start, before = (
        {name: getattr(slots[when], name) / unit[name] for name in record} if record else {}
        for when in ("start", "after_groups")
    )
    return steps, start, before


def euler_bound(tau: float) -> float:
    """Return how far Euler's decay is from exp(-t/tau), at most, as a part of the start value.

    With x = dt/tau, (1 - x)^n = exp(-n(x + x^2/2 + x^3/3 ...)), so the difference is at most
    n x^2/2 (1 + x) exp(-n x), which is largest at n = 1/x: x (1 + x)/(2 e).
    """
    x = DT / tau
    return x * (1 + x) / (2 * np.e)


def closed_voltage(t: np.ndarray, v0: float, current: float, asc: dict[float, float]) -> np.ndarray:
    """V - E_L (mV) under a constant current and decaying ones, {tau: value at 0}, in pA and ms."""
    v = v0 * np.exp(-t / TAU) + R * current * (1 - np.exp(-t / TAU))
    for tau, value in asc.items():
        v += R * value * tau / (tau - TAU) * (np.exp(-t / tau) - np.exp(-t / TAU))
    return v


# ---------------------------------------------------------------- passive


def test_input_resistance_and_time_constant() -> None:
    currents = np.array([-20.0, 0.0, 40.0])
    _, start, _ = run(glif_neuron(1, SPECIMEN), currents * pA, 400 * ms, ("V",))
    v = start["V"] - E_L
    # 400 ms are 23.8 time constants: exp(-23.8) = 5e-11 of the step is missing.
    np.testing.assert_allclose(v[:, -1], R * currents, rtol=1e-9, atol=1e-9)
    t = np.arange(v.shape[1]) * DT
    for row, current in zip(v, currents, strict=True):
        expected = closed_voltage(t, 0, current, {})
        np.testing.assert_allclose(row, expected, atol=R * abs(current) * euler_bound(TAU) + 1e-9)


# ---------------------------------------------------------------- f-I of the leaky neuron


def test_rate_of_the_leaky_neuron_follows_the_formula() -> None:
    """T = t_ref + tau ln(R I/(R I - th)), and no spike up to I = th/R."""
    rheobase = TH / R
    currents = rheobase * np.array([0.5, 0.999, 1.05, 1.2, 1.5, 2.0, 4.0])
    spikes, _, _ = run(glif_neuron(1, SPECIMEN), currents * pA, 600 * ms)
    assert [len(found) for found in spikes[:2]] == [0, 0]
    for found, current in zip(spikes[2:], currents[2:], strict=True):
        gaps = np.diff(found)
        assert len(gaps) > 3
        assert np.ptp(gaps) == 0  # every interval starts from the same state
        rise = TAU * np.log(R * current / (R * current - TH))
        # Exactly, in steps: the rise takes the first m with 1 - (1 - dt/tau)^m > th/(R I), and the
        # neuron moves again in step t_ref/dt after the spike.
        m = np.ceil(np.log(1 - TH / (R * current)) / np.log1p(-DT / TAU))
        assert gaps[0] == REFRACTORY - 1 + m
        # Against continuous time: the grid adds up to one step to the rise, the hold lacks one
        # (the two cancel to within a step), and Euler's tau is short by dt/2 (1 + dt/tau).
        euler = rise * DT / (2 * TAU) * (1 + DT / TAU)
        assert abs(gaps[0] * DT - (T_REF + rise)) <= DT + euler


def test_refractory_period_is_per_neuron() -> None:
    spikes, _, _ = run(
        glif_neuron(1, SPECIMEN | {"t_ref": [2.0, 4.7, 10.0] * ms}), [400] * 3 * pA, 200 * ms
    )
    gaps = [np.diff(found)[0] for found in spikes]
    assert np.diff(gaps).tolist() == [27, 53]


# ---------------------------------------------------------------- at spikes

STATES = {
    1: ("V",),
    2: ("V", "th_s"),
    3: ("V", "asc1", "asc2"),
    4: ("V", "asc1", "asc2", "th_s"),
    5: ("V", "asc1", "asc2", "th_s", "th_v"),
}


@pytest.mark.parametrize("number", LEVELS)
def test_jumps_at_spikes_and_hold(number: int) -> None:
    names = STATES[number]
    cell = glif_neuron(number, SPECIMEN)
    assert set(cell.initial) == set(names)
    spikes, start, before = run(cell, [500] * pA, 150 * ms, names)
    found = spikes[0][:-1]
    assert len(found) > 2
    jumps = {
        "V": lambda v: E_L + (0.188898 * (v - E_L) + 21.3104 if number in (2, 4, 5) else 0),
        "asc1": lambda x: x * np.exp(-T_REF / 10) - 219.722,
        "asc2": lambda x: x * np.exp(-T_REF / 333.333) - 6.27438,
        "th_s": lambda x: x * np.exp(-0.368633 * T_REF) + 3.52132,
        "th_v": lambda x: x,
    }
    for name in names:
        after = start[name][0]
        # The same arithmetic in another unit: rounding only.
        np.testing.assert_allclose(after[found + 1], jumps[name](before[name][0][found]), rtol=1e-9)
        for n in found:  # nothing moves for t_ref, and everything does in the step after it
            held = after[n + 1 : n + 1 + REFRACTORY]
            assert np.ptp(held) == 0
        # th_v and th_s may pass a turning point, so motion is asked of the voltage alone
    assert start["V"][0][found[0] + 1 + REFRACTORY] != start["V"][0][found[0] + REFRACTORY]


@pytest.mark.parametrize("number", LEVELS)
def test_threshold_is_the_sum_of_its_parts(number: int) -> None:
    """The neuron spikes in the first step, outside t_ref, in which V exceeds it."""
    names = STATES[number]
    spikes, _, before = run(glif_neuron(number, SPECIMEN), [500] * pA, 100 * ms, names)
    threshold = E_L + TH + sum(before[name][0] for name in names if name.startswith("th"))
    above = np.flatnonzero(before["V"][0] > threshold)
    expected: list[int] = []
    for n in above:
        if not expected or n - expected[-1] >= REFRACTORY:
            expected.append(int(n))
    assert spikes[0].tolist() == expected


# ---------------------------------------------------------------- between spikes


def test_after_spike_currents_and_voltage_after_a_spike() -> None:
    """One spike, then rest: I_j decay, and V follows them, as in closed form."""
    spikes, start, _ = run(
        glif_neuron(3, SPECIMEN), [500] * pA, 300 * ms, ("V", "asc1", "asc2"), PULSE
    )
    assert len(spikes[0]) == 1
    first = spikes[0][0] + REFRACTORY  # the last step in which everything is held
    assert first * DT > 10 - DT  # the pulse is over
    v, one, two = (start[name][0][first:] for name in ("V", "asc1", "asc2"))
    t = np.arange(len(v)) * DT
    assert one[0] == pytest.approx(-219.722)
    assert two[0] == pytest.approx(-6.27438)
    np.testing.assert_allclose(one, one[0] * np.exp(-t / 10), atol=219.722 * euler_bound(10))
    np.testing.assert_allclose(two, two[0] * np.exp(-t / 333.333), atol=6.3 * euler_bound(333.333))
    expected = closed_voltage(t, v[0] - E_L, 0, {10.0: one[0], 333.333: two[0]})
    # Euler's error in V: each step adds dt^2/2 |V''|, and steps before it fade by (1 - dt/tau), so
    # at most tau dt/2 max|V''|; the currents' own errors add R times theirs.
    curvature = np.abs(np.diff(expected, 2)).max() / DT**2
    bound = TAU * DT / 2 * curvature * 1.01
    bound += R * (219.722 * euler_bound(10) + 6.3 * euler_bound(333.333))
    np.testing.assert_allclose(v - E_L, expected, atol=bound)
    assert bound < 0.05 * np.abs(expected).max()  # the test would see a wrong constant


def test_spike_threshold_decays_after_a_spike() -> None:
    spikes, start, _ = run(glif_neuron(2, SPECIMEN), [500] * pA, 100 * ms, ("th_s",), PULSE)
    first = spikes[0][-1] + REFRACTORY
    rest = start["th_s"][0][first:]
    t = np.arange(len(rest)) * DT
    tau = 1 / 0.368633
    expected = rest[0] * np.exp(-t / tau)
    np.testing.assert_allclose(rest, expected, atol=rest[0] * euler_bound(tau))
    assert rest[0] >= 3.52132


def test_voltage_threshold_follows_the_voltage() -> None:
    """A step of current below rheobase: th_v is a double exponential towards a R I/b."""
    current, a, b = 50.0, 0.0224087, 0.0606953
    spikes, start, _ = run(glif_neuron(5, SPECIMEN), [current] * pA, 200 * ms, ("V", "th_v"))
    assert len(spikes[0]) == 0
    found = start["th_v"][0]
    t = np.arange(len(found)) * DT
    rate = 1 / TAU
    expected = (
        a
        * R
        * current
        * ((1 - np.exp(-b * t)) / b - (np.exp(-rate * t) - np.exp(-b * t)) / (b - rate))
    )
    # As for V above: th_v's own Euler error, and that of V through a/b.
    curvature = np.abs(np.diff(expected, 2)).max() / DT**2
    bound = DT / (2 * b) * curvature * 1.01 + a / b * R * current * euler_bound(TAU)
    np.testing.assert_allclose(found, expected, atol=bound)
    assert found[-1] == pytest.approx(a / b * R * current, rel=1e-4)  # exp(-0.06*200) = 5e-6
    assert bound < 0.01 * found[-1]


# ---------------------------------------------------------------- whole trains


def loop(number: int, current: float, steps: int) -> list[int]:
    """Teeter's rules as a plain loop in mV, pA and ms."""
    has = LEVELS[number]
    v = th_s = th_v = one = two = 0.0  # v from E_L
    held, found = 0, []
    for n in range(steps):
        if held:
            held -= 1
            continue
        dv = (current + one + two - v / R) / C
        th_v += DT * (0.0224087 * v - 0.0606953 * th_v) * has.voltage_threshold
        th_s -= DT * 0.368633 * th_s
        one, two = one - DT * one / 10, two - DT * two / 333.333
        v += DT * dv
        if v > TH + th_s + th_v:
            found.append(n)
            held = REFRACTORY - 1
            v = 0.188898 * v + 21.3104 if has.reset_rule else 0.0
            th_s = (th_s * np.exp(-0.368633 * T_REF) + 3.52132) * has.reset_rule
            one = (one * np.exp(-T_REF / 10) - 219.722) * has.after_spike
            two = (two * np.exp(-T_REF / 333.333) - 6.27438) * has.after_spike
    return found


@pytest.mark.parametrize("number", LEVELS)
def test_trains_equal_a_plain_loop(number: int) -> None:
    currents = np.array([260.0, 400.0, 800.0])
    spikes, _, _ = run(glif_neuron(number, SPECIMEN), currents * pA, 400 * ms)
    for found, current in zip(spikes, currents, strict=True):
        # Equal to the step: the reset contracts (f_v = 0.19, or 0), so rounding stays rounding.
        assert found.tolist() == loop(number, current, 4000)
        assert len(found) > 2


def test_after_spike_currents_adapt() -> None:
    spikes, _, _ = run(glif_neuron(3, SPECIMEN), [400] * pA, 600 * ms)
    gaps = np.diff(spikes[0])
    assert gaps[-1] > 1.1 * gaps[0]


# ---------------------------------------------------------------- levels, adaptation, errors


@pytest.mark.parametrize(("low", "high"), [(1, 3), (2, 4)])
def test_lower_levels_are_the_higher_without_currents(low: int, high: int) -> None:
    assert LEVELS[low].source == high
    specimen = reduce_to_level(high, SPECIMEN)
    silent = specimen | {"asc_amp1": 0 * pA, "asc_amp2": 0 * pA}
    a, _, _ = run(glif_neuron(low, specimen), [300] * pA, 200 * ms)
    b, _, _ = run(glif_neuron(high, silent), [300] * pA, 200 * ms)
    assert a[0].tolist() == b[0].tolist()


def test_adaptation_scales_the_slowest_current() -> None:
    halved = substitute_parameters(glif_neuron(4, SPECIMEN), {"asc_amp2": "asc_amp2*0.5"})
    assert halved.places["adaptation"] == {"asc_amp2": "*"}
    smaller = glif_neuron(4, SPECIMEN | {"asc_amp2": SPECIMEN["asc_amp2"] / 2})
    a, start, _ = run(halved, [300] * pA, 200 * ms, ("asc2",))
    b, other, _ = run(smaller, [300] * pA, 200 * ms, ("asc2",))
    assert a[0].tolist() == b[0].tolist()
    np.testing.assert_array_equal(start["asc2"], other["asc2"])  # halving is exact


@pytest.mark.parametrize("number", LEVELS)
def test_no_adaptation_leaves_no_trace(number: int) -> None:
    plain = glif_neuron(number, SPECIMEN)
    assert "modulated" not in plain.equations + plain.reset
    assert substitute_parameters(plain, {}) is plain
    assert ("adaptation" in plain.places) == (number >= 3)


def test_levels_and_parameters_are_named() -> None:
    assert [glif_level(name) for name in (3, "3", "glif3", "GLIF3")] == [3] * 4
    with pytest.raises(UnknownName, match="unknown GLIF level 'glif6'"):
        glif_neuron("glif6", SPECIMEN)
    with pytest.raises(CatalogueError, match="GLIF level 4 lacks f_v"):
        glif_neuron(4, {name: value for name, value in SPECIMEN.items() if name != "f_v"})
    with pytest.raises(CatalogueError, match="lacks asc_amp1, asc_tau1"):
        glif_neuron(3, reduce_to_level(1, SPECIMEN))
    with pytest.raises(UnknownName, match="parameter of GLIF level 1 'G'"):
        glif_neuron(1, SPECIMEN | {"G": 1})
    with pytest.raises(QuantityError, match="GLIF level 1: C"):
        glif_neuron(1, SPECIMEN | {"C": 1 * mV})
