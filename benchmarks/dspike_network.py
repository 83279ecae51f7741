"""The network of Dendrify's ``comp_network.py``, as stock Dendrify and as a dualframe network.

Two-compartment cells with sodium spikes in the dendrite, an external drive in blocks of 50 ms, and
recurrent synapses (https://github.com/Poirazi-Lab/dendrify, GPL-3.0, Pagkalos et al. 2023). Both
sides get the same connections and input spikes, drawn here. With more cells than the example's 200
each cell keeps its number of inputs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import brian2 as b
import numpy as np
from brian2 import Hz, ms, mV, nS, pF
from dendrify import Dendrite, NeuronModel, Soma

import dualframe as df

DT = 0.1 * ms
BLOCK = 50 * ms
RATE = 50 * Hz
EXTERNAL, RECURRENT = 40, 20  # inputs per cell, on average: 200*0.2 and 200*0.1
SOURCES = 200
SPIKING = {"threshold": "V_soma > -40*mV", "refractory": 4 * ms}
RESETS = {"reset": "V_soma = 40*mV", "second_reset": "V_soma = -50*mV", "spike_width": 0.8 * ms}
STATEMENTS = {"external": "s_AMPA_external_dend += 1", "recurrent": "s_AMPA_recurrent_dend += 1"}


@dataclass(frozen=True)
class Drawn:
    """Everything random: input spikes, and pairs of the two projections."""

    cells: int
    indices: Any
    steps: Any
    external: tuple[Any, Any]
    recurrent: tuple[Any, Any]


def draw(cells: int, duration: Any, seed: int) -> Drawn:
    """Draw connections and input spikes; the drive alternates between on and off."""
    rng = np.random.default_rng(seed)
    steps = round(float(duration / DT))
    on = (np.arange(steps) // round(float(BLOCK / DT))) % 2 == 0
    fired = (rng.random((steps, SOURCES)) < float(RATE * DT)) & on[:, None]
    when, which = np.nonzero(fired)
    external = np.nonzero(rng.random((SOURCES, cells)) < EXTERNAL / SOURCES)
    recurrent = np.nonzero(rng.random((cells, cells)) < min(1.0, RECURRENT / cells))
    return Drawn(cells, which, when, external, recurrent)


def model() -> NeuronModel:
    """Return the cell with its active dendrite."""
    soma = Soma("soma", cm_abs=200 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=2.5 * nS)
    dend.synapse("AMPA", tag="external", g=1 * nS, t_decay=5 * ms)
    dend.synapse("AMPA", tag="recurrent", g=1 * nS, t_decay=5 * ms)
    dend.dspikes("Na", g_rise=30 * nS, g_fall=14 * nS)
    cell = NeuronModel([(soma, dend, 15 * nS)], v_rest=-60 * mV)
    cell.config_dspikes(
        "Na",
        threshold=-35 * mV,
        duration_rise=1.2 * ms,
        duration_fall=2.4 * ms,
        offset_fall=0.2 * ms,
        refractory=5 * ms,
        reversal_rise="E_Na",
        reversal_fall="E_K",
    )
    return cell


def spiking(second_reset: bool) -> dict[str, Any]:
    """Return threshold and resets, with or without Dendrify's second one."""
    return SPIKING | (RESETS if second_reset else {"reset": "V_soma = -50*mV"})


def stock(drawn: Drawn, *, second_reset: bool = True) -> tuple[b.Network, b.SpikeMonitor]:
    """Return Brian2's network of stock Dendrify, and its spike monitor."""
    b.defaultclock.dt = DT
    made = model().make_neurongroup(drawn.cells, method="euler", **spiking(second_reset))
    cells, *others = made if isinstance(made, tuple) else (made,)
    source = b.SpikeGeneratorGroup(SOURCES, drawn.indices, drawn.steps * DT)
    external = b.Synapses(source, cells, on_pre=STATEMENTS["external"])
    external.connect(i=drawn.external[0], j=drawn.external[1])
    recurrent = b.Synapses(cells, cells, on_pre=STATEMENTS["recurrent"])
    recurrent.connect(i=drawn.recurrent[0], j=drawn.recurrent[1])
    monitor = b.SpikeMonitor(cells)
    return b.Network(cells, *others, source, external, recurrent, monitor), monitor


def ours(drawn: Drawn, *, second_reset: bool = True) -> df.Network:
    """Return the same network as a dualframe description."""
    b.defaultclock.dt = DT
    cells = df.biological.from_dendrify(
        model(), drawn.cells, name="cells", stock_durations=True, **spiking(second_reset)
    )
    source = df.SpikeInput("source", SOURCES, drawn.indices, drawn.steps * DT)
    projections = (
        df.Projection("source", "cells", on_pre=STATEMENTS["external"], pairs=drawn.external),
        df.Projection("cells", "cells", on_pre=STATEMENTS["recurrent"], pairs=drawn.recurrent),
    )
    return df.Network((cells,), (source,), projections, name="dspike_network")


def in_order(neurons: Any, times: Any) -> Any:
    """Return neurons and time steps of spikes, ordered by step and neuron."""
    steps = np.rint(times / float(DT)).astype(int)
    order = np.lexsort((neurons, steps))
    return np.array([neurons[order], steps[order]])


def difference(spikes: Any, reference: Any) -> str:
    """Say whether spikes are the same, or where they part first."""
    if np.array_equal(spikes, reference):
        return "the same"
    shared = min(spikes.shape[1], reference.shape[1])
    unequal = np.flatnonzero((spikes[:, :shared] != reference[:, :shared]).any(axis=0))
    first = unequal[0] if unequal.size else max(shared - 1, 0)
    step = min(train[1, first] for train in (spikes, reference) if train.shape[1] > first)
    return f"part at {step * float(DT) * 1e3:.1f} ms"
