"""A report of agents that have learned, of one condition or several: one HTML file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from dualframe.analysis.pages import encode_png, html_table, provenance_rows, render_page
from dualframe.analysis.report import report as report_runs
from dualframe.core.errors import DualframeError, UnknownName
from dualframe.core.output_file import check_page, write_page
from dualframe.network import Population
from dualframe.results.run_record import RunRecord
from dualframe.training.agent_figure import agent_overview
from dualframe.training.agent_record import AgentRecord
from dualframe.training.condition_comparison import compare_conditions, lacking_agents_text
from dualframe.training.figures import CAPTIONS, draw_figures

SECTIONS = ("summary", "outcome", "figures", "assumptions", "provenance")
_MOST_AGENTS = 30  # in the table by agent
_OVERVIEW = "One agent: how all of them learned, its paths, policy, weights and modulators."


def report(
    results: RunRecord | AgentRecord | Mapping[str, RunRecord] | Mapping[str, AgentRecord],
    path: str | Path,
    *,
    title: str = "",
    text: Mapping[str, str] | None = None,
    force: bool = False,
) -> Path:
    """Write a report of runs, or of agents that have learned: one HTML file.

    Parameters
    ----------
    results
        One result of a run, or several by label, which are compared with the first; or agents, or
        agents of several conditions of one task by label.
    path
        The file to write, for example ``"out.html"``.
    title
        The heading; the default says what was run.
    text
        Paragraphs of your own by section: ``summary``, ``figures``, ``assumptions``,
        ``provenance``; of runs also ``rates`` and ``differences``, of agents ``outcome``. It is
        plain text: HTML in it is shown, not interpreted.
    force
        Whether a file is replaced that is not a report as dualframe wrote it.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    UnknownName
        If ``text`` names a section that does not exist.
    DualframeError
        If there is nothing to report, or runs and agents, or agents of different tasks, are mixed.
    OutputError
        If the file cannot be written, or would replace another than a report and ``force`` is
        not given.
    """
    conditions = {"": results} if isinstance(results, AgentRecord) else results
    if not isinstance(conditions, Mapping) or not any(
        isinstance(item, AgentRecord) for item in conditions.values()
    ):
        return report_runs(results, path, title=title, text=text, force=force)  # type: ignore[arg-type]
    agents = {str(k): item for k, item in conditions.items() if isinstance(item, AgentRecord)}
    if len(agents) < len(conditions):
        raise DualframeError(
            "runs and agents are not reported together: give the one or the other."
        )
    return _report_agents(agents, path, title, dict(text or {}), force)


def _report_agents(
    conditions: Mapping[str, AgentRecord],
    path: str | Path,
    title: str,
    text: Mapping[str, str],
    force: bool,
) -> Path:
    target = check_page(path, force=force)
    for section in text:
        if section not in SECTIONS:
            raise UnknownName("section of a report of agents", section, SECTIONS)
    outcome = compare_conditions(_with_labels(conditions))
    task = next(iter(conditions.values())).task
    page = render_page(
        "agents_report.html.j2",
        title=title or f"dualframe: agents of {task.name!r}",
        question=f"{task.title[:1].upper()}{task.title[1:]}.",
        note=task.note,
        text=text,
        runs=[_describe_condition(label, agents) for label, agents in conditions.items()],
        outcome=html_table(outcome),
        lacking=lacking_agents_text(outcome),
        figures=list(_draw_figures(conditions)),
    )
    return write_page(target, page, force=force)


def _with_labels(conditions: Mapping[str, AgentRecord]) -> dict[str, AgentRecord]:
    return {label or agents.task.condition: agents for label, agents in conditions.items()}


def _describe_condition(label: str, agents: AgentRecord) -> dict[str, Any]:
    facts = agents.provenance
    shown = agents.outcomes.head(_MOST_AGENTS)
    return {
        "label": label,
        "summary": _summary_sentence(agents),
        "incomplete": None if facts.get("completed", True) else _interruption_note(agents),
        "setup": html_table(_setup_table(agents)),
        "agents": html_table(shown),
        "left_out": len(agents.outcomes) - len(shown),
        "actions": html_table(actions) if len(actions := agents.explain()) else None,
        "assumptions": facts.get("assumptions", []),
        "warnings": facts.get("warnings", []),
        "provenance": [row for row in provenance_rows(facts) if row[0] != "arguments"],
    }


def _summary_sentence(agents: AgentRecord) -> str:
    facts = agents.provenance
    done = f"{len(agents.trials)} trials ended, " if len(agents.trials) else ""
    how = "evaluated without learning" if _is_evaluation(agents) else "trained"
    return (
        f"{agents.n} agent{'s' * (agents.n > 1)} {how}; modulators {agents.task.condition}; {done}"
        f"{facts['simulated_s']:g} s simulated on {facts['target']} with seed {facts['seed']}."
    )


def _is_evaluation(agents: AgentRecord) -> bool:
    arguments = agents.provenance.get("arguments") or {}
    return bool(arguments.get("frozen", False))


def _interruption_note(agents: AgentRecord) -> str:
    simulated = agents.provenance["simulated_s"]
    return f"The training was interrupted: what follows is the first {simulated:g} s of it."


def _setup_table(agents: AgentRecord) -> pd.DataFrame:
    """Return what was trained, a row for each thing."""
    facts, task, network = agents.provenance, agents.task, agents.network
    cells = {p.name: p.cell for p in task.circuit.populations}
    models = {**(facts.get("cells") or {}), **(facts.get("points") or {})}
    populations = [_population_text(p, cells.get(p.name, ""), models) for p in network.populations]
    environment = task.environment
    rows = {
        "task": task.name,
        "circuit": task.circuit.name,
        "environment": environment.kind if environment is not None else "none",
        "branch": facts.get("branch"),
        "model": facts.get("model") or "as the task states",
        "modulators": task.condition,
        "levels and drugs": "; ".join(facts.get("modulation") or ()) or "none",
        "heterogeneity": f"{task.heterogeneity:g}" if task.heterogeneity else "none",
        "one agent": "; ".join(populations),
        "learned": ", ".join(agents.weights) or "nothing",
        "agents": agents.n,
        "time step": f"{1e3 * facts['dt_s']:g} ms",
        "simulated": f"{facts['simulated_s']:g} s",
        "seed": facts["seed"],
    }
    return pd.DataFrame({"": list(rows), " ": [str(value) for value in rows.values()]})


def _population_text(population: Population, cell: str, models: Mapping[str, str]) -> str:
    """Return name, size, cell type, and what stands for it, of a population."""
    model = models.get(population.name) or models.get(cell)
    words = [f"{population.name}: {population.n}", cell, f"({model})" if model else ""]
    return " ".join(filter(None, words))


def _draw_figures(conditions: Mapping[str, AgentRecord]) -> Iterator[dict[str, str]]:
    labelled = _with_labels(conditions)
    for name, figure in draw_figures(labelled).items():
        yield {"caption": CAPTIONS[name], "png": encode_png(figure)}
    for label, agents in labelled.items():
        caption = f"{label}: {_OVERVIEW}" if len(labelled) > 1 else _OVERVIEW
        yield {"caption": caption, "png": encode_png(agent_overview(agents))}
