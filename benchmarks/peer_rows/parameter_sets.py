"""1000 parameter sets at the second call: `df.run` with other values, and Brian2's ``run_args``.

A thousand leaky neurons, each with a time constant and a current of its own. Both sides call once,
change the values, and call again; the second call is timed, in CPU seconds of Python and program.
"""

from __future__ import annotations

from typing import Any

import brian2 as b
import numpy as np
from brian2 import ms, second
from measure import cost

import dualframe as df
from peer_rows.row import OURS, Row, Side, Turn, same_digest, start_brian_program

EQUATIONS = "dv/dt = (drive - v)/tau : 1"


def values(turn: Turn, call: int) -> dict[str, Any]:
    """Return time constants (ms) and drives of a call."""
    drawn = np.random.default_rng([turn.seed, call])
    n = turn["sets"]
    return {"tau": drawn.uniform(5, 40, n), "drive": drawn.uniform(0.5, 3.0, n)}


def outcome(counts: Any) -> dict[str, Any]:
    return {"spikes": int(counts.sum()), "weighted": int((counts * np.arange(len(counts))).sum())}


def with_dualframe(turn: Turn) -> dict[str, Any]:
    for call in (1, 2):
        with cost() as spent:
            drawn = values(turn, call)
            cells = df.Population(
                "cells",
                turn["sets"],
                EQUATIONS,
                threshold="v > 1",
                reset="v = 0",
                parameters={"tau": drawn["tau"] * ms, "drive": drawn["drive"]},
            )
            net = df.Network((cells,), name="parameter_sets")
            done = df.run(
                net,
                turn["duration"] * second,
                target="cpp_standalone",
                seed=1,
                dt=0.1 * ms,
                progress=False,
            )
            counts = np.bincount(done.spikes["neuron"].to_numpy(), minlength=turn["sets"])
    turn.stages.add("run", spent.cpu)
    return outcome(counts)


def make_program(turn: Turn, *, compiles: bool) -> tuple[Any, Any]:
    """Generate Brian2's program in the folder; return the group and its monitor."""
    start_brian_program(turn)
    b.defaultclock.dt = 0.1 * ms
    cells = b.NeuronGroup(
        turn["sets"],
        f"{EQUATIONS}\ntau : second (constant)\ndrive : 1 (constant)",
        threshold="v > 1",
        reset="v = 0",
        method="euler",
    )
    first = values(turn, 1)
    cells.tau, cells.drive = first["tau"] * ms, first["drive"]
    spikes = b.SpikeMonitor(cells)
    b.Network(cells, spikes).run(turn["duration"] * second)
    b.device.build(directory=str(turn.folder), compile=compiles, run=False, with_output=False)
    return cells, spikes


def prepare_brian(turn: Turn) -> None:
    make_program(turn, compiles=True)


def with_brian(turn: Turn) -> dict[str, Any]:
    cells, spikes = make_program(turn, compiles=False)  # the program is there
    for call in (1, 2):
        with cost() as spent:
            drawn = values(turn, call)
            b.device.run(run_args={cells.tau: drawn["tau"] * ms, cells.drive: drawn["drive"]})
            counts = np.bincount(np.asarray(spikes.i), minlength=turn["sets"])
    turn.stages.add("run", spent.cpu)
    return outcome(counts)


ROWS = (
    Row(
        name="parameter_sets",
        work="1000 parameter sets, 200 ms, second call",
        sides={
            OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
            "Brian2 C++, run_args": Side(take_turn=with_brian, prepare=prepare_brian),
        },
        agreement=same_digest,
        settings={"sets": 1000, "duration": 0.2},
        short={"sets": 20, "duration": 0.02},
        turns=5,
        goals={"Brian2 C++, run_args": 1.0},
        note="the whole call, Python included",
    ),
)
