"""Current clamp of many cells at once: batches of copies side by side in one network.

Where `current_clamp` clamps one cell, here is a batch for each cell type, and in each batch the
copies of several conditions (control, an agonist, another agonist). The conditions of a batch are
values of parameters, so that all of them share its equations, and one program serves every current.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2.units import amp, ms
from brian2.units.fundamentalunits import Quantity, get_dimensions
from numpy.typing import NDArray

from dualframe.experiments.response import Response, read_response
from dualframe.experiments.single_cell import injected_variable
from dualframe.network import CurrentInput, Network, Population, Recording
from dualframe.simulation.run import run

Floats = NDArray[np.float64]

COPIES = 16  # of each condition
RECORDED = 3  # the first copies of each condition
DELAY = 400 * ms  # before the step; several time constants of the slowest cells
SAMPLING = 0.2 * ms


@dataclass(frozen=True, eq=False)
class CellBatch:
    """Copies of one cell.

    Attributes
    ----------
    population
        `COPIES` members for each condition, in the order of the conditions.
    conditions
        Their names; the first is the control.
    variable
        Where the current goes in.
    model
        Name of the model.
    assumptions
        What the cell depends on without a source.
    """

    population: Population
    conditions: tuple[str, ...]
    variable: str
    model: str
    assumptions: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the population, unique among the batches."""
        return self.population.name

    @property
    def first_copies(self) -> NDArray[np.int64]:
        """The first copy of each condition."""
        return COPIES * np.arange(len(self.conditions))


def make_batch(
    name: str,
    network: Network,
    model: str,
    conditions: Mapping[str, Mapping[str, Any]],
    compartment: str = "soma",
) -> CellBatch:
    """Return a batch of the first population of a network.

    Parameters
    ----------
    name
        Unique among the batches.
    network
        Of one cell, from a builder.
    model
        For the reader.
    conditions
        Name -> values of parameters of the population. What a condition does not name has the
        value of the first one, or else that of the population.
    compartment
        Where the current goes in; point neurons have one place only.
    """
    population = network.populations[0]
    names = dict.fromkeys(key for values in conditions.values() for key in values)
    defaults = {**population.parameters, **next(iter(conditions.values()))}
    columns = {
        key: np.repeat(
            [float(np.asarray(values.get(key, defaults[key]))) for values in conditions.values()],
            COPIES,
        )
        for key in names
    }
    arrays = {
        key: Quantity(column, dim=get_dimensions(population.parameters[key]))
        for key, column in columns.items()
    }
    copies = replace(
        population,
        name=name,
        n=COPIES * len(conditions),
        parameters={**population.parameters, **arrays},
    )
    return CellBatch(
        population=copies,
        conditions=tuple(conditions),
        variable=injected_variable(population.variables, compartment),
        model=model,
        assumptions=tuple(network.meta.get("assumptions", ())),
    )


def clamp_batches(
    batches: Sequence[CellBatch],
    currents: Mapping[str, Floats],
    duration: Any,
    *,
    target: str = "auto",
    dt: Any = 0.1 * ms,
) -> dict[str, Response]:
    """Give every copy in every batch its own step of current.

    Parameters
    ----------
    batches
        All that run side by side.
    currents
        By batch, in amperes, shape ``(number of conditions, COPIES)``.
    duration
        Length of the steps.
    target, dt
        As in `dualframe.run`.

    Returns
    -------
    dict
        By batch, its response: copies in the order of the population, of which the first `RECORDED`
        of each condition are recorded.
    """
    steps = tuple(
        CurrentInput(
            batch.name,
            currents[batch.name].ravel() * amp,
            DELAY,
            DELAY + duration,
            variable=batch.variable,
            name=f"clamp_{batch.name}",
        )
        for batch in batches
    )
    results = run(
        Network(tuple(batch.population for batch in batches), inputs=steps, name="dish"),
        DELAY + duration,
        target=target,
        seed=0,
        dt=dt,
        progress=False,
        record={batch.name: _recording(batch) for batch in batches},
    )
    return {
        batch.name: read_response(
            results,
            batch.population,
            model=batch.model,
            currents=currents[batch.name].ravel() * amp,
            duration=duration,
            delay=DELAY,
            dt=dt,
            assumptions=batch.assumptions,
        )
        for batch in batches
    }


def _recording(batch: CellBatch) -> Recording:
    copies = (batch.first_copies[:, None] + np.arange(RECORDED)).ravel()
    return Recording((batch.population.voltage,), copies, SAMPLING)
