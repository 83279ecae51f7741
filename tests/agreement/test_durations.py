"""A dendritic spike lasts as long as stated at any time step, unlike one of stock Dendrify.

The conductances ``g_rise`` and ``g_fall`` are recorded, and the steps counted that they stay open,
from the opening of the one to that of the other, and between events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from brian2 import Quantity, ms, mV, nA, nS, pA, pF
from dendrify import Dendrite, NeuronModel, Soma
from models import CA, NA, PLAIN, Case, Step
from numpy.typing import NDArray
from stock import run_recorded

import dualframe as df
from dualframe.core.errors import NetworkError
from dualframe.targets.target_support import missing_requirements

DURATION = 100 * ms
CURRENTS = np.array([150.0, 200.0, 300.0]) * pA
OPEN_MS = {
    "g_rise_Na_dend": 1.2,
    "g_fall_Na_dend": 2.4,
    "g_rise_Ca_dend": 4.0,
    "g_fall_Ca_dend": 9.0,
}
# Dendrify's g_fall is open from a step before its offset (it compares with >= and <=)
EXTRA = {name: int(name.startswith("g_fall")) for name in OPEN_MS}
OFFSETS_MS = {"Na": 0.2, "Ca": 3.0}
REFRACTORY_MS = 5.0  # of the sodium spike, which repeats without a pause under a strong current
TIME_STEPS = (0.2, 0.1, 0.05, 0.025)  # ms
GENN = [pytest.mark.genn, pytest.mark.slow, pytest.mark.timeout(1800)]
CASES = [
    *((dt, "runtime") for dt in TIME_STEPS),
    *(pytest.param(dt, "cpp_standalone", marks=pytest.mark.cpp) for dt in TIME_STEPS),
    pytest.param(0.05, "genn", marks=GENN),  # each time step is compiled anew: one is enough
    pytest.param(0.05, "genn5", marks=pytest.mark.genn5),
]


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
        opens, closes = edges_of(row)
        pairs = zip(opens, closes, strict=False)  # the last may stay open until the end
        found |= {int(close - start) for start, close in pairs}
    return found


def edges_of(row: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Steps after which something opens, and after which it closes."""
    edges = np.flatnonzero(np.diff(row.astype(int)))
    return edges[~row[edges]], edges[row[edges]]


def steps_to_fall(values: Mapping[str, NDArray[np.float64]], kind: str) -> set[int]:
    """Steps from the opening of ``g_rise`` to that of ``g_fall``."""
    rises, falls = (values[f"g_{phase}_{kind}_dend"] > 0 for phase in ("rise", "fall"))
    found = set()
    for rise, fall in zip(rises, falls, strict=True):
        pairs = zip(edges_of(rise)[0], edges_of(fall)[0], strict=False)
        found |= {int(later - first) for first, later in pairs}
    return found


def run_dualframe(
    dt: Quantity, target: str = "runtime", current: Any = CURRENTS, **options: Any
) -> Mapping[str, NDArray[np.float64]]:
    """Recorded conductances of one population that was made once, at Brian2's default time step."""
    cells = df.biological.from_dendrify(model(), 3, name="cells", **PLAIN, **options)
    drive = df.CurrentInput("cells", current, 5 * ms, variable="I_ext_dend")
    results = df.run(
        df.Network((cells,), (drive,)),
        DURATION,
        target=target,
        seed=1,
        dt=dt,
        record={"cells": list(OPEN_MS)},
        progress=False,
    )
    return results.traces["cells"].values


@pytest.mark.parametrize(("dt", "target"), CASES)
def test_times_do_not_depend_on_the_time_step(dt: float, target: str) -> None:
    if target.startswith("genn") and (reasons := missing_requirements(target, use_gpu=False)):
        pytest.skip("; ".join(reasons))
    values = run_dualframe(dt * ms, target)
    for name, duration in OPEN_MS.items():
        assert open_steps(values[name]) == {round(duration / dt)}, name
    for kind, offset in OFFSETS_MS.items():
        assert steps_to_fall(values, kind) == {round(offset / dt)}, kind


@pytest.mark.parametrize("dt", TIME_STEPS)
def test_refractory_time_does_not_depend_on_the_time_step(dt: float) -> None:
    """A current that holds the dendrite above its threshold makes a spike whenever it may be."""
    rises = run_dualframe(dt * ms, current=[20, 30, 40] * nA)["g_rise_Na_dend"] > 0
    for row in rises:
        assert set(np.diff(edges_of(row)[0])) == {round(REFRACTORY_MS / dt)}


@pytest.mark.parametrize("dt", TIME_STEPS)
def test_stock_durations_are_a_step_longer(dt: float) -> None:
    values = run_dualframe(dt * ms, stock_durations=True)
    for name, duration in OPEN_MS.items():
        assert open_steps(values[name]) == {round(duration / dt) + EXTRA[name]}, name


def test_a_falling_phase_that_is_not_dendrify_s_is_refused() -> None:
    built = model()
    built.replace_equations("t_in_timesteps >= spiketime_Na_dend", "spiketime_Na_dend < 1")
    with pytest.raises(NetworkError, match=r"g_fall .*'Na_dend'.*stock_durations=True"):
        df.biological.from_dendrify(built, 3, **PLAIN)


def run_dendrify(dt: Quantity) -> dict[str, set[int]]:
    """Open times of stock Dendrify; the model is made at 0.1 ms, as `run_dualframe` does."""
    built: Any = model()
    _, monitor = run_recorded(CASE, tuple(OPEN_MS), duration=DURATION, dt=dt, model=built)
    return {name: open_steps(np.asarray(getattr(monitor, name))) for name in OPEN_MS}


def test_stock_dendrify_is_a_step_longer_at_the_time_step_of_the_model() -> None:
    found = run_dendrify(0.1 * ms)
    for name, duration in OPEN_MS.items():
        assert found[name] == {round(duration / 0.1) + EXTRA[name]}, name


def test_stock_dendrify_halves_the_durations_with_the_time_step() -> None:
    """The check above would fail for durations that are frozen as step counts."""
    found = run_dendrify(0.05 * ms)
    for name, duration in OPEN_MS.items():
        wanted = round(duration / 0.05) + EXTRA[name]
        assert found[name] == {round(duration / 0.1) + EXTRA[name]}, name
        assert found[name] != {wanted}, name
