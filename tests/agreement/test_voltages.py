"""Voltages and conductances of a lowered model are those of stock Dendrify, in every step.

Spikes agree to the step; voltages agree but for rounding. An assignment V <- V_r is made here by an
Euler step V + dt (f + (V_r - V)/dt), which may miss V_r + dt f by an ulp of the larger of the two.
"""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms
from models import CASES, DT, Case
from ours import network
from stock import run_recorded

import dualframe as df

DURATION = 150 * ms
WATCHED = {
    "amplification_active": ("V_soma", "V_dend", "g_rise_Na_dend", "g_fall_Na_dend"),
    "branched": ("V_soma", "V_basal", "V_apical", "V_tuft", "I_apical", "g_rise_Ca_tuft"),
    "adaptive_soma": ("V_soma", "V_dend", "w_soma", "spiketime_Na_dend", "gate_Na_dend"),
}
# Voltages are of the order of 0.1 V: an ulp is 1.4e-17 V. There is one inexact assignment per
# spike, and a leaky membrane forgets it before the next: a few ulp, of which two are found.
TOLERANCE = 16 * np.spacing(0.1)


@pytest.mark.parametrize("name", WATCHED)
def test_recorded_variables_are_those_of_stock_dendrify(name: str) -> None:
    case: Case = next(case for case in CASES if case.name == name)
    _, monitor = run_recorded(case, WATCHED[name], optimised=False, duration=DURATION)
    results = df.run(
        network([case]),
        DURATION,
        target="runtime",
        dt=DT,
        strict=True,
        progress=False,
        record={name: df.Recording(WATCHED[name])},
    )
    for variable, values in results.traces[name].values.items():
        expected = np.asarray(getattr(monitor, variable))
        scale = np.abs(expected).max() / 0.1
        assert scale > 0
        difference = np.abs(values - expected).max()
        assert difference <= TOLERANCE * scale, f"{variable} differs by {difference:g}"
