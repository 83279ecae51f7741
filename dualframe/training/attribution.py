r"""What carries the gain that modulators bring: a task, trained again without one thing at a time.

The grid has the task as it is, without modulators, with each receptor's effects on each cell type
knocked out (those on excitability, on plasticity, and both), and with homogeneous cells: all
excitatory populations of the most frequent excitatory type, and likewise the inhibitory ones. What
a knock-out costs is given as Cliff's delta of the whole over the knock-out (positive: the whole
does better), with a percentile bootstrap interval, Mann and Whitney's p and that p adjusted for the
number of tests (Holm), and as a share of the gain,

.. math:: \frac{\bar x_{whole} - \bar x_{knocked\ out}}{\bar x_{whole} - \bar x_{none}}

of means of the main outcome, where all values are finite and the gain's p is below 0.05.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from dualframe.analysis.plots import savefig
from dualframe.analysis.significance import holm_adjusted, smallest_rank_sum_p
from dualframe.analysis.statistics import cliffs_delta, compare_groups, delta_interval, median_iqr
from dualframe.analysis.style import house_style, new_figure
from dualframe.core.errors import DualframeError
from dualframe.core.output_folder import check_output, replaced_output, write_manifest
from dualframe.core.validation import expect_type
from dualframe.simulation.run import resolve_seed
from dualframe.task import Task
from dualframe.training.agents import TrainedAgents
from dualframe.training.condition_comparison import lacking_agents_text
from dualframe.training.knockouts import receptor_knockouts
from dualframe.training.train import train

WHOLE, NONE, HOMOGENEOUS = "nothing", "modulators", "diversity of cells"
FORMAT = "dualframe attribution"
#: The files of an attribution.
FILES = ("attribution.csv", "outcomes.csv", "attribution.png")
_SIGNIFICANT = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class Attribution:
    """The grid of knock-outs of one task.

    Attributes
    ----------
    task
        The task as it is.
    table
        ``without`` (what is missing), ``receptor, cell_type, part`` (of knock-outs), ``agents,
        outcome, median, q25, q75, cliffs_delta, delta_low, delta_high, p, p_holm, share``. The
        first row is the whole task, which the others are compared with.
    trained
        The agents of each row, by ``without``.
    notes
        What the grid does not have, and why; and where agents are too few for any row to be
        significant.
    completed
        Whether it was not interrupted; the table has the rows that were trained until then.
    """

    task: Task
    table: pd.DataFrame
    trained: Mapping[str, TrainedAgents] = field(repr=False)
    notes: tuple[str, ...] = ()
    completed: bool = True

    @property
    def outcomes(self) -> pd.DataFrame:
        """The outcome tables of all agents, one below the other, with a column ``without``."""
        return pd.concat(
            [
                agents.outcomes.assign(without=label).set_index("without").reset_index()
                for label, agents in self.trained.items()
            ],
            ignore_index=True,
        )

    @house_style
    def plot(self) -> Figure:
        """Return a figure of what each row costs: Cliff's delta with its interval."""
        rows = self.table[self.table["without"] != WHOLE].iloc[::-1]
        figure = new_figure(7.0, 1.7 + 0.3 * len(rows))
        axes = figure.subplots()
        delta = rows["cliffs_delta"].to_numpy(dtype=float)
        ends = rows[["delta_low", "delta_high"]].to_numpy(dtype=float).T
        places = np.arange(len(rows))
        certain = rows["p_holm"].to_numpy(dtype=float) < _SIGNIFICANT
        axes.axvline(0, color="0.7", linewidth=0.8)
        axes.errorbar(
            delta, places, xerr=np.abs(ends - delta), fmt="none", ecolor="0.4", linewidth=1
        )
        axes.scatter(
            delta, places, s=28, zorder=3, c=np.where(certain, "0.1", "1"), edgecolors="0.1"
        )
        axes.set_yticks(places, [f"without {name}" for name in rows["without"]])
        axes.set_ylim(-0.6, len(rows) - 0.4)  # a whole row each, the first and the last too
        axes.set_xlim(-1.05, 1.05)
        axes.set_xlabel("Cliff's delta")  # short: labels of rows may leave little width
        signs = f"(95 % interval; filled: p < {_SIGNIFICANT:g})"
        title = f"{self.task.name}: what the whole has over agents ...\n{signs}"
        figure.suptitle(title, fontsize="medium")
        return figure

    def save(self, directory: str | Path, *, force: bool = False) -> Path:
        """Write ``attribution.csv``, ``outcomes.csv``, ``attribution.png`` and a manifest.

        Parameters
        ----------
        directory
            The folder. Other files in it stay as they are.
        force
            Whether an earlier output of dualframe in it is replaced.

        Raises
        ------
        OutputError
            If it cannot be written, or holds an earlier output and ``force`` is not given.
        """
        folder = check_output(directory, FILES, force=force)
        whole = next(iter(self.trained.values()))
        facts = {
            "task": self.task.name,
            "modulators": list(self.task.modulators),
            "completed": self.completed,
            "notes": list(self.notes),
            "arguments": whole.provenance["arguments"],
        }
        with replaced_output(folder, force=force) as stage:
            self.table.to_csv(stage / "attribution.csv", index=False)
            self.outcomes.to_csv(stage / "outcomes.csv", index=False)
            savefig(self.plot(), stage / "attribution.png")
            write_manifest(stage, FORMAT, facts)
        return folder


