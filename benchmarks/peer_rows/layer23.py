"""Layer 2/3 with dendrites at a twentieth, and Brian2's stock C++ program of the same equations.

No other simulator has this circuit. The peer is what Brian2 itself generates and compiles from the
Brian2 objects of dualframe's network, with its default preferences.
"""

from __future__ import annotations

from typing import Any

import brian2 as b
from brian2 import ms, second

import dualframe as df
from dualframe.targets.brian.brian_objects import make_brian_objects
from dualframe.targets.lowering.lower_network import lower_network
from peer_rows.row import (
    OURS,
    Row,
    Side,
    Turn,
    run_dualframe,
    run_program,
    start_brian_program,
    within,
    write_brian_program,
)


def network(turn: Turn) -> df.Network:
    return df.biological.build(df.circuit("l23").scaled(turn["scale"]))


def with_dualframe(turn: Turn) -> dict[str, float]:
    with turn.stages.measure("build"):
        net = network(turn)
    done = run_dualframe(turn, net, turn["duration"])
    return {"Hz": len(done.spikes) / cells(net) / turn["duration"]}


def cells(net: df.Network) -> int:
    return sum(population.n for population in net.populations)


def prepare_program(turn: Turn) -> None:
    lowered = lower_network(
        network(turn), dt=0.1 * ms, duration=turn["duration"] * second, seed=turn.seed
    )
    start_brian_program(turn)
    assembled = make_brian_objects(lowered)
    spikes = [o for o in assembled.network.objects if isinstance(o, b.SpikeMonitor)]
    outputs: dict[str, tuple[Any, str]] = {o.name: (o, "count") for o in spikes}
    write_brian_program(turn, assembled.network, turn["duration"], outputs)


def with_program(turn: Turn) -> dict[str, float]:
    counts = run_program(turn).values()
    neurons = sum(map(len, counts))
    return {"Hz": float(sum(c.sum() for c in counts)) / neurons / turn["duration"]}


ROWS = (
    Row(
        name="l23_dendrites",
        work="layer 2/3 with dendrites at 0.05, 1 s",
        sides={
            OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
            "Brian2 C++, same equations": Side(
                take_turn=with_program, prepare=prepare_program, module="dendrify"
            ),
        },
        agreement=within(0.15),  # a thousand cells at 1.4 Hz: 2.7 % by counting, more by bursts
        settings={"scale": 0.05, "duration": 1.0},
        short={"scale": 0.01, "duration": 0.01},
    ),
)
