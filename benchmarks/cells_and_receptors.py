"""What carries navigation by cells: diverse cells, and receptors that act on more than plasticity.

    python benchmarks/cells_and_receptors.py --keep runs    # writes results/cells_and_receptors.*

The four ways: cells of four types, or one type for each sign (`dualframe.attribute` chooses it);
receptors of dopamine and acetylcholine that act on excitability and on plasticity, or on plasticity
alone: the others keep their equations with the numbers at which they change nothing. Both kinds of
cells without modulators stand beside them, then receptors on excitability alone, and noradrenaline
and serotonin. Agents of all rows have one seed. With ``--keep DIR`` rows that are there already are
read instead of run.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, save

import dualframe as df
from dualframe.analysis.significance import holm_adjusted
from dualframe.analysis.statistics import (
    bootstrap_intervals,
    compare_groups,
    delta_interval,
    median_iqr,
)
from dualframe.training.attribution import homogeneous_cells
from dualframe.training.knockouts import BOTH, EXCITABILITY, PLASTICITY, receptor_knockouts

TASK, MODEL, SEED, AGENTS = "navigation_cells", "glif", 1, 20
DIVERSE, HOMOGENEOUS = "diverse", "homogeneous"


@dataclass(frozen=True)
class Row:
    """Cells, what receptors act on, and the modulators that act."""

    cells: str
    acts_on: str
    modulators: tuple[str, ...]

    @property
    def label(self) -> str:
        """The row as text."""
        names = ",".join(self.modulators) or "none"
        part = "" if self.acts_on == BOTH or not self.modulators else f", {self.acts_on} only"
        return f"{self.cells}, {names}{part}"

    def task(self) -> df.Task:
        """Return its task."""
        task = df.task(TASK)
        if self.cells == HOMOGENEOUS:
            cells = homogeneous_cells(task)
            task = task.with_parameters(**{f"{name}__cell": cell for name, cell in cells.items()})
        task = task.with_modulators(*self.modulators)
        removed = {PLASTICITY: EXCITABILITY, EXCITABILITY: PLASTICITY}.get(self.acts_on)
        for knockout in receptor_knockouts(task) if self.modulators else ():
            if knockout.part == removed:
                task = knockout.apply(task)
        return task


_LEARNING = ("DA", "ACh")
ROWS = (
    Row(DIVERSE, BOTH, _LEARNING),
    Row(DIVERSE, PLASTICITY, _LEARNING),
    Row(HOMOGENEOUS, BOTH, _LEARNING),
    Row(HOMOGENEOUS, PLASTICITY, _LEARNING),
    Row(DIVERSE, BOTH, ()),
    Row(HOMOGENEOUS, BOTH, ()),
    Row(DIVERSE, BOTH, ("NA",)),
    Row(DIVERSE, BOTH, ("5HT",)),
    Row(DIVERSE, BOTH, ("DA", "ACh", "NA")),
    Row(DIVERSE, BOTH, ("DA", "ACh", "5HT")),
    Row(DIVERSE, EXCITABILITY, _LEARNING),
    Row(HOMOGENEOUS, EXCITABILITY, _LEARNING),
    Row(DIVERSE, BOTH, ("DA",)),
    Row(DIVERSE, BOTH, ("DA", "5HT")),
)
#: Rows that are compared, chosen before any of them was run.
CONTRASTS = (
    (0, 1),  # receptors on excitability too, diverse cells
    (2, 3),  # the same, homogeneous cells
    (0, 2),  # diversity, receptors on both
    (1, 3),  # diversity, receptors on plasticity only
    (0, 4),  # the whole against nothing
    (1, 4),
    (2, 5),
    (3, 5),
    (4, 5),  # diversity without modulators
    (6, 4),  # noradrenaline, serotonin: alone and added
    (7, 4),
    (8, 0),
    (9, 0),
    (10, 4),  # excitability alone
    (11, 5),
    (0, 12),  # acetylcholine added to dopamine
    (13, 12),  # serotonin added to dopamine
)


def success(agents: df.TrainedAgents, first: int, last: int) -> np.ndarray[Any, Any]:
    """Return the success of each agent from one trial to another, in percent."""
    table = agents.trials
    chosen = table[(table["trial"] >= first) & (table["trial"] <= last)]
    by_agent = 100 * chosen.groupby("agent")["success"].mean()
    return np.asarray(by_agent.reindex(range(agents.n), fill_value=np.nan))


def train_row(row: Row, options: argparse.Namespace) -> df.TrainedAgents:
    """Train the agents of a row, or read those that were kept."""
    name = "".join(c if c.isalnum() else "_" for c in row.label)
    place = Path(options.keep) / name if options.keep else None
    if place is not None and (place / "manifest.json").exists():
        return df.load_agents(place)
    agents = df.train(
        row.task(),
        model=MODEL,
        agents=options.agents,
        trials=options.trials,
        seed=options.seed,
        record={},
        progress=False,
    )
    if place is not None:
        agents.save(place, figures=False)
    return agents


def with_interval(values: np.ndarray[Any, Any]) -> str:
    """Return the mean and its interval at 95 %."""
    low, high = (end[0] for end in bootstrap_intervals(values[:, None]))
    return f"{values.mean():.0f} [{low:.0f}, {high:.0f}]"


def describe_rows(
    trained: Mapping[Row, df.TrainedAgents], trials: int
) -> Iterator[dict[str, object]]:
    """Yield what the agents of each row did, before the goal moves and at the end."""
    half = trials // 2
    for row, agents in trained.items():
        middle, q25, q75 = median_iqr(success(agents, trials - 4, trials))
        late = agents.trials[agents.trials["trial"] > trials - 5]
        yield {
            "cells": row.cells,
            "modulators": ",".join(row.modulators) or "none",
            "receptors act on": row.acts_on if row.modulators else "",
            "agents": agents.n,
            f"success {half - 4}-{half} (%)": with_interval(success(agents, half - 4, half)),
            f"success {trials - 4}-{trials} (%)": with_interval(
                success(agents, trials - 4, trials)
            ),
            "median [quartiles]": f"{middle:.0f} [{q25:.0f}, {q75:.0f}]",
            "old goal (%)": f"{100 * late['old_goal'].mean():.0f}",
        }


def describe_contrasts(trained: Mapping[Row, df.TrainedAgents], trials: int) -> Iterator[str]:
    """Yield a line of Markdown for every comparison, at the end of training."""
    pairs = [(ROWS[a], ROWS[b]) for a, b in CONTRASTS if {ROWS[a], ROWS[b]} <= trained.keys()]
    ends = {row: success(agents, trials - 4, trials) for row, agents in trained.items()}
    tests = [compare_groups(ends[a], ends[b]) for a, b in pairs]
    adjusted = holm_adjusted([test.p for test in tests]) if tests else ()
    yield "| comparison | difference of means (points) | Cliff's delta | p | p (Holm) |"
    yield "|---|---|---|---|---|"
    for (a, b), test, p in zip(pairs, tests, adjusted, strict=True):
        low, high = delta_interval(ends[a], ends[b])
        difference = ends[a].mean() - ends[b].mean()
        yield (
            f"| {a.label} against {b.label} | {difference:+.0f} | {test.delta:+.2f} "
            f"[{low:+.2f}, {high:+.2f}] | {test.p:.2g} | {p:.2g} |"
        )


def notes(trials: int, agents: int, seed: int) -> list[str]:
    """Return what was trained, and what the columns are."""
    cells = ", ".join(f"{p} of {c}" for p, c in homogeneous_cells(df.task(TASK)).items())
    return [
        f"`{TASK}`, {MODEL} cells, {agents} agents, seed {seed}, {trials} trials. Homogeneous: "
        f"{cells}. Means over agents with intervals at 95 % by bootstrap; p by Mann and Whitney, "
        "adjusted for all comparisons of the table. The "
        "comparisons were chosen before the rows were run.",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the rows, and save the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--agents", type=int, default=AGENTS)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--rows", type=int, default=len(ROWS), help="only the first ones")
    parser.add_argument("--keep", help="folder in which every row is kept")
    parser.add_argument("--out", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    trained = {}
    for row in ROWS[: options.rows]:
        trained[row] = train_row(row, options)
        end = with_interval(success(trained[row], options.trials - 4, options.trials))
        print(row.label, end, flush=True)
    table = [*describe_rows(trained, options.trials)]
    contrasts = "\n".join(describe_contrasts(trained, options.trials))
    text = [contrasts, *notes(options.trials, options.agents, options.seed)]
    save("cells_and_receptors", "What carries navigation by cells", table, text, options.out)


if __name__ == "__main__":
    main()
