"""Coincidence: one neuron fires within a window after another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from brian2.units import second

from dualframe.building.network_block import NetworkBlock
from dualframe.building.readouts.readout import Readout
from dualframe.building.task_context import TaskContext
from dualframe.core.errors import CatalogueError
from dualframe.core.section_schema import SectionSchema
from dualframe.network import Population, Projection

_EQUATIONS = """
dsince_n1/dt = ((1 - n1)*(since_n1 + dt) - since_n1)/dt : second
dfired/dt = (n2 - fired)/dt : 1
dn1/dt = -n1/dt : 1
dn2/dt = -n2/dt : 1
"""


def spike_pair(name: str, entries: Mapping[str, Any], context: TaskContext) -> NetworkBlock:
    """Return a neuron that spikes when one neuron fires less than a window after another.

    Spikes of one step are no coincidence: the second neuron fires strictly later.

    Parameters
    ----------
    name
        Of the readout's population.
    entries
        ``population``, ``first`` and ``second`` (indices of its neurons), ``window`` (time).
    context
        Of the task.

    Raises
    ------
    CatalogueError
        If the population has no such neurons.
    """
    observed = entries["population"]
    size = context.population_size(observed, f"readout {name!r}")
    first, later = (round(float(entries[key])) for key in ("first", "second"))
    if not 0 <= first < size or not 0 <= later < size or first == later:
        raise CatalogueError(
            f"task {context.task!r}: readout {name!r} observes neurons {first} and {later} of "
            f"{observed!r}: expected two different ones from 0 to {size - 1}."
        )
    detector = Population(
        name=name,
        n=1,
        equations=_EQUATIONS,
        # strictly after n1, and less than a window later
        threshold="fired > 0.5 and since_n1 > 0.5*dt and since_n1 < window - 0.5*dt",
        reset="fired = 0",
        parameters={"window": entries["window"]},
        initial={"since_n1": 1 * second},
        voltage="fired",
    )
    heard = tuple(
        Projection(
            observed, name, f"{variable} += 1", name=f"{variable}_fires", pairs=([neuron], [0])
        )
        for variable, neuron in (("n1", first), ("n2", later))
    )
    return NetworkBlock((detector,), heard)


SPIKE_PAIR = Readout(
    name="spike_pair",
    title="one neuron fires within a window after another",
    schema=SectionSchema(
        numbers={"first": "dimensionless", "second": "dimensionless", "window": "time"},
        texts={"population": ()},
    ),
    make_block=spike_pair,
    source="Izhikevich 2007, daspnet.m",
)
