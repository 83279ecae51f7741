"""What agents have learned and what was recorded of them: weights, traces, spikes, provenance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

import pandas as pd

from dualframe.core.errors import UnknownName
from dualframe.network import Network
from dualframe.results.action_tables import actions_table
from dualframe.results.results import Results
from dualframe.training.agent_traces import (
    AgentTrace,
    results_of_agent,
    spikes_by_agent,
    trace_by_agent,
)
from dualframe.training.learning_record import LearningRecord
from dualframe.training.recorded_files import empty_recordings
from dualframe.training.training_specification import build_counted_agent


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class AgentRecord(LearningRecord):
    """What agents of one condition did, what they have learned, and what was recorded of them.

    Attributes
    ----------
    task, n, trials, outcomes, curves
        As in `dualframe.training.learning_record.LearningRecord`.
    weights
        DataFrame (pre, post, weight) by projection, of all agents together, in base units.
    weight_units
        Unit of the weights by projection.
    recorded
        Recorded variables and spikes, as the results of a run of all agents side by side: neuron
        ``i`` of agent ``k`` of a population of ``n`` has index ``k*n + i``.
    provenance
        As of `dualframe.Results`; ``arguments`` is the specification that repeats the training.
    folder
        Where they were read from; empty if they were not.
    """

    weights: Mapping[str, pd.DataFrame]
    weight_units: Mapping[str, str] = field(default_factory=dict)
    recorded: Results = field(default_factory=empty_recordings)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    folder: str = ""

    @cached_property
    def network(self) -> Network:
        """The network of one agent, as its task says."""
        facts = self.provenance
        return build_counted_agent(self.task, facts["branch"], facts.get("model"))

    @cached_property
    def traces(self) -> Mapping[str, AgentTrace]:
        """Recorded variables by population, with arrays of shape (agents, neurons, times)."""
        sizes = self._recorded_sizes
        recorded = self.recorded.traces.items()
        return MappingProxyType({n: trace_by_agent(trace, sizes[n]) for n, trace in recorded})

    @cached_property
    def spikes(self) -> pd.DataFrame:
        """Recorded spikes: DataFrame (population, agent, neuron, t, cell_type), t in seconds."""
        return spikes_by_agent(self.recorded.spikes, self._recorded_sizes)

    @cached_property
    def dspikes(self) -> pd.DataFrame:
        """Recorded dendritic spikes: DataFrame (population, agent, neuron, t, dspike)."""
        return spikes_by_agent(self.recorded.dspikes, self._recorded_sizes)

    @property
    def _recorded_sizes(self) -> dict[str, int]:
        """Neurons of one agent by recorded population."""
        table = self.recorded.populations
        return dict(zip(table["population"], table["n"] // self.n, strict=True))

    def results(self, agent: int = 0) -> Results:
        """Return what was recorded of one agent, as the results of a run.

        Parameters
        ----------
        agent
            Number of the agent.

        Raises
        ------
        UnknownName
            If there is no such agent.
        """
        if agent not in range(self.n):
            raise UnknownName("agent", agent, [str(k) for k in range(self.n)])
        return results_of_agent(self.recorded, agent, self.n, self.provenance)

    def explain(self) -> pd.DataFrame:
        """What each modulator and drug did to each population, and why others did nothing.

        Returns
        -------
        pandas.DataFrame
            As of `dualframe.results.action_tables.actions_table`.
        """
        return actions_table(self.provenance.get("actions") or ())
