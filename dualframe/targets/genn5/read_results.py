"""What a PyGeNN model has recorded, in the form that every target returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dualframe.network import Recording
from dualframe.targets.brian.raw_results import RawResults, RawTrace
from dualframe.targets.genn5.assemble_model import AssembledModel
from dualframe.targets.genn5.genn_text import genn_name
from dualframe.targets.genn5.network_needs import recorded_names
from dualframe.targets.genn5.neuron_code import start_name
from dualframe.targets.genn5.visits import read_variable
from dualframe.targets.lowering.final_weights import final_weights
from dualframe.targets.lowering.lowered_network import Array, LoweredSynapses

_BUFFER = 2**26  # bytes of recorded spikes before they are read


def recording_steps(assembled: AssembledModel, steps: int) -> int:
    """Return for how many of GeNN's steps spikes are recorded before they are read.

    Parameters
    ----------
    assembled
        The model.
    steps
        Number of time steps of the run.
    """
    words = sum(-(-group.n // 32) for group in assembled.needs.network.groups)
    longest = max(_BUFFER // (4 * max(words, 1)), 1)
    return int(min(assembled.needs.phases * steps + 1, longest))


@dataclass
class _Samples:
    """Values that are read at every ``stride`` steps."""

    stride: int
    read: Callable[[], Array]
    values: list[Array] = field(default_factory=list)


class Recorder:
    """Steps a loaded model, and keeps what is recorded.

    Parameters
    ----------
    assembled
        The model.
    """

    def __init__(self, assembled: AssembledModel) -> None:
        self.assembled = assembled
        self._length = recording_steps(
            assembled, round(assembled.needs.network.duration / assembled.needs.network.dt)
        )
        self._read_until = 0
        self._events: dict[str, list[tuple[Array, Array]]] = {}
        self.samples = dict(_samples(assembled))
        self.steps = 0

    def step_model(self) -> None:
        """Let GeNN take one of its steps."""
        self.assembled.model.step_time()
        if self.assembled.model.timestep % self._length == 0:
            self.read_spikes()

    def finish_step(self, step: int) -> None:
        """Read what is recorded of a time step.

        Parameters
        ----------
        step
            Its number.
        """
        self.steps = step + 1
        for samples in self.samples.values():
            if step % samples.stride == 0:
                samples.values.append(samples.read())

    def read_spikes(self, *, at_the_end: bool = False) -> None:
        """Read the spikes since the last reading; GeNN gives those of whole buffers.

        Parameters
        ----------
        at_the_end
            Whether the buffer is not full.
        """
        model, until = self.assembled.model, self.assembled.model.timestep
        if at_the_end and until > self._read_until:
            model.timestep = -(-until // self._length) * self._length
        if until == self._read_until or not self._recorded():
            return
        model.pull_recording_buffers_from_device()
        for name in self._recorded():
            times, indices = self.assembled.populations[name].spike_recording_data[0]
            steps = np.rint(np.asarray(times) / model.dt).astype(np.int64)
            is_new = (steps >= self._read_until) & (steps < until)
            self._events.setdefault(name, []).append((np.asarray(indices)[is_new], steps[is_new]))
        self._read_until = until

    def spikes(self, name: str) -> tuple[Array, Array]:
        """Return the neurons and times of all spikes of a population, in order of time.

        Parameters
        ----------
        name
            The population.
        """
        parts = self._events.get(name) or [(np.zeros(0, int), np.zeros(0, int))]
        indices, steps = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((indices, steps))
        phases, dt = self.assembled.needs.phases, self.assembled.needs.network.dt
        return indices[order].astype(np.int32), (steps[order] // phases) * dt

    def _recorded(self) -> list[str]:
        network = self.assembled.needs.network
        return [g.name for g in network.groups if g.threshold and g.name not in network.silent]


def _samples(assembled: AssembledModel) -> Iterator[tuple[tuple[str, str], _Samples]]:
    """What is sampled: by population or synapses, and variable."""
    needs = assembled.needs
    for group in needs.network.groups:
        recording = needs.network.recordings.get(group.name)
        for name in recorded_names(group, recording):
            variable = needs.recorded[group.name][name]
            stride = 1 if name in group.events.values() else _stride(assembled, recording)
            read = read_variable(assembled.populations[group.name], start_name(variable))
            chosen = None if recording is None else recording.neurons
            yield (group.name, name), _Samples(stride, _choosing(read, chosen))
    for synapses in needs.synapses:
        if recording := needs.weights_in_time(synapses):
            read = _weight_reader(assembled, synapses, at_start=True)
            yield (
                (synapses.projection, "w"),
                _Samples(
                    _stride(assembled, recording),
                    _choosing(read, synapses.find_drawn(recording.neurons)),
                ),
            )


def _stride(assembled: AssembledModel, recording: Recording | None) -> int:
    every = None if recording is None else recording.every
    if every is None:
        return 1
    return max(1, round(float(np.asarray(every)) / assembled.needs.network.dt))


def _choosing(read: Callable[[], Array], chosen: Any) -> Callable[[], Array]:
    return read if chosen is None else lambda: read()[chosen]


def _synapse_reader(assembled: AssembledModel, synapses: LoweredSynapses) -> Any:
    """Return what reads a variable of synapses, in the order of the lowered network."""

    def read(name: str) -> Array:
        values = np.empty(len(synapses.i))
        for population in assembled.synapses[synapses.name]:
            population.write_values(genn_name(name), values)
        return values

    return read


def _weight_reader(
    assembled: AssembledModel, synapses: LoweredSynapses, *, at_start: bool
) -> Callable[[], Array]:
    target = assembled.populations[synapses.target]
    spelled = start_name if at_start else genn_name
    of_synapses = _synapse_reader(assembled, synapses)

    def of_own(name: str) -> Array:
        constant = synapses.constants.get(name)
        return of_synapses(name) if constant is None else constant.value

    return lambda: np.array(
        final_weights(synapses, of_own, lambda name: read_variable(target, spelled(name))())
    )


def collect_results(assembled: AssembledModel, recorder: Recorder) -> RawResults:
    """Return the results of a model that has run.

    Parameters
    ----------
    assembled
        The model.
    recorder
        What it has recorded.
    """
    network = assembled.needs.network
    raw = RawResults(simulated_s=recorder.steps * network.dt)
    for group in network.groups:
        if group.threshold and group.name not in network.silent:
            raw.spikes[group.name] = recorder.spikes(group.name)
        of_group = assembled.populations[group.name]
        raw.states[group.name] = {
            name: read_variable(of_group, genn_name(name))() for name in group.state_variables
        }
    _collect_traces(raw, assembled, recorder)
    parts: dict[str, list[tuple[Any, ...]]] = {}
    for synapses in assembled.needs.synapses:
        if network.recording_of_weights(synapses) is not None:
            weights = _weight_reader(assembled, synapses, at_start=False)()
            parts.setdefault(synapses.projection, []).append(synapses.list_as_drawn(weights))
    for name, found in parts.items():
        i, j, w = (np.concatenate(column) for column in zip(*found, strict=True))
        raw.weights[name] = (i, j, w)
    return raw


def _collect_traces(raw: RawResults, assembled: AssembledModel, recorder: Recorder) -> None:
    network = assembled.needs.network
    groups = {group.name: group for group in network.groups}
    for (name, variable), samples in recorder.samples.items():
        recording, group = network.recordings[name], groups.get(name)
        values = np.array(samples.values).T
        members = recording.neurons
        if members is None:
            members = np.arange(len(values) if len(samples.values) else 0)
        times = np.arange(len(samples.values)) * samples.stride * network.dt
        is_event = group is not None and variable in group.events.values()
        traces = raw.events if is_event else raw.traces
        trace = traces.setdefault(name, RawTrace(times, np.asarray(members), {}))
        trace.values[variable] = values
