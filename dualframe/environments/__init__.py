"""Worlds as equations: what the networks of the task-driven branch learn in.

`worlds` lists them, `world` makes one by name, and `World.population` is its equations as a neuron,
for networks on every target. `dualframe.environments.gymnasium_env` has the same equations as
Gymnasium environments.
"""

from dualframe.environments.environment import World
from dualframe.environments.parameter import Number
from dualframe.environments.registry import world, worlds
from dualframe.environments.spaces import Box, Discrete, Observation

__all__ = ["Box", "Discrete", "Number", "Observation", "World", "world", "worlds"]
