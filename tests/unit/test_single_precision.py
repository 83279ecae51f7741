"""Single precision in C++: its error, what keeps double precision, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2 import Mohm, ms, mV, nA, pF, second

import dualframe as df
from dualframe.core.errors import DualframeError
from dualframe.network import CurrentInput, Network, Population, SpikeInput
from dualframe.targets.cpp.single_precision import MOST_STEPS, refuse_single_precision
from dualframe.targets.lowering.lower_network import lower_network

RESISTANCES = [90, 95, 100, 105, 110] * Mohm
SPIKES = np.arange(5, 200, 7) * ms


def network() -> Network:
    cells = Population(
        "cells",
        5,
        """
        dV/dt = (E_L - V)/(R*C) + (I + I_ext)/C : volt (unless refractory)
        dI/dt = -I/tau : amp
        I_ext : amp
        """,
        threshold="V > -50*mV",
        reset="V = -65*mV",
        refractory=2 * ms,
        initial={"V": -65 * mV},
        parameters={
            "E_L": -65 * mV,
            "C": 100 * pF,
            "tau": 3 * ms,
            "R": [90, 95, 100, 105, 110] * Mohm,
        },
    )
    source = SpikeInput("source", 1, np.zeros(len(SPIKES), int), SPIKES)
    step = CurrentInput("cells", 0.13 * nA, start=20 * ms, name="step")
    drive = df.Projection(
        "source", "cells", "I += w", name="drive", pairs="all_to_all", weight=0.5 * nA
    )
    return Network((cells,), (source, step), (drive,))


def run(**options: Any) -> df.Results:
    return df.run(
        network(),
        200 * ms,
        target="cpp_standalone",
        seed=1,
        record={"cells": df.Recording("V")},
        progress=False,
        **options,
    )


def test_spikes_are_those_of_double_precision_and_voltages_are_close() -> None:
    single, double = run(precision="float32"), run()
    assert len(double.spikes) > 50
    assert single.spikes.equals(double.spikes)
    voltages = [np.asarray(r.traces["cells"].values["V"]) for r in (single, double)]
    error = np.abs(voltages[0] - voltages[1]).max()
    # 65 mV has a unit in the last place of 7.5e-9 V, of which rounding in a few tau leaves some
    assert 0 < error < 1e-6
    assert single.provenance["precision"] == "float32"
    assert double.provenance["precision"] == "float64"


def test_a_second_network_of_single_precision_is_a_known_program() -> None:
    run(precision="float32")
    assert run(precision="float32").provenance["build_cache"] == "hit"


def lowered(net: Network, **changes: Any) -> Any:
    return replace(lower_network(net, dt=0.1 * ms, duration=1 * second, seed=1), **changes)


def test_what_the_time_is_compared_with_is_of_double_precision() -> None:
    (group,) = lowered(network()).groups
    assert group.times == {"I_ext_step_start"}


def test_whole_numbers_of_steps_are_refused_where_they_would_not_be_exact() -> None:
    circuit = df.circuit("l23").scaled(0.01)
    cells = df.biological.build(circuit)
    long = 1.1 * MOST_STEPS * 1e-4
    refuse_single_precision(lowered(cells))
    with pytest.raises(DualframeError, match=r"'pyr' counts time steps.*float64"):
        refuse_single_precision(lowered(cells, duration=long))
    refuse_single_precision(lowered(network(), duration=long))


def test_differences_of_growing_sums_are_refused_before_code_is_generated() -> None:
    (rule,) = (s for s in lowered(network()).synapses)
    growing = replace(rule, due="w = clip(w + sum_post - sum_seen, 0, 1)")
    with pytest.raises(DualframeError, match=r"'drive'.*sums.*float64"):
        refuse_single_precision(lowered(network(), synapses=(growing,)))


def test_the_runtime_has_none() -> None:
    with pytest.raises(DualframeError, match="compiled targets"):
        df.run(network(), 1 * ms, target="runtime", precision="float32")
