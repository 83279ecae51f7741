"""Environments as equations: what networks learn in.

`environments` lists them, `environment` makes one by name, and `Environment.population` is its
equations as a neuron, for networks on every target. `dualframe.environments.gymnasium_env` has the
same equations as Gymnasium environments. An environment of one's own is an `EnvironmentSpec`,
made known with `dualframe.register`.
"""

from dualframe.environments.environment_record import Environment, EnvironmentEquations
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.parameter import EnvironmentParameter
from dualframe.environments.registry import environment, environments
from dualframe.environments.spaces import Box, Discrete, Observation

__all__ = [
    "Box",
    "Discrete",
    "Environment",
    "EnvironmentEquations",
    "EnvironmentParameter",
    "EnvironmentSpec",
    "Observation",
    "environment",
    "environments",
]
