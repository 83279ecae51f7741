"""The column of Potjans and Diesmann (2014) at a tenth of its size, every in-degree kept.

Both simulators are given the same description; see ``pd14.py``. NEST's in-degrees, weights and
delays are drawn by its own rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pd14

import dualframe as df
from peer_rows.row import OURS, Row, Side, Turn, run_dualframe, within


def with_dualframe(turn: Turn) -> dict[str, float]:
    with turn.stages.measure("build"):
        net = df.task_driven.build(df.circuit("pd14").scaled(turn["scale"]))
    done = run_dualframe(turn, net, turn["duration"])
    table = done.rates(start=turn["settle"])
    return mean_rates(dict(zip(table.population, table.mean_rate_Hz, strict=True)))


def with_nest(turn: Turn) -> dict[str, float]:
    circuit = df.circuit("pd14").scaled(turn["scale"])
    with turn.stages.measure("build"):
        nest, groups, recorders = pd14.create_nest(circuit, turn.seed)
    with turn.stages.measure("draw"):
        pd14.connect_nest(nest, circuit, groups)
    with turn.stages.measure("run"):
        nest.Simulate(1e3 * turn["duration"])
    with turn.stages.measure("read"):
        rates = pd14.nest_rates(circuit, recorders, turn["duration"], turn["settle"])
    return mean_rates(rates)


def mean_rates(rates: Mapping[str, Any]) -> dict[str, float]:
    """Return the mean rate (Hz) of excitatory and of inhibitory neurons."""
    sizes = df.circuit("pd14").sizes
    return {
        kind: float(
            sum(rates[name] * sizes[name] for name in rates if name.endswith(kind[0]))
            / sum(sizes[name] for name in rates if name.endswith(kind[0]))
        )
        for kind in ("E Hz", "I Hz")
    }


ROWS = (
    Row(
        name="pd14",
        work="Potjans and Diesmann at 0.1, 2 s",
        sides={
            OURS: Side(take_turn=with_dualframe, prepare=with_dualframe),
            "NEST": Side(take_turn=with_nest, module="nest"),
        },
        agreement=within(0.15),  # pd14.csv: seeds of one simulator differ by as much at this size
        settings={"scale": 0.1, "duration": 2.0, "settle": 0.5},
        short={"scale": 0.01, "duration": 0.2, "settle": 0.1},
        turns=2,
        goals={"NEST": 5.0},
        note="simulation alone: drawing is apart",
    ),
)
