"""What was run, in words: circuit, branch, cells, modulators, drugs, time, target, recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dualframe.results.run_record import RunRecord

_BRANCHES: Mapping[str, str] = {
    "biological": "with dendrites (branch biological)",
    "task_driven": "as point neurons (branch task_driven",
}


def describe_run(results: RunRecord) -> str:
    """Return what was run, as sentences.

    Parameters
    ----------
    results
        The run. Of a network that was not built from a circuit, fewer things are known.
    """
    return " ".join(_sentences(results))


def _sentences(results: RunRecord) -> Iterator[str]:
    yield _size_sentence(results)
    if cells := _cells_sentence(results):
        yield cells
    acting = results.provenance.get("modulation")
    if acting:
        yield f"Modulators and drugs: {'; '.join(acting)}."
    elif acting is not None:
        yield "No modulator or drug acts."
    yield _time_sentence(results)
    if recorded := recorded_text(results):
        yield f"Recorded: {recorded}."


def _size_sentence(results: RunRecord) -> str:
    facts, table = results.provenance, results.populations
    size = (
        f"{count_text(int(table['n'].sum()), 'neuron')} in {count_text(len(table), 'population')}"
    )
    if "circuit" not in facts:
        return f"Network {facts['network']}: {size}." if facts.get("network") else f"{size}."
    scale = facts.get("scale") or 1
    kind = f"Task {facts['task']} with circuit" if "task" in facts else "Circuit"
    whole = f" at {scale:g} of its size" if scale != 1 else ""
    return f"{kind} {facts['circuit']}{whole}, {_branch_words(facts)}: {size}."


def _branch_words(facts: Mapping[str, Any]) -> str:
    branch = facts.get("branch")
    words = _BRANCHES.get(str(branch), f"branch {branch}")
    if branch != "task_driven":
        return words
    model = f", model {facts['model']}" if facts.get("model") else ""
    synapses = f", {facts['synapses']} synapses" if facts.get("synapses") else ""
    return f"{words}{model}{synapses})"


def _cells_sentence(results: RunRecord) -> str:
    """Return the cells of each population; empty where no cell type is known."""
    facts = results.provenance
    if "cells" not in facts:
        return ""
    described = {**(facts["cells"] or {}), **(facts.get("points") or {})}
    parts = []
    table = results.populations
    for name, n, cell in zip(table["population"], table["n"], table["cell_type"], strict=True):
        text = described.get(cell) or described.get(name)
        words = [f"{name}, {n}", str(cell), f"({text})" if text else ""]
        parts.append(" ".join(filter(None, words)))
    return f"Cells: {'; '.join(parts)}."


def _time_sentence(results: RunRecord) -> str:
    facts = results.provenance
    parts = [f"{results.duration:g} s simulated"]
    if facts["dt_s"]:
        parts.append(f"in steps of {1e3 * facts['dt_s']:g} ms")
    if facts["target"]:
        parts.append(f"on {facts['target']}")
    if facts["seed"] is not None:
        parts.append(f"with seed {facts['seed']}")
    return f"{' '.join(parts)}; {count_text(len(results.spikes), 'spike')}."


def count_text(number: int, noun: str) -> str:
    """Return a number of things, ``"1 spike"`` or ``"3 spikes"``.

    Parameters
    ----------
    number, noun
        How many, and the name of one.
    """
    return f"{number} {noun}{'s' * (number != 1)}"


def recorded_text(results: RunRecord) -> str:
    """Return what was recorded: of how many neurons, and how often.

    Parameters
    ----------
    results
        The run.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for name, trace in results.traces.items():
        every = f" every {1e3 * (trace.t[1] - trace.t[0]):.3g} ms" if trace.t.size > 1 else ""
        n = f" of {results.population_size(name)}" if name not in results.weights else ""
        what = (", ".join(trace.values), every)
        alike.setdefault(what, []).append(f"{trace.neurons.size}{n} {name}")
    return "; ".join(f"{names} of {', '.join(of)}{every}" for (names, every), of in alike.items())
