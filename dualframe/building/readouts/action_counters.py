"""What discrete readouts share: groups of action cells, and one low-passed counter for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.building.task_context import TaskContext
from dualframe.core.errors import CatalogueError, NetworkError
from dualframe.core.validation import check_count
from dualframe.environments import Discrete
from dualframe.network import Projection

Groups = tuple[NDArray[np.int32], ...]

# One Euler step of a counter is its exact decay
COUNTER = "dcount_{k}/dt = count_{k}*(exp(-dt/tau) - 1)/dt : 1"


def action_groups(n: int, groups: int | Sequence[Sequence[int]]) -> Groups:
    """Return the action cells of every action.

    Parameters
    ----------
    n
        Number of action cells.
    groups
        Number of actions, which share the cells in equal consecutive parts; or the indices of
        the cells of each action.

    Raises
    ------
    NetworkError
        If there are fewer than two actions, the parts are unequal or empty, or a cell is of two
        actions or does not exist.
    """
    check_count(n, "number of action cells")
    if isinstance(groups, int):
        if groups < 2 or n % groups:
            raise NetworkError(
                f"{n} action cells for {groups} actions: expected at least two actions with as "
                f"many cells each; or give the indices of the cells of each action."
            )
        return tuple(np.arange(n, dtype=np.int32).reshape(groups, -1))
    parts = [np.asarray(part) for part in groups]
    if len(parts) < 2 or not all(p.size and np.issubdtype(p.dtype, np.integer) for p in parts):
        raise NetworkError("groups of action cells: expected two or more lists of whole numbers.")
    cells = np.concatenate(parts)
    if cells.min() < 0 or cells.max() >= n or len(np.unique(cells)) < len(cells):
        raise NetworkError(
            f"groups of action cells: expected indices from 0 to {n - 1}, each in one group."
        )
    return tuple(part.astype(np.int32) for part in parts)


def count_spikes(actors: str, readout: str, groups: Groups) -> tuple[Projection, ...]:
    """Return the synapses that add ``1/m`` to a counter at a spike of one of its m cells.

    The counter of a group whose cells fire at the rate r is about ``r tau``.
    """
    return tuple(
        Projection(
            actors,
            readout,
            f"count_{k} += w",
            name=f"{readout}_counts_{k}",
            weight=1 / len(cells),
            pairs=(cells, np.zeros(len(cells), dtype=int)),
        )
        for k, cells in enumerate(groups)
    )


def lines(template: str, actions: int, **values: Any) -> list[str]:
    """Return one line for each action: ``{k}`` in the template is its index."""
    return [template.format(k=k, **values) for k in range(actions)]


def discrete_actors(
    name: str, entries: Mapping[str, Any], context: TaskContext
) -> tuple[str, int, int]:
    """Return the population of action cells, their number, and the number of actions.

    Parameters
    ----------
    name
        Of the readout.
    entries
        Of its table: ``population``.
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If the environment does not take one of several actions.
    UnknownName
        If there is no such population.
    """
    component = f"readout {name!r}"
    environment = context.require_environment(component)
    if not isinstance(environment.action, Discrete):
        raise CatalogueError(
            f"task {context.task!r}: {component} chooses one of several actions, but environment "
            f"{environment.name!r} takes {environment.action}."
        )
    actors = entries["population"]
    return actors, context.population_size(actors, component), environment.action.n
