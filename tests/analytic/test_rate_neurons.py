"""Rate neurons against the exponential, their fixed points, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from brian2 import ms, pA

import dualframe as df
from dualframe.core.errors import NetworkError
from dualframe.neurons.rate_neuron import OUTPUTS

TAU, BIAS = 20.0, 0.7
FUNCTIONS = {
    "rate_logistic": lambda r: 1 / (1 + np.exp(-r)),
    "rate_tanh": np.tanh,
    "rate_rectified": lambda r: np.maximum(r, 0),
    "rate_step": lambda r: (np.asarray(r) >= 0).astype(float),
}


def chain(model: str) -> df.Network:
    """One neuron at its bias, which drives another with a weight of -2."""
    first = df.neuron(model, tau=TAU * ms, bias=BIAS).make_population("first", 1)
    second = df.neuron(model, tau=TAU * ms).make_population("second", 1)
    sums = df.Projection(
        "first",
        "second",
        equations="drive_post = weight*y_pre : 1 (summed)",
        parameters={"weight": -2.0},
        pairs="all_to_all",
    )
    return df.Network(populations=(first, second), projections=(sums,))


@pytest.mark.parametrize("model", OUTPUTS)
def test_the_step_response_and_the_steady_state(model: str) -> None:
    """r = b (1 - exp(-t/tau)) to rounding, as the step is exact; the second ends at -2 f(b)."""
    results = df.run(
        chain(model),
        400 * ms,
        dt=1 * ms,
        target="runtime",
        progress=False,
        record={"first": ["r"], "second": ["r"]},
    )
    trace = results.traces["first"]
    expected = BIAS * (1 - np.exp(-1e3 * trace.t / TAU))
    np.testing.assert_allclose(trace.values["r"][0], expected, rtol=1e-9, atol=1e-12)
    last = results.traces["second"].values["r"][0, -1]
    # 20 time constants leave 2e-9 of the way, twice in a row
    assert last == pytest.approx(-2 * float(FUNCTIONS[model](BIAS)), abs=1e-6)


def test_spikes_and_currents_of_them_are_refused() -> None:
    rate = df.neuron("rate_tanh", tau=TAU * ms)
    cells = rate.make_population("cells", 2)
    waits = df.Projection("cells", "cells", "drive += 1", pairs="one_to_one", name="waits")
    with pytest.raises(NetworkError, match="has no threshold"):
        df.Network(populations=(cells,), projections=(waits,))
    with pytest.raises(NetworkError, match="let a projection sum into one"):
        rate.input_equation(["I_AMPA"])
    with pytest.raises(NetworkError, match="take no injected current"):
        df.current_clamp(cells, "", [1] * pA, target="runtime")
