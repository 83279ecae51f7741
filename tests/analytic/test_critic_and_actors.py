"""Critic, actors, linear readout and counters against recursions over the spikes they got."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brian2.units import Hz, ms
from scipy.stats import chisquare, kstest

import dualframe as df
from dualframe.building.readouts.registry import READOUTS
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.quantity import quantity
from dualframe.network import Network, Population, Recording, SpikeInput

DT, TICK = 1 * ms, 20  # steps between ticks of the environments that are used here
CRITIC = {"nu": 10 * ms, "gamma": 0.9, "trace": 0.5, "reward_scale": 2.0, "value_rest": -0.3}


def context(environment: str, **sizes: int) -> TaskContext:
    world = df.environment(environment, interval=TICK * DT)
    return TaskContext(task="mine", environment=world, sizes=sizes)


def entries(kind: str, **values: Any) -> dict[str, Any]:
    schema = READOUTS[kind].schema
    defaults = {
        name: quantity(value) if name in schema.numbers else value
        for name, value in schema.defaults.items()
    }
    return {**defaults, **values}


def run(
    kind: str,
    values: dict[str, Any],
    context: TaskContext,
    fired: dict[str, np.ndarray],
    world: str,
    **parameters: float,
) -> dict[str, np.ndarray]:
    """Run a readout beside an environment that follows a script; all its variables, by step."""
    block = READOUTS[kind].make_block("made", entries(kind, **values), context)
    inputs = []
    for name, raster in fired.items():
        step, neuron = np.nonzero(raster)
        inputs.append(SpikeInput(name, raster.shape[1], neuron, step * DT))
    (readout,) = block.populations
    readout = replace(readout, parameters={**readout.parameters, **parameters})
    network = Network(
        (Population(ENVIRONMENT, 1, world), readout), tuple(inputs), block.projections
    )
    steps = len(next(iter(fired.values())))
    states = [
        line.split("/")[0][1:] for line in readout.equations.splitlines() if "/dt" in line[:40]
    ]
    results = df.run(
        network,
        steps * DT,
        dt=DT,
        target="runtime",
        seed=3,
        progress=False,
        record={"made": Recording(tuple(states))},
    )
    return {name: values[0] for name, values in results.traces["made"].values.items()}


def spikes(n: int, steps: int, rate: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((steps, n)) < rate


# ticks end at steps 20, 40, ...; trial 1 begins with the fourth tick and trial 2, after the time
# limit, with the seventh; a reward of 1.5 is there for the step after the third and the fifth tick
SCRIPT = """
now = timestep(t, dt) : 1
reward = 1.5*(int(abs(now - 61) < 0.5) + int(abs(now - 101) < 0.5)) : 1 (constant over dt)
trial = int(now > 80.5) + int(now > 140.5) : 1 (constant over dt)
timed_out = int(now > 140.5) : 1 (constant over dt)
action : 1
torque : 1
"""


def test_the_error_of_a_critic_is_that_of_its_equations() -> None:
    cells = spikes(4, 10 * TICK, 0.1, 1)
    values = {"population": "value", **CRITIC}
    traces = run("critic", values, context("cartpole", value=4), {"value": cells}, SCRIPT)
    gamma, known, trial_known, seen = 0.9, 0.0, 0, 0
    for k in range(9):
        decided = (k + 1) * TICK - 1  # a step before the tick; a spike is counted a step later
        rate = cells[seen:decided].sum() / 4 / (TICK * 1e-3)
        value = -0.3 + 0.01 * rate
        trial = int(decided > 80) + int(decided > 140)
        income = (1 - gamma) * 2 * 1.5 * (k in (3, 5))
        error = income + gamma * value - known
        if trial > trial_known:
            error = (1 - (trial == 2)) * (income - known)
        after = decided + 1
        assert traces["tick"][after] == 1
        assert traces["td_error"][after] == pytest.approx(error, abs=1e-12)
        assert traces["surprise"][after] == pytest.approx(abs(error), abs=1e-12)
        assert traces["keep"][after] == pytest.approx(0.45 * (trial == trial_known))
        known, trial_known, seen = value, trial, decided
    assert traces["tick"].sum() == 9
    assert set(np.unique(traces["credit_value"])) == {0, 1}


def test_eligibility_outlasts_a_trial_where_it_is_asked_to() -> None:
    cells = spikes(4, 10 * TICK, 0.1, 1)
    values = {"population": "value", **CRITIC, "forgets": 0.0}
    traces = run("critic", values, context("cartpole", value=4), {"value": cells}, SCRIPT)
    assert set(np.unique(traces["keep"])) == {0, 0.45}
    assert (traces["keep"] > 0).sum() == 9  # at every tick, the first of a trial too


@pytest.mark.parametrize("greedy", [0.0, 1.0])
def test_three_actors_are_drawn_by_a_softmax_of_their_rates(greedy: float) -> None:
    ticks, rates = 300, np.array([50.0, 100.0, 150.0])  # Hz: 1, 2 and 3 spikes in every tick
    fired = {f"actor_{k}": np.zeros((ticks * TICK, 1), dtype=bool) for k in range(3)}
    for k in range(3):
        for spike in range(k + 1):
            fired[f"actor_{k}"][3 + 2 * spike :: TICK] = True
    fired["value"] = np.zeros((ticks * TICK, 1), dtype=bool)
    values = {"actors": tuple(fired)[:3], "critic": "value", "temperature": 60 * Hz, **CRITIC}
    sizes = dict.fromkeys(fired, 1)
    traces = run("actor_critic", values, context("acrobot", **sizes), fired, SCRIPT, greedy=greedy)
    after = np.arange(1, ticks) * TICK
    chosen = np.rint(traces["action"][after]).astype(int)
    policy = np.exp(rates / 60) / np.exp(rates / 60).sum()
    for k in range(3):
        credit = traces[f"credit_action_{k}"]
        np.testing.assert_allclose(credit[after], (chosen == k) - policy[k], atol=1e-12)
        assert not np.delete(credit, after).any()
    drawn = np.bincount(chosen, minlength=3)
    if greedy:
        assert drawn.tolist() == [0, 0, ticks - 1]
    else:  # fails by chance in one of 10 000 versions of the random numbers
        assert chisquare(drawn, policy * (ticks - 1)).pvalue > 1e-4


def test_equal_actors_share_a_greedy_choice() -> None:
    fired = {name: np.zeros((150 * TICK, 1), dtype=bool) for name in ("a", "b", "c", "value")}
    values = {"actors": ("a", "b", "c"), "critic": "value", "temperature": 60 * Hz, **CRITIC}
    world = context("acrobot", **dict.fromkeys(fired, 1))
    traces = run("actor_critic", values, world, fired, SCRIPT, greedy=1.0)
    drawn = np.bincount(np.rint(traces["action"][TICK::TICK]).astype(int), minlength=3)
    assert chisquare(drawn).pvalue > 1e-4


@pytest.mark.parametrize("greedy", [0.0, 1.0])
def test_a_linear_readout_is_a_weighted_sum_with_normal_exploration(greedy: float) -> None:
    fired = {"up": spikes(5, 100 * TICK, 0.05, 1), "down": spikes(3, 100 * TICK, 0.05, 2)}
    values = {"populations": ("up", "down"), "weights": ("5 ms", "-2 ms"), "bias": 0.1}
    values |= {"noise": 0.3, "tau": 40 * ms}
    traces = run("linear", values, context("pendulum", up=5, down=3), fired, SCRIPT, greedy=greedy)
    counts = np.zeros((2, 100 * TICK))
    for k, raster in enumerate(fired.values()):
        for step in range(1, raster.shape[0]):
            counts[k, step] = counts[k, step - 1] * np.exp(-1 / 40) + raster[step - 1].mean()
    decided = np.arange(1, 100) * TICK - 1
    mean = 0.1 + (5e-3 * counts[0, decided] - 2e-3 * counts[1, decided]) / 40e-3
    action, credit = traces["action"][decided + 1], traces["credit_0"][decided + 1]
    np.testing.assert_allclose(action, np.clip(mean + 0.3 * credit, -2, 2), atol=1e-12)
    np.testing.assert_array_equal(traces["credit_1"], -traces["credit_0"])
    if greedy:
        assert not credit.any()
    else:
        assert kstest(credit, "norm").pvalue > 1e-4


def test_counters_follow_rates() -> None:
    fired = {"a": spikes(4, 2000, 0.05, 1), "b": spikes(2, 2000, 0.02, 2)}
    values = {"populations": ("a", "b"), "tau": 100 * ms}
    traces = run("counters", values, context("cartpole", a=4, b=2), fired, SCRIPT)
    for k, raster in enumerate(fired.values()):
        expected = raster[500:].mean() / 1e-3 * 0.1  # rate times tau
        assert traces[f"count_{k}"][600:].mean() == pytest.approx(expected, rel=0.1)
