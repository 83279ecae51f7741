"""A network of GLIF neurons with after-spike currents, against NEST's ``glif_psc``.

Level 3 specimens of layer 2/3, four fifths excitatory, with fixed in-degrees, currents of alpha
shape, and a steady current into each neuron (in NEST, whose neuron has no such parameter, a leak
potential moved by R I). NEST integrates exactly, dualframe takes Euler steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2 import ms, mV, nS, pA, pF

import dualframe as df
from peer_rows.row import OURS, Row, Side, Turn, run_dualframe, within

CELLS = {"exc": "ctx_l23_pyr", "inh": "ctx_pv"}
WEIGHTS = {"exc": 20.0, "inh": -80.0}  # pA, peak of the alpha function
IN_DEGREES = {"exc": 80, "inh": 20}
TAU = 2.0  # ms
DELAY = 1.5  # ms
SYNAPTIC = """
I = I_ext + I_syn : amp
dI_syn/dt = (peak*rising - I_syn)/tau_syn : amp
drising/dt = -rising/tau_syn : amp
"""


@dataclass(frozen=True)
class Kind:
    """Cells of a kind: how many, the point neuron, and the steady currents (pA)."""

    n: int
    neuron: Any
    currents: Any


def kinds(turn: Turn) -> dict[str, Kind]:
    made = {}
    for name, share in (("exc", 0.8), ("inh", 0.2)):
        neuron = df.cell(CELLS[name]).choose_point_neuron("glif3").make_neuron()
        rheobase = float(neuron.parameters["th_inf"] / neuron.parameters["R"] / pA)
        n = round(share * turn["cells"])
        made[name] = Kind(n, neuron, rheobase * np.linspace(0.9, 1.6, n))
    return made


def with_dualframe(turn: Turn) -> dict[str, float]:
    with turn.stages.measure("build"):
        net = network(kinds(turn))
    done = run_dualframe(turn, net, turn["duration"])
    table = done.rates()
    return dict(zip(table.population + " Hz", table.mean_rate_Hz, strict=True))


def network(cells: dict[str, Kind]) -> df.Network:
    populations, projections = [], []
    for name, kind in cells.items():
        neuron = kind.neuron
        populations.append(
            df.Population(
                name,
                kind.n,
                neuron.equations + SYNAPTIC,
                threshold=neuron.threshold,
                reset=neuron.reset,
                refractory=neuron.refractory,
                parameters={
                    **neuron.parameters,
                    "I_ext": kind.currents * pA,
                    "tau_syn": TAU * ms,
                    "peak": np.e,
                },
                initial=neuron.initial,
            )
        )
        projections += [
            df.Projection(
                name,
                target,
                on_pre="rising += w",
                weight=WEIGHTS[name] * pA,
                delay=DELAY * ms,
                in_degree=IN_DEGREES[name],
            )
            for target in cells
        ]
    return df.Network(tuple(populations), (), tuple(projections), name="glif_network")


def with_nest(turn: Turn) -> dict[str, float]:
    import nest

    with turn.stages.measure("build"):
        cells = kinds(turn)
        nest.ResetKernel()
        nest.set(resolution=0.1, rng_seed=turn.seed, print_time=False)
        groups, recorders = {}, {}
        for name, kind in cells.items():
            groups[name] = nest.Create("glif_psc", kind.n, glif_psc(kind.neuron.parameters))
            shift = kind.currents * float(kind.neuron.parameters["R"] * pA / mV)
            groups[name].E_L = float(kind.neuron.parameters["E_L"] / mV) + shift
            recorders[name] = nest.Create("spike_recorder")
            nest.Connect(groups[name], recorders[name])
    with turn.stages.measure("draw"):
        for name, source in groups.items():
            rule = {"rule": "fixed_indegree", "indegree": IN_DEGREES[name]}
            rule |= {"allow_multapses": False}
            synapse = {"weight": WEIGHTS[name], "delay": DELAY, "receptor_type": 1}
            for target in groups.values():
                nest.Connect(source, target, rule, synapse)
    with turn.stages.measure("run"):
        nest.Simulate(1e3 * turn["duration"])
    with turn.stages.measure("read"):
        return {
            f"{name} Hz": recorder.n_events / cells[name].n / turn["duration"]
            for name, recorder in recorders.items()
        }


def glif_psc(values: Any) -> dict[str, Any]:
    """Parameters of NEST's ``glif_psc`` (mV, ms, pF, nS, pA) of a level 3 neuron."""
    rest = float(values["E_L"] / mV)
    return {
        "C_m": float(values["C"] / pF),
        "g": float(1 / values["R"] / nS),
        "E_L": rest,
        "V_m": rest,
        "V_reset": rest,
        "V_th": rest + float(values["th_inf"] / mV),
        "t_ref": float(values["t_ref"] / ms) - 0.1,  # it holds a neuron for one step more
        "after_spike_currents": True,
        "asc_amps": [float(values[f"asc_amp{j}"] / pA) for j in (1, 2)],
        "asc_decay": [float(ms / values[f"asc_tau{j}"]) for j in (1, 2)],
        "asc_init": [0.0, 0.0],
        "asc_r": [1.0, 1.0],
        "tau_syn": [TAU],
    }


ROWS = (
    Row(
        name="glif_network",
        work="2000 GLIF neurons (level 3), 200 000 synapses, 1 s",
        sides={
            OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
            "NEST": Side(take_turn=with_nest, module="nest"),
        },
        agreement=within(0.05),  # other connections; 2000 neurons average over them
        settings={"cells": 2000, "duration": 1.0},
        short={"cells": 200, "duration": 0.1},
    ),
)
