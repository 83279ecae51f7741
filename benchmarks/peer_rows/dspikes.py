"""Cells with dendritic spikes: dualframe's C++ against stock Dendrify on Brian2's targets.

The network is that of Dendrify's example ``comp_network.py``, see ``dspike_network.py``. What is
timed of stock Dendrify on Cython is Brian2's loop over time steps, without compilation; in C++ it
is the whole program, as for dualframe. Stock Dendrify refuses to make cells with a second reset for
C++ (it asks for the length of a synapse group before the run): the rows without one, on any side,
have that peer.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

import brian2 as b
import dspike_network
import numpy as np
from brian2 import second
from dspike_network import DT, in_order

from peer_rows.row import (
    OURS,
    Row,
    Side,
    Turn,
    run_dualframe,
    run_program,
    same_digest,
    start_brian_program,
    write_brian_program,
)


def drawn(turn: Turn) -> Any:
    return dspike_network.draw(turn["cells"], turn["duration"] * second, seed=1)


def with_dualframe(turn: Turn) -> dict[str, Any]:
    with turn.stages.measure("build"):
        net = dspike_network.ours(drawn(turn), second_reset=turn["second_reset"])
    done = run_dualframe(turn, net, turn["duration"], dt=DT)
    return digest(done.spikes["neuron"].to_numpy(), done.spikes["t"].to_numpy())


def with_cython(turn: Turn) -> dict[str, Any]:
    b.prefs.codegen.target = "cython"
    with turn.stages.measure("build"):
        network, monitor = dspike_network.stock(drawn(turn), second_reset=turn["second_reset"])
    clocks: list[float] = []

    def now(*_: Any) -> None:
        clocks.append(time.process_time())

    with turn.stages.measure("build"):
        # Brian2 reports at the start and at the end of its loop, after code generation
        network.run(turn["duration"] * second, report=now, report_period=1e6 * second)
    loop = clocks[-1] - clocks[0]
    turn.stages.add("build", -loop)
    turn.stages.add("run", loop)
    return digest(np.asarray(monitor.i), np.asarray(monitor.t))


def prepare_program(turn: Turn) -> None:
    start_brian_program(turn)
    network, spikes = dspike_network.stock(drawn(turn), second_reset=turn["second_reset"])
    write_brian_program(turn, network, turn["duration"], {"i": (spikes, "i"), "t": (spikes, "t")})


def with_program(turn: Turn) -> dict[str, Any]:
    outputs = run_program(turn)
    return digest(outputs["i"], outputs["t"])


def digest(neurons: Any, times: Any) -> dict[str, Any]:
    """Return the number of spikes and a digest of neurons and time steps in order."""
    pairs = np.asarray(in_order(neurons, times), dtype=np.int64)
    return {"spikes": len(neurons), "digest": hashlib.sha256(pairs.tobytes()).hexdigest()[:12]}


CYTHON, PROGRAM = "stock Dendrify, Cython", "stock Dendrify, C++"


def row(cells: int, *, second_reset: bool, turns: int) -> Row:
    """Return the row of a number of cells."""
    sides = {
        OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
        CYTHON: Side(take_turn=with_cython, prepare=with_cython, module="dendrify"),
    }
    if not second_reset:
        sides[PROGRAM] = Side(take_turn=with_program, prepare=prepare_program, module="dendrify")
    without = "" if second_reset else ", no second reset"
    return Row(
        name=f"dspikes_{cells}" + ("" if second_reset else "_plain"),
        work=f"{cells} cells with dendritic spikes, 1 s{without}",
        sides=sides,
        agreement=same_digest,
        settings={"cells": cells, "duration": 1.0, "second_reset": second_reset},
        short={"cells": 30, "duration": 0.06},
        turns=turns,
        goals=dict.fromkeys(sides.keys() - {OURS}, 4.0),
        note="Cython: Brian2's loop alone; C++: the whole program, here and there",
    )


ROWS = (
    row(1000, second_reset=True, turns=3),
    row(10_000, second_reset=True, turns=3),
    row(1000, second_reset=False, turns=3),
    row(10_000, second_reset=False, turns=3),
)
