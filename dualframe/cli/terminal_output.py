"""What the command line prints: tables, summaries and messages."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any

import pandas as pd

from dualframe.network import Network
from dualframe.results.action_tables import acting_lines
from dualframe.results.results import Results
from dualframe.results.tables import json_ready
from dualframe.simulation.replay_run import Replay
from dualframe.simulation.run_specification import RunSpecification
from dualframe.training.replay_training import TrainingReplay

_WIDEST = 48
_LEAST = 14  # characters of a column in a narrow table
_GAP = "  "
_FIRST = 5  # assumptions that a summary lists


def as_json(data: Any) -> str:
    """Return data as JSON, a table as a list of rows."""
    rows = data.to_dict(orient="records") if isinstance(data, pd.DataFrame) else data
    return json.dumps(json_ready(rows), indent=2)


def format_table(frame: pd.DataFrame, indent: str = "") -> str:
    """Return a table as text: columns aligned, long texts cut."""
    cells = [list(map(str, frame.columns))]
    cells += [[_format_cell(value) for value in row] for row in frame.itertuples(index=False)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(frame.columns))]
    right = [pd.api.types.is_numeric_dtype(frame[column]) for column in frame.columns]
    return "\n".join(
        indent
        + _GAP.join(
            text.rjust(width) if number else text.ljust(width)
            for text, width, number in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in cells
    )


def fit_table(frame: pd.DataFrame, columns: int | None) -> str:
    """Return a table as text that is not wider than a screen.

    Columns for which there is no room are named below it; texts in the widest of the others are
    cut, but for those of the first column.

    Parameters
    ----------
    frame
        The table.
    columns
        Characters of a line; None is as wide as the table.
    """
    if columns is None:
        return format_table(frame)
    texts = {str(name): [*map(_format_cell, frame[name])] for name in frame.columns}
    widths = {name: max(map(len, [name, *column])) for name, column in texts.items()}
    least = {name: max(min(width, _LEAST), len(name)) for name, width in widths.items()}
    first, *others = widths
    room = columns - widths[first]
    while others and sum(least[name] + len(_GAP) for name in others) > room:
        others.pop()
    while sum(widths[name] + len(_GAP) for name in others) > room:
        widths[max(others, key=lambda name: widths[name] - least[name])] -= 1
    shown = [first, *others]
    table = pd.DataFrame(
        {
            name: frame[name]
            if pd.api.types.is_numeric_dtype(frame[name])
            else [_cut_text(text, widths[name]) for text in texts[name]]
            for name in shown
        }
    )
    left_out = [name for name in texts if name not in shown]
    lines = [format_table(table)]
    if left_out:
        remark = f"Not shown: {', '.join(left_out)}. --json has everything."
        lines += ["", *wrap(remark, columns)]
    return "\n".join(lines)


def _cut_text(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."


def _format_cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return "-" if math.isnan(value) else f"{value:.2f}"
    text = str(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


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
