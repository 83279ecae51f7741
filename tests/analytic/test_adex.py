"""AdEx neurons against fixed points, bifurcation currents and a plain loop of the equations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF
from scipy.optimize import brentq

import dualframe as df
from dualframe.experiments.current_clamp import current_clamp
from dualframe.neurons.adex import ADEX

DT = 0.1  # ms
# C pF, g_L nS, E_L, V_T, Delta_T mV, a nS, tau_w ms, b pA, V_r mV
SETS = {
    "brette": (281, 30, -70.6, -50.4, 2, 4, 144, 80.5, -70.6),
    "tonic": (200, 10, -70, -50, 2, 2, 30, 0, -58),
    "adaptation": (200, 12, -70, -50, 2, 2, 300, 60, -58),
    "delayed accelerating": (200, 12, -70, -50, 2, -10, 300, 0, -58),
    "resonant": (200, 12, -70, -50, 2, 10, 300, 60, -58),
}
NAMES = ("C", "g_L", "E_L", "V_T", "Delta_T", "a", "tau_w", "b", "V_r")
UNITS = (pF, nS, mV, mV, mV, nS, ms, pA, mV)


def parameters(name: str) -> dict[str, Any]:
    values = zip(NAMES, SETS[name], UNITS, strict=True)
    return {key: value * unit for key, value, unit in values}


def clamp(name: str, currents: Any, **options: Any) -> Any:
    population = ADEX.make_neuron(parameters(name)).make_population("cell", 1)
    return current_clamp(population, "", currents * pA, target="runtime", **options)


def loop(name: str, current: float, steps: int) -> np.ndarray:
    """Spike steps of forward Euler steps from rest."""
    C, g_L, E_L, V_T, Delta_T, a, tau_w, b, V_r = SETS[name]
    V, w, spikes = float(E_L), 0.0, []
    for step in range(steps):
        upstroke = g_L * Delta_T * np.exp(min((V - V_T) / Delta_T, 20.0))
        dV = (-g_L * (V - E_L) + upstroke - w + current) / C
        dw = (a * (V - E_L) - w) / tau_w
        V, w = V + DT * dV, w + DT * dw
        if V >= 20:
            V, w = float(V_r), w + b
            spikes.append(step)
    return np.array(spikes)


def bifurcation_current(name: str) -> float:
    """Naud et al. 2008: where the resting state is lost, in pA."""
    C, g_L, E_L, V_T, Delta_T, a, tau_w, _, _ = SETS[name]
    ratio, adaptation = C / g_L / tau_w, a / g_L
    slope = min(ratio, adaptation)
    linear = (g_L + a) * (V_T - E_L - Delta_T + Delta_T * np.log(1 + slope))
    return linear + Delta_T * g_L * max(adaptation - ratio, 0)


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("current", [800.0, 1000.0])
def test_spikes_are_those_of_the_published_equations(name: str, current: float) -> None:
    found = clamp(name, [current], delay=1 * ms, duration=500 * ms, record=False)
    expected = loop(name, current, 5000)
    assert len(expected) > 3
    spikes = np.rint(found.spike_train(0) * 1e3 / DT)
    assert len(spikes) == len(expected)
    np.testing.assert_allclose(spikes - spikes[0], expected - expected[0], atol=1)


@pytest.mark.parametrize("name", SETS)
def test_below_threshold_it_stays_at_the_fixed_point(name: str) -> None:
    """w = a (V - E_L) there, so that leak, adaptation, upstroke and current cancel."""
    _, g_L, E_L, V_T, Delta_T, a, _, _, _ = SETS[name]
    current = 0.5 * bifurcation_current(name)

    def balance(V: float) -> float:
        upstroke = g_L * Delta_T * np.exp((V - V_T) / Delta_T)
        return upstroke - (g_L + a) * (V - E_L) + current

    expected = brentq(balance, E_L - 20, V_T)
    # from there: to come there takes (C - a tau_w)/(g_L + a), 1.6 s where a is negative
    start = {"V": expected * mV, "w_adapt": a * (expected - E_L) * pA}
    found = clamp(name, [current], duration=1000 * ms, delay=DT * ms, initial=start)
    assert len(found.spike_train(0)) == 0
    assert found.V[0][-1] / mV == pytest.approx(expected, abs=1e-2)


@pytest.mark.parametrize(
    ("name", "above"), [("tonic", 1.02), ("adaptation", 1.02), ("delayed accelerating", 1.3)]
)
def test_rest_is_lost_at_the_saddle_node_current(name: str, above: float) -> None:
    """A step excites by its onset too, but not where the adaptation is negative and slow."""
    currents = np.array([0.98, above]) * bifurcation_current(name)
    found = clamp(name, currents, duration=8000 * ms, delay=1 * ms, record=False)
    assert len(found.spike_train(1)) > 0
    if SETS[name][5] < 0:
        assert len(found.spike_train(0)) == 0


def test_firing_patterns_of_naud_2008() -> None:
    tonic, adapting, accelerating = (
        np.diff(clamp(name, [amplitude], duration=1000 * ms, record=False).spike_train(0))
        for name, amplitude in (
            ("tonic", 500),
            ("adaptation", 500),
            ("delayed accelerating", 300),
        )
    )
    assert tonic[-1] == pytest.approx(tonic[2], rel=0.05)
    assert adapting[-1] > 2 * adapting[0]
    assert accelerating[-1] < 0.9 * accelerating[0]


def test_the_peak_does_not_matter() -> None:
    """The upstroke is over in the step in which it takes off."""
    found = [
        current_clamp(
            ADEX.make_neuron({**parameters("brette"), "V_peak": peak}).make_population("cell", 1),
            "",
            [800] * pA,
            target="runtime",
            record=False,
        ).spike_train(0)
        for peak in (0 * mV, 40 * mV)
    ]
    assert len(found[0]) == len(found[1]) > 5
    np.testing.assert_allclose(*found, atol=2e-4)


def test_the_stored_sets_are_those_of_the_publications() -> None:
    cell = df.cell("ctx_l23_pyr")
    for label, name in (("regular spiking", "brette"), ("adaptation", "adaptation")):
        stored = cell.point_neuron_set("adex", label=label).numbers.plain()
        for key, value in parameters(name).items():
            assert float(stored[key]) == pytest.approx(float(value)), (label, key)
