"""Impulse responses of synaptic channels against their closed forms."""

from __future__ import annotations

from typing import Any

import brian2
import numpy as np
import pytest
from brian2 import NeuronGroup, SpikeGeneratorGroup, StateMonitor, Synapses, ms, mV, nS, pA
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from dualframe.synapses import (
    DoubleAlpha,
    DualExponential,
    Exponential,
    MagnesiumBlock,
    ReceptorCurrent,
    receptor_current,
)

DT = 0.1  # ms
AT = 10  # the step of the spike


def response(
    part: ReceptorCurrent, variable: str, weight: Any, steps: int, clamp: Any = -70 * mV
) -> Any:
    """Return a channel's variable, from the step after one spike of a weight on, V clamped."""
    equations = part.equations + "\nV : volt (constant)\n"
    for name, value in part.parameters.items():
        dimensions = get_dimensions(value)
        unit = "1" if dimensions is DIMENSIONLESS else repr(dimensions)
        equations += f"{name} : {unit} (shared, constant)\n"
    numpy = {"codeobj_class": brian2.NumpyCodeObject, "dt": DT * ms}
    group = NeuronGroup(1, equations, method="euler", namespace={}, **numpy)
    for name, value in {**part.parameters, **part.initial, "V": clamp}.items():
        setattr(group, name, value)
    spike = SpikeGeneratorGroup(1, [0], [AT * DT] * ms, **numpy)
    synapse = Synapses(
        spike, group, f"w : {part.weight_unit}", on_pre=f"{part.written} += w", **numpy
    )
    synapse.connect()
    synapse.w = weight
    trace = StateMonitor(group, variable, record=True, **numpy)
    network = brian2.Network(spike, group, synapse, trace)
    network.run((AT + 1 + steps) * DT * ms, namespace={})
    return getattr(trace, variable)[0][AT + 1 :]  # sample n: n steps after the spike's step


def alpha(t: np.ndarray, tau: float) -> np.ndarray:
    return t / tau * np.exp(1 - t / tau)


def dual_area(rise: float, decay: float) -> float:
    """Area (ms) of a dual exponential that peaks at 1: rise q^(q/(q-1)) with q = decay/rise."""
    q = decay / rise
    return rise * float(np.exp(np.log(q) * q / (q - 1)))


def dual_peak_time(rise: float, decay: float) -> float:
    return rise * decay / (decay - rise) * float(np.log(decay / rise))


def test_exponential_peaks_at_the_weight_and_decays() -> None:
    g = (
        response(receptor_current("x", Exponential(5 * ms), reversal=0 * mV), "g_x", 2 * nS, 1000)
        / nS
    )
    assert g[0] == pytest.approx(2, rel=1e-12)  # the increment itself: rounding
    t = np.arange(len(g)) * DT
    # Euler: (1 - x)^n = exp(-n(x + x^2/2 + ...)) with x = dt/tau, so the difference from exp(-nx)
    # is at most n x^2/2 (1 + x) exp(-nx), largest at n = 1/x: x (1 + x)/(2e).
    x = DT / 5
    np.testing.assert_allclose(g / 2, np.exp(-t / 5), rtol=0, atol=x * (1 + x) / (2 * np.e))
    # dt sum (1 - x)^n = dt/x = tau exactly; exp(-20) of it lies beyond the recording.
    assert g.sum() * DT / 2 == pytest.approx(5, rel=1e-8)


@pytest.mark.parametrize(
    ("rise", "decay"), [(0.3, 2.0), (2.0, 80.0), (0.5, 5.0), (5.0, 60.0), (0.2, 0.8)]
)
def test_dual_exponential_peak_time_and_area(rise: float, decay: float) -> None:
    part = receptor_current("x", DualExponential(rise * ms, decay * ms), reversal=0 * mV)
    g = response(part, "g_x", 3 * nS, int(20 * decay / DT)) / nS / 3
    assert g.max() == pytest.approx(1, rel=1e-9)  # made exact for the Euler scheme: rounding
    # Euler's factor 1 - x is exp(-dt/tau') with tau' = -dt/ln(1 - x): tau - dt < tau' < tau. The
    # peak time and the area of the continuous response grow with both time constants, so the
    # discrete ones lie between those of tau - dt and tau; the grid adds half a step to the time,
    # and to the area the part by which the best sample falls short of the maximum between samples,
    # at most (dt/2)^2/2 |g''|/g = dt^2/(8 rise decay).
    earliest, latest = (dual_peak_time(rise - d, decay - d) for d in (DT, 0))
    assert earliest - DT / 2 <= g.argmax() * DT <= latest + DT / 2
    least, most = (dual_area(rise - d, decay - d) for d in (DT, 0))
    grid = 1 + DT**2 / (8 * (rise - DT) * (decay - DT))
    assert least <= g.sum() * DT <= most * grid


