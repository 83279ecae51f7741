"""Recordings of agents on disk: the files of a run, with all agents side by side.

Neuron ``i`` of agent ``k`` of a population of ``n`` has index ``k*n + i``. The manifest says what
the files hold, so that those of another training are seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from dualframe.core.errors import OutputError
from dualframe.core.json_files import COUNTS, DURATION, NAMES, ROWS, check_entries
from dualframe.network import Network
from dualframe.results.hdf5_files import read_spikes, read_traces, write_spikes, write_traces
from dualframe.results.results import Results
from dualframe.results.run_record import RunRecord
from dualframe.results.saved_results import reporting_damage
from dualframe.results.tables import dspike_table, spike_table
from dualframe.results.trace import Trace
from dualframe.training.agent_traces import trace_by_agent
from dualframe.training.recordings import population_of

TRACES, SPIKES = "traces.h5", "spikes.h5"
_ENTRIES = {
    "duration_s": DURATION,
    "populations": ROWS,
    "traces": NAMES,
    "spikes": COUNTS,
    "dspikes": COUNTS,
}


def empty_recordings(duration: float = 0.0) -> Results:
    """Return the recordings of agents of which nothing was kept.

    Parameters
    ----------
    duration
        Simulated time in seconds.
    """
    populations = pd.DataFrame(columns=["population", "cell_type", "n", "sign"])
    return Results(populations=populations, spikes=spike_table(populations, {}), duration=duration)


def write_recordings(recorded: RunRecord, folder: Path) -> None:
    """Write what was recorded, a file of traces and one of spikes, where there are any.

    Parameters
    ----------
    recorded
        Of all agents side by side.
    folder
        Where the files go.
    """
    if recorded.traces:
        with h5py.File(folder / TRACES, "w") as file:
            write_traces(file, recorded)
    if len(recorded.spikes) or len(recorded.dspikes):
        with h5py.File(folder / SPIKES, "w") as file:
            write_spikes(file, recorded)


def describe_recordings(recorded: RunRecord) -> dict[str, Any]:
    """Return what the manifest says of recordings.

    Parameters
    ----------
    recorded
        Of all agents side by side.
    """
    return {
        "duration_s": recorded.duration,
        "populations": recorded.populations.to_dict(orient="records"),
        "traces": {name: sorted(trace.values) for name, trace in recorded.traces.items()},
        "spikes": _count_by_population(recorded.spikes),
        "dspikes": _count_by_population(recorded.dspikes),
    }


def read_recordings(folder: Path, entry: Any, agent: Network, agents: int) -> Results:
    """Read what `write_recordings` wrote.

    Parameters
    ----------
    folder
        Of the files.
    entry
        What the manifest says of them.
    agent
        The network of one agent.
    agents
        Number of agents.

    Raises
    ------
    OutputError
        If a file is missing or damaged, or is that of other agents.
    """
    check_entries(entry, _ENTRIES, f"{str(folder / 'manifest.json')!r}, recorded")
    populations = pd.DataFrame(
        entry["populations"], columns=["population", "cell_type", "n", "sign"]
    )
    traces: dict[str, Trace] = {}
    spikes: dict[str, Any] = {}
    dspikes: dict[tuple[str, str], Any] = {}
    if entry["traces"]:
        with reporting_damage(folder / TRACES), h5py.File(folder / TRACES, "r") as file:
            traces = dict(read_traces(file))
    if entry["spikes"] or entry["dspikes"]:
        with reporting_damage(folder / SPIKES), h5py.File(folder / SPIKES, "r") as file:
            spikes, dspikes = read_spikes(file)
    with reporting_damage(folder / "manifest.json"):
        recorded = Results(
            populations=populations,
            spikes=spike_table(populations, spikes),
            dspikes=dspike_table(dspikes),
            duration=entry["duration_s"],
            traces=traces,
        )
    with reporting_damage(folder / TRACES):
        _check_sizes(recorded, agent, agents)
    if describe_recordings(recorded) != dict(entry):
        raise OutputError(
            f"the recordings in {str(folder)!r} do not belong to the manifest beside them: "
            "restore them, or train again."
        )
    return recorded


def _check_sizes(recorded: RunRecord, agent: Network, agents: int) -> None:
    """Refuse recordings of neurons that the agents do not have, or of times after the end."""
    sizes = {population.name: population.n for population in agent.populations}
    table = recorded.populations
    for name, n in zip(table["population"], table["n"], strict=True):
        if sizes.get(population_of(name), 0) * agents != n:
            raise ValueError(f"{name!r} has not {n} neurons")
    for name, trace in recorded.traces.items():
        n = sizes[population_of(name)]
        if trace_by_agent(trace, n).agents.max(initial=0) >= agents:
            raise ValueError(f"a trace of {name!r} is of more than {agents} agents")
        if trace.t.size and not 0 <= trace.t[0] <= trace.t[-1] <= recorded.duration * (1 + 1e-9):
            raise ValueError(f"times of {name!r} are not within the run")


def _count_by_population(spikes: pd.DataFrame) -> Mapping[str, int]:
    counts = spikes["population"].astype(object).value_counts(sort=False)
    return {str(name): int(count) for name, count in sorted(counts.items())}
