"""Recorded variables and spikes by agent: views of results in which agents stand side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from brian2.units.fundamentalunits import Quantity
from numpy.typing import NDArray

from dualframe.core.errors import UnknownName
from dualframe.core.quantity import quantity
from dualframe.results.results import Results
from dualframe.results.run_record import RunRecord
from dualframe.results.trace import Trace, trace_text


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AgentTrace:
    """Recorded variables of one population, by agent.

    Attributes
    ----------
    t
        Sample times in seconds, shape ``(times,)``.
    agents
        Numbers of the recorded agents, shape ``(agents,)``.
    neurons
        Indices of the recorded neurons within an agent, shape ``(neurons,)``.
    values
        Per variable an array of shape ``(agents, neurons, times)`` in base SI units.
    units
        Per variable the unit of its values; ``"1"`` has no dimension.
    """

    t: NDArray[np.float64]
    agents: NDArray[np.int64]
    neurons: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]

    def __repr__(self) -> str:
        text = trace_text(self.values, len(self.neurons), self.t)
        return f"<AgentTrace: of {len(self.agents)} agents, {text}>"

    def __getitem__(self, variable: str) -> NDArray[np.float64]:
        if variable not in self.values:
            raise UnknownName("recorded variable", variable, self.values)
        return self.values[variable]

    def quantity(self, variable: str) -> Any:
        """Return a variable as a quantity of shape ``(agents, neurons, times)``.

        Parameters
        ----------
        variable
            Its name.
        """
        values, unit = self[variable], self.units[variable]
        return values if unit == "1" else Quantity(values * quantity(f"1 {unit}"))

    def select_agent(self, agent: int) -> Trace:
        """Return the trace of one agent, as that of a run.

        Parameters
        ----------
        agent
            Its number.
        """
        row = np.flatnonzero(self.agents == agent)
        if not row.size:
            raise UnknownName("recorded agent", agent, [str(k) for k in self.agents])
        values = {name: array[row[0]] for name, array in self.values.items()}
        return Trace(t=self.t, neurons=self.neurons, values=values, units=self.units)


def trace_by_agent(trace: Trace, n: int) -> AgentTrace:
    """Return the trace of a population of all agents by agent.

    Parameters
    ----------
    trace
        Neuron ``i`` of agent ``k`` has index ``k*n + i``; of every agent the same neurons.
    n
        Neurons of the population in one agent.

    Raises
    ------
    ValueError
        If they are not the same.
    """
    agents = np.unique(trace.neurons // n)
    neurons = np.unique(trace.neurons % n)
    if not np.array_equal(trace.neurons, (agents[:, np.newaxis] * n + neurons).ravel()):
        raise ValueError("it does not have the same neurons of each agent")
    shape = (agents.size, neurons.size, trace.t.size)
    values = {name: array.reshape(shape) for name, array in trace.values.items()}
    return AgentTrace(t=trace.t, agents=agents, neurons=neurons, values=values, units=trace.units)


def spikes_by_agent(spikes: pd.DataFrame, sizes: Mapping[str, int]) -> pd.DataFrame:
    """Return a table of spikes with a column ``agent``, and neurons within an agent.

    Parameters
    ----------
    spikes
        Of all agents side by side, or their dendritic spikes.
    sizes
        Neurons in one agent, by population.
    """
    n = spikes["population"].astype(object).map(dict(sizes)).to_numpy(dtype=np.int64)
    index = spikes["neuron"].to_numpy()
    table = spikes.assign(agent=index // n if len(index) else index, neuron=index % n)
    first = ["population", "agent", "neuron", "t"]
    return table[[*first, *(name for name in table if name not in first)]]


def results_of_agent(
    recorded: RunRecord, agent: int, agents: int, provenance: Mapping[str, Any]
) -> Results:
    """Return what was recorded of one agent, as the results of a run.

    Parameters
    ----------
    recorded
        Of all agents side by side.
    agent
        Number of the agent.
    agents
        How many stand side by side.
    provenance
        Of the run.
    """
    populations = recorded.populations.assign(n=recorded.populations["n"] // agents)
    sizes = dict(zip(populations["population"], populations["n"], strict=True))
    spikes, dspikes = (
        spikes_by_agent(table, sizes).loc[lambda spikes: spikes["agent"] == agent]
        for table in (recorded.spikes, recorded.dspikes)
    )
    traces = {}
    for name, trace in recorded.traces.items():
        by_agent = trace_by_agent(trace, sizes[name])
        if agent in by_agent.agents:
            traces[name] = by_agent.select_agent(agent)
    return Results(
        populations=populations,
        spikes=spikes,
        dspikes=dspikes,
        duration=recorded.duration,
        traces=traces,
        provenance=provenance,
    )