def test_dual_exponential_shape_far_from_the_grid() -> None:
    """With dt/rise = 0.01 the response is the continuous one."""
    rise, decay = 10.0, 50.0
    g = response(
        receptor_current("x", DualExponential(rise * ms, decay * ms), reversal=0 * mV),
        "g_x",
        1 * nS,
        4000,
    )
    t = np.arange(len(g)) * DT
    shape = np.exp(-t / decay) - np.exp(-t / rise)
    expected = shape / (
        np.exp(-dual_peak_time(rise, decay) / decay) - np.exp(-dual_peak_time(rise, decay) / rise)
    )
    # Each exponential is off by at most x/(2e)(1 + x) (see the exponential), times the factor that
    # makes their difference peak at 1; and the factor itself is off by the same at the peak.
    x = DT / rise
    bound = 2 * expected.max() / shape.max() * (x + DT / decay) * (1 + x) / (2 * np.e)
    np.testing.assert_allclose(g / nS, expected, rtol=0, atol=bound)


@pytest.mark.parametrize("rise", [0.0, 0.1, 0.19])
def test_rise_below_two_steps_is_instantaneous(rise: float) -> None:
    part = receptor_current("x", DualExponential(rise * ms, 5 * ms), reversal=0 * mV)
    assert part == receptor_current("x", Exponential(5 * ms), reversal=0 * mV)


def test_equal_time_constants_make_an_alpha_function() -> None:
    g = response(
        receptor_current("x", DualExponential(5 * ms, 5 * ms), reversal=0 * mV), "g_x", 1 * nS, 800
    )
    g = g / nS
    assert g.max() == pytest.approx(1, rel=1e-9)
    t = np.arange(len(g)) * DT
    # d/dtau of (t/tau) exp(1 - t/tau) is at most 1/tau in size (at t = 0.4 tau: 0.24/tau * e, at
    # t = 2.6 tau: 0.31/tau * e), and Euler's tau' is short of tau by at most dt.
    np.testing.assert_allclose(g, alpha(t, 5), rtol=0, atol=DT / 5)


def test_double_alpha_is_two_alphas_from_one_write() -> None:
    fast, slow, ratio = 2.0, 30.0, 0.4
    part = receptor_current("x", DoubleAlpha(fast * ms, slow * ms, ratio), reversal=-75 * mV)
    assert part.written == "k_x"
    quick = response(part, "g_fast_x", 2 * nS, 4000) / nS
    whole = response(part, "g_x", 2 * nS, 4000) / nS
    late = (whole - quick) / ratio
    assert quick.max() == pytest.approx(2, rel=1e-9)  # exact for the Euler scheme: rounding
    assert late.max() == pytest.approx(2, rel=1e-9)
    # One step passes before the mailbox is read; Euler's tau' is short of tau by dt/2 to dt.
    assert fast - DT <= (quick.argmax() - 1) * DT <= fast + DT
    assert slow - DT <= (late.argmax() - 1) * DT <= slow + DT
    # The continuous area is e tau (fast + ratio slow) per weight; bounds as for the dual form.
    expected = np.e * (fast + ratio * slow)
    assert expected - np.e * DT * (1 + ratio) <= whole.sum() * DT / 2
    assert whole.sum() * DT / 2 <= expected * (1 + DT**2 / (8 * (fast - DT) ** 2))


def test_mailbox_is_empty_after_one_step() -> None:
    part = receptor_current("x", DoubleAlpha(2 * ms, 30 * ms, 0.4), reversal=0 * mV)
    k = response(part, "k_x", 1 * nS, 5) / nS
    assert k[0] == pytest.approx(1)
    assert np.abs(k[1:]).max() < 1e-15  # k - dt*(k/dt): at most rounding of k


def test_conductance_drives_towards_the_reversal_potential() -> None:
    part = receptor_current("x", Exponential(5 * ms), reversal=-75 * mV)
    current = response(part, "I_x", 2 * nS, 10, clamp=-60 * mV)
    assert current[0] / pA == pytest.approx(2 * (-75 + 60))  # nS mV = pA


@pytest.mark.parametrize("sign", [1, -1])
def test_current_mode_peaks_at_the_signed_weight(sign: int) -> None:
    part = receptor_current("x", DualExponential(0.5 * ms, 5 * ms), current=True, sign=sign)
    current = response(part, "I_x", 40 * pA, 200) / pA
    assert np.abs(current).max() == pytest.approx(40)
    assert np.sign(current[np.abs(current).argmax()]) == sign


@pytest.mark.parametrize("potential", [-80.0, -40.0, 0.0, 20.0])
def test_magnesium_block_is_that_of_jahr_and_stevens(potential: float) -> None:
    part = receptor_current("x", Exponential(100 * ms), reversal=5 * mV, magnesium=MagnesiumBlock())
    current = response(part, "I_x", 1 * nS, 3, clamp=potential * mV)
    opened = 1 / (1 + np.exp(-0.062 * potential) / 3.57)
    assert current[0] / pA == pytest.approx((5 - potential) * opened)
