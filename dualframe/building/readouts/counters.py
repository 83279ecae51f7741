"""Counters: low-passed spike counts of populations, for rules and releases; nothing acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualframe.building.network_block import NetworkBlock
from dualframe.building.readouts.action_counters import COUNTER, lines
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import TaskContext
from dualframe.core.section_schema import SectionSchema
from dualframe.core.validation import as_positive
from dualframe.network import Population, Projection


def counters(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return a neuron with a counter for each population: ``count_0``, ``count_1``, ...

    A spike of one of the m cells of a population adds ``1/m`` to its counter, which decays with
    ``tau``: about the mean rate of the cells times ``tau``.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``populations`` and ``tau`` (time).
    context
        Of the task.

    Raises
    ------
    UnknownName
        If there is no such population.
    """
    populations = entries["populations"]
    sizes = [context.population_size(p, f"readout {name!r}") for p in populations]
    neuron = Population(
        name,
        1,
        "\n".join(lines(COUNTER, len(sizes))),
        parameters={"tau": as_positive(entries["tau"], "time", f"tau of {name!r}")},
        voltage="count_0",
    )
    counted = tuple(
        Projection(
            population,
            name,
            f"count_{k} += w",
            name=f"{name}_counts_{k}",
            weight=1.0 / n,
            pairs="all_to_all",
        )
        for k, (population, n) in enumerate(zip(populations, sizes, strict=True))
    )
    return NetworkBlock((neuron,), counted)


COUNTERS = Readout(
    name="counters",
    title="low-passed spike counts of populations, which rules and releases may read",
    schema=SectionSchema(
        numbers={"tau": "time"}, lists=("populations",), defaults={"tau": "50 ms"}
    ),
    make_block=counters,
    source="dualframe",
)
