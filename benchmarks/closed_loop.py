"""A network of the size of a closed loop: place cells, action cells, a world and dopamine.

121 place cells see an animal on a circular path, 4840 synapses onto 40 action cells learn from
pairings gated by dopamine, the action cells push a point in the world, and reaching the goal
releases dopamine. No result is quoted from it: it has the objects and sizes of a task.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from brian2 import Hz, ms

import dualframe as df

PLACES, ACTIONS = 121, 40

WORLD = """
dx/dt = ax/(50*ms) : 1
dy/dt = ay/(50*ms) : 1
dax/dt = -ax/(50*ms) : 1
day/dt = -ay/(50*ms) : 1
"""
PLACE = """
px = 0.5 + 0.3*cos(2*pi*t/(2*second)) : 1
py = 0.5 + 0.3*sin(2*pi*t/(2*second)) : 1
rate = peak*exp(-((px - cx)**2 + (py - cy)**2)/(2*width**2)) : Hz
"""
ACTION = """
dv/dt = (-v + g)/tau : 1
dg/dt = -g/(5*ms) : 1
dDA/dt = -DA/(200*ms) : 1
"""
PLASTIC = """
dc/dt = -c/second : 1 (clock-driven)
dapre/dt = -apre/(20*ms) : 1 (event-driven)
dapost/dt = -apost/(20*ms) : 1 (event-driven)
"""


def network(weight: float = 0.5, stimulus: float = 60.0) -> df.Network:
    """Return the network; ``weight`` and ``stimulus`` (Hz) are data, not structure."""
    k = np.arange(PLACES)
    populations = (
        df.Population(
            "world",
            1,
            WORLD,
            threshold="(x - 0.8)**2 + (y - 0.8)**2 < 0.01",
            reset="x = 0.2; y = 0.2",
            initial={"x": 0.2, "y": 0.2},
        ),
        df.Population(
            "place",
            PLACES,
            PLACE,
            threshold="rand() < rate*dt",
            parameters={"cx": k % 11 / 10, "cy": k // 11 / 10, "peak": stimulus * Hz, "width": 0.1},
        ),
        df.Population(
            "action",
            ACTIONS,
            ACTION,
            threshold="v > 1",
            reset="v = 0",
            parameters={"tau": 20 * ms},
        ),
    )
    return df.Network(populations, (), tuple(_projections(weight)), name="closed_loop")


def _projections(weight: float) -> Any:
    angle = 2 * np.pi * np.arange(ACTIONS) / ACTIONS
    yield df.Projection(
        "place",
        "action",
        on_pre="g_post += w; apre += 0.1; c -= apost",
        on_post="apost += 0.1; c += apre; w = clip(w + gain*c*DA_post, 0, 2)",
        equations=PLASTIC,
        pairs="all_to_all",
        weight=df.Uniform(0, 2 * weight),
        parameters={"gain": 1.0},
    )
    for name, push in (("ax", np.cos(angle)), ("ay", np.sin(angle))):
        pairs = (np.arange(ACTIONS), np.zeros(ACTIONS, dtype=int))
        yield df.Projection(
            "action",
            "world",
            name=f"push_{name}",
            on_pre=f"{name}_post += w",
            pairs=pairs,
            weight=0.01 * push,
        )
    yield df.Projection("world", "action", name="reward", on_pre="DA_post += 1", pairs="all_to_all")
