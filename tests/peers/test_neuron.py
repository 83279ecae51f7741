"""Passive dendrites against NEURON: steady attenuation and transients.

A compartment is a section of one segment, and a child is joined to the middle of its parent: the
resistance between the two is then that of half the child, which ``Ra`` sets, so that any tree of
couplings is matched exactly. NEURON integrates with CVODE at a tight tolerance (the solution of
the differential equations, for this comparison), dualframe with Euler steps.
"""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, mV, nS, pA, pF
from dendrify import Dendrite, NeuronModel, Soma

import dualframe as df
from dualframe.building.dendritic_neurons import dendritic_cell

neuron = pytest.importorskip("neuron", reason="NEURON is not installed (extra 'peers')")
neuron.h.load_file("stdrun.hoc")

SIDE = 10.0  # um: length and diameter of every section; its numbers are set per area
AREA = np.pi * SIDE**2 * 1e-8  # cm2
REST = -70.0
PULSE = 20.0  # ms; the current stops there, so that both directions of the transient are seen


def chain(lengths: int) -> NeuronModel:
    """A soma and a chain of dendrites whose leaks, capacitances and couplings all differ."""
    parts = [Soma("soma", cm_abs=180 * pF, gl_abs=9 * nS)]
    parts += [
        Dendrite(f"d{i}", cm_abs=(60 - 9 * i) * pF, gl_abs=(3 - 0.4 * i) * nS)
        for i in range(1, lengths)
    ]
    couplings = [(18 - 4 * i) * nS for i in range(lengths - 1)]
    edges = list(zip(parts[:-1], parts[1:], couplings, strict=True))
    return NeuronModel(edges, v_rest=REST * mV)


def catalogued(name: str) -> NeuronModel:
    """A cell type's compartments without what is not passive."""
    model = dendritic_cell(df.cell(name)).model
    if "gAmax" in model.parameters:
        model.add_params({"gAmax": 0 * nS, "delta_gA": 0 * nS})
    return model


MODELS = {
    "chain of 3": lambda: chain(3),
    "chain of 5": lambda: chain(5),
    "ctx_pv, matched_passive": lambda: catalogued("ctx_pv"),
    "ca1_olm, matched_passive": lambda: catalogued("ca1_olm"),
    "ca1_pyr, nine compartments": lambda: catalogued("ca1_pyr"),
}


def compartments(model: NeuronModel) -> tuple[list[str], dict[str, tuple[str, float]]]:
    """Names, parents first, and the parent of each with the coupling in nS."""
    values = model.parameters
    names = [key.removeprefix("gL_") for key in values if key.startswith("gL_")]
    order, parents = ["soma"], {}
    for parent in order:
        for name in names:
            coupling = values.get(f"g_{name}_{parent}")
            if coupling is not None and name not in order:
                order.append(name)
                parents[name] = (parent, float(coupling / nS))
    assert sorted(order) == sorted(names)
    return order, parents


class Cell:
    """A Dendrify model's passive part in NEURON."""

    def __init__(self, model: NeuronModel) -> None:
        values = model.parameters
        self.names, parents = compartments(model)
        self.rest = float(values["EL_soma"] / mV)
        self.sections = {}
        for name in self.names:
            section = neuron.h.Section(name=name)
            section.nseg, section.L, section.diam = 1, SIDE, SIDE
            section.cm = float(values[f"C_{name}"] / pF) * 1e-6 / AREA  # uF/cm2
            section.insert("pas")
            section(0.5).pas.g = float(values[f"gL_{name}"] / nS) * 1e-9 / AREA  # S/cm2
            section(0.5).pas.e = float(values[f"EL_{name}"] / mV)
            self.sections[name] = section
        for name, (parent, coupling) in parents.items():
            # half the section: Ra*(L/2)/(pi*(diam/2)^2) = 1/coupling, in ohm and cm
            cross_section = np.pi * (SIDE / 2) ** 2 * 1e-8
            self.sections[name].Ra = cross_section / (SIDE / 2 * 1e-4) / (coupling * 1e-9)
            self.sections[name].connect(self.sections[parent](0.5), 0)

    def run(self, where: str, current: float, duration: float, dt: float) -> np.ndarray:
        """Voltages (mV, from rest) at every dt, for a current (pA) up to `PULSE` or to the end."""
        h = neuron.h
        clamp = h.IClamp(self.sections[where](0.5))
        clamp.delay, clamp.amp = 0, current * 1e-3
        clamp.dur = PULSE if duration <= 5 * PULSE else duration
        traces = [h.Vector().record(self.sections[n](0.5)._ref_v, dt) for n in self.names]
        solver = h.CVode()
        solver.active(True)
        solver.atol(1e-9)
        h.finitialize(self.rest)
        h.continuerun(duration + 1)  # CVODE's own last step may end before it
        steps = round(duration / dt)
        return np.array([np.array(trace)[:steps] for trace in traces]) - self.rest


