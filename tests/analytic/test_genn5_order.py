"""PyGeNN 5 takes a step in Brian2's order: traces of the runtime, to rounding.

Every construct whose order matters is in one network: what arrives in the step of a spike, resets
that read what arrived, variables that are held while a neuron is refractory, what is drawn or
computed once per step, sums that read what events change, synapses that follow a neuron at every
step, and delays, of one synapse too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from brian2 import ms

import dualframe as df
from dualframe.targets.genn5.network_needs import find_needs
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.target_support import missing_requirements

DURATION = 60 * ms
SPIKES = np.array([3.0, 3.1, 7.3, 7.4, 7.5, 12.0, 20.0, 33.3, 40.1, 40.2])

CELLS = """
dv/dt = (drive + total - v)/(10*ms) : 1 (unless refractory)
dlevel/dt = -level/(20*ms) : 1
total : 1
doubled = 2*level : 1
at_start = level + v : 1 (constant over dt)
"""
FOLLOWING = """
dw/dt = (v_post - 0.5*doubled_post)/(50*ms) : 1 (clock-driven)
"""
EVENTS = """
dx/dt = -x/(15*ms) : 1 (event-driven)
dy/dt = (0.1 - y)/(25*ms) : 1 (event-driven)
"""


def network(*, sums: bool) -> df.Network:
    cells = df.Population(
        "cells",
        8,
        CELLS,
        threshold="v > 1",
        reset="v = 0.1*level; level += 0.5 + 0.1*at_start",
        refractory=2 * ms,
        parameters={"drive": 1.05},
        initial={"v": np.linspace(0, 0.9, 8)},
    )
    inputs = df.SpikeInput("inputs", 4, np.arange(SPIKES.size) % 4, SPIKES * ms)
    pairs = (np.arange(16) % 4, np.arange(16) % 8)
    projections = [
        df.Projection("inputs", "cells", "v += w", weight=0.3, pairs=pairs, name="onto_held"),
        df.Projection(
            "inputs",
            "cells",
            "level += w",
            weight=0.2,
            pairs=pairs,
            delay=np.linspace(0, 2, 16) * ms,
            delay_groups=None,
            name="delayed",
        ),
        df.Projection(
            "cells",
            "cells",
            "level += 0.05*w",
            weight=0.4,
            equations=FOLLOWING,
            pairs=(np.arange(8), (np.arange(8) + 3) % 8),
            name="following",
        ),
        df.Projection(
            "cells",
            "cells",
            "x += 1; w = w + 0.01*y; level += 0.1*w",
            on_post="y += 0.5*v_post; w = w + 0.02*x",
            weight=0.4,
            equations=EVENTS,
            pairs=(np.arange(8), (np.arange(8) + 1) % 8),
            delay=0.7 * ms,
            name="learned",
        ),
    ]
    if sums:
        projections.append(
            df.Projection(
                "cells",
                "cells",
                equations="total_post = 0.05*doubled_pre : 1 (summed)",
                pairs=(np.arange(8), (np.arange(8) + 2) % 8),
                name="sum",
            )
        )
    return df.Network((cells,), (inputs,), tuple(projections))


def run(target: str, *, sums: bool) -> df.Results:
    options: dict[str, Any] = {"use_gpu": False} if target == "genn5" else {}
    return df.run(
        network(sums=sums),
        DURATION,
        target=target,
        seed=1,
        record={
            "cells": df.Recording(("v", "level", "total", "at_start")),
            "following": "w",
            "learned": "w",
        },
        strict=True,
        progress=False,
        **options,
    )


@pytest.mark.parametrize("sums", [False, True])
def test_sums_of_what_events_change_take_a_phase_of_their_own(sums: bool) -> None:
    lowered = lower_network(network(sums=sums), dt=0.1 * ms, duration=DURATION, seed=1)
    assert find_needs(lowered).phases == 1 + sums


@pytest.mark.genn5
@pytest.mark.parametrize("sums", [False, True])
def test_traces_and_weights_are_those_of_the_runtime(sums: bool) -> None:
    if gaps := missing_requirements("genn5", use_gpu=False):
        pytest.skip("; ".join(gaps))
    reference, own = (run(target, sums=sums) for target in ("runtime", "genn5"))
    assert len(reference.spikes) > 20
    for population in ("neuron", "t"):
        np.testing.assert_allclose(own.spikes[population], reference.spikes[population])
    for name, values in reference.traces["cells"].values.items():
        np.testing.assert_allclose(own.traces["cells"].values[name], values, rtol=1e-10, atol=1e-12)
    for name in ("following", "learned"):
        tables = (r.weights[name].sort_values(["pre", "post"]) for r in (reference, own))
        first, second = (table["weight"].to_numpy() for table in tables)
        assert np.ptp(first) > 0.01
        np.testing.assert_allclose(second, first, rtol=1e-10)
