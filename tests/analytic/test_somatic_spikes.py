"""Cells that adapt, and the burst cell, against a loop of their own that integrates them.

The loops follow the published order of a step: integrate, test the threshold, reset. They share no
code with dualframe, so that the spike times must be the same to the step.
"""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import Mohm, ms, mV, pA

import dualframe as df
from dualframe.building.calibrated_weights import Calibration
from dualframe.catalogue import cell
from dualframe.circuit import Circuit, CircuitPopulation

DT = 0.1  # ms
STEPS = 4000
CURRENTS = {"dg_granule": (120, 180, 300), "ctx_l6_pyr": (240, 300, 500)}  # pA
BURST_CURRENTS = ((500, 0), (800, 0), (500, 300), (800, 400), (0, 900))  # pA: soma, dendrite


def spikes(name: str, soma: list[float], dend: list[float]) -> list[list[int]]:
    """Return the steps at which copies of a cell spike, each with its own constant currents."""
    circuit = Circuit("alone", (CircuitPopulation("cells", name, len(soma)),))
    network = df.biological.build(circuit, calibration=Calibration("alone", "biological", {}))
    drives = [
        df.CurrentInput("cells", np.array(amount) * pA, variable=f"I_ext_{place}", name=place)
        for place, amount in (("soma", soma), ("dend", dend))
    ]
    network = df.Network(network.populations, tuple(drives))
    result = df.run(network, STEPS * DT * ms, dt=DT * ms, target="runtime", progress=False)
    neurons, times = result.spike_trains("cells")
    steps = np.rint(np.asarray(times) * 1e3 / DT).astype(int)
    return [[int(t) for t in steps[neurons == i]] for i in range(len(soma))]


def adaptive(name: str, current: float) -> list[int]:
    """A two-compartment stand-in with spike-triggered adaptation: nS, pF, mV, pA, ms."""
    entry = cell(name)
    passive, given = entry.passive.numbers, entry.compartments
    rest, tau = float(passive.value("v_rest") / mV), float(passive.value("tau_m") / ms)
    share, attenuation = (float(given.split.value(k)) for k in ("dendritic_share", "attenuation"))
    total = 1e3 / float(passive.value("r_in") / Mohm) / ((1 - share) + attenuation * share)
    g_soma, g_dend = (1 - share) * total, share * total
    coupling = attenuation * g_dend / (1 - attenuation)
    threshold = float(given.spike.value("threshold") / mV)
    hold = round(float(given.spike.value("refractory") / ms) / DT)
    jump, tauw = float(given.soma.value("jump") / pA), float(given.soma.value("tauw") / ms)
    soma = dend = rest
    w, last, found = 0.0, -(10**6), []
    for step in range(STEPS):
        d_soma = (g_soma * (rest - soma) - w + current + coupling * (dend - soma)) / (tau * g_soma)
        d_dend = (g_dend * (rest - dend) + coupling * (soma - dend)) / (tau * g_dend)
        soma, dend, w = soma + DT * d_soma, dend + DT * d_dend, w - DT * w / tauw
        if soma > threshold and step - last >= hold:
            found.append(step)
            soma, w, last = rest, w + jump, step
    return found


@pytest.mark.parametrize("name", CURRENTS)
def test_stand_ins_spike_and_adapt_as_their_equations_say(name: str) -> None:
    currents = list(CURRENTS[name])
    found = spikes(name, currents, [0.0] * len(currents))
    assert found == [adaptive(name, current) for current in currents]
    gaps = np.diff(found[-1])
    assert gaps[-1] > 1.5 * gaps[0]  # it does adapt


def burst(soma_current: float, dend_current: float, kernel: float = 2) -> list[int]:
    """NaudGroup.cpp: Euler steps, the box acts in the steps after a spike; mV, pF, pA, ms."""
    soma = dend = rest = -70.0
    w_soma = w_dend = raised = 0.0  # w_soma counts spikes, w_dend is a voltage, as published
    box, found = 0, []
    for step in range(STEPS):
        plateau = 1 / (1 + np.exp(-(dend + 38) / 6))
        d_soma = (rest - soma) / 16 + (-200 * w_soma + 1300 * plateau + soma_current) / 370
        d_dend = (rest - dend) / 7 + (-13 * w_dend + 1200 * plateau + dend_current) / 170
        d_dend += 2600 / 170 if box else 0
        box = max(box - 1, 0)
        d_w = (dend - rest - w_dend) / 30
        soma, dend, w_dend = soma + DT * d_soma, dend + DT * d_dend, w_dend + DT * d_w
        w_soma, raised = w_soma - DT * w_soma / 100, raised - DT * raised / 27
        if soma > -50 + raised:
            found.append(step)
            soma, w_soma, raised, box = rest, w_soma + 1, raised + 2, round(kernel / DT)
    return found


def bursts(steps: list[int]) -> int:
    """Number of intervals below 16 ms, the published criterion of a burst."""
    return int((np.diff(steps) * DT < 16).sum())


def test_the_burst_cell_spikes_as_its_publication_says() -> None:
    soma, dend = (list(map(float, column)) for column in zip(*BURST_CURRENTS, strict=True))
    found = spikes("ctx_l5_et", soma, dend)
    assert found == [burst(*pair) for pair in BURST_CURRENTS]
    # somatic input makes spikes, dendritic input on top of it makes bursts
    assert bursts(found[0]) == 0 < bursts(found[3])
    # and a back-propagating spike that is one step shorter would be noticed
    assert found[3] != burst(*BURST_CURRENTS[3], kernel=1.9)
