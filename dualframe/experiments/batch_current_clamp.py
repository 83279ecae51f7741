"""Many cells in one dish: populations of copies side by side in one network, run several times.

Where `bench` clamps one cell, a dish holds a well for each cell type, and in each well the copies
of several conditions (control, an agonist, another agonist). The conditions of a well are values
of parameters, so that all of them share its equations, and one program serves every current.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from brian2.units import amp, ms, second, volt
from brian2.units.fundamentalunits import Quantity, get_dimensions
from numpy.typing import NDArray

from dualframe import biological, task_driven
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import model_key
from dualframe.building.dendritic_circuit import MODEL
from dualframe.circuit import Circuit
from dualframe.experiments.current_clamp import Response
from dualframe.network import CurrentInput, Network, Population, Recording
from dualframe.results.results import Results
from dualframe.simulation.run import run

Floats = NDArray[np.float64]

COPIES = 16  # of each condition
RECORDED = 3  # the first copies of each condition
DELAY = 400 * ms  # before the step; several time constants of the slowest cells
SAMPLING = 0.2 * ms


@dataclass(frozen=True, eq=False)
class Well:
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
        """Name of the population, unique in a dish."""
        return self.population.name


def build(circuit: Circuit, model: str, weights: Mapping[str, Any] | None = None) -> Network:
    """Build a circuit in the branch of a model, with the given weights of its contacts."""
    if model == MODEL:
        calibration = Calibration(circuit.name, MODEL, dict(weights or {}))
        return biological.build(circuit, calibration=calibration)
    calibration = Calibration(circuit.name, model_key(model, "current"), dict(weights or {}))
    return task_driven.build(circuit, model=model, synapses="current", calibration=calibration)


def well(
    name: str,
    network: Network,
    model: str,
    conditions: Mapping[str, Mapping[str, Any]],
    compartment: str = "soma",
) -> Well:
    """Return a well of the first population of a network.

    Parameters
    ----------
    name
        Unique in the dish.
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
    first = next(iter(conditions.values()))
    columns = {
        key: np.repeat(
            [
                float(np.asarray(values.get(key, first.get(key, population.parameters[key]))))
                for values in conditions.values()
            ],
            COPIES,
        )
        for key in names
    }
    arrays = {
        key: Quantity(column, dim=get_dimensions(population.parameters[key]))
        for key, column in columns.items()
    }
    variable = "I_ext" if "I_ext" in population.variables else f"I_ext_{compartment}"
    filled = replace(
        population,
        name=name,
        n=COPIES * len(conditions),
        parameters={**population.parameters, **arrays},
    )
    assumed = tuple(network.meta.get("assumptions", ()))
    return Well(filled, tuple(conditions), variable, model, assumed)


def clamp(
    wells: Sequence[Well],
    currents: Mapping[str, Floats],
    duration: Any,
    *,
    target: str = "auto",
    dt: Any = 0.1 * ms,
) -> dict[str, Response]:
    """Give every copy in every well its own step of current.

    Parameters
    ----------
    wells
        All of the dish.
    currents
        By well, in amperes, shape ``(number of conditions, COPIES)``.
    duration
        Length of the steps.
    target, dt
        As in `dualframe.run`.

    Returns
    -------
    dict
        By well, its response: copies in the order of the population, of which the first `RECORDED`
        of each condition are recorded.
    """
    steps = tuple(_step(own, currents[own.name], duration) for own in wells)
    populations = tuple(own.population for own in wells)
    done = run(
        Network(populations, inputs=steps, name="dish"),
        DELAY + duration,
        target=target,
        seed=0,
        dt=dt,
        progress=False,
        record={
            own.name: Recording((own.population.voltage,), _recorded(own), SAMPLING)
            for own in wells
        },
    )
    return {own.name: _response(done, own, currents[own.name], duration, dt) for own in wells}


def _recorded(own: Well) -> NDArray[np.int64]:
    starts = COPIES * np.arange(len(own.conditions))
    return (starts[:, None] + np.arange(RECORDED)).ravel()


def _step(own: Well, currents: Floats, duration: Any) -> CurrentInput:
    return CurrentInput(
        own.name,
        currents.ravel() * amp,
        DELAY,
        DELAY + duration,
        variable=own.variable,
        name=f"clamp_{own.name}",
    )


def _response(done: Results, own: Well, currents: Floats, duration: Any, dt: Any) -> Response:
    neuron, when = done.spike_trains(own.name)
    order = np.lexsort((when, neuron))
    ends = np.searchsorted(neuron[order], np.arange(own.population.n + 1))
    when = when[order] - float(DELAY)
    trace = done.traces[own.name]
    return Response(
        cell=own.population.cell_type,
        model=own.model,
        currents=currents.ravel() * amp,
        t=(trace.t - float(DELAY)) * second,
        V=trace.values[own.population.voltage] * volt,
        recorded=np.asarray(trace.neurons, dtype=np.int64),
        spike_times=tuple(when[a:b] * second for a, b in pairwise(ends)),
        duration=duration,
        delay=DELAY,
        dt=dt,
        assumptions=own.assumptions,
        results=done,
    )
