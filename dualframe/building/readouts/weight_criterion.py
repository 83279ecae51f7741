"""Criterion: the weight of one synapse has reached a level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock, PopulationChange
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import check_count
from dualframe.network import Population, Projection

#: Variable of the populations that are told: one once the criterion has been reached.
SWITCHED = "switched"


def weight_criterion(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return a neuron that spikes once, when the weight of one synapse reaches a level.

    The synapse is seen through what its spikes bring to the neuron on which it ends: the variable
    ``watched`` holds the weight for the step after each of its spikes, one step later than the
    synapse raised it, since GeNN has no sum of what came in the running step.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``population`` and ``neuron`` (index) on which the synapse ends, ``watched`` (variable of
        that neuron, in volts), ``level`` (voltage) and ``tells`` (populations whose variable
        ``switched`` becomes one).
    context
        Of the task.
    """
    component = f"readout {name!r}"
    observed = entries["population"]
    neuron = round(float(entries["neuron"]))
    check_count(context.population_size(observed, component) - neuron, f"neurons of {component}")
    criterion = Population(
        name=name,
        n=1,
        equations="seen : volt\nreached : 1",
        threshold="seen >= level and reached < 0.5",
        reset="reached = 1",
        parameters={"level": entries["level"]},
        voltage="seen",
    )
    seen = Projection(
        observed,
        name,
        equations=f"seen_post = {entries['watched']}_pre : volt (summed)",
        name=f"{name}_sees",
        pairs=([neuron], [0]),
    )
    # once: the criterion is reached once
    told = tuple(
        Projection(name, target, f"{SWITCHED} += 1", pairs="all_to_all")
        for target in entries["tells"]
    )
    changes = []
    for target in entries["tells"]:
        context.population_size(target, component)
        changes.append(PopulationChange(population=target, equations=f"{SWITCHED} : 1"))
    return NetworkBlock((criterion,), (seen, *told), changes=tuple(changes))


WEIGHT_CRITERION = Readout(
    name="weight_criterion",
    title="spikes once, when the weight of one synapse reaches a level",
    schema=SectionSchema(
        numbers={"neuron": "dimensionless", "level": "voltage"},
        texts={"population": (), "watched": ()},
        lists=("tells",),
        defaults={"tells": ()},
    ),
    make_block=weight_criterion,
    source="Rodriguez-Garcia and Ramaswamy 2024",
)
