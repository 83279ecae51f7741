"""The environments by name."""

from __future__ import annotations

from typing import Any

import pandas as pd

from dualframe.core.quantity import quantity_text
from dualframe.core.registry import Registry
from dualframe.environments.acrobot import ACROBOT
from dualframe.environments.bandit import BANDIT
from dualframe.environments.cartpole import CARTPOLE
from dualframe.environments.cued_association import CUED_ASSOCIATION
from dualframe.environments.environment_record import Environment
from dualframe.environments.environment_spec import EnvironmentSpec
from dualframe.environments.linear_track import LINEAR_TRACK
from dualframe.environments.mountain_car import MOUNTAIN_CAR
from dualframe.environments.open_field import OPEN_FIELD
from dualframe.environments.pendulum import PENDULUM
from dualframe.environments.t_maze import T_MAZE

ENVIRONMENTS = Registry(
    "environment",
    EnvironmentSpec,
    (
        OPEN_FIELD,
        LINEAR_TRACK,
        T_MAZE,
        CARTPOLE,
        PENDULUM,
        ACROBOT,
        MOUNTAIN_CAR,
        BANDIT,
        CUED_ASSOCIATION,
    ),
)


def environment(name: str, **values: Any) -> Environment:
    """Return an environment by name.

    Parameters
    ----------
    name
        See `environments`.
    **values
        Values of its parameters that replace those of its source, with their units: see
        `Environment.parameter_table`.

    Raises
    ------
    UnknownName
        If there is no such environment, or it has no such parameter.
    QuantityError, NetworkError
        If a value has another dimension, or is not one that the parameter can have.
    """
    return ENVIRONMENTS[name].make_environment(**values)


def environments() -> pd.DataFrame:
    """Return the environments as a table, one row each."""
    rows = [
        (
            item.name,
            item.title,
            str(item.action),
            ", ".join(observation.name for observation in item.observations),
            quantity_text(item.interval),
            item.limit,
            item.source,
        )
        for item in (environment(name) for name in ENVIRONMENTS)
    ]
    columns = ["name", "title", "action", "observations", "interval", "limit", "source"]
    return pd.DataFrame(rows, columns=columns).astype({"limit": "Int64"})
