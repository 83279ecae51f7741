r"""Linear readout: a weighted sum of low-passed spike counts is a continuous action.

.. math::

   \mu = b + \sum_k g_k R_k, \qquad a = \mu + \sigma\, \xi

with the rate R_k in Hz of each population, averaged over its cells and low-passed by an exponential
with ``tau``, its weight g_k (action per Hz, a time) and a normal random number :math:`\xi` for
exploration. The action is drawn one step before each tick of the environment, clipped to the bounds
that it takes, and held until the next one.

Rules of the kind ``td_lambda`` read, in the step after, ``tick`` and ``credit_0``, ``credit_1``,
...: :math:`\xi` times the sign of the weight of the population, the gradient of the log density of
the action with respect to its rate, but for a factor (Williams 1992). Without exploration
(``noise`` or, in `dualframe.evaluate`, ``greedy``) there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dualframe.building.network_block import NetworkBlock, copy_variable
from dualframe.building.readouts.action_counters import COUNTER, lines
from dualframe.building.readouts.critic import DECIDES
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import ENVIRONMENT, TaskContext
from dualframe.core.errors import CatalogueError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_not_negative, as_positive
from dualframe.environments import Box, Environment
from dualframe.network import Population, Projection


def linear(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return the neuron that sums rates of populations into one input of the environment.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``populations``, ``weights`` (as many times: action per Hz), ``into`` (an input of the
        environment; empty for its only one), ``bias`` and ``noise`` (plain numbers in the unit of
        the action), ``tau`` (time) and ``greedy`` (a plain number).
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If the environment takes no continuous action, or there are not as many weights as
        populations.
    UnknownName
        If there is no such population or input.
    QuantityError
        If a weight is no time.
    """
    component = f"readout {name!r}"
    environment = context.require_environment(component)
    into, low, high = _bounded_input(environment, entries["into"], component, context.task)
    populations, texts = entries["populations"], entries["weights"]
    if len(populations) != len(texts) or not populations:
        raise CatalogueError(
            f"task {context.task!r}: {component} has {len(populations)} populations and "
            f"{len(texts)} weights: expected one weight, like '20 ms', for each population."
        )
    weights = [quantity(text, "time", f"weight of {component}") for text in texts]
    k = len(populations)
    noise = float(as_not_negative(entries["noise"], "dimensionless", f"noise of {name!r}"))
    explored = float(noise > 0)
    total = " + ".join(f"weight_{j}*count_{j}/tau" for j in range(k))
    neuron = Population(
        name,
        1,
        "\n".join(
            [
                DECIDES,
                f"mean = bias + {total} : 1",
                "normal = randn() : 1 (constant over dt)",
                "explores = (1 - greedy)*normal : 1",
                *lines(COUNTER, k),
                "daction/dt = decides*(clip(mean + noise*explores, low, high) - action)/dt : 1",
                *lines("dcredit_{k}/dt = (decides*side_{k}*explores - credit_{k})/dt : 1", k),
            ]
        ),
        parameters={
            "bias": float(entries["bias"]),
            "noise": noise,
            "tau": as_positive(entries["tau"], "time", f"tau of {name!r}"),
            "greedy": float(entries["greedy"]),
            "low": low,
            "high": high,
            **{f"weight_{j}": weight for j, weight in enumerate(weights)},
            **{f"side_{j}": explored * float(np.sign(w)) for j, w in enumerate(weights)},
        },
        durations={"interval_steps": environment.interval},
        voltage="action",
    )
    counted = tuple(
        Projection(
            population,
            name,
            f"count_{j} += w",
            name=f"{name}_counts_{j}",
            weight=1.0 / context.population_size(population, component),
            pairs="all_to_all",
        )
        for j, population in enumerate(populations)
    )
    return NetworkBlock((neuron,), (*counted, copy_variable(name, "action", ENVIRONMENT, into)))


def _bounded_input(
    environment: Environment, into: str, component: str, task: str
) -> tuple[str, float, float]:
    """Return an input of the environment and the bounds of what it takes."""
    action = environment.action
    if not isinstance(action, Box):
        raise CatalogueError(
            f"task {task!r}: {component} gives a continuous action, but environment "
            f"{environment.name!r} takes {action}: use 'softmax_policy' or 'actor_critic'."
        )
    if not into and len(action.inputs) > 1:
        raise CatalogueError(
            f"task {task!r}: environment {environment.name!r} takes {action}: say with 'into' "
            f"which of these {component} gives."
        )
    into = into or action.inputs[0]
    if into not in action.inputs:
        raise UnknownName(
            f"input of the environment in {component} of task {task!r}:", into, action.inputs
        )
    index = action.inputs.index(into)
    return into, float(action.low[index]), float(action.high[index])


LINEAR = Readout(
    name="linear",
    title="a weighted sum of low-passed spike counts is a continuous action",
    schema=SectionSchema(
        numbers={
            "bias": "dimensionless",
            "noise": "dimensionless",
            "tau": "time",
            "greedy": "dimensionless",
        },
        texts={"into": ()},
        lists=("populations", "weights"),
        defaults={"into": "", "bias": "0", "noise": "0", "tau": "50 ms", "greedy": "0"},
    ),
    make_block=linear,
    source="dualframe; gradient of Williams 1992",
)
