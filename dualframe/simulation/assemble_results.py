"""What a target gave back becomes the results of a run: tables, units, provenance."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib import metadata
from typing import Any

import numpy as np

from dualframe.network import Network
from dualframe.results.action_tables import without_silent_releases
from dualframe.results.rate_ranges import warmup_of
from dualframe.results.results import Results, Trace, dspike_table, population_table, spike_table
from dualframe.results.tables import canonical_dspikes, weight_table
from dualframe.targets.brian.raw_results import RawResults, RawTrace
from dualframe.targets.lowering.lowered_network import LoweredNetwork

_PACKAGES = ("dualframe", "brian2", "brian2genn", "dendrify", "numpy")


def assemble_results(
    network: Network, lowered: LoweredNetwork, raw: RawResults, facts: Mapping[str, Any]
) -> Results:
    """Return the results of a run with their units and provenance.

    Parameters
    ----------
    network, lowered
        The network, as described and as it ran.
    raw
        What the target gave back.
    facts
        What the provenance says of the run besides.
    """
    populations = population_table(network.populations)
    dspikes = dspike_table(_dendritic_spikes(lowered, raw))
    return Results.from_tables(
        populations=populations,
        spikes=spike_table(populations, raw.spikes),
        duration=float(raw.simulated_s),
        dspikes=canonical_dspikes(dspikes, populations),
        traces={name: _trace_of(lowered, name, trace) for name, trace in raw.traces.items()},
        weights={name: weight_table(*columns) for name, columns in raw.weights.items()},
        weight_units=_weight_units(lowered, raw),
        provenance=_run_provenance(network, lowered, raw, facts),
    )


def _dendritic_spikes(
    lowered: LoweredNetwork, raw: RawResults
) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Times of dendritic spikes: each new value of the variable that holds the last one's step."""
    found = {}
    for group in lowered.groups:
        if group.name not in raw.events:
            continue
        trace = raw.events[group.name]
        for event, variable in group.events.items():
            spikes = find_dendritic_spikes(trace.neurons, trace.values[variable], lowered.dt)
            found[group.name, event] = spikes
    return found


def find_dendritic_spikes(neurons: Any, last: Any, dt: float) -> tuple[Any, Any]:
    """Return neurons and times (s) of dendritic spikes: each new value of the last one's step.

    Parameters
    ----------
    neurons
        Indices of the recorded ones.
    last
        Steps of the last dendritic spike, shape (neurons, times).
    dt
        Time step in seconds.
    """
    steps = np.rint(last).astype(np.int64)
    rows, columns = np.nonzero(np.diff(steps, axis=1, prepend=0))
    return neurons[rows], steps[rows, columns] * dt


def _trace_of(lowered: LoweredNetwork, name: str, trace: RawTrace) -> Trace:
    units = {s.projection: {"w": s.weight_unit} for s in lowered.synapses}
    units |= {group.name: dict(group.units) for group in lowered.groups}
    return Trace(trace.times, trace.neurons, trace.values, units[name])


def _weight_units(lowered: LoweredNetwork, raw: RawResults) -> dict[str, str]:
    return {
        synapses.projection: synapses.weight_unit
        for synapses in lowered.synapses
        if synapses.projection in raw.weights
    }


def _run_provenance(
    network: Network, lowered: LoweredNetwork, raw: RawResults, facts: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "network": network.name,
        "network_hash": network.digest,
        "versions": package_versions(),
        "platform": platform.platform(),
        "command": " ".join(sys.argv),
        "dt_s": lowered.dt,
        "asked_s": lowered.duration,
        "simulated_s": raw.simulated_s,
        "completed": raw.simulated_s >= lowered.duration * (1 - 1e-9),
        "build_s": raw.build_s,
        "run_s": raw.run_s,
        "build_cache": raw.build_cache,
        **describe_unknown_spikes(network, lowered),
        **facts,
        **raw.facts,
        **network.meta,
        **({"actions": _actions_of(network, lowered, raw)} if "actions" in network.meta else {}),
        **({"warmup_s": warmup_of(raw.simulated_s)} if "rate_ranges_Hz" in network.meta else {}),
    }


def describe_unknown_spikes(network: Network, lowered: LoweredNetwork) -> dict[str, list[str]]:
    """Return for the provenance whose spikes were not kept, or cannot be: without a threshold.

    Parameters
    ----------
    network, lowered
        The network, as described and as it runs.
    """
    never = {p.name for p in network.populations if p.threshold is None}
    names = sorted(never | set(lowered.silent))
    return {"without_spikes": names} if names else {}


def _actions_of(network: Network, lowered: LoweredNetwork, raw: RawResults) -> list[dict[str, Any]]:
    """What modulators and drugs did, by what the populations that release them did."""
    counts = {name: len(times) for name, (_, times) in raw.spikes.items()}
    known = {name: n for name, n in counts.items() if name not in lowered.silent}
    return without_silent_releases(network.meta["actions"], known)


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that a result depends on."""
    versions = {package: _installed_version(package) for package in _PACKAGES}
    present = {package: version for package, version in versions.items() if version}
    return {"python": platform.python_version(), **present}


@lru_cache(maxsize=16)
def _installed_version(package: str) -> str:
    """Return the version of a package, "" if there is none; its files are searched once."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