def dualframe_run(
    model: NeuronModel, where: list[str], current: float, duration: float, dt: float
) -> np.ndarray:
    """As `Cell.run`, one neuron per entry of ``where``; shape (neurons, compartments, steps)."""
    names, _ = compartments(model)
    pulse = PULSE if duration <= 5 * PULSE else duration
    cells = df.biological.from_dendrify(
        model, len(where), threshold="V_soma > 100*mV", reset="V_soma = -70*mV"
    )
    inputs = [
        df.CurrentInput(
            "cells",
            np.array([current * (place == name) for place in where]) * pA,
            variable=f"I_ext_{name}",
            stop=pulse * ms,
            name=f"into_{name}",
        )
        for name in dict.fromkeys(where)
    ]
    results = df.run(
        df.Network((cells,), tuple(inputs)),
        duration * ms,
        dt=dt * ms,
        target="runtime",
        record={"cells": df.Recording([f"V_{name}" for name in names])},
        progress=False,
    )
    values = results.traces["cells"].values
    rest = float(model.parameters["EL_soma"] / mV)
    return np.stack([np.asarray(values[f"V_{name}"]) * 1e3 - rest for name in names], axis=1)


@pytest.mark.parametrize("kind", MODELS)
def test_steady_attenuation(kind: str) -> None:
    """Into the soma and into the farthest dendrite: input and transfer resistances."""
    model = MODELS[kind]()
    cell = Cell(model)
    tip = cell.names[-1]
    # 700 ms are 15 of the slowest time constant (46 ms): 2e-7 of the change is missing in both;
    # a steady state does not depend on Euler's step
    ours = dualframe_run(model, ["soma", tip], 5, 700, 0.4)[:, :, -1]
    theirs = np.array([cell.run(place, 5, 700, 0.4)[:, -1] for place in ("soma", tip)])
    # CVODE's error is atol times the number of its steps: 1e-6 of the smallest change (0.05 mV)
    np.testing.assert_allclose(ours, theirs, rtol=2e-6)
    assert 0 < ours[0, -1] < ours[0, 0]
    assert ours[1, 0] == pytest.approx(ours[0, -1], rel=1e-6)  # reciprocity


@pytest.mark.parametrize("kind", MODELS)
def test_transients(kind: str) -> None:
    """A pulse of 20 ms: every compartment's rise and fall."""
    model = MODELS[kind]()
    cell = Cell(model)
    tip = cell.names[-1]
    errors = []
    for dt in (0.1, 0.05):
        ours = dualframe_run(model, ["soma", tip], 20, 60, dt)
        theirs = np.array([cell.run(place, 20, 60, dt) for place in ("soma", tip)])
        peaks = np.abs(theirs).max(axis=2)
        errors.append(np.abs(ours - theirs).max(axis=2) / peaks)
    # Euler: a mode with the time constant tau is off by less than dt/tau/(2e) of its size at a
    # step of the current, and there are two steps; the fastest mode here has tau > 1 ms
    assert np.max(errors[0]) < 2 * 0.1 / (2 * np.e)
    # first order: half the step, half the error, but for (dt/tau)^2
    np.testing.assert_allclose(errors[1] / errors[0], 0.5, rtol=0.05)
