"""A dendritic spike lasts as long at any time step, which stock Dendrify does not promise.

The conductances ``g_rise`` and ``g_fall`` are recorded, and the steps that they stay open counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from brian2 import Quantity, ms, mV, nS, pA, pF
from dendrify import Dendrite, NeuronModel, Soma
from models import CA, NA, PLAIN, Case, Step
from numpy.typing import NDArray
from stock import run_recorded

import dualframe as df

DURATION = 100 * ms
CURRENTS = np.array([150.0, 200.0, 300.0]) * pA
# g_fall is open in its first and in its last step (Dendrify compares with >= and <=), g_rise from
# the step after the event to the last: so g_fall stays open one step longer than its duration.
OPEN_MS = {
    "g_rise_Na_dend": (1.2, 0),
    "g_fall_Na_dend": (2.4, 1),
    "g_rise_Ca_dend": (4.0, 0),
    "g_fall_Ca_dend": (9.0, 1),
}
TIME_STEPS = (0.2, 0.1, 0.05)  # ms


def model() -> NeuronModel:
    """A dendrite with sodium and calcium spikes, driven by a current."""
    soma = Soma("soma", cm_abs=200 * pF, gl_abs=10 * nS)
    dend = Dendrite("dend", cm_abs=50 * pF, gl_abs=2.5 * nS)
    dend.dspikes("Na", g_rise=25 * nS, g_fall=14 * nS)
    dend.dspikes("Ca", g_rise=4 * nS, g_fall=6 * nS)
    made = NeuronModel([(soma, dend, 12 * nS)], v_rest=-62 * mV)
    made.config_dspikes("Na", **NA)
    made.config_dspikes("Ca", **CA)
    return made


CASE = Case("cells", model, PLAIN, steps=(Step("I_ext_dend", CURRENTS, 5 * ms, DURATION),), n=3)


def open_steps(conductance: NDArray[np.float64]) -> set[int]:
    """Lengths, in steps, of the times in which a conductance is open, whole ones only."""
    found = set()
    for row in conductance > 0:
        edges = np.flatnonzero(np.diff(row.astype(int)))
        opens, closes = edges[~row[edges]], edges[row[edges]]
        pairs = zip(opens, closes, strict=False)  # the last may stay open until the end
        found |= {int(close - start) for start, close in pairs}
    return found


def run_dualframe(dt: Quantity) -> Mapping[str, NDArray[np.float64]]:
    """Recorded conductances of one population that was made once, at Brian2's default time step."""
    cells = df.biological.from_dendrify(model(), 3, name="cells", **PLAIN)
    current = df.CurrentInput("cells", CURRENTS, 5 * ms, variable="I_ext_dend")
    results = df.run(
        df.Network((cells,), (current,)),
        DURATION,
        target="runtime",
        seed=1,
        dt=dt,
        record={"cells": list(OPEN_MS)},
        progress=False,
    )
    return results.traces["cells"].values


@pytest.mark.parametrize("dt", TIME_STEPS)
def test_open_times_do_not_depend_on_the_time_step(dt: float) -> None:
    values = run_dualframe(dt * ms)
    for name, (duration, extra) in OPEN_MS.items():
        assert open_steps(values[name]) == {round(duration / dt) + extra}, name


def run_dendrify(dt: Quantity) -> dict[str, set[int]]:
    """Open times of stock Dendrify; the model is made at 0.1 ms, as `run_dualframe` does."""
    built: Any = model()
    _, monitor = run_recorded(CASE, tuple(OPEN_MS), duration=DURATION, dt=dt, model=built)
    return {name: open_steps(np.asarray(getattr(monitor, name))) for name in OPEN_MS}


def test_stock_dendrify_agrees_at_the_time_step_of_the_model() -> None:
    found = run_dendrify(0.1 * ms)
    for name, (duration, extra) in OPEN_MS.items():
        assert found[name] == {round(duration / 0.1) + extra}, name


def test_stock_dendrify_halves_the_durations_with_the_time_step() -> None:
    """The check above would fail for durations that are frozen as step counts."""
    found = run_dendrify(0.05 * ms)
    for name, (duration, extra) in OPEN_MS.items():
        wanted = round(duration / 0.05) + extra
        assert found[name] == {round(duration / 0.1) + extra}, name
        assert found[name] != {wanted}, name
