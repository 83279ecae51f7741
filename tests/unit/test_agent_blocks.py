"""Agents in blocks: the same network as in one piece, whatever the number of blocks and cores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from brian2.units import Hz, ms, mV, second

import dualframe as df
from dualframe.network import Recording, replicate
from dualframe.targets.cpp.compiler import has_compiler
from dualframe.targets.lowering import agent_blocks
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import LoweredNetwork

AGENTS, SIZE = 5, 2
needs_compiler = [
    pytest.mark.cpp,
    pytest.mark.skipif(not has_compiler(), reason="needs a C++ compiler"),
]


def agent(noise: float = 0.0) -> df.Network:
    """Cells that differ, given and drawn input, learning synapses with delays of their own."""
    cells = df.Population(
        "cells",
        6,
        "dV/dt = (EL - V)/tau : volt\nseen : volt",
        threshold="V > -50*mV + jitter*(rand() - rand())",
        reset="V = EL - jitter*rand()",
        parameters={
            "EL": -60 * mV,
            "tau": np.linspace(8, 14, 6) * ms,
            "jitter": 2 * mV if noise else 0 * mV,
        },
        initial={"V": np.linspace(-60, -52, 6) * mV},
    )
    learning = df.Projection(
        "cells",
        "cells",
        "V += w; x += 1",
        "w = clip(w + 0.01*x*mV, 0*mV, 20*mV)",
        equations="dx/dt = -x/(10*ms) : 1 (event-driven)",
        weight=df.Uniform(1 * mV, 4 * mV),
        delay=df.Uniform(0.5 * ms, 3 * ms),
        delay_groups=2,
        probability=0.5,
        name="learning",
    )
    sight = df.Projection(
        "cells",
        "cells",
        equations="seen_post = 0.1*V_pre : volt (summed)",
        name="sight",
        pairs=([0, 3], [1, 2]),
    )
    inputs = (
        df.SpikeInput("given", 2, np.arange(20) % 2, (1 + 2.5 * np.arange(20)) * ms),
        df.PoissonInput("noise", 3, noise * Hz, drawn="target"),
    )
    onto = tuple(
        df.Projection(name, "cells", "V += w", weight=8 * mV, in_degree=2, name=f"{name}_onto")
        for name in ("given", "noise")
    )
    return df.Network((cells,), inputs, (*onto, learning, sight), name="agent")


@pytest.fixture
def blocks_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache for which two of these agents are enough."""
    monkeypatch.setattr(agent_blocks, "_agents_in_cache", lambda lowered: SIZE)


def run(noise: float = 0.0, **options: Any) -> df.Results:
    record = {
        "cells": Recording(("V", "seen"), neurons=[29, 3, 14, 25, 0]),
        "learning": ["w"],
    }
    options = {"target": "cpp_standalone", "seed": 3, "progress": False, **options}
    return df.run(replicate(agent(noise), AGENTS), 50 * ms, record=record, strict=True, **options)


def assert_same(ours: df.Results, reference: df.Results) -> None:
    pd.testing.assert_frame_equal(ours.spikes, reference.spikes, check_exact=True)
    for name, trace in reference.traces.items():
        np.testing.assert_array_equal(ours.traces[name].t, trace.t)
        np.testing.assert_array_equal(ours.traces[name].neurons, trace.neurons)
        for variable, values in trace.values.items():
            np.testing.assert_array_equal(ours.traces[name].values[variable], values)
    for name, table in reference.weights.items():
        pd.testing.assert_frame_equal(ours.weights[name], table, check_exact=True)


def lowered(network: df.Network) -> LoweredNetwork:
    return lower_network(network, dt=0.1 * ms, duration=1 * second, seed=3)


# --- what is cut ----------------------------------------------------------------------------------


def test_blocks_are_equal_and_every_agent_counts_once(blocks_of_two: None) -> None:
    blocks = agent_blocks.split_agents(lowered(replicate(agent(), AGENTS)))
    assert [(b.first, b.repeated, b.lowered.replicas) for b in blocks] == [
        (0, 0, 2),
        (2, 0, 2),
        (3, 1, 2),
    ]
    assert [b.lowered.first_replica for b in blocks] == [0, 2, 3]


@pytest.mark.parametrize(
    ("agents", "most", "size"), [(100, 16, 10), (20, 16, 10), (97, 16, 14), (7, 16, 7), (200, 1, 4)]
)
def test_sizes_of_blocks_repeat_few_agents(agents: int, most: int, size: int) -> None:
    assert agent_blocks._agents_of_block(agents, most) == size


def test_large_agents_are_cut_by_what_each_step_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    network = lowered(replicate(agent(), 8))
    monkeypatch.setattr(agent_blocks, "CACHE_BYTES", 1.0)
    assert agent_blocks._agents_in_cache(network) > 8
    monkeypatch.setattr(agent_blocks, "STEP_BYTES", 2.0 * 8 * 6 * 2)  # V and tau of six cells
    assert agent_blocks._agents_in_cache(network) == 2


def test_there_is_a_block_for_each_core() -> None:
    blocks = agent_blocks.split_agents(lowered(replicate(agent(), 4)), cores=2)
    assert [b.lowered.replicas for b in blocks] == [2, 2]


def test_few_agents_and_networks_that_are_no_copies_stay_whole(blocks_of_two: None) -> None:
    assert not agent_blocks.split_agents(lowered(replicate(agent(), SIZE)))
    assert not agent_blocks.split_agents(lowered(agent()))
    joined = df.Projection("cells", "cells", "V += w", weight=1 * mV, pairs=([0], [7]), name="x")
    network = replicate(agent(), AGENTS)
    bridged = df.Network(
        network.populations, network.inputs, (*network.projections, joined), meta=network.meta
    )
    assert not agent_blocks.split_agents(lowered(bridged))


@pytest.mark.parametrize("replicas", ["three", -1, 4, 7.5])
def test_a_number_of_copies_that_cannot_be_is_none(replicas: Any, blocks_of_two: None) -> None:
    network = replicate(agent(), AGENTS)
    other = df.Network(
        network.populations, network.inputs, network.projections, meta={"replicas": replicas}
    )
    assert not agent_blocks.split_agents(lowered(other))


# --- what is joined -------------------------------------------------------------------------------


class TestPrograms:
    pytestmark = needs_compiler

    def test_blocks_equal_the_whole_whatever_the_cores(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is drawn while they run is that of each agent, in any block."""
        reference = run(noise=300.0)
        assert len(reference.spikes) > 100
        assert reference.weights["learning"]["weight"].nunique() > 30
        assert "blocks_of_agents" not in reference.provenance
        monkeypatch.setattr(agent_blocks, "_agents_in_cache", lambda lowered: SIZE)
        for cores in (1, 2):
            ours = run(noise=300.0, threads=cores)
            assert ours.provenance["blocks_of_agents"] == 3
            assert_same(ours, reference)
