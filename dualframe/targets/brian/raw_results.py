"""What every target returns: arrays in base units and what the run took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.targets.brian.brian_objects import BrianObjects
from dualframe.targets.lowering.final_weights import NOW, final_weights
from dualframe.targets.lowering.lowered_network import LoweredNetwork

Array = NDArray[Any]
Progress = Callable[[float], None]


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """How to run, apart from the network.

    Parameters
    ----------
    threads
        Cores, for blocks of agents or OpenMP threads (C++ only).
    strict
        Strict floating point: no fast-math, so that targets agree to the last bit.
    use_gpu
        GeNN only: ``True`` CUDA, ``False`` its CPU back end, ``None`` CUDA where there is one.
    precision
        ``"float64"`` or ``"float32"`` (not on the runtime).
    progress
        Called with the simulated fraction, between 0 and 1.
    notify
        Called with a warning of what is met while it runs.
    """

    threads: int = 1
    strict: bool = False
    use_gpu: bool | None = None
    precision: str = "float64"
    progress: Progress | None = None
    notify: Callable[[str], None] = field(default=lambda text: None)


@dataclass
class RawTrace:
    """Recorded variables: ``values[name]`` has shape (neurons, times)."""

    times: Array
    neurons: Array
    values: dict[str, Array]


@dataclass(kw_only=True)
class RawResults:
    """Results of a run, before they become `dualframe.results.results.Results`, which orders them.

    ``states`` are the final values of the variables of each population. ``unstable`` are the
    populations of which was said while they ran that their state is not finite.
    """

    spikes: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    traces: dict[str, RawTrace] = field(default_factory=dict)
    events: dict[str, RawTrace] = field(default_factory=dict)
    weights: dict[str, tuple[Array, Array, Array]] = field(default_factory=dict)
    states: dict[str, dict[str, Array]] = field(default_factory=dict)
    build_s: float = 0.0
    run_s: float = 0.0
    simulated_s: float = 0.0
    build_cache: str = "none"
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    unstable: set[str] = field(default_factory=set)


def collect_results(assembled: BrianObjects, lowered: LoweredNetwork) -> RawResults:
    """Read the monitors of a network that has run.

    Parameters
    ----------
    assembled
        The Brian2 objects, after the run.
    lowered
        The lowered network.
    """
    raw = RawResults(simulated_s=lowered.duration)
    for name, monitor in assembled.spikes.items():
        raw.spikes[name] = (np.asarray(monitor.i), np.asarray(monitor.t))
    groups = {group.name: group for group in lowered.groups}
    for name, monitors in assembled.traces.items():
        alias_of = groups[name].recorded_as if name in groups else {"w": NOW}
        original = {alias: own for own, alias in alias_of.items()}
        for kind, monitor in monitors.items():
            values = {
                original.get(variable, variable): np.asarray(getattr(monitor, variable))
                for variable in monitor.record_variables
            }
            chosen = lowered.recordings[name].neurons
            neurons = np.arange(len(monitor.record)) if chosen is None else np.asarray(chosen)
            trace = RawTrace(np.asarray(monitor.t), neurons, values)
            (raw.traces if kind == "trace" else raw.events)[name] = trace
    raw.weights = _final_weights(assembled, lowered)
    raw.states = read_states(assembled, lowered)
    return raw


def read_states(assembled: BrianObjects, lowered: LoweredNetwork) -> dict[str, dict[str, Array]]:
    """Return the values that the variables of each population have now.

    Parameters
    ----------
    assembled
        The Brian2 objects.
    lowered
        The lowered network.
    """
    readers = {g.name: _variable_reader(assembled.objects[g.name]) for g in lowered.groups}
    return {
        group.name: {name: readers[group.name](name) for name in group.state_variables}
        for group in lowered.groups
    }


def _final_weights(
    assembled: BrianObjects, lowered: LoweredNetwork
) -> dict[str, tuple[Array, Array, Array]]:
    """Weights at the end of the run, of the projections that are recorded."""
    parts: dict[str, list[tuple[Array, Array, Array]]] = {}
    for synapses in lowered.synapses:
        if lowered.recording_of_weights(synapses) is None or not len(synapses.i):
            continue
        final = final_weights(
            synapses,
            _variable_reader(assembled.synapses(synapses.name)),
            _variable_reader(assembled[synapses.target]),
        )
        parts.setdefault(synapses.projection, []).append(synapses.list_as_drawn(final))
    return {
        name: tuple(np.concatenate(column) for column in zip(*found, strict=True))
        for name, found in parts.items()
    }


def _variable_reader(owner: Any) -> Any:
    return lambda name: np.asarray(owner.variables[name].get_value())
