"""Waveforms of currents: the same trajectory as a sum of steps, and as the exact solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from brian2.units import amp, mA, ms, mV, pA

import dualframe as df
from dualframe.core.errors import DualframeWarning, NetworkError, TargetError

MEMBRANE = "dV/dt = (-V + I*(1*ohm))/(10*ms) : volt\nI : amp"
TIMES = np.array([0, 3, 4.2, 9.9]) * ms
VALUES = np.array([2.0, -1.0, 0.5, 0.0]) * mA


def network(*inputs: df.CurrentInput) -> df.Network:
    return df.Network((df.Population("cells", 2, MEMBRANE),), inputs)


def voltage(run: Callable[..., df.Results], *inputs: df.CurrentInput, **options: Any) -> Any:
    results = run(network(*inputs), 15 * ms, seed=1, record={"cells": ["V"]}, **options)
    return results.traces["cells"].values["V"]


def test_it_is_the_sum_of_its_steps(run_on_target: Callable[..., df.Results]) -> None:
    whole = df.CurrentInput("cells", times=TIMES, values=VALUES, variable="I")
    stops = [*TIMES[1:], None]
    steps = [
        df.CurrentInput("cells", value, start, stop, "I", name=f"step{k}")
        for k, (value, start, stop) in enumerate(zip(VALUES, TIMES, stops, strict=True))
    ]
    ours = voltage(run_on_target, whole)
    assert np.ptp(ours) > 5e-4
    # the steps are exact; the waveform adds differences, and rounds once for each sample
    assert np.allclose(ours, voltage(run_on_target, *steps), rtol=0, atol=1e-9)


def test_each_neuron_has_its_own_and_a_late_start(run_on_target: Callable[..., df.Results]) -> None:
    values = np.array([[1.0, -2.0], [0.0, 3.0]]) * mA
    own = df.CurrentInput("cells", times=[2, 6] * ms, values=values, variable="I")
    trace = voltage(run_on_target, own)
    expected = np.zeros((2, 150))
    for step in range(149):  # Euler, as on every target
        row = np.zeros(2) if step < 20 else np.asarray(values)[0 if step < 60 else 1]
        expected[:, step + 1] = expected[:, step] + (row - expected[:, step]) * 0.01
    assert np.allclose(trace, expected, rtol=0, atol=1e-9)


def test_samples_within_one_step() -> None:
    dense = df.CurrentInput(
        "cells", times=[1, 1.01, 1.02] * ms, values=[1, 5, 2] * mA, variable="I"
    )
    last = df.CurrentInput("cells", times=[1] * ms, values=[2] * mA, variable="I")
    with pytest.warns(DualframeWarning, match="1 of its 3 values hold for less than the time step"):
        trace = voltage(df.run, dense, target="runtime", progress=False)
    assert np.array_equal(trace, voltage(df.run, last, target="runtime", progress=False))


def test_a_network_is_written_and_read_with_it() -> None:
    net = network(df.CurrentInput("cells", times=TIMES, values=VALUES, variable="I"))
    assert df.Network.from_dict(net.to_dict()).digest == net.digest
    copies = df.replicate(net, 3)
    assert copies.inputs[0].values.shape == (4,)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "has no size"),
        ({"times": TIMES}, "give times and values"),
        ({"amplitude": 1 * pA, "times": TIMES, "values": VALUES}, "give no amplitude"),
        ({"times": TIMES[::-1], "values": VALUES}, "do not increase"),
        ({"times": [] * ms, "values": [] * mA}, "times of .* are empty: expected a list"),
        ({"times": 0 * ms, "values": 1 * mA}, "expected a list of times"),
        ({"times": TIMES, "values": VALUES[:2]}, "expected"),
        ({"times": TIMES, "values": np.full(4, np.nan) * amp}, "not all finite"),
        ({"times": TIMES, "values": np.ones((4, 3)) * amp}, "3 columns"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        network(df.CurrentInput("cells", variable="I", **fields))


def test_another_dimension_is_refused() -> None:
    wrong = df.CurrentInput("cells", times=TIMES, values=np.ones(4) * mV, variable="I")
    with pytest.raises(TargetError, match="have the unit volt"):
        df.run(network(wrong), 5 * ms, target="runtime")
