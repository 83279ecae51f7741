r"""Critic: the value of a state, and the error of its expectation, at ticks of the environment.

A neuron counts the spikes of value cells between two ticks. One step before a tick

.. math::

   V = V_{rest} + \nu R, \qquad \delta = (1 - \gamma)\, s\, r + \gamma V - V_{before}

with the rate R in Hz, averaged over the cells, and s times the reward r of the ticks since the last
decision. At the first tick of a trial :math:`\delta` is that of the trial that has just ended; its
last state is worth nothing if the task ended it, and where the time limit did, nothing is learned
(truncation is not termination).

Others read, in the step after: ``tick`` (one), ``td_error``, ``surprise`` (the size of the error
without its sign, whether or not dopamine acts), ``keep`` (:math:`\gamma\lambda`; zero at the first
tick of a trial, unless ``forgets`` is zero, for errors that come late, such as through receptors)
and ``credit_value`` (one): what a rule of the kind ``td_lambda`` needs there.
A release of the kind ``td_error`` lets the error pass only where its modulator acts; without such a
release it always passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.parameter_table import Dimensions
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Population, Projection

#: Whether the next step has a tick, for readouts that decide one step before it.
DECIDES = """
ahead = timestep(t, dt) + 1 : 1
decides = int(ahead - interval_steps*floor(ahead/interval_steps) < 0.5) : 1
dtick/dt = (decides - tick)/dt : 1
"""
CRITIC_EQUATIONS = f"""{DECIDES}
trial : 1
timed_out : 1
reward : 1
first = int(trial - trial_known > 0.5) : 1
income = (1 - gamma)*reward_scale*(collected + reward) : 1
value = value_rest + nu*count_value/interval : 1
last_error = (1 - timed_out)*(income - value_known) : 1
next_error = income + gamma*value - value_known : 1
error = first*last_error + (1 - first)*next_error : 1
dtd_error/dt = (decides*learns*error - td_error)/dt : 1
dsurprise/dt = (decides*abs(error) - surprise)/dt : 1
dkeep/dt = (decides*(1 - first*forgets)*gamma*lambda_ - keep)/dt : 1
dcredit_value/dt = (decides - credit_value)/dt : 1
dvalue_known/dt = decides*(value - value_known)/dt : 1
dtrial_known/dt = decides*(trial - trial_known)/dt : 1
dcollected/dt = ((1 - decides)*(collected + reward) - collected)/dt : 1
dcount_value/dt = -decides*count_value/dt : 1
"""
CRITIC_NUMBERS: Dimensions = {
    "nu": "time",
    "gamma": "dimensionless",
    "trace": "dimensionless",
    "reward_scale": "dimensionless",
    "value_rest": "dimensionless",
    "forgets": "dimensionless",
}
_PLAIN = ("nu", "gamma", "reward_scale", "value_rest", "forgets")
CRITIC_DEFAULTS: Mapping[str, str] = {"reward_scale": "1", "value_rest": "0", "forgets": "1"}


def critic_parameters(entries: Mapping[str, Any], interval: Any) -> dict[str, Any]:
    """Return the parameters of `CRITIC_EQUATIONS`.

    Parameters
    ----------
    entries
        ``nu`` (time: value of a rate), ``gamma``, ``trace`` (lambda of the eligibility),
        ``reward_scale``, ``value_rest`` and ``forgets`` (plain numbers).
    interval
        Time between ticks of the environment.
    """
    numbers = {key: entries[key] for key in _PLAIN}
    return {**numbers, "lambda_": entries["trace"], "interval": interval, "learns": 1.0}


def critic_projections(name: str, critic: str, n: int) -> tuple[Projection, ...]:
    """Return what brings the environment's account and the spikes of value cells to a critic.

    Parameters
    ----------
    name
        Of the readout's population.
    critic, n
        Population of value cells, and their number.
    """
    account = ("trial", "timed_out", "reward")
    counted = Projection(critic, name, "count_value += w", weight=1.0 / n, pairs="all_to_all")
    return (*(copy_variable(ENVIRONMENT, v, name, v) for v in account), counted)


def critic(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return the neuron that values states; another readout acts.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``population`` (of value cells) and those of `critic_parameters`.
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If the task has no environment.
    UnknownName
        If there is no such population.
    """
    component = f"readout {name!r}"
    interval = context.require_environment(component).interval
    cells = entries["population"]
    n = context.population_size(cells, component)
    neuron = Population(
        name=name,
        n=1,
        equations=CRITIC_EQUATIONS,
        parameters=critic_parameters(entries, interval),
        durations={"interval_steps": interval},
        voltage="value_known",
    )
    return NetworkBlock((neuron,), critic_projections(name, cells, n))


CRITIC = Readout(
    name="critic",
    title="the temporal-difference error of a value that cells tell, for rules and releases",
    schema=SectionSchema(
        numbers=CRITIC_NUMBERS, texts={"population": ()}, defaults=CRITIC_DEFAULTS
    ),
    make_block=critic,
    source="dualframe, after Fremaux et al. 2013",
)
