"""A small network as a generated C++ project: what the tests of the build merge and compile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    defaultclock,
    ms,
    mV,
    nS,
    pA,
    pF,
    second,
    seed,
)

from dualframe.targets.brian.device_session import brian_session
from dualframe.targets.cpp.literal_free_device import LiteralFreeDevice

CELLS = """dv/dt = (gL*(EL - v) + I - g*v + sigma*rand())/C : volt (unless refractory)
           dg/dt = -g/(5*ms) : siemens
           gL : siemens (shared, constant)
           EL : volt (shared, constant)
           sigma : amp (shared, constant)
           C : farad (constant)
           I : amp (constant)"""
READERS = """dv/dt = (-65*mV - v)/tau : volt
             tau : second (constant)"""
PLASTIC = """w : volt
             dapre/dt = -apre/(20*ms) : 1 (event-driven)"""


def generate(folder: Path, number: int, readers: int = 7) -> Path:
    """Write the project; ``number`` draws the seed, duration, parameters, synapses and input."""
    rng = np.random.default_rng(number)
    device = LiteralFreeDevice()
    with brian_session(device, build_on_run=False, directory=str(folder)):
        defaultclock.dt = 0.1 * ms
        seed(number)
        objects = _objects(rng, readers)
        net = Network(objects, name="net")
        net.run(number * 0.05 * second, namespace={})
        device.build(directory=str(folder), compile=False, run=False)
    return folder


def _objects(rng: np.random.Generator, readers: int) -> list[object]:
    cells = NeuronGroup(
        20,
        CELLS,
        threshold="v > -50*mV",
        reset="v = -65*mV",
        refractory=2 * ms,
        method="euler",
        name="cells",
    )
    reading = NeuronGroup(
        readers, READERS, threshold="v > -60*mV", reset="v = -65*mV", method="euler", name="readers"
    )
    cells.gL, cells.EL, cells.sigma = rng.uniform(8, 12) * nS, -65 * mV, rng.uniform(20, 40) * pA
    cells.C, cells.I = rng.uniform(90, 110, 20) * pF, rng.uniform(150, 250, 20) * pA
    cells.v, reading.v = rng.uniform(-65, -55, 20) * mV, rng.uniform(-65, -61, readers) * mV
    reading.tau = rng.uniform(9, 11, readers) * ms
    drive = _input(rng)
    fixed = Synapses(drive, cells, "w : siemens (constant)", on_pre="g_post += w", name="fixed")
    learned = Synapses(
        cells,
        reading,
        PLASTIC,
        name="learned",
        method="euler",
        on_pre="v_post += w; apre += 1",
        on_post="w = clip(w + apre*0.1*mV, 0*mV, 2*mV)",
    )
    for synapses, unit in ((fixed, 20 * nS), (learned, 0.5 * mV)):
        i, j = np.nonzero(rng.random((synapses.source.N, synapses.target.N)) < 0.5)
        synapses.connect(i=i, j=j)
        synapses.w = rng.random(i.size) * unit
        synapses.pre.delay = rng.uniform(0.5, 2) * ms
    monitors = [SpikeMonitor(cells, name="spikes"), SpikeMonitor(reading, name="read")]
    voltage = StateMonitor(cells, "v", record=[0, 3], name="voltage")
    return [cells, reading, drive, fixed, learned, *monitors, voltage]


def _input(rng: np.random.Generator) -> SpikeGeneratorGroup:
    steps = np.nonzero(rng.random((400, 5)) < rng.uniform(0.02, 0.06))
    return SpikeGeneratorGroup(5, steps[1], steps[0] * 0.1 * ms, name="drive")
