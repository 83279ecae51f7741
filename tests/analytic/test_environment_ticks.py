"""Environments in networks against Gymnasium's code and a second, plain version, tick for tick.

One network holds all environments, three agents of each, and a population whose pseudo-random
numbers choose the actions. Every tick of every agent is compared: agents are independent too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi
from typing import Any

import numpy as np
import pytest
from brian2.units import ms
from brian2.utils.stringtools import word_substitute
from environment_references import (
    Arena,
    Classic,
    Reference,
    State,
    bandit,
    cued_association,
    late_bandit,
    linear_track,
    t_maze,
)

import dualframe as df
from dualframe.environments import Environment, environment
from dualframe.environments.expression_evaluator import compile_expression
from dualframe.environments.gymnasium_env import GymnasiumEnvironment
from dualframe.network import replicate
from dualframe.targets.target_support import missing_requirements

AGENTS, EVERY, STEPS = 3, 2, 800

# A tick makes up to a few hundred operations, on numbers below 1e3 (Acrobot's Runge-Kutta step is
# the longest); NumPy and C differ in the last bits of sin and cos, and the assignment by an Euler
# step rounds twice more.
TOLERANCE = 1e-11


@dataclass(frozen=True)
class Case:
    """An environment in which much happens in few ticks, its reference, and its actions."""

    environment: Environment
    reference: Reference
    action: str  # of u, uniform in [0, 1)
    records: tuple[str, ...] = ()
    label: str = ""  # of a second case of an environment


def chosen(name: str, **numbers: Any) -> Environment:
    return environment(name, interval="2 ms", **numbers)


CASES = {
    case.label or case.environment.name: case
    for case in (
        Case(
            chosen("cartpole", limit=25),
            Classic("CartPole-v1", ("x", "x_dot", "theta", "theta_dot"), {}),
            "floor(2*u)",
        ),
        Case(
            chosen("pendulum", limit=25),
            Classic("Pendulum-v1", ("theta", "theta_dot"), {}),
            "6*u - 3",
        ),
        Case(
            chosen("acrobot", limit=25, start_range=2.5),
            Classic("Acrobot-v1", ("theta1", "theta2", "theta1_dot", "theta2_dot"), {}),
            "floor(3*u)",
        ),
        Case(
            chosen("mountain_car", limit=25, goal_position=-0.38, start_low=-1.2),
            Classic("MountainCar-v0", ("position", "velocity"), {"goal_position": -0.38}),
            "floor(3*u)",
        ),
        Case(
            chosen("linear_track", track_length="1 m", timeout="280 ms"),
            linear_track,
            "0.03*u - 0.005",
        ),
        Case(chosen("t_maze", corridor=3, limit=25), t_maze, "floor(4*u*sqrt(u))"),
        Case(
            chosen("bandit", arms=3, p_best=0.9, p_other=0.3, reversal_after=20),
            bandit,
            "floor(3*u)",
            ("luck",),
        ),
        Case(
            chosen("bandit", ticks=3, pays_at=2, p_best=0.75, p_other=0.25, reversal_after=5),
            late_bandit,
            "floor(2*u)",
            ("luck",),
            "late_bandit",
        ),
        Case(
            chosen(
                "cued_association",
                cues=2,
                cue_time="10 ms",
                delay_time="6 ms",
                go_time="8 ms",
                pause_time="6 ms",
                reversal_after=7,
            ),
            cued_association,
            "floor(2*u)",
        ),
    )
}
# A new number one step before each tick, so that a signal that takes a step is there in time. The
# numbers are multiples of 2**-20, so that none is rounded, in whatever order a target computes:
# a phase of 1e5 turns that rounds would leave its fraction, and so the action, wrong by 1e-11.
HAND = """
k = floor((timestep(t, dt) + 1)/2) : 1
phase = (k*k*648055 + (i + 1)*k*434333)/1048576 : 1
u = phase - floor(phase) : 1 (constant over dt)
"""


def drawn() -> Any:
    """The numbers of `HAND`: shape ``(agents, ticks + 1)``."""
    k, agent = np.arange(STEPS // EVERY), np.arange(AGENTS)[:, np.newaxis]
    phase = (k * k * 648055 + (agent + 1) * k * 434333) / 2**20
    return phase - np.floor(phase)


# --- the arena's spikes -------------------------------------------------------------------------

CELLS = 40
THETA = 2 * pi * np.arange(1, CELLS + 1) / CELLS
ARENA = {"timeout": 400, "grace": 30, "reversal": 2}


def arena_spikes() -> Any:
    """Spikes of 40 action cells per agent, shape ``(agents, steps, cells)``.

    The bump of the first agent points to the first goal, that of the second to the other goal, that
    of the third wanders.
    """
    rng = np.random.default_rng(3)
    towards = np.empty((AGENTS, STEPS))
    towards[:2] = np.array([[pi / 4], [5 * pi / 4]])
    towards[2] = np.repeat(rng.uniform(0, 2 * pi, STEPS // 100), 100)
    probability = 0.7 * np.exp(3 * (np.cos(THETA - towards[..., np.newaxis]) - 1))
    return rng.random((AGENTS, STEPS, CELLS)) < probability


def network() -> df.Network:
    populations = [case.environment.population(name) for name, case in CASES.items()]
    arena = environment("open_field", timeout="400 ms", grace="30 ms", reversal_trial=2)
    populations += [arena.population("arena"), df.Population("hand", 1, HAND)]
    actions = [
        df.Projection(
            "hand",
            name,
            equations=f"{case.environment.action.inputs[0]}_post = "
            + word_substitute(case.action, {"u": "u_pre"})
            + " : 1 (summed)",
            pairs="all_to_all",
            name=f"acts_in_{name}",
        )
        for name, case in CASES.items()
    ]
    agents = replicate(df.Network(populations=populations, projections=actions), AGENTS)
    agent, step, cell = np.nonzero(arena_spikes())
    cells = df.SpikeInput("cells", AGENTS * CELLS, agent * CELLS + cell, step * ms)
    index = np.arange(AGENTS * CELLS)
    pushes = tuple(
        df.Projection(
            "cells",
            "arena",
            f"spikes_{axis} += w",
            name=f"push_{axis}",
            pairs=(index, index // CELLS),
            weight=np.tile(part, AGENTS),
        )
        for axis, part in (("x", np.sin(THETA)), ("y", np.cos(THETA)))
    )
    return replace(agents, inputs=(cells,), projections=agents.projections + pushes)


OUTCOMES = ("success", "timed_out", "duration", "total_reward")
COUNTERS = ("reward", "ended", "trial", "elapsed", "collected", *OUTCOMES)


@pytest.fixture(
    scope="module",
    params=[
        "runtime",
        pytest.param("cpp_standalone", marks=pytest.mark.cpp),
        pytest.param("genn", marks=[pytest.mark.genn, pytest.mark.slow]),
        pytest.param("genn5", marks=[pytest.mark.genn5, pytest.mark.slow]),
    ],
)
def results(request: pytest.FixtureRequest) -> df.Results:
    target: str = request.param
    options = {"use_gpu": False} if target in ("genn", "genn5") else {}
    if gaps := missing_requirements(target, **options):
        pytest.skip(f"{target}: {'; '.join(gaps)}")
    record = {
        name: [*case.environment.state, *case.records, *COUNTERS] for name, case in CASES.items()
    }
    record["arena"] = ["x", "y", "found", "old_goal", *COUNTERS]
    return df.run(network(), STEPS * ms, dt=1 * ms, target=target, seed=5, record=record, **options)


def around(results: df.Results, name: str, agent: int, step: int) -> tuple[State, State]:
    """What was recorded at the beginning of a step, and at its end."""
    trace, case = results.traces[name].values, CASES[name]
    at, after = (
        {key: float(value[agent, moment]) for key, value in trace.items()}
        for moment in (step, step + 1)
    )
    if results.provenance["target"] == "genn":
        # what is drawn in a step is drawn before Brian2 records and after GeNN does
        at |= {key: after[key] for key in case.records}
    return at, after


@pytest.mark.parametrize("name", CASES)
def test_every_tick(results: df.Results, name: str) -> None:
    """State, reward and end of trial are those of the reference, from the state before."""
    case, u = CASES[name], drawn()
    act, ends = compile_expression(case.action, float), 0
    for agent in range(AGENTS):
        total = 0.0
        for k in range(1, STEPS // EVERY - 1):
            step = k * EVERY + case.environment.staged
            at, after = around(results, name, agent, step)
            action = float(act({"u": u[agent, k]}))
            state, reward, terminal, succeeded = case.reference(at, action, at)
            limit = case.environment.limit
            truncated = limit is not None and round(at["elapsed"]) + 1 == limit
            if name == "cartpole":
                succeeded = truncated and not terminal
            assert after["reward"] == pytest.approx(reward, abs=TOLERANCE)
            assert after["ended"] == (terminal or truncated)
            total += reward
            if not (terminal or truncated):
                wanted = [state[key] for key in case.environment.state]
                got = [after[key] for key in case.environment.state]
                np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE)
                assert after["trial"] == at["trial"]
                assert round(after["elapsed"]) == round(at["elapsed"]) + 1
                continue
            ends += 1
            assert after["success"] == succeeded
            assert after["timed_out"] == (not terminal)
            assert round(after["duration"]) == round(at["elapsed"]) + 1
            # sums of up to 300 rewards, each within the tolerance
            assert after["total_reward"] == pytest.approx(total, abs=300 * TOLERANCE)
            assert after["trial"] == at["trial"] + 1
            assert after["elapsed"] == after["collected"] == 0
            total = 0.0
    assert ends >= 2 * AGENTS  # what has not happened has not been compared


class Luck:
    """A random generator that draws what the network has drawn."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self) -> float:
        return self.value