def attribute(
    task: Task,
    *,
    receptors: Iterable[str] | None = None,
    homogeneous: bool = True,
    agents: int | None = None,
    seed: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> Attribution:
    """Train a task again without one thing at a time, and say what carries its gain.

    Parameters
    ----------
    task
        With the modulators that act.
    receptors
        Receptors whose knock-outs are tried; None means all of the acting modulators.
    homogeneous
        Whether agents of one excitatory and one inhibitory cell type are tried too.
    agents, seed, progress
        As in `dualframe.train`. All rows have one seed, and so the same connectivity.
    **options
        Others of `dualframe.train`: ``branch``, ``model``, ``trials``, ``duration``, ``target``,
        ``threads``.

    Raises
    ------
    DualframeError
        If no modulator acts, a receptor does nothing in this task, or fewer than two agents are
        trained.
    """
    expect_type(task, Task, "task", "a Task, as of dualframe.task('navigation')")
    count = task["protocol"].count("agents") if agents is None else agents
    _check_task(task, count)
    seed = resolve_seed(seed)
    variants, notes = grid_of_knockouts(task, receptors, homogeneous=homogeneous)
    trained: dict[str, TrainedAgents] = {}
    for variant in variants:
        agents_of_row = train(variant.task, agents=count, seed=seed, progress=progress, **options)
        if not agents_of_row.provenance["completed"]:
            break
        trained[variant.without] = agents_of_row
    if NONE not in trained:
        raise DualframeError(
            "interrupted before the task was trained with and without modulators: there is nothing "
            "to compare."
        )
    table = pd.DataFrame([_row(variant, trained) for variant in variants[: len(trained)]])
    table["p_holm"] = holm_adjusted(table["p"])
    columns = [*table.columns.drop(["share", "p_holm"]), "p_holm", "share"]
    return Attribution(
        task=task,
        table=table[columns],
        trained=trained,
        notes=(*notes, *_note_too_few(table)),
        completed=len(trained) == len(variants),
    )


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One row of the grid: what is missing, and the task without it."""

    without: str
    task: Task
    receptor: str = ""
    cell_type: str = ""
    part: str = ""


def grid_of_knockouts(
    task: Task, receptors: Iterable[str] | None = None, *, homogeneous: bool = True
) -> tuple[list[Variant], tuple[str, ...]]:
    """Return the rows of the grid, the whole task first, and notes on what it does not have.

    Parameters
    ----------
    task, receptors, homogeneous
        As in `attribute`.
    """
    variants = [
        Variant(without=WHOLE, task=task),
        Variant(without=NONE, task=task.with_modulators()),
    ]
    for knockout in receptor_knockouts(task, receptors):
        variants.append(
            Variant(
                without=knockout.label,
                task=knockout.apply(task),
                receptor=knockout.receptor,
                cell_type=knockout.cell_type,
                part=knockout.part,
            )
        )
    notes: tuple[str, ...] = ()
    if len(variants) == 2:
        notes = ("no receptor acts on the cells: there is no knock-out",)
    if homogeneous:
        cells = homogeneous_cells(task)
        if cells:
            changed = task.with_parameters(
                **{f"{name}__cell": cell for name, cell in cells.items()}
            )
            variants.append(Variant(without=HOMOGENEOUS, task=changed))
        else:
            notes += ("its cells are homogeneous already: one type for each sign",)
    return variants, notes


def homogeneous_cells(task: Task) -> dict[str, str]:
    """Return the populations whose cell type changes if there is one for each sign, and to which.

    The type is that of most neurons of the sign.

    Parameters
    ----------
    task
        Its circuit's populations.
    """
    circuit = task.circuit.resolved
    numbers: dict[int, dict[str, int]] = {}
    for population in circuit.populations:
        types = numbers.setdefault(population.cell.sign, {})
        types[population.entry.cell] = types.get(population.entry.cell, 0) + population.entry.n
    chosen = {sign: max(types, key=lambda cell: types[cell]) for sign, types in numbers.items()}
    return {
        population.name: chosen[population.cell.sign]
        for population in circuit.populations
        if population.entry.cell != chosen[population.cell.sign]
    }


def _check_task(task: Task, agents: int) -> None:
    if not task.modulators:
        raise DualframeError(
            f"no modulator acts in task {task.name!r}: there is no gain to attribute. Choose some "
            f"of {', '.join(task.offered) or 'none'} with with_modulators."
        )
    if agents < 2:
        raise DualframeError(f"{agents} agent per row cannot be compared: give at least two.")


def _row(variant: Variant, trained: Mapping[str, TrainedAgents]) -> dict[str, Any]:
    agents = trained[variant.without]
    values = agents.main_values
    median, q25, q75 = (np.nan,) * 3 if agents.count_unclear_agents() else median_iqr(values)
    return {
        "without": variant.without,
        "receptor": variant.receptor,
        "cell_type": variant.cell_type,
        "part": variant.part,
        "agents": agents.n,
        "outcome": agents.main_outcome.column,
        "median": median,
        "q25": q25,
        "q75": q75,
        **_compare_with_whole(variant.without, trained),
    }


def _compare_with_whole(label: str, trained: Mapping[str, TrainedAgents]) -> dict[str, Any]:
    """Return how much better the whole does than a row, and which share of the gain that is."""
    names = ("cliffs_delta", "delta_low", "delta_high", "p", "share")
    if label == WHOLE:
        return dict.fromkeys(names, np.nan)
    whole, row, none = (_gains(trained[name]) for name in (WHOLE, label, NONE))
    if trained[WHOLE].count_unclear_agents() or trained[label].count_unclear_agents():
        return dict.fromkeys(names, np.nan)
    low, high = delta_interval(whole, row)
    share = np.nan
    if np.isfinite([whole, row, none]).all() and compare_groups(whole, none).p < _SIGNIFICANT:
        share = (whole.mean() - row.mean()) / (whole.mean() - none.mean())
    values = (cliffs_delta(whole, row), low, high, compare_groups(whole, row).p, share)
    return dict(zip(names, values, strict=True))


def _note_too_few(table: pd.DataFrame) -> list[str]:
    """Return a sentence where so many agents cannot make any row significant."""
    agents, tests = table["agents"].min(), table["p"].notna().sum()
    smallest = min(tests * smallest_rank_sum_p(agents, agents), 1.0)
    return list(filter(None, [lacking_agents_text(table.assign(smallest_p=smallest))]))


def _gains(agents: TrainedAgents) -> NDArray[np.float64]:
    """Return the main outcome by agent, larger is better."""
    values = agents.main_values.astype(float)
    return -values if agents.main_outcome.less_is_better else values
