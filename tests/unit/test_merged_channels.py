"""Channels that act only by their sum are one variable; what needs its own keeps it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import Mohm, mmolar, ms, mV, nS, pF, second

import dualframe as df
from dualframe.network import Network, Population, Projection, SpikeInput
from dualframe.simulation.recordings import resolve_recordings
from dualframe.synapses.double_alpha import DoubleAlpha
from dualframe.synapses.dual_exponential import DualExponential
from dualframe.synapses.exponential import Exponential
from dualframe.synapses.magnesium_block import MagnesiumBlock
from dualframe.synapses.synapse_equations import ReceptorComponent, synapse_equations
from dualframe.targets.lowering.lower_network import lower_network
from dualframe.targets.lowering.lowered_network import LoweredNetwork

SOURCES = ("a", "b", "c", "d")
WEIGHTS = (15, 12, 2, 3) * nS
AMPA = {"kinetics": Exponential(2 * ms), "reversal": 0 * mV}
SLOW = {"kinetics": DualExponential(3 * ms, 60 * ms), "reversal": 0 * mV}
ALPHAS = {"kinetics": DoubleAlpha(2 * ms, 9 * ms, 0.3), "reversal": -70 * mV}
BLOCK = MagnesiumBlock(alpha=0.062 / mV, beta=3.57 * mmolar, gamma=0 * mV, Mg=1 * mmolar)


def components(source: str, share: float = 0.3, gain: str = "") -> list[ReceptorComponent]:
    """AMPA and NMDA of one mailbox, as pyramidal cells have them."""
    common: dict[str, Any] = {"compartment": "cell", "voltage": "V"}
    return [
        ReceptorComponent(id=f"AMPA_{source}", share=1.0, gain=gain, **AMPA, **common),
        ReceptorComponent(id=f"NMDA_{source}", share=share, magnesium=BLOCK, **SLOW, **common),
    ]


def inhibition(source: str, **changes: Any) -> list[ReceptorComponent]:
    where: dict[str, Any] = {"compartment": "cell", "voltage": "V", "share": 1.0}
    return [ReceptorComponent(id=f"GABA_{source}", **where | ALPHAS | changes)]


def network(*kinds: list[ReceptorComponent], **changes: Any) -> Network:
    """Cells with one input of each kind; the inputs fire regularly, at times of their own."""
    names = SOURCES[: len(kinds)]
    channels = [synapse_equations(n, one) for n, one in zip(names, kinds, strict=True)]
    currents = " + ".join(name for c in channels for name in c.currents["cell"])
    equations = [f"dV/dt = (E_L - V)/(R*C) + ({currents})/C : volt (unless refractory)"]
    parameters = {"E_L": -65 * mV, "R": 100 * Mohm, "C": 100 * pF}
    population = Population(
        "cells",
        3,
        "\n".join([*equations, *(one.equations for one in channels)]),
        threshold="V > -50*mV",
        reset="V = -65*mV",
        refractory=2 * ms,
        initial={"V": -65 * mV},
        parameters=parameters | {k: v for c in channels for k, v in c.parameters.items()},
        **changes,
    )
    times = {name: np.arange(3 + k, 500, 11 + 2 * k) for k, name in enumerate(names)}
    inputs = [SpikeInput(n, 1, np.zeros(len(t), int), t * ms) for n, t in times.items()]
    projections = [
        Projection(n, "cells", f"{c.written} += w", name=n, pairs="all_to_all", weight=w)
        for n, c, w in zip(names, channels, WEIGHTS, strict=False)
    ]
    return Network((population,), tuple(inputs), tuple(projections))


def merged(net: Network, **record: Any) -> LoweredNetwork:
    asked = resolve_recordings(net, record, 0.1 * ms)
    return lower_network(net, dt=0.1 * ms, duration=1 * ms, seed=1, record=asked, merged=True)


def states(net: Network, **record: Any) -> Counter[str]:
    """How many state variables of each kind are left, by the letters before the name."""
    names = merged(net, **record).groups[0].state_variables
    return Counter(
        name.removesuffix("_more").split("_and_")[0][:-2] for name in names if name != "V"
    )


ALL = (components("a"), components("b"), inhibition("c"), inhibition("d"))


RECORD = {"cells": df.Recording("V")}


def test_sums_make_the_same_spikes_and_voltages() -> None:
    net = network(*ALL)
    assert len(merged(net).groups[0].state_variables) == 10  # of 19
    sums, apart = (
        df.run(net, 0.2 * second, target="runtime", seed=1, strict=strict, record=RECORD)
        for strict in (False, True)
    )
    assert len(apart.spikes) > 20
    assert sums.spikes.equals(apart.spikes)
    voltages = (one.traces["cells"].values["V"] for one in (sums, apart))
    # rounding: a few units in the last place of 65 mV, which spikes forget
    np.testing.assert_allclose(*map(np.asarray, voltages), rtol=1e-11)


def test_one_mailbox_and_one_channel_each_are_left() -> None:
    assert states(network(*ALL)) == Counter(
        ["k", "g_AMPA", "r_NMDA", "g_NMDA", "k_GABA"]
        + [f"{v}_{speed}_GABA" for speed in ("fast", "slow") for v in "rg"]
    )


def test_the_synapses_write_the_sum() -> None:
    lowered = merged(network(*ALL))
    assert [s.on_pre for s in lowered.synapses] == [
        "k_a_and_1_more += w",
        "k_a_and_1_more += w",
        "k_GABA_c_and_1_more += w",
        "k_GABA_c_and_1_more += w",
    ]
    assert "tau_AMPA_a" in lowered.groups[0].constants
    assert "tau_AMPA_b" not in lowered.groups[0].constants


def test_mailboxes_of_other_shares_are_kept_and_feed_one_channel() -> None:
    left = states(network(components("a"), components("b", share=0.5)))
    assert left == Counter({"k": 2, "g_AMPA": 1, "r_NMDA": 1, "g_NMDA": 1})


@pytest.mark.parametrize(
    "other",
    [
        {"reversal": -75 * mV},
        {"kinetics": DoubleAlpha(2 * ms, 9 * ms, 0.4)},
        {"kinetics": DoubleAlpha(2 * ms, 8 * ms, 0.3)},
        {"gain": "(1 + V/V)"},
    ],
)
def test_channels_that_differ_are_kept(other: dict[str, Any]) -> None:
    left = states(network(inhibition("a"), inhibition("b", **other)))
    assert left["g_slow_GABA"] == 2


def test_what_is_recorded_is_kept_apart() -> None:
    net = network(*ALL)
    for name in ("g_AMPA_a", "I_AMPA_a"):
        left = states(net, cells=[name])
        assert left["g_AMPA"] == 2
        assert left["g_NMDA"] == 1


def test_what_a_synapse_reads_is_kept_apart() -> None:
    net = network(inhibition("a"), inhibition("b"))
    first, *others = net.projections
    reading = replace(first, on_pre="k_GABA_a += w*exp(-k_GABA_a/nS)")
    left = states(replace(net, projections=(reading, *others)))
    assert left["k_GABA"] == 2
    assert left["r_fast_GABA"] == 1  # both mailboxes feed one channel


def test_constants_that_are_spread_apart_keep_channels_apart() -> None:
    net = network(inhibition("a"), inhibition("b"), heterogeneity={"tau_slow_GABA_a": 0.2})
    assert states(net)["g_slow_GABA"] == 2
    family = network(inhibition("a"), inhibition("b"), heterogeneity={"tau_slow": 0.2})
    assert states(family)["g_slow_GABA"] == 1  # one factor per neuron


def test_each_cell_of_pd14_has_two_conductances() -> None:
    net = df.task_driven.build(df.circuit("pd14").scaled(0.01))
    assert {len(group.state_variables) for group in merged(net).groups} == {3}


def test_a_receptor_of_one_source_keeps_its_current_apart() -> None:
    circuit = df.circuit("ca1").scaled(0.01)
    plain, scaled = (
        {g.name: len(g.state_variables) for g in merged(df.task_driven.build(one)).groups}
        for one in (circuit, circuit.with_modulation("ACh", level=0.5))
    )
    assert plain["pyr"] < 22
    assert all(scaled[name] >= plain[name] for name in plain)
