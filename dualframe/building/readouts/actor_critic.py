r"""Actor and critic: a decision of two, and the temporal-difference error of what follows from it.

A *decision* neuron counts the spikes of two groups of action cells and of a group of value cells
between two ticks of the environment. One step before a tick

.. math::

   V = \nu R_{critic}, \quad \pi_1 = \frac{1}{1 + e^{-(R_1 - R_0)/T}}, \quad
   \delta = (1 - \gamma) r + \gamma V - V_{before}

with rates R in Hz, averaged over the cells of a group, and it draws the action. At the first tick
of a trial :math:`\delta` is that of the trial that has just ended, whose last state is worth
nothing
if the task ended it; where the time limit did, nothing is learned (truncation is not termination).
A greedy agent (``greedy`` = 1, or `dualframe.evaluate`) takes the action of the larger rate.

Rules of the kind ``td_lambda`` (`dualframe.plasticity`) read ``tick``, ``td_error``, ``keep`` and
the credit, ``chosen - policy`` for the actors (``credit_action_0``, ``credit_action_1``) and one
for the critic (``credit_value``). Without the release of dopamine the error is zero.
The reward is one in every tick that does not end the trial, as CartPole has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import CatalogueError
from dualframe.core.section_schema import SectionSchema
from dualframe.environments import Discrete
from dualframe.network import Population, Projection

_DECISION = """
ahead = timestep(t, dt) + 1 : 1
decides = int(ahead - interval_steps*floor(ahead/interval_steps) < 0.5) : 1
trial : 1
timed_out : 1
first = int(trial - trial_known > 0.5) : 1
value = nu*count_value/interval : 1
preference = (count_action_1 - count_action_0)/interval/temperature : 1
policy = 1/(1 + exp(-clip(preference, -50, 50))) : 1
coin = rand() : 1 (constant over dt)
level = int(abs(preference) < 1e-9) : 1
best = int(preference > 1e-9) + level*int(coin < 0.5) : 1
drawn = (1 - greedy)*int(coin < policy) + greedy*best : 1
last_error = (1 - timed_out)*((1 - gamma) - value_known) : 1
next_error = (1 - gamma) + gamma*value - value_known : 1
dtick/dt = (decides - tick)/dt : 1
dtd_error/dt = (decides*learns*(first*last_error + (1 - first)*next_error) - td_error)/dt : 1
dkeep/dt = (decides*(1 - first)*gamma*lambda_ - keep)/dt : 1
dcredit_action_0/dt = (decides*(policy - drawn) - credit_action_0)/dt : 1
dcredit_action_1/dt = (decides*(drawn - policy) - credit_action_1)/dt : 1
dcredit_value/dt = (decides - credit_value)/dt : 1
daction/dt = decides*(drawn - action)/dt : 1
dvalue_known/dt = decides*(value - value_known)/dt : 1
dtrial_known/dt = decides*(trial - trial_known)/dt : 1
dcount_action_0/dt = -decides*count_action_0/dt : 1
dcount_action_1/dt = -decides*count_action_1/dt : 1
dcount_value/dt = -decides*count_value/dt : 1
"""


def actor_critic(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return the decision neuron, its counters and its action.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``actors`` (two populations, one for each action), ``critic`` (a population), ``nu`` (time:
        value of a rate), ``temperature`` (rate), ``gamma`` and ``greedy`` (plain numbers),
        ``trace`` (lambda of the eligibility, a plain number).
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If the environment has not two actions, or there are not two populations of actors.
    """
    component = f"readout {name!r}"
    environment = context.require_environment(component)
    if not isinstance(environment.action, Discrete) or environment.action.n != 2:
        raise CatalogueError(
            f"task {context.task!r}: environment {environment.name!r} takes {environment.action}: "
            f"{component} chooses one of 2 actions, like those of 'cartpole'."
        )
    if len(entries["actors"]) != 2:
        raise CatalogueError(
            f"task {context.task!r}: {component} needs two populations of actors, one for each "
            f"action, not {len(entries['actors'])}."
        )
    groups = (*entries["actors"], entries["critic"])
    sizes = {group: context.population_size(group, component) for group in groups}
    roles = dict(zip(groups, ("action_0", "action_1", "value"), strict=True))
    decision = Population(
        name=name,
        n=1,
        equations=_DECISION,
        parameters={
            "nu": entries["nu"],
            "temperature": entries["temperature"],
            "gamma": entries["gamma"],
            "lambda_": entries["trace"],
            "interval": environment.interval,
            "greedy": float(entries["greedy"]),
            "learns": 0.0,
        },
        durations={"interval_steps": environment.interval},
        voltage="value_known",
    )
    heard = (
        copy_variable(name, "action", ENVIRONMENT, "action"),
        copy_variable(ENVIRONMENT, "trial", name, "trial"),
        copy_variable(ENVIRONMENT, "timed_out", name, "timed_out"),
    )
    counts = tuple(
        Projection(
            group, name, f"count_{roles[group]} += w", weight=1.0 / sizes[group], pairs="all_to_all"
        )
        for group in groups
    )
    return NetworkBlock((decision,), (*heard, *counts))


ACTOR_CRITIC = Readout(
    name="actor_critic",
    title="a decision of two, and the temporal-difference error of what follows from it",
    schema=SectionSchema(
        numbers={
            "nu": "time",
            "temperature": "rate",
            "gamma": "dimensionless",
            "trace": "dimensionless",
            "greedy": "dimensionless",
        },
        texts={"critic": ()},
        lists=("actors",),
        defaults={"greedy": "0"},
    ),
    make_block=actor_critic,
    source="dualframe, after Fremaux et al. 2013",
)
