"""The environments as Gymnasium environments, for other agents on the same equations.

>>> import gymnasium, dualframe.environments.gymnasium_env
>>> env = gymnasium.make("dualframe/CartPole-v0")

A step is a tick of the environment. The equations are those of the network's neuron, evaluated in
64-bit numbers; only observations are rounded to 32 bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import gymnasium
import numpy as np

from dualframe.core.errors import DualframeError
from dualframe.environments.environment_record import Environment
from dualframe.environments.expression_evaluator import (
    Function,
    compile_expression,
    ordered_subexpressions,
)
from dualframe.environments.registry import ENVIRONMENTS, environment
from dualframe.environments.spaces import Box, Discrete

_SPELLED = {"cartpole": "CartPole"}


def gymnasium_id(name: str) -> str:
    """Return the identifier of an environment, such as ``"dualframe/OpenField-v0"``.

    Parameters
    ----------
    name
        Of the environment, such as ``"open_field"``.
    """
    return f"dualframe/{_SPELLED.get(name, name.title().replace('_', ''))}-v0"


IDS: Mapping[str, str] = MappingProxyType({name: gymnasium_id(name) for name in ENVIRONMENTS})
"""Identifiers of the environments that were known when this module was imported."""


class GymnasiumEnvironment(gymnasium.Env[np.ndarray[Any, np.dtype[np.float32]], Any]):
    """An environment as a Gymnasium environment.

    ``reset(seed=...)`` begins anew with trial 0; ``reset()`` begins the next trial, so that what
    changes over trials (a goal that moves, an arm that stops to pay) does. Starts are drawn in the
    order of the state variables.

    Parameters
    ----------
    name
        Of the environment, or the environment itself.
    render_mode
        One of those of a subclass with a ``render`` of its own; this class draws nothing.
    **values
        As `dualframe.environments.environment` takes them.

    Raises
    ------
    DualframeError
        For a render mode that the class does not have.

    Attributes
    ----------
    values
        State and counters by name, in 64 bits. They may be set between two steps; ``spikes_x`` of
        the open field, for example, takes what spikes would have added.
    """

    metadata = {"render_modes": []}  # noqa: RUF012 (Gymnasium's attribute)

    def __init__(
        self, name: str | Environment = "cartpole", render_mode: str | None = None, **values: Any
    ) -> None:
        modes = self.metadata["render_modes"]
        if render_mode is not None and render_mode not in modes:
            raise DualframeError(
                f"{type(self).__name__} has the render modes {modes}, and not {render_mode!r}: a "
                f"subclass with render() and its mode in metadata draws what values holds."
            )
        self.environment = name if isinstance(name, Environment) else environment(name, **values)
        self.render_mode = render_mode
        self.action_space = _action_space(self.environment.action)
        low, high = (
            np.array([getattr(item, end) for item in self.environment.observations])
            for end in ("low", "high")
        )
        self.observation_space = gymnasium.spaces.Box(
            low.astype(np.float32), high.astype(np.float32), dtype=np.float32
        )
        self.values: dict[str, float] = {}
        self._constants = self.environment.constants
        lines = ordered_subexpressions(self.environment.tick_equations)
        self._lines = [(key, self._compile_expression(text)) for key, text in lines]
        outcomes = self.environment.trial_outcomes
        self._outcomes = {key: self._compile_expression(text) for key, text in outcomes.items()}
        self._starts = {
            key: self._compile_expression(text) for key, text in self.environment.start.items()
        }
        seen = self.environment.observed_subexpressions
        self._seen = [(key, function) for key, function in self._lines if key in seen]

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the next trial, or with a seed the first."""
        super().reset(seed=seed)
        if seed is not None or not self.values:
            self.values = dict.fromkeys((*self.environment.state, "trial"), 0.0)
        elif self.values["elapsed"] > 0:
            self.values["trial"] += 1
        self.values |= {"elapsed": 0.0, "collected": 0.0}
        for key, function in self._starts.items():
            self.values[key] = float(function({**self._constants, **self.values}))
        return self._observed_values(), {"trial": int(self.values["trial"])}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Make one tick."""
        values = {**self._constants, **self.values, **self._input_values(action)}
        for key, function in self._lines:
            values[key] = function(values)
        reward = float(values["reward_next"])
        terminated, truncated = bool(values["terminal"]), bool(values["truncated"])
        info: dict[str, Any] = {"trial": int(self.values["trial"])}
        if terminated or truncated:
            info |= {key: float(function(values)) for key, function in self._outcomes.items()}
        self.values |= {key: float(values[f"{key}_next"]) for key in self.environment.state}
        self.values["elapsed"] += 1
        self.values["collected"] += reward
        return self._observed_values(), reward, terminated, truncated, info

    def _compile_expression(self, text: str) -> Function:
        return compile_expression(text, lambda: self.np_random.random())

    def _input_values(self, action: Any) -> dict[str, float]:
        names = self.environment.action.inputs
        return dict(zip(names, np.ravel(action).astype(float).tolist(), strict=True))

    def _observed_values(self) -> Any:
        values = {**self._constants, **self.values}
        for key, function in self._seen:
            values[key] = function(values)
        seen = [values[item.name] for item in self.environment.observations]
        return np.array(seen, dtype=np.float32)


def register_environments() -> None:
    """Register every environment with Gymnasium, as ``dualframe/CartPole-v0`` and so on.

    It is done on import; call it again for environments that were added with `dualframe.register`
    later.
    """
    for name in ENVIRONMENTS:
        if gymnasium_id(name) not in gymnasium.registry:
            gymnasium.register(
                id=gymnasium_id(name),
                entry_point="dualframe.environments.gymnasium_env:GymnasiumEnvironment",
                kwargs={"name": name},
            )


def _action_space(action: Discrete | Box) -> gymnasium.spaces.Space[Any]:
    if isinstance(action, Discrete):
        return gymnasium.spaces.Discrete(action.n)
    low, high = (np.array(end, dtype=np.float32) for end in (action.low, action.high))
    return gymnasium.spaces.Box(low, high, dtype=np.float32)


register_environments()
