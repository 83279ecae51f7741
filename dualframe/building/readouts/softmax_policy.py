"""Softmax policy: an action is drawn, the more likely the larger its counter is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from brian2.units import ms

from dualframe.building.network_block import NetworkBlock, PopulationChange, copy_variable
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
from dualframe.core.validation import as_not_negative, as_positive
from dualframe.network import Population, Projection

# a greedy agent's inverse temperature is out of reach of any difference of counters
SHARE = (
    "share_{k} = exp(clip(beta*(1 + 1e6*greedy)*(count_{k} - top), -80, 0)) : 1 (constant over dt)"
)


def softmax_policy(
    actors: str,
    n: int,
    actions: int | Sequence[Sequence[int]],
    world: str = "world",
    *,
    beta: Any = 1.0,
    interval: Any,
    tau: Any = 50 * ms,
    into: str = "action",
    name: str = "readout",
) -> NetworkBlock:
    """Return a neuron that draws an action for each tick of the world.

    A spike of one of the m cells of action k adds ``1/m`` to ``count_k``, which decays with
    ``tau``. One step before a tick of the world, action k is drawn with the probability ::

        policy_k = exp(beta count_k)/sum_j exp(beta count_j)

    by a single random number. Until the next draw the neuron keeps ``choice`` (the index),
    ``chosen_k`` (one for the chosen action, zero for the others) and ``policy_k``: the gradient of
    log policy with respect to ``beta count_k`` is ``chosen_k - policy_k`` (Williams 1992), which
    `decision_credit` brings to the action cells. All are zero before the first draw. ``tick`` is
    one in the step after a draw. A greedy agent (`dualframe.evaluate`) takes the largest counter.
    A temporal-difference error is a `critic`'s, another readout. The world reads in
    the step n of its tick the draw by spikes up to step n - 2. Differences of counters are cut off
    where ``exp`` is below 2e-35.

    Parameters
    ----------
    actors, n
        Population of action cells, and their number.
    actions
        Number of actions, which share the cells in equal consecutive parts, or the indices of the
        cells of each action.
    world, into
        Population, and its variable for the index of the action.
    beta
        Inverse temperature, zero or more: 0 draws uniformly, very large ones are greedy (equal
        counters share). A parameter: another value does not recompile.
    interval
        Time between ticks of the world, which are counted from the start of the run.
    tau
        Time constant of the counters (the default is assumed).
    name
        Of the readout's population.

    Raises
    ------
    NetworkError, QuantityError
        If the groups are not that, or a number has another dimension or sign.
    """
    groups = action_groups(n, actions)
    k = len(groups)
    shares = [f"share_{j}" for j in range(k)]
    # what is constant over a step is computed once instead of written out at every use
    readout = Population(
        name,
        1,
        "\n".join(
            [
                "ahead = timestep(t, dt) + 1 : 1",
                "decides = int(ahead - interval*floor(ahead/interval) < 0.5) : 1",
                "dtick/dt = (decides - tick)/dt : 1",
                f"top = {_top(k)} : 1 (constant over dt)",
                *lines(SHARE, k),
                f"total = {' + '.join(shares)} : 1 (constant over dt)",
                "drawn = rand() : 1 (constant over dt)",
                *(f"hit_{j} = {_hit(j, k)} : 1" for j in range(k)),
                *lines(COUNTER, k),
                *lines("dpolicy_{k}/dt = decides*(share_{k}/total - policy_{k})/dt : 1", k),
                *lines("dchosen_{k}/dt = decides*(hit_{k} - chosen_{k})/dt : 1", k),
                f"dchoice/dt = decides*({_sum('hit', k)} - choice)/dt : 1",
            ]
        ),
        parameters={
            "tau": as_positive(tau, "time", f"tau of {name!r}"),
            "beta": as_not_negative(beta, "dimensionless", f"beta of {name!r}"),
            "greedy": 0.0,
        },
        durations={"interval": as_positive(interval, "time", f"interval of {name!r}")},
    )
    told = copy_variable(name, "choice", world, into)
    return NetworkBlock((readout,), (*count_spikes(actors, name, groups), told))


def decision_credit(
    actors: str,
    n: int,
    actions: int | Sequence[Sequence[int]],
    *,
    into: str = "credit",
    name: str = "readout",
) -> Projection:
    """Return the signal that brings ``chosen_k - policy_k`` to the cells of action k.

    Parameters
    ----------
    actors, n, actions
        As of `softmax_policy`.
    into
        Variable that the action cells declare; zero in cells of no action.
    name
        Of the readout's population.
    """
    groups = action_groups(n, actions)
    # the weight is the index of the action that a cell belongs to
    terms = lines("int(abs(w - {k}) < 0.5)*(chosen_{k}_pre - policy_{k}_pre)", len(groups))
    cells = np.concatenate(groups)
    return Projection(
        name,
        actors,
        name=f"{actors}_gets_{into}",
        equations=f"{into}_post = {' + '.join(terms)} : 1 (summed)",
        weight=np.repeat(np.arange(len(groups), dtype=float), [len(part) for part in groups]),
        pairs=(np.zeros(len(cells), dtype=int), cells),
    )


def _top(actions: int) -> str:
    """The largest counter; the upper bound of the clip is out of reach."""
    text = "count_0"
    for k in range(1, actions):
        text = f"clip(count_{k}, {text}, 1e30)"
    return text


def _hit(k: int, actions: int) -> str:
    """Whether the random number falls into the k-th share of the total."""
    below = [f"drawn*total >= {_partial(k)}"] if k else []
    above = [f"drawn*total < {_partial(k + 1)}"] if k < actions - 1 else []
    return f"int({' and '.join(below + above)})"


def _partial(count: int) -> str:
    return "(" + " + ".join(f"share_{k}" for k in range(count)) + ")"


def _sum(name: str, actions: int) -> str:
    return " + ".join(f"{k}*{name}_{k}" for k in range(actions))


def _make_block(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    actors, n, actions = discrete_actors(name, entries, context)
    policy = softmax_policy(
        actors,
        n,
        actions,
        ENVIRONMENT,
        beta=float(entries["beta"]),
        interval=context.require_environment(f"readout {name!r}").interval,
        tau=entries["tau"],
        name=name,
    )
    into = entries["credit"]
    if not into:
        return policy
    told = decision_credit(actors, n, actions, into=into, name=name)
    declared = PopulationChange(population=actors, equations=f"{into} : 1")
    return policy + NetworkBlock((), (told,), changes=(declared,))


SOFTMAX_POLICY = Readout(
    name="softmax_policy",
    title="an action is drawn with a probability that grows exponentially with its counter",
    schema=SectionSchema(
        numbers={"beta": "dimensionless", "tau": "time"},
        texts={"population": (), "credit": ()},
        defaults={"beta": "1", "tau": "50 ms", "credit": ""},
    ),
    make_block=_make_block,
    source="Williams 1992",
)
