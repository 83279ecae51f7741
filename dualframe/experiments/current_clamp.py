"""Current clamp of one cell: copies side by side in one network, each with its own current step.

The copies do not touch each other. Currents, parameters, levels and doses stand in arrays with one
value per copy, and times stand in the data of the program: none of them needs another compilation.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from brian2.units import amp, ms, second
from brian2.units.fundamentalunits import get_dimensions

from dualframe.circuit import Circuit, CircuitPopulation, Drug, Modulation
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import as_values
from dualframe.experiments.response import Response, read_response
from dualframe.experiments.single_cell import build_cell_network, injected_variable
from dualframe.network import CurrentInput, Network, Population, Recording
from dualframe.simulation.run import positive_time, run

CELL = "cell"  # one name for all, so that cells of the same equations share a program
_FEWEST = 8


def current_clamp(
    cell: str | os.PathLike[str] | Population,
    model: str = "glif",
    currents: Any = None,
    *,
    duration: Any = 1 * second,
    delay: Any = 200 * ms,
    after: Any = 0 * ms,
    modulations: Mapping[str, Any] | Iterable[Modulation] = (),
    drugs: Iterable[Drug] = (),
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    record: Any = True,
    variables: Iterable[str] = (),
    compartment: str = "soma",
    target: str = "auto",
    dt: Any = 0.1 * ms,
    seed: int = 0,
    use_gpu: bool | None = None,
    **build: Any,
) -> Response:
    """Inject a current step into copies of one cell.

    Parameters
    ----------
    cell
        Name of a cell type, path of a user's cell file, or a population made by hand (of which
        each member would be a copy: its size is set here, ``model`` is ignored).
    model
        ``"biological"``, ``"glif"``, ``"glif1"`` to ``"glif5"``, or ``"izhikevich"``.
    currents
        Amplitude of each copy's step: a current of shape ``(n,)``, or one for all. None is none.
    duration, delay, after
        The step, the time before it in which the cell settles, and the time after it.
    modulations
        Levels by modulator, ``{"ACh": 0.8}``, or `dualframe.circuit.Modulation` entries.
    drugs
        `dualframe.circuit.Drug` entries.
    parameters
        Constants of the model to replace, by the name that they have in its equations: one value,
        or an array of shape ``(n,)`` with one for each copy (``{"th_inf": [20, 25] * mV}``, or
        ``{"c_ACh": levels}`` where ``modulations`` has acetylcholine).
    initial
        Values at the start, like ``parameters``. The default start is the catalogue's rest: with
        another leak potential or a modulator the cell moves to its new rest during ``delay``.
    record
        Whether to keep the membrane potential: of all copies, of none, or of those with the given
        indices.
    variables
        Names of further variables to record of the same copies; they are in
        ``results.traces["cell"]``.
    compartment
        Where the current goes in; point neurons have one place only.
    target, dt, seed, use_gpu
        As in `dualframe.run`.
    build
        Further arguments of the branch's ``build``.

    Returns
    -------
    Response
        Times count from the onset of the step.

    Raises
    ------
    UnknownName
        For an unknown model, compartment or parameter.
    NetworkError
        If ``currents`` and ``parameters`` do not have one length.

    Notes
    -----
    Nothing is compiled again when currents, parameters, levels, doses or times change. A
    parameter with one value per copy is another program than one with a single value, as is
    another set of recorded copies. The number of copies is rounded up to 8, 12, 16, 24, 32, ...
    by idle ones that are not returned, so that few programs serve all numbers.
    """
    amplitude = quantity(0 * amp if currents is None else currents, "current", "currents")
    constants, start = dict(parameters or {}), dict(initial or {})
    n = _common_length({"currents": amplitude, **constants, **start})
    amplitude = amplitude * np.ones(n)
    length, before = positive_time(duration, "duration"), _not_negative(delay, "delay")
    network = _build_copies(cell, model, _rounded_up(n), modulations, drugs, build)
    population = _with_values(network.populations[0], constants, start, n)
    step = _current_step(population, amplitude, before, length, compartment)
    results = run(
        replace(network, populations=(population,), inputs=(step,)),
        before + length + _not_negative(after, "after"),
        target=target,
        seed=seed,
        dt=dt,
        use_gpu=use_gpu,
        progress=False,
        record=_voltage_recording(population, record, variables, n),
    )
    return read_response(
        results,
        population,
        model=model,
        currents=amplitude,
        duration=length,
        delay=before,
        dt=dt,
        assumptions=tuple(network.meta.get("assumptions", ())),
    )


def _common_length(values: Mapping[str, Any]) -> int:
    sizes = {name: np.size(value) for name, value in values.items() if np.ndim(value)}
    if len(set(sizes.values())) > 1:
        lengths = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise NetworkError(f"copies of a cell: the lengths differ ({lengths}). Give one length.")
    return max(sizes.values(), default=1)


def _rounded_up(n: int) -> int:
    size = _FEWEST
    while size < n:
        if size * 3 // 2 >= n:
            return size * 3 // 2
        size *= 2
    return size


def _not_negative(value: Any, name: str) -> Any:
    time = quantity(value, "time", name)
    if np.ndim(time) or not 0 <= float(np.asarray(time)) < np.inf:
        raise NetworkError(f"{name} is {value}: expected a time, zero or more.")
    return time


def _build_copies(
    cell: Any,
    model: str,
    n: int,
    modulations: Mapping[str, Any] | Iterable[Modulation],
    drugs: Iterable[Drug],
    build: Mapping[str, Any],
) -> Network:
    if isinstance(cell, Population):
        return Network((replace(cell, name=CELL, n=n),), name="bench")
    circuit = Circuit("bench", (CircuitPopulation(CELL, str(cell), n),), drugs=tuple(drugs))
    if isinstance(modulations, Mapping):
        for name, level in modulations.items():
            circuit = circuit.with_modulation(name, level)
    else:
        circuit = circuit.with_components(modulations=tuple(modulations))
    return build_cell_network(circuit, model, **build)


def _with_values(
    population: Population, parameters: Mapping[str, Any], initial: Mapping[str, Any], n: int
) -> Population:
    """Return the population with other constants and another start."""
    label, size = population.cell_type or "the cell", population.n
    constants = _check_values("parameter", label, parameters, population.parameters)
    start = _check_values("initial value", label, initial, population.initial)
    return replace(
        population,
        parameters={**population.parameters, **_pad_values(constants, n, size)},
        initial={**population.initial, **_pad_values(start, n, size)},
    )


def _check_values(
    kind: str, label: str, changes: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    for name in changes:
        if name not in defaults:
            raise UnknownName(f"{kind} of {label}", name, defaults)
    return {
        name: quantity(value, get_dimensions(defaults[name]), f"{kind} {name!r}")
        for name, value in changes.items()
    }


def _pad_values(values: Mapping[str, Any], n: int, size: int) -> dict[str, Any]:
    """Return one value per copy, the last one for idle copies; a single value stays single."""
    index = np.minimum(np.arange(size), n - 1)  # NumPy's repeat drops the unit, indexing keeps it
    for value in values.values():
        if np.ndim(value):
            as_values(value, n, "values of the copies")
    return {name: value[index] if np.ndim(value) else value for name, value in values.items()}


def _current_step(
    population: Population, amplitude: Any, start: Any, duration: Any, compartment: str
) -> CurrentInput:
    variable = injected_variable(population.variables, compartment)
    sizes = np.zeros(population.n)
    sizes[: np.size(amplitude)] = np.asarray(amplitude, dtype=float)
    stop = start + duration
    return CurrentInput(CELL, sizes * amp, start, stop, variable=variable, name="clamp")


def _voltage_recording(
    population: Population, record: Any, variables: Iterable[str], n: int
) -> dict[str, Recording]:
    if record is False or not np.size(record):
        return {}
    copies = np.arange(n) if record is True else np.atleast_1d(np.asarray(record, dtype=int))
    if copies.min() < 0 or copies.max() >= n:
        raise NetworkError(f"record asks for copy {copies.max()}, but there are {n}.")
    names = tuple(dict.fromkeys([population.voltage, *variables]))
    return {CELL: Recording(names, neurons=None if record is True else copies)}
