"""A run says which of its inputs do nothing in it, or less than they say."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms, pA

import dualframe as df
from dualframe.core.errors import DualframeWarning, NetworkError, UnknownName
from dualframe.network.inputs import Input
from dualframe.simulation.input_warnings import (
    warn_of_inputs_beyond_end,
    warn_of_pulses_within_steps,
)
from dualframe.targets.lowering.lower_network import lower_network

CELLS = df.Population("cells", 2, "dv/dt = (I/pA - v)/(5*ms) : 1\nI : amp", "v > 1", "v = 0")


def texts_of(*inputs: Input, duration: Any = 20 * ms, dt: Any = 0.1 * ms) -> list[str]:
    network = df.Network((CELLS,), inputs)
    lowered = lower_network(network, dt=dt, duration=duration, seed=1)
    checks = (warn_of_inputs_beyond_end, warn_of_pulses_within_steps)
    return [text for check in checks for text in check(network, lowered)]


def waveform(times: Any, values: Any) -> df.CurrentInput:
    return df.CurrentInput(
        "cells", times=times * ms, values=values * pA, variable="I", name="pulse"
    )


def rates(times: Any, values: Any, **options: Any) -> df.PoissonInput:
    return df.PoissonInput("in", 2, times=times * ms, rates=values * Hz, **options)


@pytest.mark.parametrize(
    ("source", "first"),
    [
        (df.SpikeInput("in", 2, [0, 1], [25, 21] * ms), "input 'in' begins at 21 ms"),
        (df.PoissonInput("in", 2, 5 * Hz, start=20 * ms), "input 'in' begins at 20 ms"),
        (rates(np.array([30, 40]), np.array([5, 6])), "input 'in' begins at 30 ms"),
        (waveform(np.array([22]), np.array([5])), "current input 'pulse' onto 'I'"),
        (df.CurrentInput("cells", 5 * pA, 50 * ms, variable="I"), "current input onto 'I'"),
    ],
)
def test_an_input_after_the_end_is_told(source: Input, first: str) -> None:
    (text,) = texts_of(source)
    assert first in text
    assert "the run ends at 20 ms: it has no effect" in text
    assert texts_of(source, duration=60 * ms) == []


def test_several_late_inputs_are_one_line() -> None:
    late = [df.SpikeInput(name, 1, [0], [30] * ms) for name in ("a", "b", "c")]
    (text,) = texts_of(df.SpikeInput("in_time", 1, [0], [3] * ms), *late)
    assert "'a' begins at 30 ms (and 2 more inputs likewise)" in text


def test_an_input_that_reaches_into_the_run_is_not_told() -> None:
    assert texts_of(df.SpikeInput("in", 2, [0, 1], [19.9, 300] * ms)) == []
    assert texts_of(df.SpikeInput("silent", 2, [], [] * ms)) == []


def test_what_is_said_to_have_no_effect_has_none() -> None:
    late = df.CurrentInput("cells", 5 * pA, 20 * ms, variable="I")
    early = df.CurrentInput("cells", 5 * pA, 19.8 * ms, variable="I")
    traces = []
    for source in (late, early):
        network = df.Network((CELLS,), (source,))
        with pytest.warns(DualframeWarning) if source is late else nullcontext():
            done = df.run(
                network, 20 * ms, seed=1, target="runtime", record={"cells": ["v"]}, progress=False
            )
        assert len(done.provenance["warnings"]) == (source is late)
        traces.append(done.traces["cells"].values["v"])
    assert not traces[0].any()
    assert traces[1].any()


def test_a_pulse_between_two_time_steps_is_told() -> None:
    pulse = waveform(np.array([1, 5.01, 5.03, 12]), np.array([0, 40, 0, 2]))
    (text,) = texts_of(pulse)
    assert "'pulse' onto 'I' of population 'cells': 1 of its 4 values hold for less" in text
    assert "such as 40. pA at 5.01 ms" in text
    assert text.endswith("run with dt=0.02*ms.")
    assert texts_of(pulse, dt=0.02 * ms) == []


def test_a_brief_rate_is_told() -> None:
    values = np.array([[1, 1], [1, 900], [1, 1]])
    (text,) = texts_of(rates(np.array([0, 3.01, 3.04]), values))
    assert "1 of its 3 values" in text
    assert "0.9 kHz at 3.01 ms" in text


def test_a_course_sampled_finely_is_not_told() -> None:
    """The values left out lie between those that hold, but for 0.05 % of the range at a peak."""
    times = np.arange(0, 20, 0.01)
    assert texts_of(waveform(times, np.sin(2 * np.pi * times / 10))) == []


@pytest.mark.parametrize(
    "source",
    [
        df.CurrentInput("cells", 5 * pA, 3.06 * ms, 3.14 * ms, "I"),
        df.PoissonInput("in", 2, 50 * Hz, start=3.06 * ms, stop=3.14 * ms),
        rates(np.array([0, 3]), np.array([5, 6]), start=4 * ms, stop=4 * ms),
    ],
)
def test_a_step_between_two_time_steps_is_told(source: Input) -> None:
    (text,) = texts_of(source)
    assert "in which no time step of 0.1 ms begins: it has no effect" in text


def test_a_circuit_with_a_further_input_keeps_what_its_builder_says() -> None:
    """In either branch, by the variable that cells with dendrites and point neurons have."""
    circuit = df.circuit("l23").scaled(0.01)
    for branch, variable in ((df.biological, "I_ext_soma"), (df.task_driven, "I_ext")):
        network = branch.build(circuit)
        step = df.CurrentInput("pyr", "200 pA", variable=variable)
        whisker = df.PoissonInput("whisker", 5, "20 Hz")
        contact = network.meta["background"]["background_pyr"]["variable"]
        unit = network.population("pyr").parameters["w_background_pyr"]
        reach = df.Projection(
            "whisker", "pyr", f"{contact} += w", weight=unit, probability=0.1, name="reach"
        )
        driven = network.with_inputs(step, whisker, projections=[reach])
        assert driven.inputs == (*network.inputs, step, whisker)
        assert driven.projections == (*network.projections, reach)
        assert driven.meta == network.meta
        assert driven.meta["assumptions"]
    with pytest.raises(UnknownName, match="'whiskers'"):
        network.with_inputs(whisker, projections=[replace(reach, source="whiskers")])
    with pytest.raises(NetworkError, match="no input variable 'I_ext_soma'"):
        network.with_inputs(df.CurrentInput("pyr", "1 nA", variable="I_ext_soma"))


@pytest.mark.parametrize(("amplitude", "named"), [("1000 A", True), ("500 nA", False)])
def test_an_unstable_membrane_is_told_of_the_current_that_is_too_large(
    amplitude: str, named: bool
) -> None:
    """1000 A into 10 Mohm are 1e10 V, and 500 nA are 5 V, of which a time step may be the cause."""
    cells = df.Population("cells", 1, "dV/dt = (-V + I_ext*(10*Mohm))/(10*ms) : volt\nI_ext : amp")
    small = df.CurrentInput("cells", "20 pA", name="small")
    large = df.CurrentInput("cells", amplitude, start=5 * ms, name="large")
    with pytest.warns(DualframeWarning):
        results = df.run(df.Network((cells,), (small, large)), 100 * ms, target="runtime", seed=1)
    texts = results.provenance["warnings"]
    assert any("population 'cells': V" in text for text in texts)
    assert (
        any("'large' onto 'I_ext'" in text and "reaches 1. kA" in text for text in texts) is named
    ), texts
