"""One cell in a dish: many copies side by side in one network, each with its own current step.

The copies do not touch each other. Currents, parameters, levels and doses stand in arrays with one
value per copy, and times stand in the data of the program: none of them needs another compilation.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from brian2.units import amp, ms, second, volt
from brian2.units.fundamentalunits import get_dimensions
from numpy.typing import NDArray

from dualframe import biological, task_driven
from dualframe.building.calibrated_weights import Calibration
from dualframe.building.circuit_builder import model_key
from dualframe.building.dendritic_circuit import MODEL
from dualframe.circuit import Circuit, CircuitPopulation, Drug, Modulation
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity
from dualframe.core.validation import check_shape
from dualframe.network import CurrentInput, Network, Population, Recording
from dualframe.results.results import Results
from dualframe.simulation.run import positive_time, run

CELL = "cell"  # one name for all, so that cells of the same equations share a program
_FEWEST = 8

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Response:
    """What the copies of a cell did.

    Attributes
    ----------
    cell, model
        Which cell; the model is "" for a population made by hand.
    currents
        Amplitude of the step, one per copy: shape ``(n,)``.
    t
        Sample times relative to the onset of the step, shape ``(n_times,)``; negative before it.
    V
        Membrane potential at the soma, shape ``(n_recorded, n_times)``; no rows if nothing was
        recorded.
    recorded
        The copies that the rows of ``V`` belong to.
    spike_times
        Spike times relative to the onset, an array for each copy.
    duration, delay
        Length of the step, and of the time before it.
    dt
        Time step.
    assumptions
        What the response depends on without a source.
    results
        The run itself, with its provenance.
    """

    cell: str
    model: str
    currents: Any
    t: Any
    V: Any
    recorded: NDArray[np.int64]
    spike_times: tuple[Any, ...]
    duration: Any
    delay: Any
    dt: Any
    assumptions: tuple[str, ...] = ()
    results: Results | None = field(default=None, repr=False)

    @property
    def n(self) -> int:
        """Number of copies."""
        return len(self.spike_times)

    def train(self, copy: int) -> Floats:
        """Return the spikes of a copy during its step, in seconds from the onset."""
        times = np.asarray(self.spike_times[copy], dtype=float)
        return times[(times >= 0) & (times < float(self.duration))]


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
    given = dict(parameters or {})
    start = dict(initial or {})
    amplitude = quantity(0 * amp if currents is None else currents, "current", "currents")
    n = _copies({"currents": amplitude, **given, **start})
    amplitude = amplitude * np.ones(n)
    length, before = positive_time(duration, "duration"), _time(delay, "delay")
    network = _network(cell, model, _rounded(n), modulations, drugs, build)
    population = _replaced(network.populations[0], given, start, n)
    step = _step(population, amplitude, before, length, compartment)
    network = replace(network, populations=(population,), inputs=(step,))
    done = run(
        network,
        before + length + _time(after, "after"),
        target=target,
        seed=seed,
        dt=dt,
        use_gpu=use_gpu,
        progress=False,
        record=_recordings(population, record, variables, n),
    )
    return _response(done, network, model, amplitude, (length, before, dt))


def _copies(given: Mapping[str, Any]) -> int:
    sizes = {name: np.size(value) for name, value in given.items() if np.ndim(value)}
    if len(set(sizes.values())) > 1:
        lengths = ", ".join(f"{name} {size}" for name, size in sizes.items())
        raise NetworkError(f"copies of a cell: the lengths differ ({lengths}). Give one length.")
    return max(sizes.values(), default=1)


def _rounded(n: int) -> int:
    size = _FEWEST
    while size < n:
        if size * 3 // 2 >= n:
            return size * 3 // 2
        size *= 2
    return size


def _time(value: Any, what: str) -> Any:
    time = quantity(value, "time", what)
    if np.ndim(time) or not 0 <= float(np.asarray(time)) < np.inf:
        raise NetworkError(f"{what} is {value}: expected a time, zero or more.")
    return time


def _network(
    cell: Any,
    model: str,
    n: int,
    modulations: Mapping[str, Any] | Iterable[Modulation],
    drugs: Iterable[Drug],
    build: Mapping[str, Any],
) -> Network:
    if isinstance(cell, Population):
        return Network((replace(cell, name=CELL, n=n),), name="bench")
    circuit = Circuit("bench", (CircuitPopulation(CELL, str(cell), n),))
    if isinstance(modulations, Mapping):
        for name, level in modulations.items():
            circuit = circuit.with_modulation(name, level)
    else:
        circuit = circuit.with_(modulations=tuple(modulations))
    circuit = circuit.with_(drugs=tuple(drugs))
    if model == MODEL:
        calibration = Calibration("bench", MODEL, {})
        return biological.build(circuit, calibration=calibration, **build)
    key = model_key(model, "current", build.get("cells", "published"))
    calibration = Calibration("bench", key, {})
    return task_driven.build(
        circuit, model=model, synapses="current", calibration=calibration, **build
    )


def _replaced(
    population: Population, given: Mapping[str, Any], start: Mapping[str, Any], n: int
) -> Population:
    """Return the population with other constants and another start."""
    made: dict[str, dict[str, Any]] = {}
    for what, old, new in (
        ("parameter", population.parameters, given),
        ("initial value", population.initial, start),
    ):
        for name in new:
            if name not in old:
                raise UnknownName(f"{what} of {population.cell_type or 'the cell'}", name, old)
        checked = {
            name: quantity(value, get_dimensions(old[name]), f"{what} {name!r}")
            for name, value in new.items()
        }
        made[what] = {**old, **{k: _padded(v, n, population.n) for k, v in checked.items()}}
    return replace(population, parameters=made["parameter"], initial=made["initial value"])


def _padded(value: Any, n: int, full: int) -> Any:
    """Return one value per copy, the last one for idle copies; a single value stays single."""
    if not np.ndim(value):
        return value
    check_shape(value, n, "values of the copies")
    index = np.minimum(np.arange(full), n - 1)  # NumPy's repeat drops the unit, indexing keeps it
    return value[index]


def _step(
    population: Population, amplitude: Any, start: Any, duration: Any, compartment: str
) -> CurrentInput:
    known = sorted(name for name in population.variables if name.startswith("I_ext"))
    variable = "I_ext" if "I_ext" in known else f"I_ext_{compartment}"
    if variable not in known:
        raise UnknownName("compartment", compartment, [name[6:] for name in known])
    sizes = np.zeros(population.n)
    sizes[: np.size(amplitude)] = np.asarray(amplitude, dtype=float)
    stop = start + duration
    return CurrentInput(CELL, sizes * amp, start, stop, variable=variable, name="clamp")


def _recordings(
    population: Population, record: Any, variables: Iterable[str], n: int
) -> dict[str, Recording]:
    if record is False or not np.size(record):
        return {}
    chosen = np.arange(n) if record is True else np.atleast_1d(np.asarray(record, dtype=int))
    if chosen.min() < 0 or chosen.max() >= n:
        raise NetworkError(f"record asks for copy {chosen.max()}, but there are {n}.")
    names = tuple(dict.fromkeys([population.voltage, *variables]))
    return {CELL: Recording(names, neurons=None if record is True else chosen)}


def _response(
    done: Results, network: Network, model: str, currents: Any, times: tuple[Any, Any, Any]
) -> Response:
    (population,), n = network.populations, len(currents)
    duration, delay, dt = times
    neuron, when = done.spike_trains(CELL)
    order = np.lexsort((when, neuron))
    ends = np.searchsorted(neuron[order], np.arange(n + 1))
    when = when[order] - float(np.asarray(delay))
    trains = tuple(when[a:b] * second for a, b in pairwise(ends))
    trace = done.traces.get(CELL)
    kept = np.zeros(0, dtype=np.int64) if trace is None else trace.neurons[trace.neurons < n]
    t, samples = np.zeros(0), np.zeros((0, 0))
    if trace is not None:
        t = trace.t - float(np.asarray(delay))
        samples = trace.values[population.voltage][: len(kept)]
    return Response(
        cell=population.cell_type,
        model=model,
        currents=currents,
        t=t * second,
        V=samples * volt,
        recorded=np.asarray(kept, dtype=np.int64),
        spike_times=trains,
        duration=duration,
        delay=delay,
        dt=dt,
        assumptions=tuple(network.meta.get("assumptions", ())),
        results=done,
    )
