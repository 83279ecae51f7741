"""What a run records: names of variables become recordings, checked against the network.

Variables by name are those of the first `RECORDED_NEURONS` neurons of a population; a `Recording`
says itself which. Every neuron at every step is rarely looked at and fills the memory: a thousand
neurons for ten seconds in steps of 0.1 ms are 0.8 GB for each variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.machine_memory import MemoryNeed, memory_text
from dualframe.core.validation import expect_type
from dualframe.network import Network, Population, Recording
from dualframe.targets.lowering.lowered_network import LoweredNetwork
from dualframe.targets.lowering.network_size import VALUE, recordings_memory

#: Neurons of each population that are recorded where variables are asked for by name.
RECORDED_NEURONS = 3
#: Bytes of recorded variables from which on a run warns before it begins.
MUCH_MEMORY = 1e9


def resolve_recordings(
    network: Network, record: Mapping[str, Any], dt: Any
) -> dict[str, Recording]:
    """Return what to record by population or projection, checked against the network.

    Parameters
    ----------
    network
        The description.
    record
        What to record, by population or projection: variable names, or a `Recording`.
    dt
        Time step, of which a sampling interval has at least one.
    """
    populations = {population.name: population for population in network.populations}
    projections = {projection.name for projection in network.projections}
    found = {}
    example = 'populations and variables, like {"pyr": ["V"]}'
    expect_type(record, Mapping, "record", example)
    for name, request in record.items():
        if name not in populations and name not in projections:
            raise UnknownName(
                "population or projection to record", name, [*populations, *projections]
            )
        expect_type(request, (str, Iterable, Recording), f"record[{name!r}]", example)
        recording = request if isinstance(request, Recording) else Recording(as_tuple(request))
        if name in populations:
            if recording is not request:
                recording = record_first_neurons(populations[name], recording.variables)
            _check_population_recording(populations[name], recording)
        else:
            _check_weight_recording(network, name, recording)
        if recording.every is not None and np.asarray(recording.every) < 0.5 * np.asarray(dt):
            raise NetworkError(
                f"every of record[{name!r}] is {recording.every}, shorter than the time step dt of "
                f"{dt}: expected at least one step."
            )
        found[name] = recording
    return found


def record_first_neurons(
    population: Population, variables: Sequence[str], every: Any = None
) -> Recording:
    """Return the recording that variables by name stand for: that of the first neurons.

    Parameters
    ----------
    population
        The population, of which the first `RECORDED_NEURONS` are recorded, or all if it has fewer.
    variables
        Names.
    every
        Sampling interval; None is every time step.
    """
    few = population.n <= RECORDED_NEURONS
    return Recording(tuple(variables), None if few else np.arange(RECORDED_NEURONS), every)


def warn_of_large_recordings(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say how much memory the recorded variables take, where it is very much.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    asked = lowered.recordings
    parts = [*recordings_memory(network, lowered.dt, lowered.duration, asked), *_weights(lowered)]
    total = sum(part.size for part in parts)
    if total > MUCH_MEMORY:
        largest = max(parts, key=lambda part: part.size)
        yield (
            f"what is recorded takes {memory_text(total)} of memory: {largest.label} "
            f"({memory_text(largest.size)}); record fewer neurons, or less often: "
            f'Recording("V", neurons=[0, 1, 2], every=1*ms).'
        )


def warn_of_few_dendritic_spikes(network: Network, lowered: LoweredNetwork) -> Iterator[str]:
    """Say whose dendritic spikes are those of the first neurons only.

    Parameters
    ----------
    network, lowered
        The network, as described and as it will run.
    """
    sizes = {population.name: population.n for population in network.populations}
    few = [
        f"{name} (of {sizes[name]})"
        for name, recording in lowered.recordings.items()
        if "dspikes" in recording.variables and _is_of_first_neurons(recording, sizes[name])
    ]
    if few:
        yield (
            f"dendritic spikes are those of the first {RECORDED_NEURONS} neurons of "
            f'{", ".join(few)}: Recording("dspikes") keeps those of all.'
        )


def _is_of_first_neurons(recording: Recording, n: int) -> bool:
    chosen = recording.neurons
    return (
        chosen is not None and n > len(chosen) and np.array_equal(chosen, range(RECORDED_NEURONS))
    )


def _weights(lowered: LoweredNetwork) -> Iterator[MemoryNeed]:
    """Yield the memory of weights that are followed in time."""
    for synapses in lowered.synapses:
        recording = lowered.recording_of_weights(synapses)
        if recording is None or recording.every is None:
            continue
        number = len(synapses.i) if recording.neurons is None else len(recording.neurons)
        samples = number * np.ceil(lowered.duration / float(np.asarray(recording.every)))
        yield MemoryNeed(
            samples * VALUE, f"{samples:.3g} weights recorded of {synapses.projection!r}"
        )


def check_spike_recording(network: Network, names: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the populations whose spikes are kept, checked; None is all of them.

    Parameters
    ----------
    network
        The description.
    names
        One name or several.
    """
    if names is None:
        return None
    known = [population.name for population in network.populations]
    for name in as_tuple(names):
        if name not in known:
            raise UnknownName("population whose spikes are kept", name, known)
    return as_tuple(names)


def check_recorded_synapses(lowered: LoweredNetwork) -> None:
    """Refuse to follow synapses that were not drawn.

    Parameters
    ----------
    lowered
        The network as it will run.
    """
    for synapses in lowered.synapses:
        recording = lowered.recording_of_weights(synapses)
        chosen = None if recording is None else recording.neurons
        if chosen is None or not chosen.size:
            continue
        wrong = chosen[chosen >= len(synapses.i)]
        if wrong.size:
            raise NetworkError(
                f"recording asks for synapse {wrong[0]} of projection {synapses.projection!r}, "
                f"which has {len(synapses.i)}."
            )


def as_tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    """Return one name or several as a tuple.

    Parameters
    ----------
    names
        One name or several.
    """
    return (names,) if isinstance(names, str) else tuple(names)


def _check_population_recording(population: Population, recording: Recording) -> None:
    known = population.variables | ({"dspikes"} if population.events else set())
    for variable in recording.variables:
        if variable not in known:
            label = f"variable of population {population.name!r}"
            lister = f"sorted(network.population({population.name!r}).variables)"
            raise UnknownName(label, variable, known, lister=lister)
    if recording.neurons is not None and recording.neurons.max() >= population.n:
        raise NetworkError(
            f"recording asks for neuron {recording.neurons.max()} of population "
            f"{population.name!r}, which has {population.n}: expected at most {population.n - 1}."
        )


def _check_weight_recording(network: Network, name: str, recording: Recording) -> None:
    if recording.variables != ("w",):
        raise UnknownName(f"variable of projection {name!r}", recording.variables[0], ["w"])
    projection = next(p for p in network.projections if p.name == name)
    one_delay = hasattr(projection.delay, "dim") and np.ndim(projection.delay) == 0
    if recording.every is not None and (projection.plasticity is None or not one_delay):
        raise NetworkError(
            f"the weights of projection {name!r} cannot be followed in time: this needs a "
            f"plasticity rule and one delay. Leave out `every` for those at the end."
        )
    if recording.neurons is not None and recording.every is None:
        raise NetworkError(
            f"recording of projection {name!r} chooses synapses: say how often with every=."
        )
