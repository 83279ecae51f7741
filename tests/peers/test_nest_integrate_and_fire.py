"""Integrate-and-fire neurons against NEST, under steady currents: intervals by interval.

NEST integrates these models exactly or with an adaptive Runge-Kutta step, dualframe in Euler steps
of dt = 0.02 ms. Both see a threshold on their grid, so an interval may differ by two steps; Euler's
time constant is short by dt/2, which makes dt/(2 tau) of an interval, and what an upstroke adds to
an adaptation variable is read one step apart: 0.5 % of an interval. Where V' = F(V) grows from F_1
to F_2, Euler steps take dt/2 ln(F_2/F_1) longer, to first order: in an exponential upstroke from
1 mV/ms to (V_peak - V_r)/dt, the largest that a step can make without being over, some 4 dt.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF

import dualframe as df
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.experiments.current_clamp import current_clamp

os.environ.setdefault("PYNEST_QUIET", "1")
nest = pytest.importorskip("nest", reason="NEST is not installed (extra 'peers')")

DT = 0.02  # ms
DURATION = 250.0  # ms
# not those in which bursts or chaos multiply an error
ADEX = ("tonic spiking", "adaptation", "initial burst", "delayed accelerating")


def in_units(values: Any) -> dict[str, float]:
    """Plain numbers of NEST's units: pF, nS, mV, ms, pA."""
    units = {"C": pF, "g": nS, "a": nS, "b": pA, "t": ms, "E": mV, "V": mV, "D": mV}
    special = {"Delta_g": nS, "tau_m": ms, "tau_w": ms, "tau_g": ms}
    return {name: float(v / special.get(name, units[name[0]])) for name, v in values.items()}


def nest_spikes(model: str, parameters: dict[str, float], current: float) -> np.ndarray:
    nest.ResetKernel()
    nest.resolution = DT
    nest.verbosity = nest.VerbosityLevel.ERROR
    neuron = nest.Create(model, params={**parameters, "I_e": current})
    recorder = nest.Create("spike_recorder")
    nest.Connect(neuron, recorder)
    nest.Simulate(DURATION)
    return np.asarray(recorder.get("events", "times"))


def our_spikes(neuron: Any, current: float) -> np.ndarray:
    found = current_clamp(
        neuron.make_population("cell", 1), "", [current] * pA, duration=DURATION * ms,
        delay=DT * ms, dt=DT * ms, target="runtime", record=False,
    )  # fmt: skip
    return np.asarray(found.spike_train(0)) * 1e3


def upstroke(neuron: Any) -> float:
    """How much longer (ms) Euler steps take for an exponential upstroke."""
    size = float((neuron.parameters["V_peak"] - neuron.parameters["V_r"]) / mV)
    return DT / 2 * np.log(size / DT)


def assert_same_intervals(ours: np.ndarray, theirs: np.ndarray, longer: float = 0.0) -> None:
    assert min(len(ours), len(theirs)) >= 5
    assert abs(len(ours) - len(theirs)) <= 1
    shared = min(len(ours), len(theirs))
    gaps, expected = np.diff(ours[:shared]), np.diff(theirs[:shared])
    np.testing.assert_allclose(gaps, expected, rtol=5e-3, atol=2 * DT + longer + 1e-6)


def test_lif_is_iaf_psc_delta() -> None:
    neuron = df.neuron("LIF", "Dayan and Abbott, fig. 5.5", t_ref=2 * ms)
    v = in_units(neuron.parameters)
    parameters = {
        "C_m": v["C"], "tau_m": v["tau_m"], "E_L": v["E_L"], "V_th": v["V_th"],
        "V_reset": v["V_reset"], "t_ref": v["t_ref"], "V_m": v["E_L"],
    }  # fmt: skip
    theirs = nest_spikes("iaf_psc_delta", parameters, 1800)
    assert_same_intervals(our_spikes(neuron, 1800), theirs)


def aeif(v: dict[str, float]) -> dict[str, float]:
    return {
        "C_m": v["C"], "g_L": v["g_L"], "E_L": v["E_L"], "V_th": v["V_T"], "Delta_T": v["Delta_T"],
        "a": v.get("a", 0.0), "b": v.get("b", 0.0), "tau_w": v.get("tau_w", 100.0),
        "V_reset": v["V_r"], "V_peak": v["V_peak"], "t_ref": v["t_ref"], "V_m": v["E_L"], "w": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("label", ADEX)
def test_adex_is_aeif_cond_alpha(label: str) -> None:
    [chosen] = [s for s in neuron_entry("adex").sets if s.label == label]
    assert chosen.current is not None
    neuron = df.neuron("adex", label, V_peak=0 * mV)
    current = float(chosen.current.value / pA)
    theirs = nest_spikes("aeif_cond_alpha", aeif(in_units(neuron.parameters)), current)
    assert_same_intervals(our_spikes(neuron, current), theirs, upstroke(neuron))


def test_eif_is_aeif_cond_alpha_without_adaptation() -> None:
    neuron = df.neuron("eif", "Wang-Buzsaki")
    theirs = nest_spikes("aeif_cond_alpha", aeif(in_units(neuron.parameters)), 150)
    assert_same_intervals(our_spikes(neuron, 150), theirs, upstroke(neuron))


def test_if_adaptation_is_iaf_cond_exp_sfa_rr_without_its_relative_refractoriness() -> None:
    neuron = df.neuron("if_adaptation", "Dayan and Abbott, fig. 5.6", t_ref=2 * ms)
    v = in_units(neuron.parameters)
    parameters = {
        "C_m": v["C"], "g_L": v["g_L"], "E_L": v["E_L"], "V_th": v["V_th"], "V_reset": v["V_r"],
        "t_ref": v["t_ref"], "E_sfa": v["E_g"], "q_sfa": v["Delta_g"], "tau_sfa": v["tau_g"],
        "q_rr": 0.0, "V_m": v["E_L"],
    }  # fmt: skip
    theirs = nest_spikes("iaf_cond_exp_sfa_rr", parameters, 2000)
    assert_same_intervals(our_spikes(neuron, 2000), theirs)
