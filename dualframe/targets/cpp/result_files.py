"""The results files of a program that are read back: the others need not be written.

Brian2's programs write every array at their end, the synapses and delays that they were given too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dualframe.targets.brian.brian_objects import BrianObjects
from dualframe.targets.lowering.final_weights import variables_needed
from dualframe.targets.lowering.lowered_network import LoweredNetwork, LoweredSynapses

FileOf = tuple[str, str]  # name and dtype of a results file


@dataclass(frozen=True)
class ResultFiles:
    """The files that results are read from.

    Attributes
    ----------
    spikes, traces, weights, states
        By population, by population (or projection) and kind of recording, by synapses (variables
        of the postsynaptic neuron end in ``_post``), by population.
    """

    spikes: Mapping[str, Mapping[str, FileOf]]
    traces: Mapping[str, Mapping[str, Mapping[str, FileOf]]]
    weights: Mapping[str, Mapping[str, FileOf]]
    states: Mapping[str, Mapping[str, FileOf]]

    @property
    def names(self) -> frozenset[str]:
        """Names of all of them."""
        return frozenset(name for files in self._tables() for name, _ in files.values())

    def _tables(self) -> Iterator[Mapping[str, FileOf]]:
        yield from self.spikes.values()
        for kinds in self.traces.values():
            yield from kinds.values()
        yield from self.weights.values()
        yield from self.states.values()


def files_read_back(
    assembled: BrianObjects, lowered: LoweredNetwork, device: Any, *, exported: bool = False
) -> ResultFiles:
    """Return the files that the results of a network are read from.

    Parameters
    ----------
    assembled
        The Brian2 objects.
    lowered
        The lowered network.
    device
        Brian2's device, which names the files.
    exported
        Whether somebody else reads them, who knows neither network nor rules: the weights of all
        projections that learn are among them, brought up to date by the program, and their pairs.
    """

    def file(owner: Any, name: str) -> FileOf:
        variable = owner.variables[name]
        return Path(device.get_array_filename(variable)).name, np.dtype(variable.dtype).str

    def is_read(synapses: LoweredSynapses) -> bool:
        return lowered.recording_of_weights(synapses) is not None

    spikes = {n: {v: file(m, v) for v in ("i", "t")} for n, m in assembled.spikes.items()}
    traces = {
        name: {
            kind: {"t": file(m, "t")} | {v: file(m, v) for v in m.record_variables}
            for kind, m in monitors.items()
        }
        for name, monitors in assembled.traces.items()
    }
    weights = {
        s.name: _pair_files(s, assembled, file) if exported else _weight_files(s, assembled, file)
        for s in lowered.synapses
        if len(s.i) and (is_read(s) or (exported and "w" in s.initial))
    }
    states = {
        group.name: {name: file(assembled[group.name], name) for name in group.state_variables}
        for group in lowered.groups
    }
    return ResultFiles(spikes, traces, weights, states)


def _weight_files(
    synapses: LoweredSynapses, assembled: BrianObjects, file: Any
) -> dict[str, FileOf]:
    own, read = variables_needed(synapses)
    neurons = assembled[synapses.target]
    return {name: file(assembled.synapses(synapses.name), name) for name in own} | {
        f"{name}_post": file(neurons, name) for name in read
    }


def _pair_files(synapses: LoweredSynapses, assembled: BrianObjects, file: Any) -> dict[str, FileOf]:
    names = {"w": "w", "pre": "_synaptic_pre", "post": "_synaptic_post"}
    owner = assembled.synapses(synapses.name)
    return {column: file(owner, name) for column, name in names.items()}
