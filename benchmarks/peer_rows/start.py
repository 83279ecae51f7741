"""What it costs to start: `import dualframe` and ``dualframe --help``, against ``import brian2``;
and to draw the synapses of layer 2/3 at full size, for which there is no peer.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from brian2 import ms

import dualframe as df
from dualframe.targets.lowering.lower_network import lower_network
from peer_rows.row import OURS, Row, Side, Turn


def command(*words: str) -> Side:
    """Return a side that runs Python with some words."""

    def take_turn(turn: Turn) -> dict[str, Any]:
        with turn.stages.measure("run"):
            done = subprocess.run([sys.executable, *words], capture_output=True, check=True)
        return {"return code": done.returncode}

    return Side(take_turn=take_turn, prepare=take_turn)  # the first writes the byte code


def both_start(*_: Any) -> tuple[bool, str]:
    """A process that stops with an error has been refused before."""
    return True, "both start"


def draw_layer23(turn: Turn) -> dict[str, int]:
    with turn.stages.measure("build"):
        net = df.biological.build(df.circuit("l23").scaled(turn["scale"]))
    with turn.stages.measure("draw"):
        lowered = lower_network(net, dt=0.1 * ms, duration=100 * ms, seed=turn.seed)
    return {"synapses": sum(len(synapses.i) for synapses in lowered.synapses)}


BRIAN = command("-c", "import brian2")
ROWS = (
    Row(
        name="import",
        work="`import dualframe`",
        sides={OURS: command("-c", "import dualframe"), "import brian2": BRIAN},
        agreement=both_start,
    ),
    Row(
        name="first_use",
        work="`import dualframe`, and its first name used",
        sides={OURS: command("-c", "import dualframe; dualframe.run"), "import brian2": BRIAN},
        agreement=both_start,
    ),
    Row(
        name="help",
        work="`dualframe --help`",
        sides={OURS: command("-m", "dualframe.cli", "--help"), "import brian2": BRIAN},
        agreement=both_start,
    ),
    Row(
        name="l23_draw",
        work="layer 2/3 at full size, drawing its synapses",
        sides={OURS: Side(take_turn=draw_layer23)},
        agreement=both_start,
        stages=("draw",),
        settings={"scale": 1.0},
        short={"scale": 0.01},
        turns=2,
        note="no peer; the aim is 3 s",
    ),
)
