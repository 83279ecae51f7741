"""1000 Hodgkin-Huxley cells, and a sweep of currents on one, against NEURON.

The cells are NEURON's ``hh`` at 6.3 degrees in a sphere-like section of 20 by 20 um, each with a
steady current of its own. NEURON steps implicitly, with its rates from tables, as is its default;
dualframe takes exponential Euler steps of the same length.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import ms

import dualframe as df
from peer_rows.row import OURS, Row, Side, Turn, run_dualframe, within

DT = 0.025  # ms
SIDE = 20.0  # um
AREA = np.pi * SIDE**2 * 1e-8  # cm2
EQUATIONS = """
dv/dt = (I - 120*m**3*h*(v - 50) - 36*n**4*(v + 77) - 0.3*(v + 54.3))/ms : 1
dm/dt = (alpha_m*(1 - m) - beta_m*m)/ms : 1
dh/dt = (alpha_h*(1 - h) - beta_h*h)/ms : 1
dn/dt = (alpha_n*(1 - n) - beta_n*n)/ms : 1
alpha_m = 0.1*(v + 40)/(1 - exp(-(v + 40)/10)) : 1
beta_m = 4*exp(-(v + 65)/18) : 1
alpha_h = 0.07*exp(-(v + 65)/20) : 1
beta_h = 1/(exp(-(v + 35)/10) + 1) : 1
alpha_n = 0.01*(v + 55)/(1 - exp(-(v + 55)/10)) : 1
beta_n = 0.125*exp(-(v + 65)/80) : 1
"""
AT_REST = {"v": -65.0, "m": 0.0529324853, "h": 0.596120754, "n": 0.317676914}  # steady at -65 mV


def currents(turn: Turn) -> Any:
    """Current densities (uA/cm2), from silence to fast spiking."""
    return np.linspace(2.0, 30.0, turn["cells"])


def with_dualframe(turn: Turn) -> dict[str, float]:
    with turn.stages.measure("build"):
        cells = df.Population(
            "cells",
            turn["cells"],
            EQUATIONS,
            threshold="v > 0",
            refractory=3 * ms,
            parameters={"I": currents(turn)},
            initial=AT_REST,
            method="exponential_euler",
        )
        net = df.Network((cells,), name="hodgkin_huxley")
    done = run_dualframe(turn, net, turn["duration"], dt=DT * ms)
    return outcome(turn, done.spikes["neuron"].to_numpy())


def outcome(turn: Turn, neurons: Any) -> dict[str, float]:
    """Return the spikes of all cells, and of those with the weaker half of the currents."""
    return {"spikes": len(neurons), "spikes of half": int((neurons < turn["cells"] / 2).sum())}


def make_cells(turn: Turn) -> tuple[Any, ...]:
    """Return what runs them, the cells of the spikes, and what has to stay alive."""
    from neuron import h

    pc = h.ParallelContext()
    times, cells = h.Vector(), h.Vector()
    kept = []
    for gid, density in enumerate(currents(turn)):
        section = h.Section(name=f"cell{gid}")
        section.L = section.diam = SIDE
        section.insert("hh")
        clamp = h.IClamp(section(0.5))
        clamp.delay, clamp.dur, clamp.amp = 0.0, 1e9, 1e-6 * density * AREA * 1e9
        detector = h.NetCon(section(0.5)._ref_v, None, sec=section)
        detector.threshold = 0.0
        pc.set_gid2node(gid, pc.id())
        pc.cell(gid, detector)
        kept.append((section, clamp, detector))
    pc.spike_record(-1, times, cells)
    return pc, cells, (times, kept)


def with_neuron(turn: Turn, *, core: bool = False) -> dict[str, float]:
    from neuron import coreneuron, h

    h.load_file("stdrun.hoc")
    with turn.stages.measure("build"):
        pc, cells, _alive = make_cells(turn)
        h.dt, h.celsius = DT, 6.3
        coreneuron.enable, coreneuron.verbose = core, 0
        h.CVode().cache_efficient(True)
        pc.set_maxstep(10)
        h.finitialize(-65.0)
    with turn.stages.measure("run"):
        pc.psolve(1e3 * turn["duration"])
    return outcome(turn, np.array(cells.to_python()))


def with_coreneuron(turn: Turn) -> dict[str, float]:
    return with_neuron(turn, core=True)


def sweep_in_neuron(turn: Turn) -> dict[str, float]:
    """One cell, one run for each current."""
    from neuron import h

    h.load_file("stdrun.hoc")
    with turn.stages.measure("build"):
        section = h.Section(name="cell")
        section.L = section.diam = SIDE
        section.insert("hh")
        clamp = h.IClamp(section(0.5))
        clamp.delay, clamp.dur = 0.0, 1e9
        times, detector = h.Vector(), h.NetCon(section(0.5)._ref_v, None, sec=section)
        detector.threshold = 0.0
        detector.record(times)
        h.dt, h.celsius = DT, 6.3
    counts = []
    with turn.stages.measure("run"):
        for density in currents(turn):
            clamp.amp = 1e-6 * density * AREA * 1e9
            h.finitialize(-65.0)
            h.continuerun(1e3 * turn["duration"])
            counts.append(len(times))
    return outcome(turn, np.repeat(np.arange(len(counts)), counts))


HERE = Side(take_turn=with_dualframe, prepare=with_dualframe)
ROWS = (
    Row(
        name="hodgkin_huxley",
        work="1000 Hodgkin-Huxley cells, 100 ms",
        sides={
            OURS: HERE,
            "NEURON": Side(take_turn=with_neuron, module="neuron"),
            "CoreNEURON": Side(take_turn=with_coreneuron, module="neuron"),
        },
        agreement=within(0.02),  # integrators of first order in dt: frequencies differ by a part
        settings={"cells": 1000, "duration": 0.1},
        short={"cells": 20, "duration": 0.03},
        goals={"NEURON": 5.0},
    ),
    Row(
        name="current_sweep",
        work="64 currents into one Hodgkin-Huxley cell, 500 ms",
        sides={OURS: HERE, "NEURON": Side(take_turn=sweep_in_neuron, module="neuron")},
        agreement=within(0.02),
        stages=("build", "draw", "run", "read"),
        settings={"cells": 64, "duration": 0.5},
        short={"cells": 8, "duration": 0.03},
        note="from the description to the spikes; the start of Python is apart",
    ),
)
