"""The arena of Zannone et al. (2018) as a user would write it for Gymnasium, in plain Python.

It is the environment ``open_field`` (`dualframe.environments.open_field` has its source). A step is
a millisecond; an action is what the spikes of the action cells add in two directions.
"""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np

GOALS = ((1.5, 1.5), (-1.5, -1.5))
GAIN, CELLS, SLOW, FAST = 0.08, 40, 50.0, 20.0


class Arena(gymnasium.Env[Any, Any]):
    """A square with a rewarded place that moves in trial 21."""

    observation_space = gymnasium.spaces.Box(-2.1, 2.1, (2,), np.float64)
    action_space = gymnasium.spaces.Box(-np.inf, np.inf, (2,), np.float64)

    def __init__(self) -> None:
        self.trial = -1
        self.reset()

    def reset(self, **_: Any) -> Any:
        """Begin the next trial in the middle."""
        self.trial += 1
        self.x = self.y = self.found = 0.0
        self.elapsed = self.found_at = 0
        self.slow, self.fast = [0.0, 0.0], [0.0, 0.0]
        return (self.x, self.y), {}

    def step(self, action: Any) -> Any:
        """Move, and test whether the goal has been reached."""
        goal = GOALS[self.trial >= 20]
        terminated = self.found > 0.5 and self.elapsed + 1 - self.found_at > 300
        reward = 0.0
        if not self.found and (self.x - goal[0]) ** 2 + (self.y - goal[1]) ** 2 <= 0.09:
            self.found, self.found_at, reward = 1.0, self.elapsed + 1, 1.0
        self.elapsed += 1
        self.move([self.filter(k, float(action[k])) for k in (0, 1)])
        return (self.x, self.y), reward, terminated, self.elapsed >= 15_000, {}

    def filter(self, k: int, spikes: float) -> float:
        """Return the displacement in a direction: spikes filtered by two exponentials."""
        self.slow[k] += spikes - self.slow[k] / SLOW
        self.fast[k] += spikes - self.fast[k] / FAST
        return GAIN / CELLS * (self.slow[k] - self.fast[k]) / (SLOW - FAST)

    def move(self, displacement: list[float]) -> None:
        """Move; at a wall the agent is set back, at one wall per step."""
        self.x, self.y = self.x + displacement[0], self.y + displacement[1]
        if abs(self.x) >= 2:
            self.x -= 0.01 * np.sign(self.x)
        elif abs(self.y) >= 2:
            self.y -= 0.01 * np.sign(self.y)
