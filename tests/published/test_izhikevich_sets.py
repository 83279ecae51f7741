"""Izhikevich's 2003 sets that figure 2 shows by other means than a step: TC and RZ.

RS, IB, CH, FS and LTS are in ``tests/analytic/test_izhikevich.py``.
"""

from __future__ import annotations

import numpy as np
from brian2 import mV, pA, second
from brian2.units import ms

import dualframe as df
from dualframe.catalogue.neuron_sets import neuron_entry
from dualframe.experiments.current_clamp import current_clamp


def test_the_seven_sets_are_those_of_figure_2() -> None:
    published = {
        "RS": (0.02, 0.2, -65, 8),
        "IB": (0.02, 0.2, -55, 4),
        "CH": (0.02, 0.2, -50, 2),
        "FS": (0.1, 0.2, -65, 2),
        "LTS": (0.02, 0.25, -65, 2),
        "TC": (0.02, 0.25, -65, 0.05),
        "RZ": (0.1, 0.26, -65, 2),
    }
    found = {
        s.label: tuple(float(s.numbers.value(name)) for name in "abcd")
        for s in neuron_entry("izhikevich2003").sets
    }
    assert found == published


def test_thalamocortical_cells_fire_tonically_and_burst_on_release() -> None:
    """Near rest they fire tonically; released from hyperpolarisation they fire a burst."""
    cell = df.neuron("izhikevich2003", "TC").make_population("cell", 1)
    found = current_clamp(
        cell, "", [-10, 5] * pA, duration=300 * ms, after=150 * ms, target="runtime", record=False
    )
    rebound, tonic = (np.asarray(times) * 1e3 for times in found.spike_times)
    assert len(rebound) >= 2
    assert rebound.min() > 300
    assert np.diff(rebound)[0] < 15
    intervals = np.diff(tonic[tonic < 300])
    steady = intervals[len(intervals) // 2 :]  # after the adaptation to the step
    assert len(steady) > 10
    np.testing.assert_allclose(steady, steady.mean(), atol=0.1)  # a step


def test_resonators_ring_at_the_frequency_of_their_eigenvalues() -> None:
    """At rest (-62.5) the Jacobian is [[0, -1], [ab, -a]]: period 2 pi/sqrt(ab - a^2/4).

    The perturbation is small enough for the quadratic not to matter: 3 %.
    """
    a, b = 0.1, 0.26
    rest = -(5 - b + np.sqrt((5 - b) ** 2 - 4 * 0.04 * 140)) / 0.08
    cell = df.neuron("izhikevich2003", "RZ").make_population("cell", 1)
    start = {"V": (rest + 0.3) * mV, "u": b * rest * mV * 1000 / second}
    found = current_clamp(
        cell, "", [0] * pA, duration=150 * ms, delay=0.1 * ms, initial=start, target="runtime"
    )
    V = np.asarray(found.V[0] / mV) - rest
    crossings = np.flatnonzero(np.diff(np.sign(V)) != 0) * 0.1
    slope = 0.08 * rest + 5
    jacobian = np.array([[slope, -1], [a * b, -a]])
    expected = np.pi / np.abs(np.linalg.eigvals(jacobian).imag[0])  # half a period
    assert len(found.spike_train(0)) == 0
    np.testing.assert_allclose(np.diff(crossings)[:3], expected, rtol=0.03)
