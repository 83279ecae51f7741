"""What is recorded of agents while they learn, beside what their outcome needs.

A recording names a population of one agent (``"environment"`` is that of the environment, as in a
task's file) and neurons within one agent. The run has all agents side by side: what an outcome
samples of the same population is sampled with it, as often as both need, and each of them gets the
samples that it would have alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import gcd
from typing import Any

import numpy as np
import pandas as pd
from brian2.units import second
from numpy.typing import NDArray

from dualframe.building.task_context import ENVIRONMENT
from dualframe.core.errors import NetworkError, UnknownName
from dualframe.core.quantity import quantity_text
from dualframe.core.validation import as_indices, expect_type
from dualframe.network import Network, Recording
from dualframe.results.results import Results
from dualframe.results.trace import Trace
from dualframe.simulation.recordings import as_tuple, check_spike_recording, resolve_recordings

#: How calls, files of tasks and results call the population of the environment.
LABEL = "environment"
SHOWN_AGENTS = 3  # whose positions are kept where nothing else is asked for


@dataclass(frozen=True, kw_only=True)
class AgentRecordings:
    """What is kept of agents while they learn.

    Attributes
    ----------
    record
        Variables by population; neurons are those of one agent.
    spikes
        Populations whose spikes are kept.
    agents
        Agents that are recorded; None for all of them.
    """

    record: Mapping[str, Recording] = field(default_factory=dict)
    spikes: tuple[str, ...] = ()
    agents: tuple[int, ...] | None = None

    def population_names(self) -> list[str]:
        """Names of populations of which something is kept, as the network has them."""
        return [population_of(name) for name in dict.fromkeys([*self.record, *self.spikes])]


def population_of(name: str) -> str:
    """Return what the network calls a population that a call names.

    Parameters
    ----------
    name
        Of the population, or ``"environment"``.
    """
    return ENVIRONMENT if name == LABEL else name


def label_of(population: str) -> str:
    """Return what calls and results call a population of the network.

    Parameters
    ----------
    population
        As the network calls it.
    """
    return LABEL if population == ENVIRONMENT else population


def request_recordings(
    record: Mapping[str, Any] | None,
    spikes: Sequence[str],
    chosen_agents: Sequence[int] | None,
    *,
    agents: int,
    sampling: Any,
    position: Sequence[str] = (),
) -> AgentRecordings:
    """Return what is asked to be recorded, as `dualframe.train` takes it.

    Parameters
    ----------
    record
        Per population variable names, sampled every ``sampling``, or a `Recording`; None keeps the
        position of the first three agents.
    spikes
        Populations whose spikes are kept.
    chosen_agents
        Numbers of the agents that are recorded; None for all of them.
    agents
        Number of agents.
    sampling
        The protocol's sampling interval.
    position
        Variables of the environment that are the agent's place.

    Raises
    ------
    NetworkError
        If an agent is not there.
    """
    numbers = None
    if chosen_agents is not None:
        chosen = as_indices(chosen_agents, "recorded_agents", agents)
        numbers = tuple(sorted({int(k) for k in chosen}))
        if not numbers:
            raise NetworkError("recorded_agents is empty: give at least one agent, or None.")
    if record is None:
        if not position:
            return AgentRecordings(spikes=as_tuple(spikes), agents=numbers)
        record = {LABEL: position}
        if numbers is None and not spikes:
            numbers = tuple(range(min(agents, SHOWN_AGENTS)))
    example = 'populations and variables, like {"action": ["V"]}'
    expect_type(record, Mapping, "record", example)
    requested = {}
    for name, request in record.items():
        expect_type(request, (str, Iterable, Recording), f"record[{name!r}]", example)
        by_name = not isinstance(request, Recording)
        requested[name] = Recording(as_tuple(request), every=sampling) if by_name else request
    return AgentRecordings(record=requested, spikes=as_tuple(spikes), agents=numbers)


def check_recordings(request: AgentRecordings, agent: Network, dt: Any) -> None:
    """Refuse to record what an agent does not have.

    Parameters
    ----------
    request
        What is asked for.
    agent
        The network of one agent.
    dt
        Time step.

    Raises
    ------
    UnknownName, NetworkError
        If there is no such population, variable or neuron, or an interval is no whole number of
        time steps.
    """
    known = [label_of(population.name) for population in agent.populations]
    for name in [*request.record, *request.spikes]:
        if name not in known:
            raise UnknownName("population of the agent to record", name, known)
    renamed = {population_of(name): asked for name, asked in request.record.items()}
    resolve_recordings(agent, renamed, dt)
    check_spike_recording(agent, [population_of(name) for name in request.spikes])
    for name, asked in request.record.items():
        count = 1.0 if asked.every is None else float(asked.every / dt)
        if abs(count - round(count)) > 1e-6 * count:
            raise NetworkError(
                f"every of record[{name!r}] is {quantity_text(asked.every)}: expected a whole "
                f"number of time steps of {quantity_text(dt)}."
            )


@dataclass(frozen=True, kw_only=True)
class RecordingPlan:
    """What a run of all agents records for their outcome and for the user.

    Attributes
    ----------
    request
        What the user asks for.
    needed
        What the outcome needs, by population or projection.
    agent
        The network of one agent.
    agents
        Number of agents.
    dt
        Time step in seconds.
    """

    request: AgentRecordings
    needed: Mapping[str, Recording]
    agent: Network
    agents: int
    dt: float

    def recordings(self) -> dict[str, Recording]:
        """What the run records."""
        joined = dict(self.needed)
        for label, asked in self.request.record.items():
            name = population_of(label)
            wide = replace(asked, neurons=self._indices(label))
            joined[name] = self._join(joined[name], wide) if name in joined else wide
        return joined

    def populations_with_spikes(self, needed: Sequence[str]) -> tuple[str, ...]:
        """Populations whose spikes the run keeps.

        Parameters
        ----------
        needed
            Those that the outcome needs.
        """
        requested = [population_of(name) for name in self.request.spikes]
        return tuple(dict.fromkeys([*needed, *requested]))

    def select_needed(self, results: Results) -> Results:
        """Return results with the traces that the outcome would have alone.

        Parameters
        ----------
        results
            Of the run.
        """
        shared = {population_of(label) for label in self.request.record} & self.needed.keys()
        if not shared:
            return results
        traces = dict(results.traces)
        for name in shared:
            traces[name] = self._select(traces[name], self.needed[name], None)
        return replace(results, traces=traces)

    def select_requested(self, results: Results) -> Results:
        """Return what the user asked for: results of all agents side by side.

        Neuron ``i`` of agent ``k`` of a population of ``n`` has index ``k*n + i``.

        Parameters
        ----------
        results
            Of the run.
        """
        names = self.request.population_names()
        table = results.populations
        table = table[table["population"].isin(names)].reset_index(drop=True)
        spiking = [population_of(name) for name in self.request.spikes]
        record = self.request.record
        with_dspikes = [population_of(k) for k in record if "dspikes" in record[k].variables]
        return Results(
            populations=_relabelled(table),
            spikes=self._of_chosen_agents(results.spikes, spiking),
            dspikes=self._of_chosen_agents(results.dspikes, with_dspikes),
            duration=results.duration,
            traces={
                label: self._select(results.traces[name], asked, self._indices(label))
                for label, asked in self.request.record.items()
                if (name := population_of(label)) in results.traces
                and set(asked.variables) != {"dspikes"}
            },
        )

    def _indices(self, label: str) -> NDArray[np.int64] | None:
        """Indices among all agents of the neurons that are asked for; None is all of them."""
        asked, numbers = self.request.record[label], self.request.agents
        if asked.neurons is None and numbers is None:
            return None
        n = self.agent.population(population_of(label)).n
        neurons = np.arange(n) if asked.neurons is None else np.unique(asked.neurons)
        chosen = range(self.agents) if numbers is None else numbers
        return np.concatenate([k * n + neurons for k in chosen], dtype=np.int64)

    def _steps(self, recording: Recording) -> int:
        every = self.dt if recording.every is None else float(recording.every)
        return max(round(every / self.dt), 1)

    def _join(self, needed: Recording, asked: Recording) -> Recording:
        steps = gcd(self._steps(needed), self._steps(asked))
        everyone = needed.neurons is None or asked.neurons is None
        return Recording(
            tuple(dict.fromkeys([*needed.variables, *asked.variables])),
            None if everyone else np.union1d(needed.neurons, asked.neurons),
            None if steps == 1 else steps * self.dt * second,
        )

    def _select(self, trace: Trace, alone: Recording, neurons: NDArray[np.int64] | None) -> Trace:
        """Return the samples and neurons of a trace that one recording alone would have."""
        stride = 1
        if trace.t.size > 1:
            stride = max(round(self._steps(alone) * self.dt / (trace.t[1] - trace.t[0])), 1)
        rows = slice(None) if neurons is None else np.searchsorted(trace.neurons, neurons)
        names = [name for name in alone.variables if name in trace.values]
        return Trace(
            t=trace.t[::stride],
            neurons=trace.neurons[rows],
            values={name: trace.values[name][rows, ::stride] for name in names},
            units=trace.units,
        )

    def _of_chosen_agents(self, spikes: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
        rows = spikes["population"].isin(names).to_numpy()
        if self.request.agents is not None:
            sizes = {population.name: population.n for population in self.agent.populations}
            counts = spikes["population"].astype(object).map(sizes).to_numpy(dtype=np.int64)
            rows = rows & np.isin(spikes["neuron"].to_numpy() // counts, self.request.agents)
        return _relabelled(spikes[rows])


def _relabelled(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(population=[label_of(str(name)) for name in table["population"]])
