"""The worlds by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity, text
from dualframe.environments import (
    acrobot,
    bandit,
    cartpole,
    cued_association,
    linear_track,
    mountain_car,
    open_field,
    pendulum,
    t_maze,
)
from dualframe.environments.environment import World, check_world
from dualframe.environments.parameter import Number, resolved


@dataclass(frozen=True)
class Kind:
    """How a world of a name is made from its numbers."""

    numbers: tuple[Number, ...]
    build: Callable[[tuple[Number, ...], Any], World]


WORLDS: Mapping[str, Kind] = MappingProxyType(
    {
        module.__name__.rpartition(".")[2]: Kind(module.NUMBERS, module.build)
        for module in (
            open_field,
            linear_track,
            t_maze,
            cartpole,
            pendulum,
            acrobot,
            mountain_car,
            bandit,
            cued_association,
        )
    }
)


def world(name: str, **numbers: Any) -> World:
    """Return a world by name.

    Parameters
    ----------
    name
        See `worlds`.
    **numbers
        Numbers that replace those of its source, with their units: see `World.table`.

    Raises
    ------
    UnknownName
        If there is no such world, or it has no such number.
    QuantityError, NetworkError
        If a number has another dimension, or cannot be what it is.
    """
    if name not in WORLDS:
        raise UnknownName("world", name, WORLDS)
    chosen = resolved(WORLDS[name].numbers, numbers, name)
    interval = next(number.value for number in chosen if number.name == "interval")
    made = WORLDS[name].build(chosen, quantity(interval, "time", "interval"))
    check_world(made)
    return made


def worlds() -> pd.DataFrame:
    """Return the worlds as a table, one row each."""
    rows = [
        (
            made.name,
            made.title,
            str(made.action),
            ", ".join(item.name for item in made.observations),
            text(made.interval),
            made.limit,
            made.source,
        )
        for made in (world(name) for name in WORLDS)
    ]
    columns = ["name", "title", "action", "observations", "interval", "limit", "source"]
    return pd.DataFrame(rows, columns=columns).astype({"limit": "Int64"})
