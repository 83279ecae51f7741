"""The files that a compiled program reads: what a lowered network writes into its project.

Everything that may change without recompiling is here: arrays, and the few scalars and lengths
that the merged source reads at start. `dualframe.targets.cpp.known_programs` uses it to run a known
program on new data without generating code; that these are the files that Brian2 would have
written is checked whenever a program is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dualframe.targets.cpp.external_values import FIRST_REPLICA
from dualframe.targets.lowering.final_weights import NOW
from dualframe.targets.lowering.lowered_network import (
    LoweredGroup,
    LoweredNetwork,
    LoweredSpikes,
    LoweredSynapses,
)

Arrays = dict[str, NDArray[Any]]
_OWNED = re.compile(r"^_static_array__(?:dynamic_)?array_")
_INTERNAL = re.compile(
    r"^defaultclock_|_(?:trace|settling)_clock_(?:dt|timestep|t)(?:_\d+)?$|^report_period$"
    r"|_visit\d+_clock_(?:timestep|t)(?:_\d+)?$"
    r"|_(?:lastspike|_lastindex|period|_period_bins)(?:_\d+)?$"
    r"|_delay_size(?:_\d+)?$"
)
_REPEATED = re.compile(r"(?<=_clock_dt)_\d+$")  # Brian2 sets the step of such a clock twice
_LENGTH_OF = re.compile(r"(?P<array>_(?:dynamic_)?array_\w+?)(?:_size(?:_\d+)?)?")


def arrays_and_scalars(lowered: LoweredNetwork) -> tuple[Arrays, dict[str, str]]:
    """Return the arrays of a project by file name, and the single numbers by name, as text.

    Parameters
    ----------
    lowered
        The lowered network.
    """
    values: Arrays = {}
    for group in lowered.groups:
        values |= _group_arrays(group, lowered)
        values |= _recorded_indices(group, lowered)
    for spikes in lowered.spikes:
        values |= _spike_arrays(spikes, lowered)
    for poisson in lowered.poissons:
        values |= _arrays_of_owner(
            lowered.names.groups[poisson.name],
            {
                "rate": poisson.rates,
                "onset": np.array(poisson.start),
                "end": np.array(poisson.stop),
            },
        )
    for synapses in lowered.synapses:
        if len(synapses.i):
            values |= _synapse_arrays(synapses, lowered)
            values |= _followed_indices(synapses, lowered)
    values = {name: value for name, value in values.items() if value.size}
    arrays = {name: value for name, value in values.items() if value.size > 1}
    # Brian2 fills an array of one element by a literal, which the merged source reads as a number
    single = {
        _OWNED.sub("", name): repr(value.item())
        for name, value in values.items()
        if name not in arrays
    }
    single |= {
        f"{lowered.names.synapses[s.name]}_delay": repr(float(s.delay))
        for s in lowered.synapses
        if np.ndim(s.delay) == 0
    }
    single |= {
        f"{lowered.names.made[lowered.names.synapses[s.name], f'visit{k}']}_clock_dt": repr(every)
        for s in lowered.synapses
        for k, (_, every) in enumerate(s.visits)
    }
    single |= {"seed": str(lowered.seed % 2**32), "duration": repr(float(lowered.duration))}
    single[FIRST_REPLICA] = str(lowered.first_replica)
    return arrays, single


def select_values(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str] | None:
    """Return the values of ``names`` in their order, or None if one of them is unknown.

    Parameters
    ----------
    values
        Texts of numbers by name.
    names
        The names, in order.
    """
    try:
        return {name: values[name] for name in names}
    except KeyError:
        return None


def layout_values(
    arrays: Mapping[str, NDArray[Any]], single: Mapping[str, str], learned: Mapping[str, str]
) -> dict[str, str] | None:
    """Return the texts of ``layout.txt`` in the order of a learned one.

    An entry is a single number of ours, the length of an array, or internal state of Brian2,
    which does not depend on the data. None if an entry is none of these.

    Parameters
    ----------
    arrays
        The arrays of the project by file name.
    single
        The single numbers by name.
    learned
        The layout of the first network of this structure.
    """
    found = {}
    for name, value in learned.items():
        array = name if name in arrays else _array_of(name)
        if (number := _REPEATED.sub("", name)) in single:
            found[name] = single[number]
        elif array in arrays:
            found[name] = str(arrays[array].size)
        elif _OWNED.sub("", array) in single:
            found[name] = "1"
        elif _INTERNAL.search(name):
            found[name] = value
        else:
            return None
    return found


def _array_of(name: str) -> str:
    match = _LENGTH_OF.fullmatch(name)
    return f"_static_array_{match['array']}" if match else ""


def _arrays_of_owner(owner: str, values: Mapping[str, Any], dynamic: bool = False) -> Arrays:
    prefix = f"_static_array__{'dynamic_' if dynamic else ''}array_{owner}"
    return {
        f"{prefix}_{name}": np.atleast_1d(np.asarray(value, dtype=np.float64))
        for name, value in values.items()
    }


def _group_arrays(group: LoweredGroup, lowered: LoweredNetwork) -> Arrays:
    constants = {name: constant.value for name, constant in group.constants.items()}
    initial = {name: np.broadcast_to(value, (group.n,)) for name, value in group.initial.items()}
    return _arrays_of_owner(lowered.names.groups[group.name], constants | initial)


def _recorded_indices(group: LoweredGroup, lowered: LoweredNetwork) -> Arrays:
    recording = lowered.recordings.get(group.name)
    if recording is None:
        return {}
    neurons = np.arange(group.n) if recording.neurons is None else recording.neurons
    kinds = ["trace"] if set(recording.variables) - {"dspikes"} else []
    kinds += ["dspikes"] if "dspikes" in recording.variables and group.events else []
    names, owner = lowered.names, lowered.names.groups[group.name]
    return {
        f"_static_array__array_{names.made[owner, kind]}__indices": neurons.astype(np.int32)
        for kind in kinds
    }


def _followed_indices(synapses: LoweredSynapses, lowered: LoweredNetwork) -> Arrays:
    recording = lowered.recording_of_weights(synapses)
    if recording is None or recording.every is None:
        return {}
    chosen = synapses.find_drawn(recording.neurons)
    trace = lowered.names.made[lowered.names.synapses[synapses.name], "trace"]
    return {f"_static_array__array_{trace}__indices": chosen.astype(np.int32)}


def _spike_arrays(spikes: LoweredSpikes, lowered: LoweredNetwork) -> Arrays:
    prefix = f"_static_array__dynamic_array_{lowered.names.groups[spikes.name]}"
    return {
        f"{prefix}_neuron_index": spikes.indices,
        f"{prefix}_spike_number": np.arange(len(spikes.indices)),
        f"{prefix}_spike_time": spikes.times,
        f"{prefix}__timebins": np.rint(spikes.times / lowered.dt).astype(np.int32),
    }


def _synapse_arrays(synapses: LoweredSynapses, lowered: LoweredNetwork) -> Arrays:
    name = lowered.names.synapses[synapses.name]
    shared = {name: c.value for name, c in synapses.constants.items() if c.is_shared}
    single = {name: c.value for name, c in synapses.constants.items() if not c.is_shared}
    recording = lowered.recording_of_weights(synapses)
    is_followed = synapses.due and recording is not None and recording.every is not None
    followed = {NOW: synapses.initial["w"]} if is_followed else {}
    single |= {
        name: np.broadcast_to(value, (len(synapses.i),))
        for name, value in {**synapses.initial, **followed}.items()
    }
    prefix = f"_static_array__array_{name}"
    has_own_delays = np.ndim(synapses.delay) > 0 and synapses.on_pre
    delays = {"delay": np.asarray(synapses.delay)} if has_own_delays else {}
    return {
        f"{prefix}_sources": synapses.i,
        f"{prefix}_targets": synapses.j,
        **_arrays_of_owner(name, delays, dynamic=True),
        **_arrays_of_owner(name, shared),
        **_arrays_of_owner(name, single, dynamic=True),
    }
