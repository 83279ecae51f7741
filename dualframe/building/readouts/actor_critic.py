r"""Actor and critic: a choice among actions, and the error of what was expected to follow from it.

A *decision* neuron is a critic (`dualframe.building.readouts.critic`) that also counts, between two
ticks of the environment, the spikes of a group of action cells for each action. One step before a
tick it draws the action k with the probability

.. math::

   \pi_k = \frac{e^{R_k/T}}{\sum_j e^{R_j/T}}

with rates R in Hz, averaged over the cells of a group. A greedy agent (``greedy`` = 1, or
`dualframe.evaluate`) takes the action of the largest rate; equal ones share.

Rules of the kind ``td_lambda`` (`dualframe.plasticity`) read ``tick``, ``td_error``, ``keep`` and
the credit: ``chosen - policy`` for the actors (``credit_action_0``, ``credit_action_1``, ...), one
for the critic (``credit_value``). ``action`` is the index of the choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.readouts.critic import (
    CRITIC_DEFAULTS,
    CRITIC_EQUATIONS,
    CRITIC_NUMBERS,
    critic_parameters,
    critic_projections,
)
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import CatalogueError
from dualframe.core.section_schema import SectionSchema
from dualframe.environments import Discrete
from dualframe.network import Population, Projection

_ONCE = " (constant over dt)"


def _preference(k: int, other: int) -> str:
    """By how much action k is preferred to another one, in temperatures."""
    return f"(count_action_{k} - count_action_{other})/interval/temperature"


def _choice_equations(actions: int) -> Iterator[str]:
    """Yield the equations of policy, choice and credit.

    Action k is taken if the coin lies above the shares of the actions after it and not above its
    own: the index of the choice is the number of actions from which on the shares exceed the coin.
    """
    later = range(1, actions)
    yield f"coin = rand() : 1{_ONCE}"
    for k in range(actions):
        others = [j for j in range(actions) if j != k]
        odds = " + ".join(f"exp(-clip({_preference(k, j)}, -50, 50))" for j in others)
        not_less = "*".join(f"int({_preference(k, j)} > -1e-9)" for j in others)
        yield f"policy_{k} = 1/(1 + {odds}) : 1{_ONCE}"
        yield f"best_{k} = {not_less} : 1{_ONCE}"
    yield f"bests = {' + '.join(f'best_{k}' for k in range(actions))} : 1{_ONCE}"
    for k in later:
        yield f"share_{k} = (1 - greedy)*policy_{k} + greedy*best_{k}/bests : 1{_ONCE}"
    for k in later:
        shares = " + ".join(f"share_{j}" for j in range(k, actions))
        yield f"reached_{k} = int(coin < {shares}) : 1{_ONCE}"
    yield f"drawn = {' + '.join(f'reached_{k}' for k in later)} : 1"
    for k in later:
        after = f" - reached_{k + 1}" if k + 1 < actions else ""
        yield f"gained_{k} = reached_{k}{after} - policy_{k} : 1"
        yield f"dcredit_action_{k}/dt = (decides*gained_{k} - credit_action_{k})/dt : 1"
    lost = " + ".join(f"gained_{k}" for k in later)
    yield f"dcredit_action_0/dt = (-decides*({lost}) - credit_action_0)/dt : 1"
    yield "daction/dt = decides*(drawn - action)/dt : 1"
    for k in range(actions):
        yield f"dcount_action_{k}/dt = -decides*count_action_{k}/dt : 1"


def actor_critic(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return the decision neuron, its counters and its action.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``actors`` (populations, one for each action), ``critic`` (a population), ``temperature``
        (rate), ``greedy`` (a plain number) and those of a critic.
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If the environment does not take one of several actions, or there are not as many
        populations of actors.
    """
    component = f"readout {name!r}"
    environment = context.require_environment(component)
    action = environment.action
    if not isinstance(action, Discrete) or action.n < 2:
        raise CatalogueError(
            f"task {context.task!r}: environment {environment.name!r} takes {action}: {component} "
            f"chooses one of several actions, like those of 'cartpole'."
        )
    actors, critic = entries["actors"], entries["critic"]
    if len(actors) != action.n:
        raise CatalogueError(
            f"task {context.task!r}: {component} needs {action.n} populations of actors, one for "
            f"each action of environment {environment.name!r}, not {len(actors)}."
        )
    sizes = {group: context.population_size(group, component) for group in (*actors, critic)}
    decision = Population(
        name=name,
        n=1,
        equations="\n".join([CRITIC_EQUATIONS, *_choice_equations(action.n)]),
        parameters={
            **critic_parameters(entries, environment.interval),
            "temperature": entries["temperature"],
            "greedy": float(entries["greedy"]),
        },
        durations={"interval_steps": environment.interval},
        voltage="value_known",
    )
    counts = tuple(
        Projection(
            group, name, f"count_action_{k} += w", weight=1.0 / sizes[group], pairs="all_to_all"
        )
        for k, group in enumerate(actors)
    )
    told = copy_variable(name, "action", ENVIRONMENT, "action")
    return NetworkBlock(
        (decision,), (told, *critic_projections(name, critic, sizes[critic]), *counts)
    )


ACTOR_CRITIC = Readout(
    name="actor_critic",
    title="a choice among actions, and the temporal-difference error of what follows from it",
    schema=SectionSchema(
        numbers={**CRITIC_NUMBERS, "temperature": "rate", "greedy": "dimensionless"},
        texts={"critic": ()},
        lists=("actors",),
        defaults={**CRITIC_DEFAULTS, "greedy": "0"},
    ),
    make_block=actor_critic,
    source="dualframe, after Fremaux et al. 2013",
)
