"""Environments for Gymnasium: its checker, and its own classic control step for step."""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium
import numpy as np
import pytest
from environment_references import Arena
from gymnasium.utils.env_checker import check_env

from dualframe.environments.gymnasium_env import IDS, GymnasiumEnvironment

CLASSIC = {
    "cartpole": "CartPole-v1",
    "pendulum": "Pendulum-v1",
    "acrobot": "Acrobot-v1",
    "mountain_car": "MountainCar-v0",
}
EPISODES = 5


def action_of(env: Any) -> Any:
    """A random action in 64 bits: with 32, Pendulum's source computes the torque's share in 32."""
    action = env.action_space.sample()
    return action.astype(float) if isinstance(action, np.ndarray) else action


def state_of(env: Any) -> list[float]:
    return [float(value) for value in env.unwrapped.state]


def ours_of(env: Any) -> list[float]:
    return [env.unwrapped.values[name] for name in env.unwrapped.environment.state]


@pytest.mark.parametrize("name", CLASSIC)
def test_classic_control(name: str) -> None:
    """Whole episodes with their limits: start, state, observation, reward, both kinds of end."""
    theirs: Any = gymnasium.make(CLASSIC[name])
    ours: Any = gymnasium.make(IDS[name])
    theirs.action_space.seed(1)
    ends = []
    for seed in range(EPISODES):
        first, _ = theirs.reset(seed=seed)
        mine, _ = ours.reset(seed=seed)
        # the source of Acrobot rounds its start to 32 bits: half a unit in the last place of 0.1
        start = 4e-9 if name == "acrobot" else 0.0
        np.testing.assert_allclose(ours_of(ours), state_of(theirs), rtol=0, atol=start)
        np.testing.assert_allclose(mine, first, rtol=0, atol=1e-7)
        over = False
        while not over:
            # every step from their state: what is compared is a step, not the growth of rounding
            # errors in a chaotic double pendulum
            ours.unwrapped.values |= dict(
                zip(ours.unwrapped.environment.state, state_of(theirs), strict=True)
            )
            action = action_of(theirs)
            seen, reward, terminated, truncated, _ = theirs.step(action)
            mine, ours_reward, ours_terminated, ours_truncated, info = ours.step(action)
            # a few hundred operations on numbers below 1e3, in another order
            np.testing.assert_allclose(ours_of(ours), state_of(theirs), rtol=0, atol=1e-11)
            np.testing.assert_allclose(mine, seen, rtol=1e-6, atol=1e-6)  # 32 bits
            assert ours_reward == pytest.approx(float(reward), abs=1e-11)
            assert (ours_terminated, ours_truncated) == (terminated, truncated)
            over = terminated or truncated
        ends.append(info["duration"])
    assert name != "cartpole" or max(ends) < 100  # a pole that nobody balances falls


@pytest.mark.parametrize("name", ["cartpole", "pendulum", "mountain_car"])
def test_classic_control_without_help(name: str) -> None:
    """Those that are not chaotic, from the start to the end without looking at the other."""
    theirs: Any = gymnasium.make(CLASSIC[name])
    ours: Any = gymnasium.make(IDS[name])
    theirs.action_space.seed(2)
    for seed in range(EPISODES):
        theirs.reset(seed=seed)
        ours.reset(seed=seed)
        for _ in range(200):
            action = action_of(theirs)
            *_, terminated, truncated, _ = theirs.step(action)
            *_, ours_terminated, ours_truncated, _ = ours.step(action)
            # errors of 1e-16 grow by e**(t sqrt(3 g/(2 l))) along an upright pendulum: at most
            # e**(10*3.9) = 1e17 if it stood there for all 10 s; it falls within one or two
            np.testing.assert_allclose(ours_of(ours), state_of(theirs), rtol=0, atol=1e-9)
            assert (ours_terminated, ours_truncated) == (terminated, truncated)
            if terminated or truncated:
                break


@pytest.mark.parametrize("held", [0, 1])
def test_cartpole_runs_to_its_limit(held: int) -> None:
    """The angular velocity's sign as policy reaches 500 ticks now and then: truncation."""
    env: Any = gymnasium.make("dualframe/CartPole-v0", limit=60)
    truncations = 0
    for seed in range(10):
        seen, _ = env.reset(seed=seed + 100 * held)
        over = False
        while not over:
            seen, _, terminated, truncated, info = env.step(int(seen[3] > 0))
            over = terminated or truncated
        assert truncated == (info["duration"] == 60)
        assert info["success"] == (truncated and not terminated)
        truncations += truncated
    assert truncations > 0


@pytest.mark.parametrize("name", IDS)
def test_gymnasium_accepts(name: str) -> None:
    env = gymnasium.make(IDS[name])
    with warnings.catch_warnings():
        # unbounded observations and torques beyond one are the sources'
        warnings.filterwarnings("ignore", message=".*(infinity|symmetric and normalized).*")
        check_env(env.unwrapped, skip_render_check=True)


def test_arena_with_spikes() -> None:
    """The open field takes spikes as a network gives them, or displacements."""
    rng, theta = np.random.default_rng(7), 2 * np.pi * np.arange(1, 41) / 40
    spikes = rng.random((300, 40)) < 0.5 * np.exp(3 * (np.cos(theta - 0.6) - 1))
    env = GymnasiumEnvironment("open_field")
    env.reset(seed=0)
    for row, (position, _) in zip(
        spikes, Arena(timeout=15000, grace=300, reversal=21).run(spikes, theta), strict=True
    ):
        env.values["spikes_x"] = float(row @ np.sin(theta))
        env.values["spikes_y"] = float(row @ np.cos(theta))
        env.step([0, 0])
        # 300 steps of sums of numbers below 1e2, added in another order
        np.testing.assert_allclose([env.values["x"], env.values["y"]], position, rtol=0, atol=1e-11)
    env.reset()
    env.step([0.05, -0.02])
    # the push is what its 32-bit action is: 0.05 has an error of 7e-10
    assert env.values["x"] == pytest.approx(0.05, abs=1e-9)
    assert env.values["y"] == pytest.approx(-0.02, abs=1e-9)


def test_reset_goes_on_with_the_next_trial() -> None:
    env = GymnasiumEnvironment("bandit", reversal_after=3)
    _, info = env.reset(seed=1)
    assert info["trial"] == 0
    right = []
    for _ in range(9):
        *_, terminated, _, info = env.step(0)
        assert terminated
        right.append(info["success"])
        env.reset()
    assert right == [1, 1, 1, 0, 0, 0, 1, 1, 1]
    _, info = env.reset(seed=1)
    assert info["trial"] == 0