@pytest.mark.parametrize("name", CASES)
def test_gymnasium_environment_is_the_same(results: df.Results, name: str) -> None:
    case, u = CASES[name], drawn()
    env, act = GymnasiumEnvironment(case.environment), compile_expression(case.action, float)
    env.reset(seed=0)
    for k in range(1, STEPS // EVERY - 1):
        step = k * EVERY + case.environment.staged
        at, after = around(results, name, 0, step)
        env.values = {key: at[key] for key in env.values}
        env.np_random = Luck(at.get("luck", 0.0))  # type: ignore[assignment]
        _, reward, terminated, truncated, info = env.step(act({"u": u[0, k]}))
        assert reward == pytest.approx(after["reward"], abs=TOLERANCE)
        assert (terminated or truncated) == (after["ended"] > 0.5)
        if terminated or truncated:
            for key in OUTCOMES:
                assert info[key] == pytest.approx(after[key], abs=300 * TOLERANCE)
        else:
            for key in case.environment.state:
                assert env.values[key] == pytest.approx(after[key], abs=TOLERANCE)


@pytest.mark.parametrize("name", CASES)
def test_nothing_happens_between_ticks(results: df.Results, name: str) -> None:
    case, trace = CASES[name], results.traces[name].values
    steps = np.arange(STEPS - 1)
    idle = steps[(steps - case.environment.staged) % EVERY != 0]
    for key in (*case.environment.state, "trial", "elapsed", "collected", *OUTCOMES):
        assert np.array_equal(trace[key][:, idle], trace[key][:, idle + 1]), key
    for key in ("reward", "ended"):
        assert not trace[key][:, idle + 1].any(), key


@pytest.mark.parametrize("name", CASES)
def test_spikes_are_ends_of_trials(results: df.Results, name: str) -> None:
    spikes = results.spikes[results.spikes.population == name]
    ended = results.traces[name].values["ended"] > 0.5
    for agent in range(AGENTS):
        times = np.rint(spikes.t[spikes.neuron == agent].to_numpy() / 1e-3).astype(int)
        # the spike is in the step of the tick, `ended` is seen in the step after
        assert np.array_equal(times[times < STEPS - 1] + 1, np.flatnonzero(ended[agent]))


STARTS = {
    "cartpole": {"x": (-0.05, 0.05), "x_dot": (-0.05, 0.05), "theta": (-0.05, 0.05)},
    "pendulum": {"theta": (-pi, pi), "theta_dot": (-1, 1)},
    "acrobot": {"theta1": (-2.5, 2.5), "theta2_dot": (-2.5, 2.5)},
    "mountain_car": {"position": (-1.2, -0.4), "velocity": (0, 0)},
    "t_maze": {"position": (0, 0), "side": (0, 1)},
    "cued_association": {"cue": (0, 1)},
}


@pytest.mark.parametrize("name", STARTS)
def test_starts_are_drawn_afresh(results: df.Results, name: str) -> None:
    """Uniform between the source's bounds, and different for every agent and trial."""
    trace = results.traces[name].values
    started = trace["ended"] > 0.5
    for key, (low, high) in STARTS[name].items():
        drawn_now = trace[key][started]
        assert np.all((drawn_now >= low) & (drawn_now <= high)), key
        if low < high:
            # of at least 40 uniform draws none in an outer quarter: 2 (3/4)^40 = 2e-5
            assert len(drawn_now) >= 40
            assert drawn_now.min() <= low + (high - low) / 4
            assert drawn_now.max() >= high - (high - low) / 4
        if name not in ("t_maze", "cued_association") and low < high:
            assert len(np.unique(drawn_now)) == len(drawn_now)


def test_arena_runs_as_the_source(results: df.Results) -> None:
    """The whole run, not only single ticks: from spikes to positions and outcomes."""
    trace, spikes = results.traces["arena"].values, arena_spikes()
    found = old = walls = timeouts = 0
    for agent in range(AGENTS):
        outcomes = []
        # a spike of step n moves the agent in step n + 1, seen from step n + 2 on
        source = Arena(**ARENA).run(spikes[agent, : STEPS - 2], THETA)
        for step, (position, outcome) in enumerate(source, start=2):
            got = np.array([trace["x"][agent, step], trace["y"][agent, step]])
            # 800 steps of sums of a few numbers below 1e2 that round by 1e-14 each
            np.testing.assert_allclose(got, position, rtol=0, atol=1e-10)
            walls += int(np.any(np.abs(position) > 1.98))
            if outcome is None:
                continue
            outcomes.append(outcome)
            for key in ("duration", "success", "old_goal"):
                assert round(trace[key][agent, step]) == outcome[key]
            found += outcome["success"]
            old += outcome["old_goal"]
            timeouts += outcome["duration"] == ARENA["timeout"]
        assert len(outcomes) == trace["trial"][agent, STEPS - 1]
    assert min(found, old, walls, timeouts) > 0  # what has not happened has not been compared
