"""Winner: the action whose cells have fired most, lately, is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from brian2.units import ms

from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.readouts.action_counters import (
    COUNTER,
    action_groups,
    count_spikes,
    discrete_actors,
    lines,
)
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_positive
from dualframe.network import Population


def winner_take_all(
    actors: str,
    n: int,
    actions: int | Sequence[Sequence[int]],
    world: str = "world",
    *,
    tau: Any = 50 * ms,
    into: str = "action",
    name: str = "readout",
) -> NetworkBlock:
    """Return a neuron that tells the world the index of the largest counter, at every step.

    A spike of one of the m cells of action k adds ``1/m`` to ``count_k``, which decays with
    ``tau``. ``choice`` is the index of the largest counter, the lowest of those that are equal
    (0 before the first spike), ``chosen_k`` is one for it and zero for the others. The world reads
    in step n the choice by spikes up to step n - 2.

    Parameters
    ----------
    actors, n
        Population of action cells, and their number.
    actions
        Number of actions, which share the cells in equal consecutive parts, or the indices of the
        cells of each action.
    world, into
        Population, and its variable for the index of the action.
    tau
        Time constant of the counters; the default, the interval of an action in Hasegan et al.
        2022, is assumed.
    name
        Of the readout's population.

    Raises
    ------
    NetworkError, QuantityError
        If the groups are not that, or tau is no time above zero.
    """
    groups = action_groups(n, actions)
    k = len(groups)
    readout = Population(
        name,
        1,
        "\n".join(
            lines(COUNTER, k)
            + [f"largest_{j} = {_largest(j, k)} : 1" for j in range(k)]
            + lines("dchosen_{k}/dt = (largest_{k} - chosen_{k})/dt : 1", k)
            + [f"dchoice/dt = ({' + '.join(f'{j}*largest_{j}' for j in range(k))} - choice)/dt : 1"]
        ),
        parameters={"tau": as_positive(tau, "time", f"tau of {name!r}")},
    )
    told = copy_variable(name, "choice", world, into)
    return NetworkBlock((readout,), (*count_spikes(actors, name, groups), told))


def _largest(k: int, actions: int) -> str:
    """Whether counter k is larger than those before it and not smaller than those after it."""
    before = [f"count_{k} > count_{j}" for j in range(k)]
    after = [f"count_{k} >= count_{j}" for j in range(k + 1, actions)]
    return f"int({' and '.join(before + after)})"


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    actors, n, actions = discrete_actors(name, entries, context)
    return winner_take_all(actors, n, actions, ENVIRONMENT, tau=entries["tau"], name=name)


WINNER_TAKE_ALL = Readout(
    name="winner_take_all",
    title="the action whose cells have fired most, lately, is chosen",
    schema=SectionSchema(
        numbers={"tau": "time"}, texts={"population": ()}, defaults={"tau": "50 ms"}
    ),
    make_block=_make_block,
    source="Hasegan et al. 2022",
)
