"""What the command line prints of runs and trainings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dualframe.cli.data_tables import format_table
from dualframe.network import Network
from dualframe.results.action_tables import acting_lines
from dualframe.results.results import Results
from dualframe.simulation.replay_run import Replay
from dualframe.simulation.run_specification import RunSpecification
from dualframe.training.replay_training import TrainingReplay

_FIRST = 5  # assumptions that a summary lists


def describe_plan(specification: RunSpecification, network: Network) -> str:
    """Return what is about to run, in one line."""
    full = specification.resolved_circuit.full or specification.resolved_circuit
    n, total = sum(p.n for p in network.populations), sum(full.sizes.values())
    scale, branch = specification.resolved_circuit.scale, specification.branch
    size = f"{n} neurons" if n == total else f"{n} of {total} neurons (scale {scale:g})"
    model, duration = specification.model_key, specification.duration
    return f"{network.name}: {size}, {branch} branch ({model}), {duration}"


def summarise_run(results: Results, folder: Path | None, *, every: bool = False) -> str:
    """Return what a run found, what it depends on, where it is and how long it took.

    Of the assumptions, the first few are listed, or ``every`` one.
    """
    facts = results.provenance
    parts = [
        "\n".join([format_table(_rates_and_ranges(results)), *results.state_lines()]),
        "\n".join(acting_lines(facts.get("actions") or ())),
        _list_assumptions(facts["assumptions"], every),
        _describe_times(facts),
    ]
    if not facts["completed"]:
        parts.insert(0, f"Interrupted: this is the first {results.duration:g} s.")
    parts.append(f"Results: {folder}" if folder else "Nothing was saved: add --out DIR.")
    return "\n\n".join(part for part in parts if part)


def _rates_and_ranges(results: Results) -> pd.DataFrame:
    """Return the table of rates; of a circuit, with the ranges of its file as text."""
    table = results.rates_with_state()
    if "state" not in table:
        return table
    ends = zip(table["rate_low_Hz"], table["rate_high_Hz"], strict=True)
    texts = ["" if math.isnan(low) else f"{low:g} to {high:g}" for low, high in ends]
    shown = table.drop(columns=["rate_low_Hz", "rate_high_Hz", "start_s", "stop_s"])
    shown.insert(len(shown.columns) - 1, "range_Hz", texts)
    return shown


def _list_assumptions(lines: Iterable[str], every: bool) -> str:
    listed = [f"  - {line}" for line in lines]
    if not listed:
        return ""
    count = f"{len(listed)} assumptions" if len(listed) > 1 else "1 assumption"
    hidden = 0 if every else max(len(listed) - _FIRST, 0)
    more = [f"  and {hidden} more: --assumptions lists all."] if hidden else []
    shown = listed[: len(listed) - hidden]
    return "\n".join([f"These results depend on {count}:", *shown, *more])


def _describe_times(facts: Mapping[str, Any]) -> str:
    cache = {"hit": ", compiled before", "miss": ", compiled now"}.get(facts["build_cache"], "")
    build = (
        f"built in {facts['build_s']:.1f} s{cache} (cache {facts['build_cache']})"
        if cache
        else f"built in {facts['build_s']:.1f} s"
    )
    ran = f"{facts['simulated_s']:g} s simulated in {facts['run_s']:.1f} s"
    return f"On {facts['target']}, seed {facts['seed']}: {build}; {ran}."


def describe_replay(replay: Replay) -> str:
    """Return how a repeated run compares."""
    lines = []
    if replay.first_difference is None:
        lines.append(f"equal: all {replay.spikes} spikes are the same.")
    else:
        lines.append(f"different: the first difference is at {replay.first_difference:.4f} s.")
    if not replay.same_network:
        lines.append("The network is not the same: its circuit, catalogue or calibration changed.")
    return "\n".join([*lines, *_version_lines(replay.versions)])


def replayed_training(replay: TrainingReplay) -> str:
    """Return how a repeated training compares."""
    different = ", ".join(replay.differences)
    lines = [f"different: {different}." if different else "equal: trials, outcomes and weights."]
    if not replay.same_network:
        lines.append("The network is not the same: its task's kinds or the catalogue changed.")
    return "\n".join([*lines, *_version_lines(replay.versions)])


def _version_lines(versions: Mapping[str, tuple[Any, Any]]) -> list[str]:
    return [
        f"{name} was {before or 'not installed'}, is {after or 'not installed'}."
        for name, (before, after) in versions.items()
    ]
