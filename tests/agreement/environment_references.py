"""Environments written a second time, as plain Python: what the equations must do tick for tick.

Classic control is Gymnasium's own code. The rest follows its description, not the equations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import gymnasium
import numpy as np

State = dict[str, float]
Step = tuple[State, float, bool, bool]
"""Next state, reward, whether the task ended the trial, whether it succeeded."""


@dataclass
class Classic:
    """An environment of Gymnasium, one step at a time from any state."""

    name: str
    state: tuple[str, ...]
    attributes: Mapping[str, float]

    def __post_init__(self) -> None:
        self.env: Any = gymnasium.make(self.name).unwrapped
        self.env.reset(seed=0)
        for name, value in self.attributes.items():
            setattr(self.env, name, value)

    def __call__(self, state: State, action: float, trial: State) -> Step:
        self.env.state = np.array([state[name] for name in self.state])
        self.env.steps_beyond_terminated = None
        discrete = isinstance(self.env.action_space, gymnasium.spaces.Discrete)
        _, reward, terminated, _, _ = self.env.step(
            round(action) if discrete else np.array([action])
        )
        succeeded = terminated if self.name != "CartPole-v1" else False
        return dict(zip(self.state, self.env.state, strict=True)), reward, terminated, succeeded


def linear_track(state: State, push: float, trial: State) -> Step:
    x = state["x"] + max(-0.01, min(0.01, push))
    x = max(0.0, min(1.0, x))
    there = x >= 0.9
    return {"x": x}, float(there), there, there


def t_maze(state: State, action: float, trial: State) -> Step:
    corridor = 3
    position, north = round(state["position"]), state["side"] > 0.5
    move = {0: "north", 1: "east", 2: "south", 3: "west"}[round(action)]
    after = dict(state)
    if position == corridor and move in ("north", "south"):
        right = (move == "north") == north
        return after, 4.0 if right else -0.1, True, right
    target = position + {"east": 1, "west": -1}.get(move, 0)
    if move in ("north", "south") or not 0 <= target <= corridor:
        return after, -0.1, False, False
    return {**after, "position": float(target)}, 0.0, False, False


def bandit(state: State, action: float, trial: State) -> Step:
    arm, best = round(action), int(trial["trial"]) // 20 % 3
    paid = trial["luck"] < (0.9 if arm == best else 0.3)
    return {"last_choice": float(arm), "last_reward": float(paid)}, float(paid), True, arm == best


def late_bandit(state: State, action: float, trial: State) -> Step:
    tick, best = round(trial["elapsed"]), int(trial["trial"]) // 5 % 2  # three ticks, pays at two
    if tick == 0:
        arm = round(action)
        won = trial["luck"] < (0.75 if arm == best else 0.25)
        return {"last_choice": float(arm), "last_reward": float(won)}, 0.0, False, arm == best
    right = round(state["last_choice"]) == best
    return dict(state), state["last_reward"] * (tick == 1), tick == 2, right


def cued_association(state: State, action: float, trial: State) -> Step:
    tick = round(trial["elapsed"])  # cue in ticks 0-4, delay 5-7, go 8-11, pause to 14
    asked = (round(state["cue"]) + round(trial["trial"]) // 7) % 2  # swapped every seven trials
    right = tick == 11 and round(action) == asked
    answered = state["answered_right"] + right
    done = tick == 14
    return {**state, "answered_right": answered}, float(right), done, done and answered > 0


Reference = Callable[[State, float, State], Step]


# --- the arena, as the MATLAB source has it -----------------------------------------------------


@dataclass
class Arena:
    """One agent in the arena of ModelDB 245018: its script, one pass of the loop per ms."""

    timeout: int
    grace: int
    reversal: int

    def run(self, spikes: Any, theta: Any) -> Iterator[tuple[Any, dict[str, float] | None]]:
        """Yield the position after every step, and the outcome of the trial that it ends."""
        number, n = 1, len(theta)
        begin: dict[str, Any] = {}

        def anew() -> None:
            begin.update(pos=np.zeros(2), t=0, found=False, t_rew=self.timeout, old=False)
            begin.update(rho_decay=np.zeros(n), rho_rise=np.zeros(n))

        actions = 0.08 * np.array([np.sin(theta), np.cos(theta)])
        anew()
        for row in np.asarray(spikes, dtype=float):
            begin["t"] += 1
            if begin["t"] == 1:  # in a network these are still spikes of the trial before
                row = np.zeros(n)
            t, pos = begin["t"], begin["pos"]
            first = np.sum((pos - 1.5) ** 2) <= 0.3**2
            second = np.sum((pos + 1.5) ** 2) <= 0.3**2
            moved = number >= self.reversal
            if not begin["found"] and (second if moved else first):
                begin.update(found=True, t_rew=t)
            begin["old"] = begin["old"] or (moved and first)
            begin["rho_decay"] = begin["rho_decay"] - begin["rho_decay"] / 50 + row
            begin["rho_rise"] = begin["rho_rise"] - begin["rho_rise"] / 20 + row
            rho = (begin["rho_decay"] - begin["rho_rise"]) / (50 - 20)
            begin["pos"] = bounced(pos + actions @ rho / n)
            if t > begin["t_rew"] + self.grace or t == self.timeout:
                outcome = {"duration": t, "success": begin["found"], "old_goal": begin["old"]}
                number += 1
                anew()
                yield begin["pos"], outcome
            else:
                yield begin["pos"], None


def bounced(pos: Any) -> Any:
    back = np.zeros(2)
    if pos[0] <= -2:
        back[0] = 0.01
    elif pos[0] >= 2:
        back[0] = -0.01
    elif pos[1] <= -2:
        back[1] = 0.01
    elif pos[1] >= 2:
        back[1] = -0.01
    return pos + back
